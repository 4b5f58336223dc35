import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event, ProcessSpec, Step, UnitSpec } from '../../core/model.ts'
import type { Driver, LogPort } from '../../engine/ports.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { closeAllOnExec } from '../../sys/cloexec.ts'
import { kill } from '../../sys/kill.ts'
import { listPids, readEnvironment } from '../../sys/proc.ts'
import { splice } from '../../sys/splice.ts'
import { createProcessDriver, type ProcessDriverOptions } from './driver.ts'
import { streamFileName } from './stream-name.ts'

/** For tests: a process driver over the real kernel in a directory of its own. */
export interface Bench {
  readonly directory: string
  readonly homeId: string
  driver(): Driver
  /** What was posted so far, outcomes and news, oldest first. */
  readonly events: readonly Event[]
  readonly warnings: readonly string[]
  perform(steps: readonly Step[]): void
  /** The first event, past or coming, for which this holds. */
  until(predicate: (event: Event) => boolean): Promise<Event>
  output(unit: string, stream?: 'stdout' | 'stderr'): string
  /** As if we had died: the driver is closed, another takes over. */
  restart(): void
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
    close() {
      driver.close()
      killHome(homeId)
      rmSync(directory, { recursive: true })
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
    warn: (text) => process.stderr.write(`${text}\n`),
  }
}

export function spawnStep(unit: string, run: number, spec: UnitSpec): Step {
  return { kind: 'spawn', unit, run, spec, why: 'test' }
}

export function signalStep(unit: string, run: number, signal: string, scope: 'main' | 'group' | 'tree' = 'main'): Step {
  return { kind: 'signal', unit, run, signal, scope, purpose: 'ladder', why: 'test' }
}

export function shell(script: string, more: Partial<ProcessSpec> = {}): UnitSpec {
  return unitSpec(['/bin/sh', '-c', script], more)
}

export function unitSpec(command: readonly string[], more: Partial<ProcessSpec> = {}): UnitSpec {
  const log = { path: null, bytesMax: 0, backupsMax: 0 }
  return {
    process: {
      command,
      commandError: null,
      workingDir: null,
      environment: {},
      envFiles: [],
      inheritEnvironment: false,
      user: null,
      umask: null,
      stdout: log,
      stderr: log,
      cgroup: false,
      ...more,
    },
    runHash: 'test',
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
    priority: 0,
    manualStop: 'until-started',
  }
}

/** Kills whatever carries this home's markers, keepers too. */
export function killHome(homeId: string): void {
  for (const pid of listPids()) {
    const environment = readEnvironment(pid)
    if (typeof environment === 'string') continue
    if (environment.some((text) => text.startsWith(`HOLDFAST_UNIT=${homeId}/`) || text === `HOLDFAST_KEEPER=${homeId}`))
      kill(pid, 9)
  }
}

/** For what the kernel tells nobody about: asks until it is so. The test's own limit ends it. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((turn) => setTimeout(turn, 1))
}

export function logPath(directory: string, unit: string, stream: 'stdout' | 'stderr'): string {
  return join(directory, `${streamFileName(unit, stream)}.log`)
}

/** Each stream in one file, appended to. */
function fileLogs(directory: string): LogPort {
  return {
    open({ unit, stream }) {
      const path = logPath(directory, unit, stream)
      closeSync(openSync(path, 'a'))
      const file = openSync(path, 'r+')
      let end = readFileSync(path).length
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
        close: () => closeSync(file),
      }
    },
  }
}
