import assert from 'node:assert/strict'
import { rmSync, truncateSync } from 'node:fs'
import { test } from 'node:test'
import type { LogPosition } from '../engine/ports.ts'
import { type Bench, createBench, streamOf } from './test-bench.ts'

const web = streamOf('a/web/1', { bytesMax: 20, backupsMax: 10, compress: true })

async function since(bench: Bench, position: LogPosition | null, attempt = 0, bytesMax = 1_000) {
  const read = await bench.logs.readSince(web, position, { attempt, bytesMax })
  return { text: Buffer.from(read.bytes).toString(), position: read.position }
}

test('from a position on, what was written since is read once, across rotation and compression', async () => {
  using bench = createBench()
  let position = await bench.logs.position(web)
  assert.equal((await since(bench, position)).text, '')
  let printed = ''
  let got = ''
  for (let n = 0; n < 40; n++) {
    const line = `line ${n}\n`
    bench.print(web, line)
    printed += line
    if (n % 3 === 0) await bench.logs.idle()
    if (n % 5 !== 0) continue
    const read = await since(bench, position)
    got += read.text
    position = read.position
  }
  assert.equal(got + (await since(bench, position)).text, printed)
})

test('only the last bytes are read, and the position is the end all the same', async () => {
  using bench = createBench()
  const position = await bench.logs.position(web)
  bench.print(web, 'abcdefghijklmnopqrstuvwxyz0123456789')
  const read = await since(bench, position, 0, 20)
  assert.equal(read.text, 'qrstuvwxyz0123456789')
  assert.equal((await since(bench, read.position)).text, '')
})

test('a start’s output begins where its first byte was taken', async () => {
  using bench = createBench()
  bench.print(web, 'ready of earlier\n', { atMs: 0, attempt: 3 })
  const before = await since(bench, null, 8)
  assert.equal(before.text, '', 'it printed nothing yet')
  bench.print(web, 'begin\n', { atMs: 100, attempt: 8 })
  bench.print(web, 'on and on and on\nready\n', { atMs: 200 })
  assert.equal((await since(bench, null, 8)).text, 'begin\non and on and on\nready\n')
  assert.equal((await since(bench, before.position, 8)).text, 'begin\non and on and on\nready\n')
})

test('a file that was emptied or removed counts from its beginning', async () => {
  using bench = createBench()
  bench.print(web, 'before before\n')
  const position = await bench.logs.position(web)
  truncateSync(bench.path('a/web-1.log'), 0)
  bench.print(web, 'after\n')
  assert.equal((await since(bench, position)).text, 'after\n')
  rmSync(bench.path('a'), { recursive: true })
  // The new file may well have the inode of the old one.
  bench.print(web, 'anew, and longer\n')
  assert.equal((await since(bench, position)).text, 'anew, and longer\n')
})

test('what passes through us is not kept', async () => {
  using bench = createBench()
  const passing = streamOf('a/web/1', { path: '/dev/stdout' })
  const position = await bench.logs.position(passing)
  const read = await bench.logs.readSince(passing, position, { attempt: 1, bytesMax: 10 })
  assert.deepEqual([read.bytes.length, read.position], [0, position])
})
