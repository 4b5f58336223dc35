import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { at } from '../../core/fixture.ts'
import type { LogAppendPort, LogSpot, StreamRef } from '../../engine/ports.ts'
import { openCursors } from './container-logs-cursor.ts'
import { type FakeLogs, fakeLogs, type Printed, stampAt } from './container-logs-fixture.ts'
import { openOutputStore } from './container-logs-store.ts'
import { takeOutput } from './container-logs-take.ts'

const log = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }

class Death extends Error {}

/** Logs in memory that die over a write, with a part of it done. */
interface MortalLogs extends LogAppendPort {
  readonly texts: Map<string, string>
  /** The next write that is announced gets so much done; null: all of it, and we live. */
  fate: { writes: number; readonly bytes: number } | null
  /** So much of a file may be written to it, then the next begins. */
  readonly fileBytesMax: number
}

function mortalLogs(fileBytesMax = Number.POSITIVE_INFINITY): MortalLogs {
  const files = new Map<string, { inode: number; from: number }>()
  const logs: MortalLogs = {
    texts: new Map(),
    fate: null,
    fileBytesMax,
    append: ({ stream }) => ({
      write(pieces, announce) {
        const text = logs.texts.get(stream) ?? ''
        const file = files.get(stream) ?? { inode: 1, from: 0 }
        if (text.length - file.from >= fileBytesMax) files.set(stream, { inode: file.inode + 1, from: text.length })
        const { inode, from } = files.get(stream) ?? file
        files.set(stream, { inode, from })
        const all = Buffer.concat(pieces.map(({ bytes }) => bytes)).toString('latin1')
        const bytes = Math.min(all.length, fileBytesMax - (text.length - from))
        announce({ path: stream, device: 1, inode, bornMs: 1, offset: text.length - from, bytes }, bytes)
        const fate = logs.fate
        if (fate !== null) fate.writes -= 1
        const isFatal = fate !== null && fate.writes <= 0
        logs.texts.set(stream, text + all.slice(0, isFatal ? Math.min(fate.bytes, bytes) : bytes))
        if (isFatal) throw new Death()
        return { bytes }
      },
      begin: () => {},
      close: () => {},
    }),
    stored({ path, inode, offset, bytes }: LogSpot) {
      const file = files.get(path)
      if (file?.inode !== inode) return bytes
      const size = (logs.texts.get(path) ?? '').length - file.from
      return Math.max(0, Math.min(bytes, size - offset))
    },
  }
  return logs
}

interface Life {
  readonly directory: string
  readonly logs: MortalLogs
  readonly engine: FakeLogs
  readonly sinks: readonly ('stdout' | 'stderr')[]
  readonly streams?: readonly ('stdout' | 'stderr')[]
  readonly startedAt?: string
  readonly clockMs?: number
}

/** One daemon: it takes everything, or dies. */
async function live({ directory, logs, engine, sinks, streams, startedAt, clockMs = 0 }: Life): Promise<string> {
  const clock = () => ({ ...at(0), wallMs: 1_000_000 + clockMs })
  const cursors = openCursors({ directory, logs, clock, warn: assert.fail })
  const cursor = cursors.of('c')
  const refs = sinks.map((stream): StreamRef => ({ unit: 'a/web/1', stream, spec: log }))
  const kept = streams ?? ['stdout', 'stderr']
  const container = {
    ...{
      id: 'c',
      startedAt: startedAt ?? stampAt(0),
      runFrom: startedAt ?? stampAt(0),
      isRunning: false,
      attempt: 1,
      isTty: engine.isTty,
    },
    ...{ streams: kept, refs, isForeign: false },
  }
  const output = openOutputStore({ logs, refs, streams: kept, cursor })
  try {
    const { signal } = new AbortController()
    const { offsetMs } = { offsetMs: clock().wallMs - clock().bootMs }
    const taking = { containers: engine, container, cursor, output, signal, moved: () => {} }
    return await takeOutput({ ...taking, clock: { bootId: 'boot', offsetMs } }, 'all')
  } finally {
    cursor.close()
  }
}

function cursorFolder(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'hf-cursor-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return directory
}

function textOf(printed: readonly Printed[], stream?: Printed['stream']): string {
  return printed
    .filter((one) => stream === undefined || one.stream === stream)
    .map(({ text }) => text)
    .join('')
}

