import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeStatus, encodeStatus, type SuperviseStatus, statText } from './supervise-status.ts'

const running: SuperviseStatus = {
  state: 'run',
  sinceSeconds: 1795223429,
  sinceNanoseconds: 974782500,
  pid: 9871,
  isPaused: false,
  want: 'up',
  gotTerm: false,
}

/** Status files and stat lines as runit 2.1.2 writes them. */
const written: readonly (readonly [hex: string, stat: string, status: SuperviseStatus])[] = [
  ['400000006b00ef8f3a1a00248f26000000750001', 'run\n', running],
  [
    '400000006b01de4112dfb404a246000001640101',
    'run, paused, got TERM, want down\n',
    {
      state: 'run',
      sinceSeconds: 1795284535,
      sinceNanoseconds: 316650500,
      pid: 18082,
      isPaused: true,
      want: 'down',
      gotTerm: true,
    },
  ],
  [
    '400000006b01de850ce552ac0000000001640000',
    'down, paused\n',
    {
      state: 'down',
      sinceSeconds: 1795284603,
      sinceNanoseconds: 216355500,
      pid: 0,
      isPaused: true,
      want: 'down',
      gotTerm: false,
    },
  ],
]

test('a status is encoded and decoded byte for byte as runsv writes it', () => {
  for (const [hex, , status] of written) {
    assert.equal(Buffer.from(encodeStatus(status)).toString('hex'), hex)
    assert.deepEqual(decodeStatus(Buffer.from(hex, 'hex')), status)
  }
})

test('the line of text has what runsv writes, in its order', () => {
  for (const [, stat, status] of written) assert.equal(statText(status), stat)
  assert.equal(statText({ ...running, state: 'finish', want: 'exit' }), 'finish, want exit\n')
  assert.equal(statText({ ...running, state: 'down', pid: 0, want: 'exit' }), 'down\n')
})

test('that it is to exit is not in the bytes, and reads back as down', () => {
  assert.deepEqual(decodeStatus(encodeStatus({ ...running, want: 'exit' })), { ...running, want: 'down' })
})

test('a status of daemontools is too short, and what follows a whole one is ignored', () => {
  const bytes = encodeStatus({ ...running, state: 'finish' })
  assert.equal(decodeStatus(bytes.subarray(0, 18)), null)
  assert.equal(decodeStatus(bytes.subarray(0, 19)), null)
  assert.equal(decodeStatus(new Uint8Array()), null)
  assert.equal(decodeStatus(Buffer.concat([bytes, Buffer.from('more')]))?.state, 'finish')
})

test('a state that there is not is no status', () => {
  assert.equal(decodeStatus(encodeStatus(running).with(19, 3)), null)
})

test('bytes within a larger buffer are read at their own place', () => {
  const larger = Buffer.concat([Buffer.alloc(5), encodeStatus(running)])
  assert.deepEqual(decodeStatus(larger.subarray(5)), running)
})
