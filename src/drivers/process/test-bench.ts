import assert from 'node:assert/strict'
import { appendFileSync, closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event, Identity, ProcessSpec, Step, UnitSpec } from '../../core/model.ts'
import { noChecks, noHooks, noLabels, plainEnd, plainProcess } from '../../core/target/plain.ts'
import type { LogAppendPort, LogPort, RunHandle } from '../../engine/ports.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { closeAllOnExec } from '../../sys/cloexec.ts'
import { kill } from '../../sys/kill.ts'
import { childrenOf, listPids, readEnvironment } from '../../sys/proc.ts'
import { splice } from '../../sys/splice.ts'
import { createWatcher } from '../../sys/watcher.ts'
import { createProcessDriver, type ProcessDriverOptions } from './driver.ts'
import { streamFileName } from './stream-name.ts'

/** For tests: a process driver over the real kernel in a directory of its own. */
export interface Bench {
  readonly directory: string
  readonly homeId: string
  driver(): ReturnType<typeof createProcessDriver>
  /** What was posted so far, outcomes and news, oldest first. */
  readonly events: readonly Event[]
  readonly warnings: readonly string[]
  perform(steps: readonly Step[]): void
  /** The first event, past or coming, for which this holds. */
  until(predicate: (event: Event) => boolean): Promise<Event>
  output(unit: string, stream?: 'stdout' | 'stderr'): string
  /** As if we had died: the driver is closed, another takes over. */
  restart(): void
  /** As after an upgrade in place: another takes over, and recovers before anything else. Answers what it recovered. */
  takeOver(handles: readonly RunHandle[]): Promise<readonly Event[]>
  /** Ends every process of this bench and removes its files. */
  close(): void
}

export function createBench(more: Partial<ProcessDriverOptions> = {}): Bench {
  // As the daemon does at its start: what the test runner left open is not for units.
  closeAllOnExec()
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-driver-'))
  const homeId = `test${process.pid}x${directory.slice(-6)}`
  const warnings: string[] = []
  const events: Event[] = []
  const waiting = new Set<{ predicate: (event: Event) => boolean; done: (event: Event) => void }>()
  const options = { ...benchOptions(directory, homeId), warn: (text: string) => warnings.push(text), ...more }
  let driver = start()

  function start(): ReturnType<typeof createProcessDriver> {
    const made = createProcessDriver(options)
    made.events(post, new AbortController().signal)
    return made
  }

  function post(event: Event): void {
    events.push(event)
    for (const one of [...waiting]) {
      if (!one.predicate(event)) continue
      waiting.delete(one)
      one.done(event)
    }
  }

  return {
    directory,
    homeId,
    driver: () => driver,
    events,
    warnings,
    perform: (steps) => driver.perform(steps, post),
    until(predicate) {
      const past = events.find(predicate)
      if (past) return Promise.resolve(past)
      return new Promise((done) => waiting.add({ predicate, done }))
    },
    output: (unit, stream = 'stdout') => readFileSync(logPath(directory, unit, stream), 'latin1'),
    restart() {
      driver.close()
      driver = start()
    },
    async takeOver(handles) {
      driver.close()
      events.length = 0
      driver = createProcessDriver(options)
      const recovered = await driver.recover(handles)
      driver.events(post, new AbortController().signal)
      return recovered
    },
    close() {
      driver.close()
      options.watcher.close()
      // For a moment a process does not show the marks by which it is found.
      for (const pid of childrenOf(process.pid) ?? []) kill(pid, 9)
      killHome(homeId)
      removeDirectory(directory)
    },
  }
}

export function benchOptions(directory: string, homeId: string): ProcessDriverOptions {
  return {
    runDirectory: join(directory, 'run'),
    homeId,
    logs: fileLogs(directory),
    clock: bootNow,
    startNofileSoft: 1024,
    baseEnvironment: { PATH: '/usr/local/bin:/usr/bin:/bin', INHERITED: 'yes' },
    watcher: createWatcher(),
    warn: (text) => process.stderr.write(`${text}\n`),
  }
}

type SpawnStep = Extract<Step, { kind: 'spawn' }>

/** `more`: of a hook, or of a recorded run. */
export function spawnStep(unit: string, run: number, spec: UnitSpec, more: Partial<SpawnStep> = {}): SpawnStep {
  const plain = { role: 'main', attempt: run, end: null, isRecorded: false } as const
  return { kind: 'spawn', unit, run, spec, why: 'test', ...plain, ...more }
}

/** As it would be stored. */
export function handleOf(step: SpawnStep, identity: Identity | null, startedBootMs = 0): RunHandle {
  const { unit, attempt, spec, run, role } = step
  const facts = { isAdopted: false, isPaused: false, isStable: false, gotTerm: false, shortfalls: [] }
  return { unit, attempt, spec, run: { n: run, role, runHash: 'test', startedBootMs, identity, ...facts } }
}

export function signalStep(unit: string, run: number, signal: string, scope: 'main' | 'group' | 'tree' = 'main'): Step {
  return { kind: 'signal', unit, run, signal, scope, purpose: 'ladder', why: 'test' }
}

export function shell(script: string, more: Partial<ProcessSpec> = {}): UnitSpec {
  return unitSpec(['/bin/sh', '-c', script], more)
}

