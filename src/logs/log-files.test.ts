import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as nextLoop } from 'node:timers/promises'
import type { LogWriter, StreamRef } from '../engine/ports.ts'
import { makeFifo, setPipeCapacity } from '../sys/fifo.ts'
import { createLogFiles } from './log-files.ts'

describe('a log writer', () => {
  test('moves what the pipe holds to the file of the unit', () => {
    using at = place()
    const writer = at.logs.open(stream('shop/web/1'))
    writeSync(at.pipe.write, 'one\ntwo\n')
    assert.equal(writer.drain(at.pipe.read, 1024).bytes, 8)
    assert.deepEqual(writer.drain(at.pipe.read, 1024), { bytes: 0, isEmpty: true })
    assert.equal(at.text('shop/web-1.log'), 'one\ntwo\n')
    assert.equal(statSync(at.path('shop/web-1.log')).mode & 0o777, 0o640)
    writer.close()
  })

  test('makes the file that a stream names soon, and holds it open only from its first output on', async () => {
    using at = place()
    const path = at.path('named.log')
    const writer = at.logs.open(stream('shop/web/1', { path, bytesMax: 100, backupsMax: 1 }))
    assert.deepEqual(writer.drain(at.pipe.read, 1024), { bytes: 0, isEmpty: true })
    while (!existsSync(path)) await nextLoop()
    assert.deepEqual(at.openFiles(), [])
    at.drain(writer, 'one\n')
    assert.equal(at.text('named.log'), 'one\n')
    assert(at.openFiles().includes(path))
    writer.close()
  })

  test('tells soon of a path that cannot be opened, without waiting for output', async () => {
    using at = place()
    const writer = at.logs.open(stream('shop/web/1', { path: '/no/such/log', bytesMax: 100, backupsMax: 1 }))
    while (at.warnings.length === 0) await nextLoop()
    assert.match(at.warnings[0] ?? '', /cannot go to \/no\/such\/log \(ENOENT\)/)
    writer.close()
  })

  test('moves no more than it was asked to, and says that there is more', () => {
    using at = place()
    const writer = at.logs.open(stream('shop/web/1'))
    writeSync(at.pipe.write, 'abcdef')
    assert.deepEqual(writer.drain(at.pipe.read, 4), { bytes: 4, isEmpty: false })
    assert.equal(at.text('shop/web-1.log'), 'abcd')
    assert.equal(writer.drain(at.pipe.read, 4).bytes, 2)
    assert.deepEqual(writer.drain(at.pipe.read, 4), { bytes: 0, isEmpty: true })
    writer.close()
  })

  test('goes on at the end of what an earlier daemon wrote', () => {
    using at = place()
    mkdirSync(at.path('shop'))
    writeFileSync(at.path('shop/web-1.log'), 'earlier\n')
    const writer = at.logs.open(stream('shop/web/1'))
    at.drain(writer, 'later\n')
    assert.equal(at.text('shop/web-1.log'), 'earlier\nlater\n')
    writer.close()
  })

  test('keeps standard error apart', () => {
    using at = place()
    const writers = [at.logs.open(stream('shop/web/1')), at.logs.open({ ...stream('shop/web/1'), stream: 'stderr' })]
    at.drain(writers[0]!, 'out\n')
    at.drain(writers[1]!, 'err\n')
    assert.equal(at.text('shop/web-1.log'), 'out\n')
    assert.equal(at.text('shop/web-1.err.log'), 'err\n')
    for (const writer of writers) writer.close()
  })

  test('shares one file with every stream that names the same path, and closes it with the last', () => {
    using at = place()
    const path = at.path('all.log')
    const writers = ['a/a/1', 'b/b/1'].map((unit) => at.logs.open(stream(unit, { path, bytesMax: 20, backupsMax: 3 })))
    for (const text of ['1 first\n', '2 second\n', '3 third\n', '4 fourth\n']) {
      for (const writer of writers) at.drain(writer, text)
    }
    writers[0]!.close()
    at.drain(writers[1]!, 'last\n')
    writers[1]!.close()
    const all = ['.3', '.2', '.1', ''].map((suffix) => at.text(`all.log${suffix}`)).join('')
    assert.equal(all, '1 first\n1 first\n2 second\n2 second\n3 third\n3 third\n4 fourth\n4 fourth\nlast\n')
    assert.deepEqual(at.openFiles(), [])
  })

  test('opening a stream twice is a bug', () => {
    using at = place()
    const writer = at.logs.open(stream('shop/web/1'))
    assert.throws(() => at.logs.open(stream('shop/web/1')), /opened once/)
    writer.close()
    at.logs.open(stream('shop/web/1')).close()
  })
})

