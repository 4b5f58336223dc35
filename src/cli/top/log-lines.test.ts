import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printChunkHeader } from '../../wire/log-chunks.ts'
import { createLogLines } from './log-lines.ts'
import { logCharsMax, logLinesMax } from './model.ts'

const time = '2026-03-03T12:00:00.000Z'

function chunk(text: string, stream: 'stdout' | 'stderr' = 'stdout'): Buffer {
  const bytes = Buffer.from(text)
  return Buffer.concat([printChunkHeader({ unit: 'a/b/1', stream, time, attempt: 1, bytes: bytes.length }), bytes])
}

test('lines of two streams are never cut into one another', () => {
  const lines = createLogLines()
  const taken = [chunk('one\ntw'), chunk('err\n', 'stderr'), chunk('o\n')].flatMap((bytes) => lines.take(bytes))
  assert.deepEqual(
    taken.map(({ text, stream }) => `${stream} ${text}`),
    ['stdout one', 'stderr err', 'stdout two'],
  )
})

test('of a flood only the last lines are kept, and of a long line only its beginning', () => {
  const flood = createLogLines().take(chunk('x\n'.repeat(logLinesMax + 10)))
  assert.equal(flood.length, logLinesMax)
  const [long] = createLogLines().take(chunk(`${'é'.repeat(20_000)}\n`))
  assert.equal(long?.text.length, logCharsMax)
})
