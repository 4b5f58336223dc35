import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, running, service } from '../../core/fixture.ts'
import type { Snapshot, StdinPort } from '../../engine/ports.ts'
import { writeStdin } from './stdin.ts'

const piped = service('game')
const { state } = running(0, { ...piped, process: { ...piped.process, stdin: { kind: 'pipe' } } }, service('web'))
const snapshot: Snapshot = { state, now: at(0), storeTrouble: null }
const bytes = Buffer.from('save-all\n')

function taking(taken: number | 'no-pipe'): StdinPort {
  return { write: () => taken }
}

test('what the pipe takes is answered with its number of bytes', () => {
  const report = writeStdin(snapshot, taking(9), { names: ['game'], bytes })
  assert.deepEqual(report, { apiVersion: 'holdfast/v1', kind: 'StdinReport', unit: 'a/game/1', bytesTaken: 9 })
})

test('a full pipe is told with what it took, so that the rest can follow', () => {
  assert.throws(() => writeStdin(snapshot, taking(4), { names: ['game'], bytes }), {
    code: 'stdin-full',
    message: 'the stdin of a/game/1 is full: 4 of 9 bytes were taken',
    facts: { bytesTaken: 4 },
  })
})

test('a unit without a pipe is refused with the setting that makes one', () => {
  assert.throws(() => writeStdin(snapshot, taking(9), { names: ['web'], bytes }), {
    code: 'no-stdin',
    hint: 'set x-holdfast.stdin: pipe for it, then: holdfast up',
  })
  assert.throws(() => writeStdin(snapshot, taking('no-pipe'), { names: ['game'], bytes }), {
    code: 'no-stdin',
    hint: 'start it with: holdfast start a/game/1',
  })
})

test('several units are refused, because a part of the bytes may reach one of them only', () => {
  assert.throws(() => writeStdin(snapshot, taking(9), { names: ['a/'], bytes }), {
    code: 'bad-request',
    message: 'stdin is written to one unit at a time',
    hint: 'name one of a/game/1, a/web/1',
  })
})

test('an error of the system is a failure of the request, any other is a bug', () => {
  const failing = (error: Error): StdinPort => ({
    write: () => {
      throw error
    },
  })
  const broken = Object.assign(new Error('broken pipe'), { code: 'EPIPE' })
  assert.throws(() => writeStdin(snapshot, failing(broken), { names: ['game'], bytes }), {
    code: 'failed',
    message: 'the stdin of a/game/1 cannot be written to (EPIPE)',
  })
  assert.throws(() => writeStdin(snapshot, failing(new TypeError('a bug')), { names: ['game'], bytes }), TypeError)
})
