import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createChunkParser, type LogChunkHeader, printChunkHeader } from './log-chunks.ts'

test('chunks come out as they went in, however the answer was cut', () => {
  const chunks = ['one\n', '', '{"bytes":3}\nx\n', 'no end'].map((text, n) => {
    const bytes = Buffer.from(text)
    const header: LogChunkHeader = {
      unit: 'a/b/1',
      stream: n % 2 === 0 ? 'stdout' : 'stderr',
      time: n === 1 ? null : new Date(n).toISOString(),
      attempt: n === 2 ? null : n,
      bytes: bytes.length,
    }
    return { header, bytes }
  })
  const answer = Buffer.concat(chunks.flatMap(({ header, bytes }) => [printChunkHeader(header), bytes]))
  for (const size of [1, 2, 7, 64, answer.length]) {
    const parser = createChunkParser()
    const received = []
    for (let at = 0; at < answer.length; at += size) received.push(...parser.take(answer.subarray(at, at + size)))
    assert.deepEqual(received, chunks)
  }
})

test('an answer of another kind is refused before it fills the memory', () => {
  assert.throws(() => createChunkParser().take(Buffer.alloc(100_000, 'x')), /something else than chunks/)
})
