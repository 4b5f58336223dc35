import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readlinkSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import type { LogChunk } from '../engine/ports.ts'
import { createBench, startMs, streamOf } from './test-bench.ts'

const web = streamOf('a/web/1')
const webErrors = streamOf('a/web/1', {}, 'stderr')
const db = streamOf('a/db/1')

describe('several logs', () => {
  test('come in the order of time, each piece with its stream, time and start', async () => {
    using bench = createBench()
    bench.print(web, 'web 1\n', { atMs: 0, attempt: 1 })
    bench.print(db, 'db 1\n', { atMs: 20, attempt: 2 })
    bench.print(web, 'web 2\nweb 3\n', { atMs: 40 })
    bench.print(webErrors, 'error\n', { atMs: 60, attempt: 1 })
    bench.print(web, 'web 4\n', { atMs: 80, attempt: 3 })
    assert.deepEqual((await bench.read([web, webErrors, db])).map(told), [
      'a/web/1 stdout 0 1 web 1\n',
      'a/db/1 stdout 20 2 db 1\n',
      'a/web/1 stdout 40 1 web 2\nweb 3\n',
      'a/web/1 stderr 60 1 error\n',
      'a/web/1 stdout 80 3 web 4\n',
    ])
  })

  test('come as they were asked for where their times are equal', async () => {
    using bench = createBench()
    for (const stream of [db, web]) bench.print(stream, `${stream.unit}\n`, { atMs: 0 })
    assert.equal(await bench.text([web, db]), 'a/web/1\na/db/1\n')
    assert.equal(await bench.text([db, web]), 'a/db/1\na/web/1\n')
  })

  test('keep the order of each whatever its clock did', async () => {
    using bench = createBench()
    bench.print(web, '1\n', { atMs: 50_000 })
    bench.print(web, '2\n', { atMs: 0 })
    bench.print(web, '3\n', { atMs: 90_000 })
    bench.print(db, 'db\n', { atMs: 60_000 })
    assert.equal(await bench.text([web, db]), '1\n2\ndb\n3\n')
  })

  test('are cut at the ends of lines, and of two starts never joined', async () => {
    using bench = createBench()
    bench.print(web, 'be', { atMs: 0, attempt: 1 })
    bench.print(db, 'db\n', { atMs: 20 })
    bench.print(web, 'gin\nhalf', { atMs: 40 })
    bench.print(web, 'next start\n', { atMs: 60, attempt: 2 })
    assert.deepEqual((await bench.read([web, db])).map(told), [
      'a/web/1 stdout 0 1 begin\n',
      'a/db/1 stdout 20 null db\n',
      'a/web/1 stdout 40 1 half',
      'a/web/1 stdout 60 2 next start\n',
    ])
  })

  test('a line that was cut by a rotation is whole again', async () => {
    using bench = createBench()
    const small = streamOf('a/small/1', { bytesMax: 6 })
    bench.print(small, 'abcd\nefgh\nijk\n', { atMs: 0 })
    assert.deepEqual(
      (await bench.read([small])).map(({ bytes }) => Buffer.from(bytes).toString()),
      ['abcd\n', 'efgh\n', 'ijk\n'],
    )
  })

  test('without an index count by the time of their file', async () => {
    using bench = createBench()
    mkdirSync(bench.path('a'))
    writeFileSync(bench.path('a/db-1.log'), 'old db\n')
    utimesSync(bench.path('a/db-1.log'), startMs / 1_000, (startMs + 30) / 1_000)
    bench.print(web, 'web 1\n', { atMs: 0 })
    bench.print(web, 'web 2\n', { atMs: 60 })
    assert.deepEqual((await bench.read([web, db])).map(told), [
      'a/web/1 stdout 0 null web 1\n',
      'a/db/1 stdout null null old db\n',
      'a/web/1 stdout 60 null web 2\n',
    ])
    assert.equal(await bench.text([db], { sinceWallMs: startMs + 31 }), '')
    assert.equal(await bench.text([db], { untilWallMs: startMs + 31 }), 'old db\n')
  })

  test('that share a file are read once', async () => {
    using bench = createBench()
    const path = bench.path('all.log')
    const both = ['a/x/1', 'a/y/1'].map((unit) => streamOf(unit, { path }))
    for (const stream of both) bench.print(stream, `${stream.unit}\n`)
    assert.equal(await bench.text(both), 'a/x/1\na/y/1\n')
  })

  test('leave the daemon its descriptors, however many they are', async () => {
    using bench = createBench()
    const many = Array.from({ length: 400 }, (_, n) => streamOf(`a/web/${n}`, { bytesMax: 100 }))
    for (const [n, stream] of many.entries())
      bench.print(stream, `${stream.unit}${'.'.repeat(120)}\n`, { atMs: n * 20 })
    bench.restart('closed')
    const before = readdirSync('/proc/self/fd').length
    let most = 0
    let lines = 0
    for await (const { bytes } of bench.logs.read(many, { from: { kind: 'all' }, follow: false })) {
      assert.equal(Buffer.from(bytes).toString(), `a/web/${lines}${'.'.repeat(120)}\n`)
      most = Math.max(most, readdirSync('/proc/self/fd').length - before)
      lines++
    }
    assert.equal(lines, 400)
    assert.ok(most <= 260, `${most} descriptors`)
    assert.equal(openLogs(), 0)
  })
})

