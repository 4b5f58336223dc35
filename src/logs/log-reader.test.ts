import assert from 'node:assert/strict'
import {
  appendFileSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { setImmediate as nextLoop } from 'node:timers/promises'
import type { LogReadFrom, LogReadOptions, StreamRef } from '../engine/ports.ts'
import { makeFifo } from '../sys/fifo.ts'
import { createLogFiles } from './log-files.ts'

describe('reading a log', () => {
  const cases: readonly { from: LogReadFrom; gives: string }[] = [
    { from: { kind: 'all' }, gives: '1\n2\n3\n4\n5\nhalf' },
    { from: { kind: 'bytes', bytes: 6 }, gives: '5\nhalf' },
    { from: { kind: 'bytes', bytes: 8 }, gives: '4\n5\nhalf' },
    { from: { kind: 'bytes', bytes: 999 }, gives: '1\n2\n3\n4\n5\nhalf' },
    { from: { kind: 'bytes', bytes: 0 }, gives: '' },
    { from: { kind: 'lines', lines: 0 }, gives: '' },
    { from: { kind: 'lines', lines: 1 }, gives: 'half' },
    { from: { kind: 'lines', lines: 2 }, gives: '5\nhalf' },
    { from: { kind: 'lines', lines: 4 }, gives: '3\n4\n5\nhalf' },
    { from: { kind: 'lines', lines: 99 }, gives: '1\n2\n3\n4\n5\nhalf' },
  ]
  for (const { from, gives } of cases) {
    test(`from ${JSON.stringify(from)} gives ${JSON.stringify(gives)} over three parts`, async () => {
      using at = place({ '.2': '1\n2', '.1': '\n3\n4\n', '': '5\nhalf' })
      assert.equal(await at.read(from), gives)
    })
  }

  test('by lines counts a last line that is ended once', async () => {
    using at = place({ '': 'a\nb\n' })
    assert.equal(await at.read({ kind: 'lines', lines: 1 }), 'b\n')
  })

  test('goes over the hole that a death in mid-rotation left', async () => {
    using at = place({ '.3': 'a', '.1': 'b', '': 'c' })
    assert.equal(await at.read({ kind: 'all' }), 'abc')
  })

  test('that was never written, or is no file, ends at once', async () => {
    using at = place({})
    assert.equal(await at.read({ kind: 'all' }), '')
    assert.equal(makeFifo(at.path, 0o600), null)
    assert.equal(await at.read({ kind: 'all' }), '')
  })

  test('reads only as far as it is asked to', async () => {
    using at = place({ '': 'x'.repeat(1_000_000) })
    const reading = readLog(at.path, { from: { kind: 'all' }, follow: false })[Symbol.asyncIterator]()
    const first = await reading.next()
    assert.equal(first.value?.bytes.length, 65_536)
    truncateSync(at.path, 65_536)
    assert.equal((await reading.next()).done, true)
    assert.deepEqual(openFiles(at.path), [])
  })
})

describe('following a log', () => {
  test('gives what is appended, and closes its files when it ends', async () => {
    using at = place({ '': 'a\n' })
    await using follower = at.follow({ kind: 'all' })
    await follower.until('a\n')
    appendFileSync(at.path, 'b\n')
    await follower.until('a\nb\n')
    await follower.end()
    assert.deepEqual(openFiles(at.path), [])
  })

  test('waits for a log that is not there yet, in a directory that is not there either', async () => {
    using at = place({})
    rmSync(at.directory, { recursive: true })
    await using follower = at.follow({ kind: 'all' })
    await nextLoop()
    mkdirSync(at.directory)
    writeFileSync(at.path, 'first\n')
    await follower.until('first\n')
    await follower.end()
  })

  test('goes on in the next file after a rotation, also one made by somebody else', async () => {
    using at = place({ '.1': 'older\n', '': 'a\n' })
    await using follower = at.follow({ kind: 'lines', lines: 1 })
    await follower.until('a\n')
    renameSync(at.path, `${at.path}-2024`)
    writeFileSync(at.path, 'b\n')
    await follower.until('a\nb\n')
    renameSync(`${at.path}.1`, `${at.path}.2`)
    renameSync(at.path, `${at.path}.1`)
    writeFileSync(at.path, 'c\n')
    await follower.until('a\nb\nc\n')
    await follower.end()
  })

  test('begins again where the file was emptied', async () => {
    using at = place({ '': 'long text\n' })
    await using follower = at.follow({ kind: 'all' })
    await follower.until('long text\n')
    truncateSync(at.path, 0)
    appendFileSync(at.path, 'new\n')
    await follower.until('long text\nnew\n')
    await follower.end()
  })

  test('loses and repeats no byte while the writer rotates as fast as it can', async () => {
    using at = place({})
    const spec = { path: at.path, bytesMax: 150, backupsMax: 1_000, ageMaxMs: 0, compress: false }
    const fifo = join(at.directory, 'fifo')
    assert.equal(makeFifo(fifo, 0o600), null)
    const read = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
    const write = openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK)
    const warnings: string[] = []
    const logs = createLogFiles({ directory: at.directory, warn: (message) => void warnings.push(message) })
    const writer = logs.open({ unit: 'a/b/1', stream: 'stdout', spec })
    await using follower = at.follow({ kind: 'all' })
    const lines = Array.from({ length: 300 }, (_, n) => `line ${n} ${'.'.repeat(n % 190)}\n`)
    const isRead = follower.until(lines.join(''))
    for (const [n, line] of lines.entries()) {
      writeSync(write, line)
      while (!writer.drain(read, 65_536).isEmpty);
      if (n % 3 === 0) await nextLoop()
    }
    await isRead
    await follower.end()
    writer.close()
    closeSync(read)
    closeSync(write)
    assert.deepEqual(warnings, [])
    assert.ok(readdirSync(at.directory).length > 100)
  })
})

