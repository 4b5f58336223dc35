import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compareTranscripts, staleDifferences } from './compare.ts'
import type { Difference } from './difference.ts'
import { differences } from './differences.ts'

const where = 'states / paused'
const original = ['start', 'pid #1', 'run', 'umask 0022', 'end']

function compare(ours: readonly string[], documented: readonly Difference[] = []) {
  return compareTranscripts({ where, original, ours, differences: documented })
}

test('equal transcripts leave nothing to say', () => {
  assert.deepEqual(compare([...original]), { text: null, used: [] })
})

test('a difference is told with both versions and what stands around it', () => {
  const { text } = compare(['start', 'pid #1', 'run, paused', 'umask 0022', 'end'])
  assert.equal(
    text,
    [
      'states / paused: the transcripts differ',
      'line 3:',
      '      start',
      '      pid #1',
      ' orig run',
      ' ours run, paused',
      '      umask 0022',
      '      end',
    ].join('\n'),
  )
})

test('a line that only one of them has is a difference, also at the end', () => {
  assert.match(compare(original.slice(0, -1)).text ?? '', /orig end/)
  assert.match(compare([...original, 'more']).text ?? '', /ours more/)
  assert.match(compare(['first', ...original]).text ?? '', /line 1:\n ours first/)
  assert.match(compare([]).text ?? '', /orig start\n orig pid #1/)
})

test('a documented difference is accepted where it is documented, and only as documented', () => {
  const ours = ['start', 'pid #1', 'run', 'umask 0077', 'mark x', 'end']
  const umask = { where, original: ['umask 0022'], ours: [/^umask \d+$/], reason: 'r' }
  const mark = { where: '* / *', original: [], ours: ['mark x'], reason: 'r' }
  assert.deepEqual(compare(ours, [umask, mark]), { text: null, used: [umask, mark] })
  assert.notEqual(compare(ours, [umask]).text, null)
  assert.notEqual(compare(ours, [{ ...umask, where: 'states / down' }, mark]).text, null)
  assert.notEqual(compare(ours, [{ ...umask, ours: ['umask 0027'] }, mark]).text, null)
})

test('a documented difference that no longer shows is stale, unless it may be anywhere', () => {
  const one = { where, original: ['a'], ours: ['b'], reason: 'r' }
  const anywhere = { ...one, where: 'states / *' }
  const elsewhere = { ...one, where: 'tables / finish' }
  assert.deepEqual(staleDifferences('states', [one, anywhere, elsewhere], new Set()), [one])
  assert.deepEqual(staleDifferences('states', [one], new Set([one])), [])
})

test('every documented difference says why', () => {
  for (const each of differences) {
    assert.match(each.where, /^[^/]+ \/ .+$/)
    assert.ok(each.reason.length > 20, `${each.where}: ${each.reason}`)
    assert.ok(each.original.length + each.ours.length > 0, each.where)
  }
})