describe('a time', () => {
  test('chooses what was printed from then and until then', async () => {
    using bench = createBench()
    for (const atMs of [0, 100, 200, 300]) bench.print(web, `${atMs}\n`, { atMs })
    assert.equal(await bench.text([web], { sinceWallMs: startMs + 100 }), '100\n200\n300\n')
    assert.equal(await bench.text([web], { sinceWallMs: startMs + 101 }), '200\n300\n')
    assert.equal(await bench.text([web], { untilWallMs: startMs + 200 }), '0\n100\n')
    assert.equal(await bench.text([web], { sinceWallMs: startMs + 100, untilWallMs: startMs + 300 }), '100\n200\n')
    assert.equal(await bench.text([web], { sinceWallMs: startMs + 400 }), '')
  })

  test('chooses the right pieces where the clock jumped back', async () => {
    using bench = createBench()
    for (const [n, atMs] of [0, 100, 10, 110, 20].entries()) bench.print(web, `${n}\n`, { atMs })
    assert.equal(await bench.text([web], { sinceWallMs: startMs + 50 }), '1\n3\n')
    assert.equal(await bench.text([web], { untilWallMs: startMs + 50 }), '0\n2\n4\n')
  })

  test('cuts no line: it belongs where it begins', async () => {
    using bench = createBench()
    bench.print(web, 'first\nbe', { atMs: 0 })
    bench.print(web, 'gin\nlast\n', { atMs: 100 })
    assert.equal(await bench.text([web], { sinceWallMs: startMs + 50 }), 'last\n')
    assert.equal(await bench.text([web], { untilWallMs: startMs + 50 }), 'first\nbegin\n')
  })

  test('chooses across rotated and compressed parts', async () => {
    using bench = createBench()
    const small = streamOf('a/small/1', { bytesMax: 100, backupsMax: 20, compress: true })
    const line = (n: number) => `line ${String(n).padStart(3, '0')}\n`
    for (let n = 0; n < 150; n++) bench.print(small, line(n), { atMs: n * 100 })
    await bench.logs.idle()
    const all = Array.from({ length: 150 }, (_, n) => line(n))
    assert.equal(
      await bench.text([small], { sinceWallMs: startMs + 2_500, untilWallMs: startMs + 12_500 }),
      all.slice(25, 125).join(''),
    )
    const last = {
      sinceWallMs: startMs + 2_500,
      untilWallMs: startMs + 12_500,
      from: { kind: 'lines', lines: 60 },
    } as const
    assert.equal(await bench.text([small], last), all.slice(65, 125).join(''))
  })
})

describe('the last lines', () => {
  test('are those of a unit, its streams together, and of each unit', async () => {
    using bench = createBench()
    for (let n = 0; n < 10; n++) {
      bench.print(n % 3 === 0 ? webErrors : web, `web ${n}\n`, { atMs: n * 100 })
      bench.print(db, `db ${n}\n`, { atMs: n * 100 + 50 })
    }
    const options = { from: { kind: 'lines', lines: 3 } } as const
    assert.equal(await bench.text([web, webErrors], options), 'web 7\nweb 8\nweb 9\n')
    assert.equal(await bench.text([web, webErrors, db], options), 'web 7\ndb 7\nweb 8\ndb 8\nweb 9\ndb 9\n')
    assert.equal(await bench.text([webErrors], options), 'web 3\nweb 6\nweb 9\n')
  })

  test('may end without an end', async () => {
    using bench = createBench()
    bench.print(web, 'a\nb\nhal', { atMs: 0 })
    bench.print(webErrors, 'c\nd\n', { atMs: 100 })
    const last = (lines: number) => bench.text([web, webErrors], { from: { kind: 'lines', lines } })
    assert.deepEqual([await last(2), await last(3), await last(4)], ['c\nd\n', 'halc\nd\n', 'b\nhalc\nd\n'])
  })
})