/**
 * Numbered messages of both streams: some with the same time, some a little out of order, and lines that go on in pieces
 * with the time of the first.
 */
const anyOutput: fc.Arbitrary<readonly Printed[]> = fc
  .array(
    fc.record({
      stream: fc.constantFrom('stdout', 'stderr'),
      aheadMs: fc.constantFrom(0, 0, 1, 30, 2_500),
      backNanos: fc.constantFrom(0, 0, 700),
      hasEnd: fc.boolean(),
      chars: fc.constantFrom(0, 1, 40),
    }),
    { maxLength: 60 },
  )
  .map((messages) => {
    let nanos = 10e9
    const open = new Map<string, string>()
    return messages.map(({ stream, aheadMs, backNanos, hasEnd, chars }, index): Printed => {
      nanos += aheadMs * 1e6
      const stamp = open.get(stream) ?? stampAt(nanos - backNanos)
      if (hasEnd) open.delete(stream)
      else open.set(stream, stamp)
      return { stream, stamp, text: `${index}${'.'.repeat(chars)}${hasEnd ? '\n' : '+'}` }
    })
  })

const anyDeaths = fc.array(
  fc.record({
    afterWrites: fc.integer({ min: 1, max: 6 }),
    bytes: fc.integer({ min: 0, max: 80 }),
    printedUpTo: fc.integer({ min: 0, max: 60 }),
    tearsCursor: fc.boolean(),
  }),
  { maxLength: 12 },
)

test('whatever is printed, and wherever each daemon dies, all of it is stored and nothing twice', async (context) => {
  const folder = cursorFolder(context)
  let lives = 0
  for (const sinks of [['stdout'], ['stdout', 'stderr']] as const) {
    await fc.assert(
      fc.asyncProperty(anyOutput, anyDeaths, fc.constantFrom(50, 1_000_000), async (printed, deaths, fileBytesMax) => {
        lives += 1
        const directory = join(folder, String(lives))
        const logs = mortalLogs(fileBytesMax)
        const engine = fakeLogs()
        for (const { afterWrites, bytes, printedUpTo, tearsCursor } of deaths) {
          engine.print(...printed.slice(engine.printed.length, printedUpTo))
          logs.fate = { writes: afterWrites, bytes: tearsCursor ? 0 : bytes }
          const isDead = await live({ directory, logs, engine, sinks }).then(
            () => false,
            (error) => error instanceof Death || assert.fail(error),
          )
          if (isDead && tearsCursor) tearLatest(directory)
        }
        engine.print(...printed.slice(engine.printed.length))
        logs.fate = null
        assert.equal(await live({ directory, logs, engine, sinks }), 'ended')
        const stored = (sink: string) => logs.texts.get(sink) ?? ''
        if (sinks.length === 1) assert.equal(stored('stdout'), textOf(printed))
        else for (const stream of sinks) assert.equal(stored(stream), textOf(printed, stream))
      }),
      { numRuns: 150 },
    )
  }
})

/** A death over the cursor itself: half of the latest record was written. */
function tearLatest(directory: string): void {
  const [name] = readdirSync(directory)
  if (name === undefined) return
  const path = join(directory, name)
  const bytes = readFileSync(path)
  const numberAt = (from: number): number =>
    Number(/"number":(\d+)/.exec(bytes.toString('latin1', from, from + 60))?.[1] ?? 0)
  const latest = numberAt(0) > numberAt(8192) ? 0 : 8192
  bytes.fill(0, latest + 40, latest + 60)
  writeFileSync(path, bytes)
}

test('a write that a death cut short is completed, also when others have written to that log since, and we died again', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.print({ stream: 'stdout', stamp: stampAt(60e9), text: 'one two\n' })
  life.logs.fate = { writes: 1, bytes: 4 }
  await assert.rejects(live(life), Death)
  // The next daemon looks, a process writes to the same log, and it dies before it has written itself.
  openCursors({ directory: life.directory, logs: life.logs, clock: () => at(0), warn: assert.fail })
  life.logs.texts.set('stdout', 'one of a process\n')
  life.logs.fate = null
  await live(life)
  assert.equal(life.logs.texts.get('stdout'), 'one of a process\ntwo\n')
})