describe('rotation', () => {
  test('names parts as supervisord does, none larger than the limit, and drops the oldest', () => {
    using at = place()
    const writer = at.logs.open(stream('a/b/1', { path: null, bytesMax: 4, backupsMax: 2 }))
    at.drain(writer, '0123456789abcdef')
    assert.equal(at.text('a/b-1.log.2'), '89ab')
    assert.equal(at.text('a/b-1.log.1'), 'cdef')
    assert.equal(existsSync(at.path('a/b-1.log.3')), false)
    assert.equal(existsSync(at.path('a/b-1.log')), true)
    writer.close()
  })

  test('without backups empties the file', () => {
    using at = place()
    const writer = at.logs.open(stream('a/b/1', { path: null, bytesMax: 4, backupsMax: 0 }))
    at.drain(writer, '01234567x')
    assert.equal(at.text('a/b-1.log'), 'x')
    assert.equal(existsSync(at.path('a/b-1.log.1')), false)
    writer.close()
  })

  test('fills the hole that a death between two renames left, and loses nothing', () => {
    using at = place()
    mkdirSync(at.path('a'))
    for (const [suffix, text] of Object.entries({ '': 'new!', '.1': 'next', '.3': 'old!', '.4': 'eldest' })) {
      writeFileSync(at.path(`a/b-1.log${suffix}`), text)
    }
    const writer = at.logs.open(stream('a/b/1', { path: null, bytesMax: 4, backupsMax: 4 }))
    at.drain(writer, 'x')
    const parts = ['.4', '.3', '.2', '.1', ''].map((suffix) => at.text(`a/b-1.log${suffix}`))
    assert.deepEqual(parts, ['eldest', 'old!', 'next', 'new!', 'x'])
    writer.close()
  })

  test('that fails is told once, and the file grows on', () => {
    using at = place()
    mkdirSync(at.path('a/b-1.log.1/occupied'), { recursive: true })
    const writer = at.logs.open(stream('a/b/1', { path: null, bytesMax: 4, backupsMax: 1 }))
    at.drain(writer, '0123456789')
    assert.equal(at.text('a/b-1.log'), '0123456789')
    assert.equal(at.warnings.length, 1)
    assert.match(at.warnings[0]!, /b-1\.log: cannot be rotated \(E/)
    writer.close()
  })

  test('never touches what is no regular file', () => {
    using at = place()
    const path = at.path('pipe')
    assert.equal(makeFifo(path, 0o600), null)
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    const writer = at.logs.open(stream('a/b/1', { path, bytesMax: 4, backupsMax: 2 }))
    at.drain(writer, '0123456789')
    const got = Buffer.alloc(100)
    assert.equal(got.toString('latin1', 0, readSync(reader, got)), '0123456789')
    assert.equal(existsSync(at.path('pipe.1')), false)
    closeSync(reader)
    writer.close()
  })
})

describe('a log file changed from outside', () => {
  test('that was renamed is made anew, and the renamed one is whole', () => {
    using at = place()
    const writer = at.logs.open(stream('a/b/1'))
    at.drain(writer, 'before\n')
    renameSync(at.path('a/b-1.log'), at.path('a/b-1.log-2024'))
    at.drain(writer, 'after\n')
    assert.equal(at.text('a/b-1.log-2024'), 'before\n')
    assert.equal(at.text('a/b-1.log'), 'after\n')
    writer.close()
  })

  test('that was renamed and replaced goes on in the replacement, at its end', () => {
    using at = place()
    const writer = at.logs.open(stream('a/b/1'))
    at.drain(writer, 'before\n')
    renameSync(at.path('a/b-1.log'), at.path('a/b-1.log-2024'))
    writeFileSync(at.path('a/b-1.log'), 'header\n')
    at.drain(writer, 'after\n')
    assert.equal(at.text('a/b-1.log-2024'), 'before\n')
    assert.equal(at.text('a/b-1.log'), 'header\nafter\n')
    writer.close()
  })

  test('that was deleted is made anew, with its directory', () => {
    using at = place()
    const writer = at.logs.open(stream('a/b/1'))
    at.drain(writer, 'before\n')
    rmSync(at.path('a'), { recursive: true })
    at.drain(writer, 'after\n')
    assert.equal(at.text('a/b-1.log'), 'after\n')
    writer.close()
  })

  test('that was cut goes on at its new end', () => {
    using at = place()
    const writer = at.logs.open(stream('a/b/1'))
    at.drain(writer, 'before\n')
    truncateSync(at.path('a/b-1.log'), 0)
    at.drain(writer, 'after\n')
    assert.equal(at.text('a/b-1.log'), 'after\n')
    writer.close()
  })
})

describe('a log that cannot be written', () => {
  test('where it should go, goes to the log directory, and that is told once', () => {
    using at = place()
    const path = at.path('missing/x.log')
    const writer = at.logs.open(stream('a/b/1', { path, bytesMax: 0, backupsMax: 0 }))
    at.drain(writer, 'text\n')
    assert.equal(at.text('a/b-1.log'), 'text\n')
    assert.deepEqual(at.warnings, [
      `a/b/1: its stdout cannot go to ${path} (ENOENT); it goes to ${at.path('a/b-1.log')}`,
    ])
    assert.equal(at.logs.pathOf(stream('a/b/1', { path, bytesMax: 0, backupsMax: 0 })), at.path('a/b-1.log'))
    writer.close()
  })

  test('at all, is dropped and counted until it can', () => {
    using at = place()
    writeFileSync(at.path('a'), 'a file where a directory should be')
    const writer = at.logs.open(stream('a/b/1'))
    at.drain(writer, '12345')
    at.drain(writer, '678')
    assert.equal(at.warnings.length, 1)
    assert.match(at.warnings[0]!, /b-1\.log: cannot be opened \(E\w+\); output is dropped until it can/)
    unlinkSync(at.path('a'))
    at.drain(writer, 'again\n')
    assert.match(at.text('a/b-1.log'), /^holdfast: dropped 8 bytes \(E\w+\)\nagain\n$/)
    writer.close()
  })

  test('because the disk is full, does not hold the service back, and says what is missing', (t) => {
    using at = place()
    const disk = at.path('disk')
    mkdirSync(disk)
    if (process.getuid?.() !== 0) return t.skip('mounting a small disk needs root')
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk])
    if (mounted.status !== 0) return t.skip(`no small disk can be mounted here: ${mounted.stderr}`)
    try {
      const writer = at.logs.open(stream('a/b/1', { path: join(disk, 'x.log'), bytesMax: 0, backupsMax: 0 }))
      const line = `${'x'.repeat(999)}\n`
      for (let n = 0; n < 400; n++) at.drain(writer, line)
      const full = readFileSync(join(disk, 'x.log'), 'latin1')
      assert.equal(full, line.repeat(400).slice(0, full.length))
      assert.ok(full.length <= 256 * 1024 && full.length > 128 * 1024, `${full.length} bytes fit`)
      // Room for the line that says so, and for nothing after it: then it is not said yet.
      const markerOf = (dropped: number) => `\nholdfast: dropped ${dropped} bytes (ENOSPC)\n`
      const dropped = 400_000 - full.length
      const cut = full.length - markerOf(dropped).length
      truncateSync(join(disk, 'x.log'), cut)
      at.drain(writer, 'lost\n')
      assert.equal(readFileSync(join(disk, 'x.log'), 'latin1'), full.slice(0, cut))
      // Somebody makes room by cutting the file to a piece that ends in mid-line.
      truncateSync(join(disk, 'x.log'), 10)
      at.drain(writer, 'again\n')
      at.drain(writer, 'and again\n')
      const marker = markerOf(dropped + 5)
      assert.equal(readFileSync(join(disk, 'x.log'), 'latin1'), `xxxxxxxxxx${marker}again\nand again\n`)
      writer.close()
    } finally {
      // Lazily: where an assertion failed, the writer still has its file open.
      assert.equal(spawnSync('umount', ['--lazy', disk]).status, 0)
    }
  })

  test('because its reader stands still, leaves the bytes in the pipe and asks to come back', () => {
    using at = place()
    const path = at.path('pipe')
    assert.equal(makeFifo(path, 0o600), null)
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    setPipeCapacity(reader, 4096)
    const writer = at.logs.open(stream('a/b/1', { path, bytesMax: 0, backupsMax: 0 }))
    const text = Buffer.from(Array.from({ length: 20_000 }, (_, index) => index % 251))
    writeSync(at.pipe.write, text)
    const got: Buffer[] = []
    let hasBeenBlocked = false
    for (let isDone = false; !isDone; ) {
      const { isEmpty, retryMs } = writer.drain(at.pipe.read, 8192)
      hasBeenBlocked ||= retryMs !== undefined
      const chunk = Buffer.alloc(65_536)
      try {
        got.push(chunk.subarray(0, readSync(reader, chunk)))
      } catch {
        isDone = isEmpty
      }
    }
    assert.ok(hasBeenBlocked)
    assert.deepEqual(Buffer.concat(got), text)
    closeSync(reader)
    writer.close()
  })
})

