import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { unknownEngine } from '../../core/containers/none.ts'
import { at } from '../../core/fixture.ts'
import type { ProcessSpec } from '../../core/model.ts'
import { plainProcess } from '../../core/target/plain.ts'
import type { LogAppendPort, Snapshot } from '../../engine/ports.ts'
import { type ContainerLogs, createContainerLogs } from './container-logs.ts'
import { type FakeLogs, fakeLogs, type Printed, stampAt } from './container-logs-fixture.ts'
import { EngineError } from './engine-error.ts'

const log = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }

/** One unit with one container, whose output goes to logs in memory. */
interface Bench {
  readonly engine: FakeLogs
  readonly logs: ContainerLogs
  readonly texts: Map<string, string>
  readonly warnings: string[]
  readonly directory: string
  /** Writes that came, each with the start of the unit and the time it said. */
  readonly writes: { readonly text: string; readonly attempt: number | null; readonly wallMs: number }[]
  readonly open: Set<string>
  tell(state: Told): void
  /** Resolves when this stands in a log. */
  until(text: string): Promise<void>
}

interface Told {
  readonly run?: string | null
  readonly attempt?: number
  readonly process?: Partial<ProcessSpec>
  readonly environment?: Readonly<Record<string, string>>
  readonly isGone?: boolean
  readonly engine?: 'connected' | 'absent'
  readonly startedAt?: string
  readonly finishedAt?: string
}

function bench(context: TestContext, directory = mkdtempSync(join(tmpdir(), 'hf-cursor-'))): Bench {
  const engine = fakeLogs()
  const texts = new Map<string, string>()
  const warnings: string[] = []
  const writes: Bench['writes'] = []
  const open = new Set<string>()
  let listeners: (() => void)[] = []
  const port: LogAppendPort = {
    append({ stream }) {
      let attempt: number | null = null
      open.add(stream)
      return {
        write(pieces, announce) {
          const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0)
          announce(null, bytes)
          for (const piece of pieces) {
            const text = Buffer.from(piece.bytes).toString()
            texts.set(stream, (texts.get(stream) ?? '') + text)
            writes.push({ text, attempt, wallMs: piece.wallMs })
          }
          for (const listener of listeners) listener()
          return { bytes }
        },
        begin: (begun) => {
          attempt = begun
        },
        close: () => void open.delete(stream),
      }
    },
    stored: ({ bytes }) => bytes,
  }
  const warn = (text: string): void => void warnings.push(text)
  const client = { containers: engine as never }
  const logs = createContainerLogs({ client, logs: port, directory, clock: () => at(0), warn })
  context.after(() => {
    logs.close()
    rmSync(directory, { recursive: true, force: true })
  })
  return {
    ...{ engine, logs, texts, warnings, directory, writes, open },
    tell: (told) => logs.sync(snapshotOf(told)),
    until(text) {
      const { promise, resolve } = Promise.withResolvers<void>()
      const look = (): void => {
        if ([...texts.values()].some((one) => one.includes(text))) resolve()
      }
      listeners = [...listeners, look]
      look()
      return promise
    },
  }
}

function snapshotOf({ run = null, attempt = 1, isGone = false, environment = {}, engine, ...told }: Told): Snapshot {
  const settings = { isTty: false, environment }
  const startedAt = told.startedAt ?? run ?? stampAt(0)
  const unit = {
    id: 'a/web/1',
    attempt,
    spec: { process: { ...plainProcess, stdout: log, stderr: log, ...told.process }, container: { settings } },
    run: run === null ? null : { identity: { container: { id: 'c1', startedAt: run } } },
    container: { id: 'c1', startedAt, handsOverTo: null },
  }
  const known = { id: 'c1', unit: 'a/web/1', startedAt, finishedAt: told.finishedAt ?? '', settings }
  const containerEngine = {
    ...unknownEngine(),
    ...{ isKnown: true, containers: new Map(isGone ? [] : [['c1', known]]) },
    ...(engine === undefined ? {} : { status: { kind: engine } }),
  }
  const units = new Map(isGone && run === null ? [] : [[unit.id, unit]])
  return { state: { units, containerEngine }, now: at(0), storeTrouble: null } as unknown as Snapshot
}

