import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiVersion } from '../wire/api.ts'
import { type Client, Refused } from './client.ts'
import { tailOf } from './log-tail.ts'

function answering(...pieces: readonly string[]): Client {
  return {
    ask: () => Promise.reject(new Error('nothing is asked')),
    stream: async () => {
      async function* bytes(): AsyncGenerator<Buffer> {
        for (const piece of pieces) yield Buffer.from(piece)
      }
      return bytes()
    },
  }
}

test('the last lines come whole, however they were cut into pieces', async () => {
  assert.deepEqual(await tailOf(answering('one\ntw', 'o\nthr', 'ee'), 'web', 2), ['two', 'three'])
  assert.deepEqual(await tailOf(answering(), 'web', 2), [])
})

test('of an endless line only the part that fits on a screen is held', async () => {
  const [line] = await tailOf(answering('x'.repeat(100_000)), 'web', 1)
  assert.ok((line ?? '').length <= 4_096)
})

test('output that is thrown away has no last lines, and any other refusal is told', async () => {
  const refusing = (code: 'no-such-log' | 'too-busy'): Client => ({
    ...answering(),
    stream: () => Promise.reject(new Refused({ apiVersion, kind: 'Error', code, message: 'no', hint: '' })),
  })
  assert.deepEqual(await tailOf(refusing('no-such-log'), 'web', 2), [])
  await assert.rejects(tailOf(refusing('too-busy'), 'web', 2), Refused)
})