test('a flood from a real process arrives byte for byte, across rotations', async () => {
  using at = place()
  const spec = { bytesMax: 3_000_000, backupsMax: 20 }
  const writer = at.logs.open(stream('a/flood/1', spec))
  const flood = startFlood(at.path('fifo'))
  flood.give(20)
  await flood.end(() => writer.drain(at.pipe.read, 1024 * 1024))
  const parts = at.parts('a/flood-1.log')
  assert.ok(parts.length >= 14, `${parts.length} parts`)
  assert.ok(parts.every((path) => statSync(path).size <= spec.bytesMax))
  assert.ok(Buffer.concat(parts.map((path) => readFileSync(path))).equals(flooded(20)))
  writer.close()
})

test('a kill -9 in mid-drain, twenty times over, loses no byte and doubles none', async () => {
  using at = place()
  const flood = startFlood(at.path('fifo'))
  for (let kills = 0; kills < 20; kills++) {
    flood.give(1)
    const drainer = spawn(process.execPath, ['--input-type=module', '-e', drainForEver, at.path('.')], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    // It tells when the first bytes were moved: then it is in the middle of its work.
    await once(drainer.stdout, 'data')
    const exited = once(drainer, 'exit')
    drainer.kill('SIGKILL')
    assert.deepEqual(await exited, [null, 'SIGKILL'])
  }
  const writer = at.logs.open(stream('a/flood/1', killSpec))
  await flood.end(() => writer.drain(at.pipe.read, 1024 * 1024))
  writer.close()
  assert.ok(Buffer.concat(at.parts('a/flood-1.log').map((path) => readFileSync(path))).equals(flooded(20)))
})

const killSpec = { path: null, bytesMax: 300_000, backupsMax: 200, ageMaxMs: 0, compress: false }

const drainForEver = `
  import { constants, openSync } from 'node:fs'
  import { createLogFiles } from ${JSON.stringify(new URL('./log-files.ts', import.meta.url).href)}
  const [directory] = process.argv.slice(1)
  const logs = createLogFiles({ directory, warn: (message) => console.error(message) })
  const writer = logs.open({ unit: 'a/flood/1', stream: 'stdout', spec: ${JSON.stringify(killSpec)} })
  const fifo = openSync(directory + '/fifo', constants.O_RDONLY | constants.O_NONBLOCK)
  let hasTold = false
  const drain = () => {
    if (writer.drain(fifo, 65536).bytes > 0 && !hasTold) {
      hasTold = true
      process.stdout.write('moving')
    }
    setImmediate(drain)
  }
  drain()
`

// ---- helpers ------------------------------------------------------------------------------------------------

function stream(unit: string, spec: Partial<StreamRef['spec']> = {}): StreamRef {
  const usual = { path: null, bytesMax: 1_000_000, backupsMax: 3, ageMaxMs: 0, compress: false }
  return { unit, stream: 'stdout', spec: { ...usual, ...spec } }
}

/** A log directory and a pipe whose two ends the test holds. */
function place() {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-logs-'))
  const path = (name: string) => join(directory, name)
  assert.equal(makeFifo(path('fifo'), 0o600), null)
  const read = openSync(path('fifo'), constants.O_RDONLY | constants.O_NONBLOCK)
  const pipe = { read, write: openSync(path('fifo'), constants.O_WRONLY | constants.O_NONBLOCK) }
  const warnings: string[] = []
  return {
    path,
    pipe,
    warnings,
    logs: createLogFiles({ directory, warn: (message) => void warnings.push(message) }),
    text: (name: string) => readFileSync(path(name), 'latin1'),
    /** Oldest first. */
    parts: (name: string) =>
      Array.from({ length: 201 }, (_, index) => path(index === 200 ? name : `${name}.${200 - index}`)).filter((part) =>
        existsSync(part),
      ),
    drain: (writer: LogWriter, text: string) => {
      writeSync(pipe.write, text)
      while (!writer.drain(pipe.read, 1024 * 1024).isEmpty);
    },
    openFiles: () =>
      readdirSync('/proc/self/fd')
        .map((fd) => readlinkOrNull(`/proc/self/fd/${fd}`))
        .filter((name) => name?.startsWith(directory) && !name.endsWith('/fifo')),
    [Symbol.dispose]: () => {
      closeSync(pipe.read)
      closeSync(pipe.write)
      rmSync(directory, { recursive: true })
    },
  }
}

function readlinkOrNull(path: string): string | null {
  try {
    return readlinkSync(path)
  } catch {
    // The descriptor of the listing itself is closed by now.
    return null
  }
}

/** A process that writes two megabytes of numbered lines into a pipe for each time it is asked. */
function startFlood(path: string) {
  const child = spawn(process.execPath, ['-e', floodOnDemand, path], { stdio: ['pipe', 'inherit', 'inherit'] })
  return {
    give: (times: number) => void child.stdin.write('x'.repeat(times)),
    /** Drains until everything was written and the pipe is empty. */
    end: async (drain: () => { isEmpty: boolean }) => {
      child.stdin.end()
      let hasEnded = false
      child.on('exit', () => {
        hasEnded = true
      })
      for (let isDone = false; !isDone; ) {
        const isLast = hasEnded
        isDone = drain().isEmpty && isLast
        await nextLoop()
      }
      assert.equal(child.exitCode, 0)
    },
  }
}

const floodLines = 250_000

const floodOnDemand = `
  const { openSync, writeSync } = require('node:fs')
  const fifo = openSync(process.argv[1], 'w')
  let n = 0
  process.stdin.on('data', (times) => {
    for (const _ of times) {
      const lines = []
      for (let count = 0; count < ${floodLines}; count++) lines.push(String(n++).padStart(7, '0') + '\\n')
      const bytes = Buffer.from(lines.join(''))
      for (let at = 0; at < bytes.length; ) at += writeSync(fifo, bytes, at, 4096 < bytes.length - at ? 4096 : bytes.length - at)
    }
  })
`

function flooded(times: number): Buffer {
  const lines = Array.from({ length: times * floodLines }, (_, n) => `${String(n).padStart(7, '0')}\n`)
  return Buffer.from(lines.join(''))
}
