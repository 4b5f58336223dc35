import assert from 'node:assert/strict'
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { toldPieceBytesMax } from '../core/limits.ts'
import type { LogSpec, OutputHandling } from '../core/model.ts'
import type { StreamRef } from '../engine/ports.ts'
import { errnoOf } from '../sys/errno.ts'
import { makeFifo, setPipeCapacity } from '../sys/fifo.ts'
import { makePipe } from '../sys/pipe.ts'
import { openSyslogd } from '../sys/syslog-test-bench.ts'
import { captureBegin, captureEnd } from './output-handler.ts'
import { handledWhole } from './output-reference.ts'
import { type Bench, createBench, streamOf } from './test-bench.ts'

test('output is handled, logged across rotations, indexed and told, also when the daemon dies at any cut', async () => {
  const part = fc.oneof(
    fc.constantFrom(captureBegin, captureEnd, '<!--XSUPER', '\x1b[31m', '\x1b', '[', '\n'),
    fc.string({ unit: fc.constantFrom('a', 'b', ' '), maxLength: 60 }),
  )
  const action = fc.record({ text: part, after: fc.constantFrom('go on', 'go on', 'crash', 'closed') })
  const world = fc.record({
    actions: fc.array(action, { maxLength: 20 }),
    captureBytesMax: fc.constantFrom(0, 5, 1_000),
    isAnsiStripped: fc.boolean(),
    bytesMax: fc.constantFrom(0, 30),
  })
  await fc.assert(
    fc.asyncProperty(world, async ({ actions, captureBytesMax, isAnsiStripped, bytesMax }) => {
      using bench = createBench({ totalBytesMax: 1e9 })
      const stream = handled({ captureBytesMax, isAnsiStripped, isTold: true }, { bytesMax, backupsMax: 1_000 })
      for (const { text, after } of actions) {
        if (text !== '') bench.print(stream, text, { attempt: 7 })
        if (after !== 'go on') bench.restart(after)
      }
      bench.settle(stream)
      const whole = handledWhole(actions.map(({ text }) => text).join(''), { captureBytesMax, isAnsiStripped })
      const logged = whole.flatMap(({ kind, text }) => (kind === 'logged' ? [text] : [])).join('')
      assert.equal(await bench.text([stream]), logged)
      assert.deepEqual(toldOf(bench), whole)
      assert.deepEqual(heldFiles(bench), [])
    }),
    { numRuns: 60 },
  )
})

test('what is told comes in pieces of a limited size', () => {
  using bench = createBench()
  const stream = handled({ isTold: true })
  const text = 'x'.repeat(60_000)
  for (let n = 0; n < 3; n++) bench.print(stream, text)
  assert.equal(bench.news.map(({ bytes }) => Buffer.from(bytes).toString()).join(''), text.repeat(3))
  assert.ok(bench.news.every(({ bytes }) => bytes.length <= toldPieceBytesMax))
})

test('what goes nowhere is told, captured and sent to syslog all the same', () => {
  using bench = createBench()
  const stream = handled({ captureBytesMax: 100, isTold: true }, { path: 'none' })
  bench.print(stream, `one${captureBegin}two${captureEnd}`)
  assert.deepEqual(toldOf(bench), [
    { kind: 'logged', text: 'one' },
    { kind: 'captured', text: 'two' },
  ])
  assert.equal(bench.logs.pathOf(stream), null)
  assert.equal(existsSync(bench.path('a')), false)
})

test('whole lines go to syslog, with their prefix, and at the end of a run what has no line end', () => {
  using bench = createBench()
  const path = join(bench.directory, 'syslog')
  using syslogd = openSyslogd(path)
  using logging = createBench({ syslogPath: path })
  const stream = handled({ syslog: { ident: 'supervisord', prefix: 'web ' }, captureBytesMax: 9 })
  for (const text of ['one\ntw', `o${captureBegin}x\n${captureEnd}`, '\n\nthree']) logging.print(stream, text)
  const lines = () => syslogd.read().map((text) => text.replace(/^.*?: /, ''))
  assert.deepEqual(lines(), ['web one', 'web two', 'web '])
  logging.settle(stream)
  assert.deepEqual(lines(), ['web three'])
})

