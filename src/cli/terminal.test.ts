import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeTerminal, stateText, visible } from './terminal.ts'

const terminal = { isTTY: true, columns: 100 }

test('colour follows the terminal, NO_COLOR, FORCE_COLOR, TERM and what was asked', () => {
  const has = (environment: Record<string, string>, isTTY = true, colour: 'auto' | 'always' | 'never' = 'auto') =>
    describeTerminal({ stream: { isTTY }, environment, colour }).hasColour
  assert.equal(has({}), true)
  assert.equal(has({}, false), false)
  assert.equal(has({ NO_COLOR: '1' }), false)
  assert.equal(has({ FORCE_COLOR: '1' }, false), true)
  assert.equal(has({ FORCE_COLOR: '0' }), false)
  assert.equal(has({ TERM: 'dumb' }), false)
  assert.equal(has({ NO_COLOR: '1' }, true, 'always'), true)
  assert.equal(has({ FORCE_COLOR: '1' }, true, 'never'), false)
})

test('a width is known of terminals only', () => {
  assert.equal(describeTerminal({ stream: terminal, environment: {}, colour: 'auto' }).columns, 100)
  assert.equal(describeTerminal({ stream: {}, environment: {}, colour: 'auto' }).columns, null)
})

test('a state is told by glyph and word, in plain characters where the locale is not UTF-8', () => {
  const plain = { columns: null, hasColour: false }
  assert.equal(stateText('running', { ...plain, hasUnicode: true }), '● running')
  assert.equal(stateText('failed', { ...plain, hasUnicode: false }), 'x failed')
  assert.equal(
    describeTerminal({ stream: terminal, environment: { LC_ALL: 'C', LANG: 'C.UTF-8' }, colour: 'auto' }).hasUnicode,
    false,
  )
})

test('control characters from elsewhere are shown, not sent', () => {
  assert.equal(visible('a\u001b[31mb\nc'), 'a\\x1b[31mb c')
})
