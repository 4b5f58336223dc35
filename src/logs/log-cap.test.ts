import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, statfsSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultBytesMax } from './log-cap.ts'
import { createBench, startMs, streamOf } from './test-bench.ts'

const web = streamOf('a/web/1', { bytesMax: 10_000, backupsMax: 10 })

test('the oldest rotated parts of all logs go when the directory is too large, never what is being written', async () => {
  using bench = createBench({ totalBytesMax: 60_000 })
  bench.print(streamOf('b/old/1', { bytesMax: 0 }), 'x'.repeat(20_000), { atMs: 0 })
  mkdirSync(bench.path('c'))
  for (const generation of [1, 2, 3]) {
    const path = bench.path(`c/gone-1.log.${generation}`)
    writeFileSync(path, 'y'.repeat(10_000))
    writeFileSync(`${path}.idx`, 'y'.repeat(160))
    utimesSync(path, startMs / 1_000, startMs / 1_000 - generation)
  }
  bench.print(web, 'z'.repeat(25_000), { atMs: 1_000 })
  await bench.logs.idle()
  assert.deepEqual(bench.names('c'), ['gone-1.log.1', 'gone-1.log.1.idx'])
  assert.equal(statSync(bench.path('b/old-1.log')).size, 20_000)
  assert.equal((await bench.text([web])).length, 25_000)
  assert.ok(sizeBelow(bench.directory) <= 60_000)
})

test('what is no log of ours is counted and left alone', async () => {
  using bench = createBench({ totalBytesMax: 1_000 })
  for (const name of ['notes.txt', 'notes.log.1', 'a/web-1.log.idx.1']) {
    mkdirSync(bench.path('a'), { recursive: true })
    writeFileSync(bench.path(name), 'theirs')
  }
  bench.print(web, 'z'.repeat(25_000))
  await bench.logs.idle()
  assert.deepEqual(bench.names('a'), ['web-1.log', 'web-1.log.idx', 'web-1.log.idx.1'])
  assert.deepEqual(bench.names('.'), ['a', 'notes.log.1', 'notes.txt'])
})

test('the index of a user’s file that nobody writes any more goes as well, one in use stays', async () => {
  using bench = createBench({ totalBytesMax: 1_000 })
  mkdirSync(bench.path('.index'))
  writeFileSync(bench.path('.index/0123456789abcdef.idx'), 'i'.repeat(2_000))
  bench.print(streamOf('a/theirs/1', { path: bench.path('x.log') }), 'line\n')
  bench.print(web, 'z'.repeat(25_000))
  await bench.logs.idle()
  assert.equal(bench.names('.index').length, 1)
  assert.notEqual(bench.names('.index')[0], '0123456789abcdef.idx')
})

test('a reader goes over the parts that were removed under it', async () => {
  using bench = createBench({ totalBytesMax: 15_000 })
  bench.print(web, 'z'.repeat(12_000))
  const reading = bench.logs.read([web], { from: { kind: 'all' }, follow: false })[Symbol.asyncIterator]()
  assert.equal((await reading.next()).done, false)
  bench.print(web, 'z'.repeat(30_000))
  await bench.logs.idle()
  let bytes = 0
  for (let next = await reading.next(); next.done !== true; next = await reading.next())
    bytes += next.value.bytes.length
  assert.ok(bytes <= 12_000)
})

test('without a limit of its own the log directory has a tenth of its file system, at most 4 GiB', () => {
  using bench = createBench()
  const { blocks, bsize } = statfsSync(bench.directory)
  assert.equal(defaultBytesMax(bench.directory), Math.min(4 * 1024 ** 3, Math.floor((blocks * bsize) / 10)))
})

function sizeBelow(directory: string): number {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
}
