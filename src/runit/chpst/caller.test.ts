import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readCaller } from './caller.ts'

it('what the launcher changed is as it was: replaced, removed, signals, closed descriptors', () => {
  const caller = readCaller([
    'HOME=/root',
    'HOLDFAST_NOFILE_SOFT=64',
    'HOLDFAST_AS_SOFT=3000001',
    'HOLDFAST_COMMAND=bin/holdfast',
    'HOLDFAST_SAVED_NODE_OPTIONS=--mine',
    'HOLDFAST_SAVED_COMMAND=mine',
    'HOLDFAST_SIGNALS_IGNORED=0000000000001001',
    'HOLDFAST_SIGNALS_BLOCKED=8000000000000000',
    'HOLDFAST_CLOSED=02',
    'HOLDFAST_UNIT=kept',
  ])
  assert.deepEqual(caller, {
    environment: ['HOME=/root', 'HOLDFAST_UNIT=kept', 'HOLDFAST_COMMAND=mine', 'NODE_OPTIONS=--mine'],
    limits: { nofile: 64n, as: 3000001n },
    signals: { ignored: 0x1001n, blocked: 0x8000000000000000n },
    closed: [0, 2],
  })
})

it('what the launcher does not tell is taken to be as usual', () => {
  for (const own of [[], ['HOLDFAST_NOFILE_SOFT=unlimited', 'HOLDFAST_SIGNALS_IGNORED=', 'HOLDFAST_CLOSED=']])
    assert.deepEqual(readCaller(own), {
      environment: [],
      limits: {},
      signals: { ignored: 0n, blocked: 0n },
      closed: [],
    })
})
