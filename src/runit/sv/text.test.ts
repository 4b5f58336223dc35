import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import { statusText } from './text.ts'

const up: SuperviseStatus = {
  state: 'run',
  sinceSeconds: 100,
  sinceNanoseconds: 999_999_999,
  pid: 4711,
  isPaused: false,
  want: 'up',
  gotTerm: false,
}
const down: SuperviseStatus = { ...up, state: 'down', pid: 0, want: 'down' }

/** As runit's sv printed them. */
const lines: readonly (readonly [line: string, status: SuperviseStatus, isNormallyDown: boolean])[] = [
  ['run: web: (pid 4711) 12s', up, false],
  ['run: web: (pid 4711) 12s, normally down', up, true],
  [
    'run: web: (pid 4711) 12s, paused, want down, got TERM',
    { ...up, isPaused: true, want: 'down', gotTerm: true },
    false,
  ],
  ['finish: web: (pid 4711) 12s, want down', { ...up, state: 'finish', want: 'down' }, false],
  ['finish: web: (pid 0) 12s, normally up, want up', { ...up, state: 'finish', pid: 0 }, false],
  ['down: web: 12s', down, true],
  ['down: web: 12s, normally up', { ...down, isPaused: true, gotTerm: true }, false],
  ['down: web: 12s, normally up, want up', { ...down, want: 'up' }, false],
]

test('a status is worded as by runit', () => {
  for (const [line, status, isNormallyDown] of lines)
    assert.equal(statusText('web', status, { nowSeconds: 112, isNormallyDown }), line)
})

test('what began in the future began now', () => {
  assert.equal(statusText('web', up, { nowSeconds: 99, isNormallyDown: false }), 'run: web: (pid 4711) 0s')
})