test('a second look asks from shortly before the last line, and stores nothing again', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.print({ stream: 'stdout', stamp: stampAt(60e9), text: 'one\n' })
  await live(life)
  await live(life)
  assert.equal(life.logs.texts.get('stdout'), 'one\n')
  assert.equal(life.engine.queries.at(-1)?.since, String(Date.UTC(2026, 0, 1) / 1_000 + 55))
})

test('a line that goes on for hours is asked for from its beginning', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.print({ stream: 'stdout', stamp: stampAt(60e9), text: 'long' })
  life.engine.print({ stream: 'stderr', stamp: stampAt(7_200e9), text: 'later\n' })
  await live(life)
  life.engine.print({ stream: 'stdout', stamp: stampAt(60e9), text: ' line\n' })
  await live(life)
  assert.equal(life.logs.texts.get('stdout'), 'longlater\n line\n')
})

test('when the engine has removed what was stored last, the rest is taken and the log says that some is missing', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.print({ stream: 'stdout', stamp: stampAt(60e9), text: 'one\n' })
  await live(life)
  life.engine.printed.length = 0
  life.engine.print({ stream: 'stdout', stamp: stampAt(62e9), text: 'three\n' })
  await live(life)
  const [first, said, last] = life.logs.texts.get('stdout')!.split('\n')
  assert.deepEqual([first, last], ['one', 'three'])
  assert.match(said!, /^holdfast: some output of the container is missing here/)
})

test('what was printed after the clock was set back is taken', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.print({ stream: 'stdout', stamp: stampAt(7_200e9), text: 'one\n' })
  await live(life)
  life.engine.print({ stream: 'stdout', stamp: stampAt(3_600e9), text: 'an hour earlier\n' })
  await live({ ...life, clockMs: -3_600_000 })
  assert.equal(life.logs.texts.get('stdout'), 'one\nan hour earlier\n')
})

test('a run that began before the last line, by a clock that was not yet set, is taken', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.print({ stream: 'stdout', stamp: stampAt(7_200e9), text: 'one\n' })
  await live({ ...life, startedAt: stampAt(7_000e9) })
  life.engine.print({ stream: 'stdout', stamp: stampAt(100e9), text: 'after a boot\n' })
  await live({ ...life, startedAt: stampAt(99e9) })
  assert.equal(life.logs.texts.get('stdout'), 'one\nafter a boot\n')
})

test('when another stream is wanted from now on, what follows the last line is taken', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs() }
  const out = (nanos: number, text: string): Printed => ({ stream: 'stdout', stamp: stampAt(nanos), text })
  life.engine.print(out(60e9, 'one\n'), { stream: 'stderr', stamp: stampAt(61e9), text: 'error\n' })
  await live({ ...life, sinks: ['stdout'], streams: ['stdout'] })
  life.engine.print(out(62e9, 'two\n'))
  await live({ ...life, sinks: ['stdout'] })
  assert.equal(life.logs.texts.get('stdout'), 'one\nerror\ntwo\n')
  life.engine.print(out(63e9, 'three\n'))
  await live({ ...life, sinks: ['stdout'] })
  assert.equal(life.logs.texts.get('stdout'), 'one\nerror\ntwo\nthree\n')
})

test('with a terminal, pieces of a long line and the last words of a run before the next are told apart', async (context) => {
  const life = { directory: cursorFolder(context), logs: mortalLogs(), engine: fakeLogs(), sinks: ['stdout'] as const }
  life.engine.isTty = true
  const piece = 'x'.repeat(16 * 1024)
  const own = `${stampAt(61e9)} is printed by it\r\n`
  const out = (nanos: number, text: string): Printed => ({ stream: 'stdout', stamp: stampAt(nanos), text })
  life.engine.print(out(60e9, piece), out(60e9, piece), out(60e9, 'end\r\n'), out(61e9, own), out(62e9, 'last words'))
  await live(life)
  assert.equal(life.logs.texts.get('stdout'), `${piece}${piece}end\r\n${own}last words`)
  life.engine.print(out(70e9, 'next\r\n'))
  await live({ ...life, startedAt: stampAt(69e9) })
  assert.equal(life.logs.texts.get('stdout'), `${piece}${piece}end\r\n${own}last wordsnext\r\n`)
})