function out(nanos: number, text: string): Printed {
  return { stream: 'stdout', stamp: stampAt(nanos), text }
}

function err(nanos: number, text: string): Printed {
  return { stream: 'stderr', stamp: stampAt(nanos), text }
}

test('what a container prints is stored as it comes, with its own times and the start that printed it', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9), attempt: 7 })
  it.engine.print(out(2e9, 'hello\n'), err(3.5e9, 'oh\n'))
  await it.until('oh')
  const start = Date.UTC(2026, 0, 1)
  assert.deepEqual(it.writes, [
    { text: 'hello\n', attempt: 7, wallMs: start + 2_000 },
    { text: 'oh\n', attempt: 7, wallMs: start + 3_500 },
  ])
  assert.deepEqual([it.texts.get('stdout'), it.texts.get('stderr')], ['hello\n', 'oh\n'])
})

test('with stderr going to stdout, both stand in one log in their order', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9), process: { stderr: 'stdout' } })
  it.engine.print(out(2e9, 'one\n'), err(3e9, 'two\n'), out(4e9, 'three\n'))
  await it.until('three')
  assert.deepEqual([...it.texts], [['stdout', 'one\ntwo\nthree\n']])
})

test('a stream that is thrown away is not asked for, and a container without any is left alone', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9), process: { stdout: { ...log, path: 'none' }, stderr: 'stdout' } })
  assert.deepEqual(it.engine.queries, [])
  it.tell({ run: stampAt(1e9), process: { stdout: { ...log, path: 'none' } } })
  it.engine.print(out(2e9, 'no\n'), err(3e9, 'yes\n'))
  await it.until('yes')
  assert.deepEqual([...it.texts], [['stderr', 'yes\n']])
  assert.ok(it.engine.queries.every(({ stdout }) => !stdout))
})

test('BALENA_LOGS_LEVEL says what is taken: nothing, errors, or all', async (context) => {
  for (const [level, expected] of [
    ['error', [['stderr', 'bad\n']]],
    ['err', [['stderr', 'bad\n']]],
    [
      'info',
      [
        ['stdout', 'good\n'],
        ['stderr', 'bad\n'],
      ],
    ],
  ] as const) {
    const it = bench(context)
    it.tell({ run: stampAt(1e9), environment: { BALENA_LOGS_LEVEL: level } })
    it.engine.print(out(2e9, 'good\n'), err(3e9, 'bad\n'))
    await it.until('bad')
    assert.deepEqual([...it.texts], expected)
  }
  const silent = bench(context)
  silent.tell({ run: stampAt(1e9), environment: { BALENA_LOGS_LEVEL: 'none' } })
  assert.deepEqual(silent.engine.queries, [])
})

test('when a run ends, what the engine told short of its end is taken, and nothing is asked afterwards', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9) })
  it.engine.print(out(2e9, 'first\n'))
  await it.until('first')
  it.engine.endRun()
  it.engine.printed.push(out(3e9, 'last words'))
  it.tell({})
  await it.until('last words')
  await it.logs.drained('c1')
  const asked = it.engine.queries.length
  it.tell({})
  it.tell({ engine: 'connected' })
  assert.equal(it.engine.queries.length, asked)
  assert.equal(it.texts.get('stdout'), 'first\nlast words')
})

