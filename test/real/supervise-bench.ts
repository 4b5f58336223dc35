import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { service } from '../../src/core/fixture.ts'
import type { Command, Now, Service, Target } from '../../src/core/model.ts'
import { createFakeDriver } from '../../src/drivers/fake/driver.ts'
import { createWorld, type Script, type World } from '../../src/drivers/fake/world.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import type { LoggerPort } from '../../src/engine/ports.ts'
import { decodeStatus, type SuperviseStatus } from '../../src/formats/supervise-status.ts'
import { createSupervise, type Supervise, type SuperviseSite } from '../../src/frontends/runit/supervise.ts'
import { createClock } from '../../src/main/clock.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { bootNow } from '../../src/sys/boot-clock.ts'
import { createWatcher } from '../../src/sys/watcher.ts'

/** Real directories, locks and FIFOs, the real engine, and processes that are only played. */
export interface Bench {
  /** The services directory. */
  readonly directory: string
  readonly engine: Engine
  readonly supervise: Supervise
  readonly world: World
  readonly warnings: readonly string[]
  /** What was asked of the engine, and by whom: `stop web by sv`. */
  readonly commands: string[]
  /** Makes a service directory, and what is said of the service. Not declared yet. */
  add(name: string, settings?: Settings): string
  /** Claims and declares all that was added and not removed. Answers what was refused. */
  declare(): Promise<ReadonlyMap<string, string>>
  remove(name: string): void
  site(name: string): SuperviseSite
  unit(name: string): string
  status(name: string): SuperviseStatus
  file(name: string, file: 'stat' | 'pid'): string
  sv(...args: readonly string[]): Promise<Ran>
  run(program: string, ...args: readonly string[]): Promise<Ran>
  /** When the engine has taken a turn after which this holds. Rejects where that takes too long, so that all is given back. */
  until(isSo: () => boolean): Promise<void>
  /** Gives all back. */
  close(): void
}

export interface Settings {
  readonly service?: Partial<Service>
  readonly script?: Partial<Script>
  readonly log?: 'process' | 'builtin'
}

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

const lives: Script = {
  ...{ spawnFailure: null, spawnMs: 0, livesMs: null, exit: { kind: 'code', code: 0 }, ignores: [], stopMs: 3 },
  ...{ stopExit: null, isForbidden: false, checked: { passesMs: 0, flapsMs: null, answerMs: 1 } },
}

const turnMsMax = 20_000

/** As runsv would treat it. */
export const likeRunsv: Partial<Service> = {
  restart: {
    ...{ when: 'always', successExits: [0], stableMs: 1_000, early: 'always', budget: null },
    backoff: { shape: 'linear', firstMs: 1_000, factor: 1, maxMs: 1_000, jitter: 0, freeRestarts: 0 },
  },
  stop: [
    { signal: 'TERM', scope: 'main', waitMs: 0 },
    { signal: 'CONT', scope: 'main', waitMs: 0 },
  ],
  retire: null,
  autostartAgain: false,
  manualStop: 'until-daemon-restart',
}

export async function withBench(
  body: (bench: Bench) => Promise<void>,
  options: { readonly loggers?: LoggerPort; readonly isFollowing?: boolean; readonly directory?: string } = {},
): Promise<void> {
  const bench = await openBench(options)
  try {
    await body(bench)
  } finally {
    bench.close()
    if (options.directory === undefined) rmSync(bench.directory, { recursive: true, force: true })
  }
}

