import assert from 'node:assert/strict'
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { createBench, startMs, streamOf } from './test-bench.ts'

const web = streamOf('a/web/1')

describe('the index of a log', () => {
  test('says when bytes were taken and by which start they were printed, every 10 ms at most', () => {
    using bench = createBench()
    bench.print(web, 'one\n', { atMs: 0, attempt: 7 })
    bench.print(web, 'two\n', { atMs: 5 })
    bench.print(web, 'three\n', { atMs: 10 })
    bench.print(web, 'four\n', { atMs: 12, attempt: 9 })
    assert.deepEqual(bench.index('a/web-1.log.idx'), [
      { offset: 0, wallMs: 0, attempt: 7 },
      { offset: 8, wallMs: 10, attempt: 7 },
      { offset: 14, wallMs: 12, attempt: 9 },
    ])
  })

  test('follows a clock that jumps both ways', () => {
    using bench = createBench()
    for (const atMs of [1_000, 0, 5, 86_400_000]) bench.print(web, 'x\n', { atMs })
    const times = bench.index('a/web-1.log.idx').map(({ wallMs }) => wallMs)
    assert.deepEqual(times, [1_000, 0, 86_400_000])
  })

  test('goes on after a death, with the start it knew, and over half a record', () => {
    using bench = createBench()
    bench.print(web, 'one\n', { atMs: 0, attempt: 7 })
    appendFileSync(bench.path('a/web-1.log.idx'), 'torn')
    bench.restart('crash')
    bench.print(web, 'two\n', { atMs: 1_000 })
    assert.deepEqual(bench.index('a/web-1.log.idx'), [
      { offset: 0, wallMs: 0, attempt: 7 },
      { offset: 4, wallMs: 1_000, attempt: 7 },
    ])
    assert.equal(readFileSync(bench.path('a/web-1.log.idx')).length, 32)
  })

  test('forgets what it said of bytes that somebody cut off', () => {
    using bench = createBench()
    for (const atMs of [0, 100, 200]) bench.print(web, 'line\n', { atMs })
    truncateSync(bench.path('a/web-1.log'), 5)
    bench.print(web, 'after\n', { atMs: 300 })
    truncateSync(bench.path('a/web-1.log'), 0)
    bench.print(web, 'anew\n', { atMs: 400 })
    assert.deepEqual(bench.index('a/web-1.log.idx').at(-1), { offset: 0, wallMs: 400, attempt: 0 })
    truncateSync(bench.path('a/web-1.log'), 2)
    bench.restart('crash')
    bench.print(web, 'again\n', { atMs: 500 })
    assert.deepEqual(
      bench.index('a/web-1.log.idx').map(({ offset }) => offset),
      [0, 2],
    )
  })

  test('begins anew with a file that was put in the place of another', () => {
    using bench = createBench()
    bench.print(web, 'old old old\n', { atMs: 0, attempt: 7 })
    bench.print(web, 'old\n', { atMs: 50 })
    renameSync(bench.path('a/web-1.log'), bench.path('a/elsewhere'))
    writeFileSync(bench.path('a/web-1.log'), 'header of somebody else\n')
    bench.print(web, 'new\n', { atMs: 100 })
    assert.deepEqual(bench.index('a/web-1.log.idx'), [{ offset: 24, wallMs: 100, attempt: 7 }])
  })

  test('of a file of the user is not beside it', () => {
    using bench = createBench()
    mkdirSync(bench.path('theirs'))
    bench.print(streamOf('a/web/1', { path: bench.path('theirs/web.log'), bytesMax: 4, backupsMax: 2 }), 'a\nb\nc\n', {
      atMs: 0,
    })
    assert.deepEqual(bench.names('theirs'), ['web.log', 'web.log.1'])
    const [index, rotated, ...more] = bench.names('.index')
    assert.match(`${index} ${rotated}`, /^([0-9a-f]{16})\.1\.idx \1\.idx$/)
    assert.deepEqual(more, [])
  })

  test('that cannot be written costs no byte of the log, and is tried again', () => {
    using bench = createBench()
    mkdirSync(bench.path('a/web-1.log.idx/occupied'), { recursive: true })
    bench.print(web, 'one\n', { atMs: 0 })
    rmSync(bench.path('a/web-1.log.idx'), { recursive: true })
    bench.print(web, 'two\n', { atMs: 500 })
    bench.print(web, 'three\n', { atMs: 1_500 })
    assert.equal(readFileSync(bench.path('a/web-1.log'), 'utf8'), 'one\ntwo\nthree\n')
    assert.deepEqual(bench.index('a/web-1.log.idx'), [{ offset: 8, wallMs: 1_500, attempt: 0 }])
    assert.deepEqual(bench.warnings, [])
  })

  test('costs no more descriptors than some, however many units print', () => {
    using bench = createBench()
    const units = Array.from({ length: 300 }, (_, n) => streamOf(`a/web/${n}`))
    for (const atMs of [0, 100]) for (const unit of units) bench.print(unit, 'line\n', { atMs })
    const open = readdirSync('/proc/self/fd').length
    assert.ok(open < 300 + 256 + 50, `${open} descriptors`)
    for (const unit of [units[0]!, units[299]!]) {
      const name = `a/web-${unit.unit.slice(6)}.log.idx`
      assert.deepEqual(
        bench.index(name).map(({ offset }) => offset),
        [0, 5],
      )
    }
  })

  test('that is of another file than the log is not believed beyond its end', async () => {
    using bench = createBench()
    bench.print(web, 'one\ntwo\n', { atMs: 0, attempt: 3 })
    bench.print(web, 'three\n', { atMs: 100 })
    bench.restart('closed')
    truncateSync(bench.path('a/web-1.log'), 4)
    const chunks = await bench.read([web])
    assert.deepEqual(
      chunks.map(({ bytes, wallMs }) => [Buffer.from(bytes).toString(), wallMs]),
      [['one\n', startMs]],
    )
  })
})

test('a log directory that is made anew while it is written to gets its index again', () => {
  using bench = createBench()
  const path = bench.path('theirs.log')
  const theirs = streamOf('a/web/1', { path })
  bench.print(theirs, 'one\n', { atMs: 0 })
  rmSync(bench.path('.index'), { recursive: true })
  bench.restart('closed')
  bench.print(theirs, 'two\n', { atMs: 100 })
  assert.equal(bench.names('.index').length, 1)
})
