import assert from 'node:assert/strict'
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { describe, test } from 'node:test'
import { makeFifo } from '../sys/fifo.ts'
import { type Bench, createBench, streamOf } from './test-bench.ts'

const web = streamOf('a/b/1')
const log = 'a/b-1.log'

describe('reopen', () => {
  test('makes a file that was moved anew at once, and the moved one keeps what was printed before', () => {
    using bench = createBench()
    bench.print(web, 'before\n', { atMs: 1_000, attempt: 1 })
    renameSync(bench.path(log), bench.path('a/old'))
    bench.logs.reopen()
    assert.equal(textOf(bench, log), '')
    bench.print(web, 'after\n', { atMs: 2_000 })
    assert.equal(textOf(bench, 'a/old'), 'before\n')
    assert.equal(textOf(bench, log), 'after\n')
    assert.deepEqual(bench.index(`${log}.idx`), [{ offset: 0, wallMs: 2_000, attempt: 1 }])
  })

  test('makes a file that was removed anew, with its directory', () => {
    using bench = createBench()
    bench.print(web, 'before\n')
    rmSync(bench.path('a'), { recursive: true })
    bench.logs.reopen()
    assert.equal(textOf(bench, log), '')
  })

  test('goes on in a file that was put in the place of another one, at its end', () => {
    using bench = createBench()
    bench.print(web, 'before\n', { atMs: 1_000, attempt: 1 })
    renameSync(bench.path(log), bench.path('a/old'))
    writeFileSync(bench.path(log), 'made by logrotate\n')
    bench.logs.reopen()
    bench.print(web, 'after\n', { atMs: 2_000 })
    assert.equal(textOf(bench, log), 'made by logrotate\nafter\n')
    assert.deepEqual(bench.index(`${log}.idx`), [{ offset: 18, wallMs: 2_000, attempt: 1 }])
  })

  test('leaves what has not changed as it is, and makes nothing for who printed nothing', () => {
    using bench = createBench()
    bench.print(web, 'one\n')
    bench.settle(streamOf('a/silent/1'))
    bench.logs.reopen()
    bench.print(web, 'two\n')
    assert.equal(textOf(bench, log), 'one\ntwo\n')
    assert.deepEqual(bench.names('a'), ['b-1.log', 'b-1.log.idx'])
  })

  test('follows a link that leads elsewhere by now, also for those that share the file', () => {
    using bench = createBench()
    const path = bench.path('link')
    symlinkSync(bench.path('first'), path)
    const streams = ['a/b/1', 'a/c/1'].map((unit) => streamOf(unit, { path }))
    for (const stream of streams) bench.print(stream, `${stream.unit} first\n`)
    unlinkSync(path)
    symlinkSync(bench.path('second'), path)
    bench.logs.reopen()
    for (const stream of streams) bench.print(stream, `${stream.unit} second\n`)
    assert.equal(textOf(bench, 'first'), 'a/b/1 first\na/c/1 first\n')
    assert.equal(textOf(bench, 'second'), 'a/b/1 second\na/c/1 second\n')
  })

  test('goes on with a named pipe that was made anew', () => {
    using bench = createBench()
    const path = bench.path('pipe')
    const stream = streamOf('a/b/1', { path })
    const openPipe = () => {
      assert.equal(makeFifo(path, 0o600), null)
      return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    }
    const first = openPipe()
    bench.print(stream, 'before\n')
    unlinkSync(path)
    const second = openPipe()
    bench.logs.reopen()
    bench.print(stream, 'after\n')
    const bytes = Buffer.alloc(100)
    const [before, after] = [first, second].map((fd) => bytes.toString('utf8', 0, readSync(fd, bytes)))
    assert.deepEqual([before, after], ['before\n', 'after\n'])
    for (const fd of [first, second]) closeSync(fd)
  })

  test('goes to a path that could not be opened before', () => {
    using bench = createBench()
    const stream = streamOf('a/b/1', { path: bench.path('later/x.log') })
    bench.print(stream, 'one\n')
    mkdirSync(bench.path('later'))
    bench.logs.reopen()
    bench.print(stream, 'two\n')
    assert.equal(textOf(bench, log), 'one\n')
    assert.equal(textOf(bench, 'later/x.log'), 'two\n')
    assert.equal(bench.logs.pathOf(stream), bench.path('later/x.log'))
  })
})

