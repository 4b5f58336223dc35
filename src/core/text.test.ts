import assert from 'node:assert/strict'
import { it } from 'node:test'
import { durationText, exitText, whoText } from './text.ts'

it('exits are told in a few words', () => {
  assert.equal(exitText({ kind: 'code', code: 3 }), 'exit code 3')
  assert.equal(exitText({ kind: 'signal', signal: 'KILL', core: false }), 'SIGKILL')
  assert.equal(exitText({ kind: 'signal', signal: 'SEGV', core: true }), 'SIGSEGV, core dumped')
  assert.equal(exitText({ kind: 'unknown' }), 'an unknown exit')
})

it('whoever wished it is named', () => {
  assert.equal(whoText({ kind: 'declared' }), 'its declaration')
  assert.equal(whoText({ kind: 'user', uid: 0, name: 'root' }), 'root (uid 0)')
  assert.equal(whoText({ kind: 'key', name: 'ci' }), 'key ci')
  assert.equal(whoText({ kind: 'daemon' }), 'the daemon')
})

it('durations are short, with one decimal below ten', () => {
  const told = [
    -5, 0, 0.6, 999, 1_000, 3_240, 9_500, 9_949, 9_960, 10_400, 59_999, 60_000, 90_000, 3_599_999, 3_600_000, 8_640_000,
  ]
  assert.deepEqual(told.map(durationText), [
    '0 ms',
    '0 ms',
    '1 ms',
    '999 ms',
    '1 s',
    '3.2 s',
    '9.5 s',
    '9.9 s',
    '10 s',
    '10 s',
    '60 s',
    '1 min',
    '1.5 min',
    '60 min',
    '1 h',
    '2.4 h',
  ])
})
