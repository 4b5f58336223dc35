import assert from 'node:assert/strict'
import { test } from 'node:test'
import { caretLines } from './source-line.ts'
import type { Terminal } from './terminal.ts'

const plain: Terminal = { columns: null, hasColour: false, hasUnicode: true }

test('the mark stands below the column that is at fault', () => {
  assert.deepEqual(caretLines({ line: 7, column: 14, source: '    restart: alwys' }, plain), [
    '    7 |     restart: alwys',
    '      |              ^',
  ])
})

test('of a long line the part around the place is shown', () => {
  const source = `${'a'.repeat(200)}!${'b'.repeat(200)}`
  const [line, mark] = caretLines({ line: 1, column: 201, source }, { ...plain, columns: 80 })
  assert.ok(line!.length <= 80, line)
  assert.equal(line![mark!.indexOf('^')], '!')
  assert.match(line!, /\| …a+!b+…$/)
})

test('control characters are shown and not sent, and the mark stays in its place', () => {
  const [line, mark] = caretLines({ line: 1, column: 3, source: '\x1b\tx' }, plain)
  assert.equal(line![mark!.indexOf('^')], 'x')
  assert.ok(!line!.includes('\x1b'))
})