describe('the start of a unit', () => {
  test('before the newest one is told from all others', async () => {
    using bench = createBench()
    bench.print(web, 'first\n', { atMs: 0, attempt: 3 })
    bench.print(webErrors, 'second fails\n', { atMs: 100, attempt: 8 })
    bench.print(web, 'second\n', { atMs: 200, attempt: 8 })
    bench.print(web, 'third\n', { atMs: 300, attempt: 12 })
    const by = (before: number) => ({ attempts: new Map([[web.unit, { kind: 'before', before }]] as const) })
    assert.equal(await bench.text([web, webErrors], by(12)), 'second fails\nsecond\n')
    assert.equal(await bench.text([web, webErrors], by(8)), 'first\n')
    assert.equal(await bench.text([web, webErrors], by(3)), '')
    assert.equal(
      await bench.text([web], { attempts: new Map([[web.unit, { kind: 'is', attempt: 12 }]] as const) }),
      'third\n',
    )
    assert.equal(await bench.text([web, db], by(3)), '')
  })

  test('has its own last lines', async () => {
    using bench = createBench()
    bench.print(web, 'a\nb\nc', { atMs: 0, attempt: 3 })
    bench.print(web, 'd\ne\n', { atMs: 100, attempt: 8 })
    const attempts = new Map([[web.unit, { kind: 'before', before: 8 }]] as const)
    assert.equal(await bench.text([web], { attempts, from: { kind: 'lines', lines: 2 } }), 'b\nc')
  })
})

describe('following several logs', () => {
  test('gives what comes to any of them, also to those that are not there yet', async () => {
    using bench = createBench()
    bench.print(web, 'web 1\n', { atMs: 0 })
    const control = new AbortController()
    const options = { from: { kind: 'all' }, follow: true, signal: control.signal } as const
    const reading = bench.logs.read([db, web, webErrors], options)[Symbol.asyncIterator]()
    const next = async () => told((await reading.next()).value!)
    assert.equal(await next(), 'a/web/1 stdout 0 null web 1\n')
    bench.print(db, 'db 1\n', { atMs: 100, attempt: 4 })
    assert.equal(await next(), 'a/db/1 stdout 100 4 db 1\n')
    bench.print(webErrors, 'error', { atMs: 200 })
    assert.equal(await next(), 'a/web/1 stderr 200 null error')
    bench.print(web, 'web 2\n', { atMs: 300 })
    assert.equal(await next(), 'a/web/1 stdout 300 null web 2\n')
    const last = reading.next()
    control.abort()
    assert.equal((await last).done, true)
  })

  test('of a start that was over gives that and ends', async () => {
    using bench = createBench()
    bench.print(web, 'only\n', { atMs: 0, attempt: 3 })
    const attempts = new Map([[web.unit, { kind: 'before', before: 3 }]] as const)
    assert.equal(await bench.text([web], { attempts, follow: true }), '')
  })
})

test('an index that is gone costs the times and nothing else', async () => {
  using bench = createBench()
  bench.print(web, 'one\n', { atMs: 0, attempt: 1 })
  bench.print(web, 'two\n', { atMs: 100, attempt: 2 })
  rmSync(bench.path('a/web-1.log.idx'))
  const [chunk, ...more] = await bench.read([web])
  assert.deepEqual(more, [])
  assert.equal(told(chunk!), 'a/web/1 stdout null null one\ntwo\n')
})

/** Logs and their indices that we have open; what looks at directories meanwhile does not count. */
function openLogs(): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes('.log')
    } catch {
      // The descriptor of the listing itself is closed by now.
      return false
    }
  }).length
}

function told({ stream, bytes, wallMs, attempt }: LogChunk): string {
  const time = wallMs === null ? null : wallMs - startMs
  return `${stream.unit} ${stream.stream} ${time} ${attempt} ${Buffer.from(bytes).toString()}`
}