export async function openBench(options: Parameters<typeof withBench>[1] = {}): Promise<Bench> {
  const directory = options.directory ?? mkdtempSync(join(tmpdir(), 'holdfast-supervise-'))
  const warnings: string[] = []
  const warn = (text: string) => void warnings.push(text)
  const watcher = createWatcher()
  const clock = createClock({ watcher, warn })
  const world = createWorld(bootNow().bootId)
  const added = new Map<string, Settings>()
  const scripts = new Map<string, Partial<Script>>()
  const driver = createFakeDriver({
    ...{ world, clock: createClock({ watcher, warn }), seesAdoptedExits: true, daemon: 1 },
    scriptOf: ({ unit, role }) => ({ ...lives, ...scripts.get(role === 'main' ? unit : `${unit} ${role}`) }),
  })
  const recorder = { record() {}, settled() {}, close() {} }
  const engine = createEngine({ store: createMemoryStore(), driver, clock, recorder, warn })
  const commands: string[] = []
  engine.subscribe((_snapshot, _transitions, taken) => void commands.push(...taken.flatMap(commandText)))
  const exit = (unit: string): void => {
    added.delete(nameOf(unit))
    void declare()
  }
  const loggers = options.loggers ?? null
  const isFollowing = options.isFollowing ?? false
  const supervise = createSupervise({
    engine,
    loggers,
    watcher,
    clock: (): Now => clock.now(),
    isFollowing,
    exit,
    warn,
  })
  const heard = new Set<() => void>()
  engine.subscribe(() => {
    for (const one of heard) one()
  })
  let isClosed = false

  const declare: Bench['declare'] = async () => {
    const refused = supervise.claim([...added].flatMap(([name, settings]) => sitesOf(name, settings)))
    const names = [...added].filter(([name]) => !refused.has(unitOf(name)))
    await engine.command({ kind: 'set-target', target: targetOf(names), by: { kind: 'daemon' }, why: 'test' })
    // Clients are let in when a start is over.
    await settled(() => [...engine.snapshot().state.units.values()].every(({ phase }) => phase !== 'starting'))
    return refused
  }

  const settled: Bench['until'] = (isSo) => {
    if (isSo()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        clearTimeout(deadline)
        heard.delete(look)
        settle()
      }
      const look = (): void => {
        if (isSo()) end(resolve)
      }
      const deadline = setTimeout(() => end(() => reject(new Error(`waited ${turnMsMax} ms for ${isSo}`))), turnMsMax)
      heard.add(look)
    })
  }

  function sitesOf(name: string, { log }: Settings): readonly SuperviseSite[] {
    const unit = unitOf(name)
    const logger = unitOf(`${name}.log`)
    const partner = log === 'process' ? logger : null
    const service: SuperviseSite = { unit, directory: join(directory, name), part: 'service', partner }
    if (log === undefined) return [service]
    const site = { directory: join(directory, name, 'log'), partner: unit }
    if (log === 'process') return [service, { ...site, unit: logger, part: 'logger' }]
    return [service, { ...site, unit, part: 'builtin-logger' }]
  }

  await engine.start({ held: null })
  return {
    ...{ directory, engine, supervise, world, warnings, commands, declare },
    add(name, settings = {}) {
      const path = join(directory, name)
      mkdirSync(settings.log === undefined ? path : join(path, 'log'), { recursive: true })
      writeFileSync(join(path, 'run'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 })
      if (settings.service?.autostart === false) writeFileSync(join(path, 'down'), '')
      added.set(name, settings)
      scripts.set(unitOf(name), settings.script ?? {})
      return path
    },
    remove: (name) => void added.delete(name),
    site: (name) => sitesOf(name, added.get(name) ?? {})[0]!,
    unit: unitOf,
    status: (name) => {
      const status = decodeStatus(readFileSync(join(directory, name, 'supervise/status')))
      assert(status !== null, `${name} has a status`)
      return status
    },
    file: (name, file) => readFileSync(join(directory, name, 'supervise', file), 'utf8'),
    sv: (...args) => run('sv', args, directory),
    run: (program, ...args) => run(program, args, directory),
    until: settled,
    close() {
      if (isClosed) return
      isClosed = true
      supervise.close({ isFollowed: false })
      engine.close()
      watcher.close()
    },
  }
}

function targetOf(added: readonly (readonly [name: string, Settings])[]): Target {
  const services = added.flatMap(([name, settings]): readonly Service[] => {
    const one = service(name, { ...likeRunsv, ...settings.service })
    if (settings.log !== 'process') return [one]
    const unit = unitOf(`${name}.log`)
    const logger = { kind: 'unit' as const, unit, stderr: one.process.stdout }
    const stdin = { kind: 'output' as const, unit: unitOf(name) }
    const log = service(`${name}.log`, likeRunsv)
    return [
      { ...one, process: { ...one.process, logger } },
      { ...log, process: { ...log.process, stdin } },
    ]
  })
  const byName = Object.fromEntries(services.map((one) => [one.name, one]))
  return { apps: { sv: { name: 'sv', source: '/sv', dialect: 'runit', priority: 999, services: byName } } }
}

function unitOf(name: string): string {
  return `sv/${name}/1`
}

function nameOf(unit: string): string {
  return unit.split('/')[1] ?? ''
}

function commandText(command: Command): readonly string[] {
  if (!('units' in command)) return []
  const what = command.kind === 'signal' ? command.signal : command.kind
  const by = command.by.kind === 'client' ? command.by.name : command.by.kind
  return command.units.map((unit) => `${what} ${nameOf(unit)} by ${by}`)
}

function run(program: string, args: readonly string[], directory: string): Promise<Ran> {
  return new Promise((resolve) => {
    const environment = { ...process.env, SVDIR: directory }
    execFile(program, args, { env: environment }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : -1, stdout, stderr })
    })
  })
}
