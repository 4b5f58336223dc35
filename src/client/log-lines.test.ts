import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printChunkHeader } from '../wire/log-chunks.ts'
import { readLogLines } from './log-lines.ts'

function piece(unit: string, text: string): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([
    printChunkHeader({ unit, stream: 'stdout', time: null, attempt: 1, bytes: bytes.length }),
    bytes,
  ])
}

test('lines of several units come whole, each with its unit, however they were cut', async () => {
  const all = Buffer.concat([piece('a', 'one\nt'), piece('b', 'other\n'), piece('a', 'wo\n\nthree')])
  for (let at = 0; at <= all.length; at += 1) {
    async function* pieces() {
      yield all.subarray(0, at)
      yield all.subarray(at)
    }
    const lines = await Array.fromAsync(readLogLines(pieces()))
    assert.deepEqual(
      lines.map(({ unit, line }) => `${unit} ${line}`),
      ['a one', 'b other', 'a two', 'a ', 'a three'],
      `cut at ${at}`,
    )
  }
})