test('the next run goes on where the last one ended, and is another start', async (context) => {
  const it = bench(context)
  it.engine.print(out(2e9, 'first\n'))
  it.tell({ run: stampAt(1e9), attempt: 3 })
  await it.until('first')
  it.engine.endRun()
  it.tell({ startedAt: stampAt(1e9) })
  // The engine notes the start a moment after the first words.
  it.tell({ run: stampAt(5e9), finishedAt: stampAt(3e9), attempt: 4 })
  it.engine.print(out(4.9e9, 'second\n'))
  await it.until('second')
  assert.deepEqual(
    it.writes.map(({ text, attempt }) => [text, attempt]),
    [
      ['first\n', 3],
      ['second\n', 4],
    ],
  )
})

test('what a container printed while no daemon was there is taken although it has ended', async (context) => {
  const it = bench(context)
  it.engine.print(out(2e9, 'unseen\n'))
  it.tell({ startedAt: stampAt(1e9) })
  await it.until('unseen')
  await it.logs.drained('c1')
  it.logs.close()
  const next = bench(context, it.directory)
  next.engine.print(out(2e9, 'unseen\n'))
  next.tell({ startedAt: stampAt(1e9) })
  assert.deepEqual(next.engine.queries, [], 'a run that is complete was asked for again')
})

test('to be drained means that everything printed before is stored, also while it is followed', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9) })
  it.engine.print(out(2e9, 'first\n'))
  await it.until('first')
  it.engine.printed.push(out(3e9, 'not told to whoever follows\n'))
  await it.logs.drained('c1')
  assert.match(it.texts.get('stdout')!, /not told/)
  it.engine.print(out(4e9, 'and on\n'))
  await it.until('and on')
  assert.equal(it.texts.get('stdout')!.split('first').length, 2)
})

test('a log driver that cannot be read is told once in the log and once as a warning', async (context) => {
  const it = bench(context)
  const message = 'configured logging driver does not support reading'
  it.engine.refuses = new EngineError({ code: 'ENGINE', status: 501, message, retry: true })
  it.tell({ run: stampAt(1e9) })
  await it.until('not kept here')
  it.tell({ run: stampAt(2e9) })
  await it.logs.drained('c1')
  assert.deepEqual(it.warnings, [`a/web/1: what its container prints is not kept here: ${message}`])
  assert.equal(it.texts.get('stdout'), `holdfast: what the container prints is not kept here: ${message}\n`)
})

test('of a container that is gone nothing stays: no open log, no cursor', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9) })
  it.engine.print(out(2e9, 'hello\n'))
  await it.until('hello')
  assert.deepEqual(readdirSync(it.directory), ['c1.cursor'])
  it.engine.refuses = new EngineError({ code: 'NOT_FOUND', status: 404, message: 'no such container', retry: false })
  it.engine.endRun()
  it.tell({ isGone: true })
  await it.logs.drained('c1')
  await new Promise((resolve) => setImmediate(resolve))
  assert.deepEqual([readdirSync(it.directory), [...it.open]], [[], []])
})

test('an engine that went away is asked again when it is there', async (context) => {
  const it = bench(context)
  it.engine.refuses = new EngineError({ code: 'ENOENT', message: 'nothing listens', retry: true })
  it.tell({ run: stampAt(1e9), engine: 'absent' })
  await new Promise((resolve) => setImmediate(resolve))
  it.engine.refuses = null
  it.engine.print(out(2e9, 'hello\n'))
  it.tell({ run: stampAt(1e9), engine: 'connected' })
  await it.until('hello')
  assert.deepEqual(it.warnings, [])
})

test('another place for the log is used from then on', async (context) => {
  const it = bench(context)
  it.tell({ run: stampAt(1e9) })
  it.engine.print(out(2e9, 'one\n'), err(2e9, 'two\n'))
  await it.until('two')
  it.tell({ run: stampAt(1e9), process: { stderr: 'stdout' } })
  it.engine.print(err(3e9, 'three\n'))
  await it.until('three')
  assert.deepEqual(Object.fromEntries(it.texts), { stdout: 'one\nthree\n', stderr: 'two\n' })
  assert.deepEqual([...it.open], ['stdout'])
})