test('a long capture is held in a file that does not grow with it, and that ends with the capture', () => {
  using bench = createBench()
  const stream = handled({ captureBytesMax: 1_000 })
  bench.print(stream, captureBegin)
  const piece = 'y'.repeat(10_000)
  for (let n = 0; n < 50; n++) bench.print(stream, piece)
  const [name = ''] = heldFiles(bench)
  assert.ok(statSync(join(bench.heldFolder, name)).size < 50_000)
  bench.restart('crash')
  bench.print(stream, `z${captureEnd}`)
  assert.deepEqual(toldOf(bench), [{ kind: 'captured', text: `${'y'.repeat(999)}z` }])
  assert.deepEqual(heldFiles(bench), [])
})

test('what was held back is logged by whoever opens the log without handling', async () => {
  using bench = createBench()
  bench.print(handled({ captureBytesMax: 100 }), `one ${captureBegin}two`)
  bench.restart('crash')
  const plain = streamOf('a/b/1')
  bench.print(plain, ' three')
  assert.equal(await bench.text([plain]), `one ${captureBegin}two three`)
  assert.deepEqual(heldFiles(bench), [])
})

test('what was held back goes on where the handling of a stream was changed', async () => {
  using bench = createBench()
  bench.print(handled({ captureBytesMax: 100 }), `one ${captureBegin}two`)
  bench.close(handled({}))
  const changed = handled({ captureBytesMax: 2 })
  bench.print(changed, `three${captureEnd}`)
  assert.deepEqual(toldOf(bench), [{ kind: 'captured', text: 'ee' }])
  assert.equal(await bench.text([changed]), 'one ')
})

test('what cannot be written is dropped and counted, and the run is not held up', async () => {
  using bench = createBench()
  writeFileSync(bench.path('a'), 'a file where a directory should be')
  const stream = handled({ captureBytesMax: 100 })
  bench.print(stream, `12${captureBegin}xx${captureEnd}345`)
  bench.print(stream, '678')
  rmSync(bench.path('a'))
  for (const text of ['again\n', 'and again\n']) bench.print(stream, text)
  assert.match(await bench.text([stream]), /^holdfast: dropped 8 bytes \(E\w+\)\nagain\nand again\n$/)
})

test('a pipe that nobody empties holds the run back, and gets all of it in order', () => {
  using bench = createBench()
  const path = join(bench.directory, 'pipe')
  assert.equal(makeFifo(path, 0o600), null)
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  setPipeCapacity(reader, 4096)
  const from = makePipe()
  assert.ok(typeof from !== 'string')
  const writer = bench.logs.open(handled({ captureBytesMax: 100 }, { path }))
  const text = Array.from({ length: 4_000 }, (_, n) => `line ${n}\n`).join('')
  writeSync(from.write, text)
  let got = ''
  let hasWaited = false
  for (let isEmpty = false; !isEmpty; ) {
    const drained = writer.drain(from.read, 8_192)
    hasWaited ||= drained.retryMs !== undefined
    got += readAll(reader)
    isEmpty = drained.isEmpty
  }
  writer.settle?.()
  assert.ok(hasWaited)
  assert.ok(got + readAll(reader) === text)
  writer.close()
  for (const fd of [reader, from.read, from.write]) closeSync(fd)
})

function readAll(fd: number): string {
  let text = ''
  const bytes = Buffer.alloc(65_536)
  for (;;) {
    try {
      const read = readSync(fd, bytes)
      if (read === 0) return text
      text += bytes.toString('latin1', 0, read)
    } catch (error) {
      assert.equal(errnoOf(error), 'EAGAIN')
      return text
    }
  }
}

function handled(handling: Partial<OutputHandling>, spec: Partial<LogSpec> = {}): StreamRef {
  const usual: OutputHandling = { isAnsiStripped: false, syslog: null, captureBytesMax: 0, isTold: false }
  return streamOf('a/b/1', { ...spec, handling: { ...usual, ...handling } })
}

function toldOf({ news }: Bench): readonly { readonly kind: string; readonly text: string }[] {
  const all: { kind: string; text: string }[] = []
  for (const { kind, bytes } of news) {
    const text = Buffer.from(bytes).toString('latin1')
    const last = all.at(-1)
    if (kind === 'logged' && last?.kind === 'logged') last.text += text
    else all.push({ kind, text })
  }
  return all
}

function heldFiles({ heldFolder }: Bench): readonly string[] {
  return existsSync(heldFolder) ? readdirSync(heldFolder) : []
}