// ---- helpers ------------------------------------------------------------------------------------------------

function place(parts: Readonly<Record<string, string>>) {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-reader-'))
  const path = join(directory, 'x.log')
  for (const [suffix, text] of Object.entries(parts)) writeFileSync(path + suffix, text)
  return {
    directory,
    path,
    read: async (from: LogReadFrom) => {
      let text = ''
      for await (const chunk of readLog(path, { from, follow: false })) text += textOf(chunk)
      return text
    },
    follow: (from: LogReadFrom) => follow(path, from),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true }),
  }
}

function readLog(path: string, options: LogReadOptions) {
  const spec = { path, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }
  const stream: StreamRef = { unit: 'a/b/1', stream: 'stdout', spec }
  return createLogFiles({ directory: `${path}.logs`, warn: assert.fail }).read([stream], options)
}

function textOf({ bytes }: { readonly bytes: Uint8Array }): string {
  return Buffer.from(bytes).toString('latin1')
}

function follow(path: string, from: LogReadFrom) {
  const control = new AbortController()
  const reading = readLog(path, { from, follow: true, signal: control.signal })[Symbol.asyncIterator]()
  let text = ''
  return {
    /** Reads until there is as much text, which must be this. */
    until: async (expected: string) => {
      while (text.length < expected.length) {
        const { value, done } = await reading.next()
        assert.ok(done !== true, 'it goes on')
        text += textOf(value)
        assert.ok(expected.startsWith(text), `unexpected: ${JSON.stringify(text.slice(-100))}`)
      }
      assert.equal(text, expected)
    },
    /** Nothing more comes, and it ends when asked to. */
    end: async () => {
      const last = reading.next()
      control.abort()
      assert.deepEqual(await last, { value: undefined, done: true })
    },
    [Symbol.asyncDispose]: async () => {
      control.abort()
      await reading.return?.()
    },
  }
}

function openFiles(path: string): string[] {
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`)
      } catch {
        // The descriptor of the listing itself is closed by now.
        return ''
      }
    })
    .filter((name) => name.startsWith(path))
}