test('the log of what was started a moment ago is there to be read once somebody asks', () => {
  using bench = createBench()
  const stream = streamOf('a/b/1', { path: bench.path('named.log') })
  bench.print(stream, '')
  assert.equal(bench.names('.').includes('named.log'), false)
  bench.logs.catchUp()
  assert.equal(textOf(bench, 'named.log'), '')
})

describe('clear', () => {
  const rotated = streamOf('a/b/1', { bytesMax: 10, backupsMax: 3 })

  test('empties a log that is written to, with its parts and indices, for the same people', async () => {
    using bench = createBench()
    bench.print(rotated, 'one two three four five six\n', { atMs: 1_000, attempt: 1 })
    chmodSync(bench.path(log), 0o604)
    assert.equal(bench.logs.clear(rotated), null)
    assert.deepEqual(bench.names('a'), ['b-1.log'])
    // The last descriptor is closed on another thread.
    for (let looks = 0; removedFiles(bench).length > 0 && looks < 100_000; looks += 1)
      await new Promise((turn) => setImmediate(turn))
    assert.deepEqual(removedFiles(bench), [])
    assert.equal(statSync(bench.path(log)).mode & 0o777, 0o604)
    bench.print(rotated, 'seven\n', { atMs: 2_000 })
    assert.equal(await bench.text([rotated]), 'seven\n')
    assert.deepEqual(bench.index(`${log}.idx`), [{ offset: 0, wallMs: 2_000, attempt: 1 }])
  })

  test('empties the log of a unit that nobody has open, and compressed parts', () => {
    using bench = createBench()
    bench.print(rotated, 'one two three four five six\n')
    writeFileSync(bench.path(`${log}.4.gz`), 'compressed')
    bench.restart('closed')
    assert.equal(bench.logs.clear(rotated), null)
    assert.deepEqual(bench.names('a'), ['b-1.log'])
    assert.equal(textOf(bench, log), '')
  })

  test('of a user file touches no more than the parts that we made', () => {
    using bench = createBench()
    const stream = streamOf('a/b/1', { path: bench.path('x.log'), bytesMax: 10, backupsMax: 1 })
    bench.print(stream, 'one two three four\n')
    writeFileSync(bench.path('x.log.2'), 'not ours')
    assert.equal(bench.logs.clear(stream), null)
    assert.deepEqual(
      bench.names('.').filter((name) => name.startsWith('x.log')),
      ['x.log', 'x.log.2'],
    )
  })

  test('of what was never written makes nothing, and what is no file is left alone', () => {
    using bench = createBench()
    assert.equal(bench.logs.clear(web), null)
    for (const path of ['/dev/null', '/dev/stdout', 'none'])
      assert.equal(bench.logs.clear(streamOf('a/b/1', { path })), null)
    assert.deepEqual(bench.names('.'), [])
    assert.ok(existsSync('/dev/null'))
  })

  test('tells why it cannot', () => {
    using bench = createBench()
    const path = '/proc/version'
    mkdirSync(bench.path('x.log.1'))
    assert.match(
      `${bench.logs.clear(streamOf('a/b/1', { path: bench.path('x.log') }))}`,
      /^\S+x\.log cannot be cleared \(E\w+\)$/,
    )
    assert.equal(bench.logs.clear(streamOf('a/b/1', { path })), null)
  })

  test('whoever follows the log gets what comes after it', { timeout: 10_000 }, async () => {
    using bench = createBench()
    bench.print(rotated, 'one two three four five six\n')
    const control = new AbortController()
    let got = ''
    for await (const { bytes } of bench.logs.read([rotated], {
      from: { kind: 'all' },
      follow: true,
      signal: control.signal,
    })) {
      got += Buffer.from(bytes).toString()
      if (got === 'one two three four five six\n') {
        bench.logs.clear(rotated)
        bench.print(rotated, 'seven\n')
      } else if (got.endsWith('seven\n')) control.abort()
    }
    assert.equal(got, 'one two three four five six\nseven\n')
  })
})

function textOf(bench: Bench, name: string): string {
  return readFileSync(bench.path(name), 'utf8')
}

/** What is open and has no name any more. */
function removedFiles({ directory }: Bench): readonly string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => readlinkOrNull(`/proc/self/fd/${fd}`) ?? '')
    .filter((path) => path.startsWith(directory) && path.endsWith(' (deleted)') && !path.includes('.log.'))
}

function readlinkOrNull(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    // The descriptor of the listing itself is closed by now.
    return null
  }
}