export function unitSpec(command: readonly string[], more: Partial<ProcessSpec> = {}): UnitSpec {
  return {
    process: { ...plainProcess, command, stderr: plainProcess.stdout, ...more },
    runHash: 'test',
    ...plainEnd,
    autostart: true,
    restart: {
      when: 'no',
      successExits: [0],
      stableMs: 1_000,
      early: 'by-policy',
      backoff: { shape: 'linear', firstMs: 0, factor: 1, maxMs: 0, jitter: 0, freeRestarts: 0 },
      budget: null,
    },
    stop: [{ signal: 'KILL', scope: 'tree', waitMs: 1_000 }],
    dependsOn: [],
    appPriority: 0,
    priority: 0,
    processName: null,
    manualStop: 'until-started',
    checks: noChecks,
    hooks: noHooks,
    schedule: null,
    once: null,
    labels: noLabels,
  }
}

/** Of two units, `a/w/1` that prints and `a/l/1` that reads it; errors of the writer are in a log of their own. */
export function pairSpecs(writer: string, logger: string): { readonly writer: UnitSpec; readonly logger: UnitSpec } {
  const stop = [{ signal: 'TERM', scope: 'main', waitMs: 0 }] as const
  const logged = { kind: 'unit', unit: 'a/l/1', stderr: plainProcess.stdout } as const
  return {
    writer: { ...shell(writer, { logger: logged, stderr: 'stdout' }), stop },
    logger: { ...shell(logger, { stdin: { kind: 'output', unit: 'a/w/1' } }), stop },
  }
}

/** The pipe between the two. */
export function pairPipe(directory: string): string {
  return join(directory, 'run', 'fifo', streamFileName('a/w/1', 'stdout'))
}

/** `1\n2\n` and so on. */
export function numbers(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}\n`).join('')
}

/** A test on a bench of its own, over which nobody warns. */
export async function onBench(test: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = createBench()
  try {
    await test(bench)
    assert.deepEqual(bench.warnings, [])
  } finally {
    bench.close()
  }
}

export async function startRun(
  bench: Bench,
  unit: string,
  run: number,
  spec: UnitSpec,
  more: Partial<SpawnStep> = {},
): Promise<Identity> {
  bench.perform([spawnStep(unit, run, spec, more)])
  const event = await bench.until((one) => (one.kind === 'spawned' || one.kind === 'spawn-failed') && one.run === run)
  assert(event.kind === 'spawned', JSON.stringify(event))
  return event.identity
}

export async function runToEnd(
  bench: Bench,
  unit: string,
  run: number,
  spec: UnitSpec,
  more: Partial<SpawnStep> = {},
): Promise<Extract<Event, { kind: 'exited' }>> {
  await startRun(bench, unit, run, spec, more)
  const event = await bench.until((one) => one.kind === 'exited' && one.run === run)
  assert(event.kind === 'exited')
  return event
}

/** Kills whatever carries this home's markers, keepers too. */
export function killHome(homeId: string): void {
  const words = ['UNIT', 'PROBE', 'SCRIPT']
  const marks = [...words.map((word) => `HOLDFAST_${word}=${homeId}/`), `HOLDFAST_KEEPER=${homeId}`]
  for (const pid of listPids()) {
    const environment = readEnvironment(pid)
    if (typeof environment === 'string') continue
    if (environment.some((text) => marks.some((mark) => text.startsWith(mark)))) kill(pid, 9)
  }
}

/** Again while somebody who was killed makes a last file in it. */
export function removeDirectory(path: string): void {
  rmSync(path, { recursive: true, maxRetries: 10 })
}

/** For what the kernel tells nobody about: asks until it is so. The test's own limit ends it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((turn) => setTimeout(turn, 1))
}

export function logPath(directory: string, unit: string, stream: 'stdout' | 'stderr'): string {
  return join(directory, `${streamFileName(unit, stream)}.log`)
}

/** Each stream in one file, appended to, and what was begun where in one beside it. */
function fileLogs(directory: string): LogPort & LogAppendPort {
  return {
    append: ({ unit, stream }) => ({
      write(pieces) {
        for (const { bytes } of pieces) appendFileSync(logPath(directory, unit, stream), bytes)
        return { bytes: pieces.reduce((sum, { bytes }) => sum + bytes.length, 0) }
      },
      begin: () => {},
      close: () => {},
    }),
    stored: () => 0,
    open({ unit, stream }) {
      const path = logPath(directory, unit, stream)
      closeSync(openSync(path, 'a'))
      const file = openSync(path, 'r+')
      let end = readFileSync(path).length
      let begun = 0
      return {
        drain(fd, bytesMax) {
          let bytes = 0
          while (bytes < bytesMax) {
            const moved = splice(fd, file, end, bytesMax - bytes)
            if (typeof moved === 'string' || moved === 0) return { bytes, isEmpty: true }
            bytes += moved
            end += moved
          }
          return { bytes, isEmpty: false }
        },
        begin(attempt) {
          if (attempt === begun) return
          begun = attempt
          appendFileSync(`${path}.begun`, `${attempt} at ${end}\n`)
        },
        close: () => closeSync(file),
      }
    },
  }
}
