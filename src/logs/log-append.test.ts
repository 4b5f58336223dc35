import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'
import { test } from 'node:test'
import type { LogAppender, LogSpot } from '../engine/ports.ts'
import { type Bench, createBench } from './test-bench.ts'

const spec = { path: null, bytesMax: 20, backupsMax: 3, ageMaxMs: 0, compress: false }
const web = { unit: 'shop/web/1', stream: 'stdout', spec } as const
const startMs = Date.UTC(2026, 0, 1)

/** Writes all of a text, with its time; gives where the parts of it were announced. */
function write(appender: LogAppender, text: string, wallMs = startMs): readonly (LogSpot | null)[] {
  const spots: (LogSpot | null)[] = []
  for (let left = text; left !== ''; ) {
    const pieces = [{ bytes: Buffer.from(left), wallMs }]
    const { bytes, retryMs } = appender.write(pieces, (spot) => spots.push(spot))
    assert.equal(retryMs, undefined)
    left = left.slice(bytes)
  }
  return spots
}

function stateOf(bench: Bench): string {
  return bench.names('shop').join(' ')
}

test('what is appended stands in the file, with the times and the start it is said to have', async () => {
  using bench = createBench()
  const appender = bench.logs.append({ ...web, spec: { ...spec, bytesMax: 0 } })
  appender.begin(7)
  write(appender, 'old\n', startMs - 86_400_000)
  write(appender, 'new\n', startMs)
  const chunks = await bench.read([web])
  assert.deepEqual(
    chunks.map(({ bytes, wallMs, attempt }) => [Buffer.from(bytes).toString(), wallMs, attempt]),
    [
      ['old\n', startMs - 86_400_000, 7],
      ['new\n', startMs, 7],
    ],
  )
})

test('a file that is full is rotated, and each part is announced where it will stand', async () => {
  using bench = createBench()
  const appender = bench.logs.append(web)
  const spots = write(appender, 'a line of more than twenty bytes\n')
  assert.deepEqual(
    spots.map((spot) => [spot?.offset, spot?.bytes]),
    [
      [0, 20],
      [0, 13],
    ],
  )
  assert.notEqual(spots[0]?.inode, spots[1]?.inode)
  assert.equal(await bench.text([web]), 'a line of more than twenty bytes\n')
  assert.match(stateOf(bench), /web-1\.log\.1/)
})

test('of what was announced it is told how much is there: all, a part, nothing, or all where it was moved', () => {
  using bench = createBench()
  const appender = bench.logs.append(web)
  write(appender, 'before\n')
  const [spot] = write(appender, 'after\n')
  assert.ok(spot !== null && spot !== undefined)
  assert.equal(bench.logs.stored(spot), 6)
  truncateSync(spot.path, spot.offset + 2)
  assert.equal(bench.logs.stored(spot), 2)
  truncateSync(spot.path, spot.offset)
  assert.equal(bench.logs.stored(spot), 0)
  // Somebody has emptied it, as `truncate` does: that is no death of ours.
  truncateSync(spot.path, 0)
  assert.equal(bench.logs.stored(spot), 6)
  write(appender, 'a line that fills it\n')
  write(appender, 'the next file\n')
  assert.equal(bench.logs.stored(spot), 6)
})

test('two that append to one log write after one another, each with its own start', async () => {
  using bench = createBench()
  const large = { ...web, spec: { ...spec, bytesMax: 0 } }
  const [old, next] = [bench.logs.append(large), bench.logs.append(large)]
  old.begin(1)
  next.begin(2)
  write(old, 'one\n', startMs)
  write(next, 'two\n', startMs + 100)
  write(old, 'three\n', startMs + 200)
  old.close()
  write(next, 'four\n', startMs + 300)
  next.close()
  const chunks = await bench.read([web])
  assert.deepEqual(
    chunks.map(({ bytes, attempt }) => [Buffer.from(bytes).toString(), attempt]),
    [
      ['one\n', 1],
      ['two\n', 2],
      ['three\n', 1],
      ['four\n', 2],
    ],
  )
})

test('what cannot be written is not dropped: it is to be sent again, and the trouble is told once', async () => {
  using bench = createBench()
  // In the place of the app's folder.
  writeFileSync(bench.path('shop'), '')
  const appender = bench.logs.append(web)
  const announced: unknown[] = []
  for (const times of [1, 2]) {
    const answer = appender.write([{ bytes: Buffer.from('hello\n'), wallMs: startMs }], (spot) => announced.push(spot))
    assert.deepEqual([answer.bytes, typeof answer.retryMs], [0, 'number'], `${times}`)
  }
  assert.deepEqual([announced.length, bench.warnings.length], [0, 1])
})

test('a device takes everything or nothing, and nobody can tell where it is', () => {
  using bench = createBench()
  const appender = bench.logs.append({ ...web, spec: { ...spec, path: '/dev/null' } })
  assert.deepEqual(write(appender, 'hello\n'), [null])
})
