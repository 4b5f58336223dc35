import assert from 'node:assert/strict'
import { execFile, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { glob } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { ExplanationItem, UnitItem } from '../../src/wire/api.ts'
import { type Api, createApi } from './api.ts'
import { type Process, processesOf, readProc, readProcess } from './processes.ts'
import { readLog } from './sequence.ts'
import { until } from './until.ts'

/**
 * A temporary home for one test on the real kernel: everything goes through `bin/holdfast`, its socket and its files, as
 * a user would do it. Nothing of it is left when the test ends, however it ends.
 */
export interface Home {
  readonly directory: string
  /** Files the fixtures write: `starts`, `doubled`, `go.NAME`. */
  readonly fixtureDirectory: string
  readonly api: Api
  /** Writes a file below the home; gives its path. */
  write(name: string, content: string): string
  /** Writes a Compose file (JSON is YAML) named after its app; gives its path. */
  declare(app: string, services: Readonly<Record<string, ServiceText>>): string
  /** Starts the daemon and resolves when it answers. */
  start(sources: readonly string[], options?: StartOptions): Promise<Daemon>
  /** Starts the daemon and does not wait for anything. */
  launch(sources: readonly string[], options?: StartOptions): Daemon
  /** Runs `holdfast ARGS` on this home. */
  cli(...args: readonly string[]): Promise<CliResult>
  unit(name: string): Promise<UnitItem>
  /** Resolves with the unit when it is as asked for. */
  untilUnit(name: string, condition: (unit: UnitItem) => boolean, timeoutMs?: number): Promise<UnitItem>
  untilState(name: string, state: UnitItem['state'], timeoutMs?: number): Promise<UnitItem>
  explain(name: string): Promise<ExplanationItem>
  logPath(unit: string, stream?: 'stdout' | 'stderr'): string
  /** All that is kept of a unit's output, oldest first. */
  log(unit: string, stream?: 'stdout' | 'stderr'): Buffer
  untilLog(unit: string, text: string, stream?: 'stdout' | 'stderr'): Promise<string>
  /** What fixtures recorded of their starts, in order. */
  starts(name?: string): readonly Start[]
  /** Processes with this home's path in their environment or among their files. */
  processes(): readonly Process[]
  /** What the daemons of this home wrote to stderr so far. */
  stderr(): string
}

/** A service as in the Compose format; `x-holdfast` for the rest. */
export type ServiceText = Readonly<Record<string, unknown>>

export interface StartOptions {
  readonly environment?: Readonly<Record<string, string>>
  /** Put before `bin/holdfast`: a wrapper such as `['prlimit', '--nofile=100']`. */
  readonly wrapper?: readonly string[]
  readonly arguments?: readonly string[]
}

export interface Daemon {
  readonly pid: number
  readonly exit: Promise<DaemonExit>
  /** null while it runs. */
  ended(): DaemonExit | null
  kill(signal: NodeJS.Signals): void
  /** SIGKILL, and resolves when it is gone. */
  crash(): Promise<void>
  /** SIGTERM; asserts that it ends in order. */
  stop(): Promise<void>
}

export interface DaemonExit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface CliResult {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

export interface Start {
  readonly name: string
  readonly pid: number
  readonly startTicks: number
}

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const holdfast = join(root, 'bin/holdfast')

export function fixture(name: string): string {
  return join(root, 'test/real/fixtures', name)
}

/**
 * A test with a home of its own. Afterwards the daemon, if one runs, must end in order on SIGTERM; no process of the
 * home may be left, and no fixture may have found another one of its name alive.
 */
export function realTest(
  name: string,
  options: { readonly skip?: string | false },
  body: (home: Home, context: TestContext) => Promise<void>,
): void {
  test(name, options, async (context) => {
    await built()
    await withHome((home) => body(home, context))
  })
}

export async function withHome<T>(body: (home: Home) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-real-'))
  removeAtExit(directory)
  const daemons: Daemon[] = []
  const home = createHome(directory, daemons)
  try {
    const result = await body(home)
    for (const daemon of daemons) if (daemon.ended() === null) await daemon.stop()
    await assertNothingLeft(home)
    return result
  } catch (error) {
    process.stderr.write(`${lastWords(home)}\n`)
    throw error
  } finally {
    await removeProcesses(directory)
    rmSync(directory, { recursive: true, force: true })
    openHomes.delete(directory)
  }
}

/** Homes of tests that are not over: what is left of them when this process is ended from outside. */
const openHomes = new Set<string>()

function removeAtExit(directory: string): void {
  if (process.listenerCount('exit', removeOpenHomes) === 0) {
    process.on('exit', removeOpenHomes)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
  }
  openHomes.add(directory)
}

function removeOpenHomes(): void {
  for (const directory of openHomes) {
    // A daemon that is killed first starts nothing in place of the others.
    const left = processesOf(directory)
    for (const { pid } of left.toSorted(
      (a, b) => Number(b.command.includes(' daemon ')) - Number(a.command.includes(' daemon ')),
    ))
      tryKill(pid)
    rmSync(directory, { recursive: true, force: true })
  }
}

function createHome(directory: string, daemons: Daemon[]): Home {
  const fixtureDirectory = join(directory, 'fixture')
  mkdirSync(fixtureDirectory)
  const stderrPath = join(directory, 'daemon.stderr')
  const api = createApi(join(directory, 'run/holdfast.sock'))
  const environment = { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: directory, HOLDFAST_HOME: directory }

  function launch(sources: readonly string[], options: StartOptions = {}): Daemon {
    const [file = holdfast, ...before] = [...(options.wrapper ?? []), holdfast]
    const output = openSync(stderrPath, 'a')
    const child = spawn(file, [...before, 'daemon', ...(options.arguments ?? []), ...sources], {
      cwd: directory,
      env: { ...environment, ...options.environment },
      stdio: ['ignore', output, output],
    })
    closeSync(output)
    const daemon = toDaemon(child)
    daemons.push(daemon)
    return daemon
  }

  const home: Home = {
    directory,
    fixtureDirectory,
    api,
    launch,
    write(name, content) {
      const path = join(directory, name)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
      return path
    },
    declare(app, services) {
      const withFixtures = Object.entries(services).map(([name, service]) => [
        name,
        { ...service, environment: { FIXTURE_DIR: fixtureDirectory, ...(service.environment as object | undefined) } },
      ])
      return home.write(
        `${app}.yaml`,
        JSON.stringify({ name: app, services: Object.fromEntries(withFixtures) }, null, 2),
      )
    },
    async start(sources, options = {}) {
      const daemon = launch(sources, options)
      await until('the daemon to answer and to know its units', async () => {
        assert.equal(daemon.ended(), null, 'the daemon ended instead of answering')
        const info = await answering(api)
        // Behind a wrapper the daemon may have another pid.
        return info !== null && info.units > 0 && (info.pid === daemon.pid || options.wrapper !== undefined)
      })
      return daemon
    },
    cli: (...args) => runCli(args, { cwd: directory, env: environment }),
    async unit(name) {
      const units = await api.units()
      const found = named(units, name)
      assert.ok(found !== undefined, `no unit is named ${name}; there are ${units.map((unit) => unit.unit)}`)
      return found
    },
    async untilUnit(name, condition, timeoutMs = 20_000) {
      let last: UnitItem | undefined
      const probe = async (): Promise<UnitItem | null> => {
        last = named(await api.units(), name)
        return last !== undefined && condition(last) ? last : null
      }
      return await until(`${name}: ${condition}`, probe, { timeoutMs }).catch((cause: unknown) => {
        throw new Error(`${String(cause)}; it is ${JSON.stringify(last)}`, { cause })
      })
    },
    untilState: (name, state, timeoutMs) => home.untilUnit(name, (unit) => unit.state === state, timeoutMs),
    explain: (name) => api.explain(name),
    logPath(unit, stream = 'stdout') {
      const [app, service, n] = unit.split('/')
      return join(directory, 'log', app!, `${service}-${n ?? 1}${stream === 'stdout' ? '' : '.err'}.log`)
    },
    log: (unit, stream) => readLog(home.logPath(unit, stream)),
    untilLog(unit, text, stream) {
      return until(`'${text}' in the log of ${unit}`, () => {
        const log = home.log(unit, stream).toString('latin1')
        return log.includes(text) ? log : null
      })
    },
    starts(name) {
      const path = join(fixtureDirectory, 'starts')
      const lines = existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
      return lines
        .map((line) => line.split(' '))
        .map(([name = '', pid, ticks]) => ({ name, pid: Number(pid), startTicks: Number(ticks) }))
        .filter((start) => name === undefined || start.name === name)
    },
    processes: () => processesOf(directory),
    stderr: () => (existsSync(stderrPath) ? readFileSync(stderrPath, 'utf8') : ''),
  }
  return home
}

/** By `app/service/n`, or by `app/service` where it has one unit. */
function named(units: readonly UnitItem[], name: string): UnitItem | undefined {
  const found = units.filter((unit) => unit.unit === name || `${unit.app}/${unit.service}` === name)
  assert.ok(found.length <= 1, `${name} is not the name of one unit`)
  return found[0]
}

function toDaemon(child: ReturnType<typeof spawn>): Daemon {
  let ended: DaemonExit | null = null
  const exit = new Promise<DaemonExit>((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => {
      ended = { code, signal }
      resolve(ended)
    })
  })
  const daemon: Daemon = {
    pid: child.pid ?? -1,
    exit,
    ended: () => ended,
    kill: (signal) => child.kill(signal),
    async crash() {
      child.kill('SIGKILL')
      await exit
    },
    async stop() {
      child.kill('SIGTERM')
      await until('the daemon to end', () => ended, { timeoutMs: 60_000 })
      assert.deepEqual(ended, { code: 0, signal: null })
    },
  }
  return daemon
}

async function answering(api: Api) {
  try {
    return await api.info()
  } catch {
    // Not there yet: `until` asks again, and has a deadline.
    return null
  }
}

export function runCli(
  args: readonly string[],
  options: { readonly cwd: string; readonly env: NodeJS.ProcessEnv },
): Promise<CliResult> {
  return new Promise((resolve, reject) => {
    execFile(holdfast, args, { ...options, timeout: 120_000, maxBuffer: 1 << 28 }, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr })
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr })
      else reject(error)
    })
  })
}

/** After an orderly end nothing of the home lives: no unit, no keeper, no reader of a pipe. */
async function assertNothingLeft(home: Home): Promise<void> {
  await until('every process of the home to be gone', () => home.processes().length === 0).catch(() =>
    assert.deepEqual(home.processes(), [], 'processes are left after the end'),
  )
  assertNoDoubles(home)
}

export function assertNoDoubles(home: Home): void {
  const path = join(home.fixtureDirectory, 'doubled')
  assert.equal(existsSync(path) ? readFileSync(path, 'utf8') : '', '', 'a fixture found another one of its name alive')
}

export async function removeProcesses(directory: string): Promise<void> {
  // Killing one may leave a child of it that was being born: again until there is none.
  await until(
    'the processes of the home to be killed',
    () => {
      const left = processesOf(directory)
      for (const { pid, startTicks } of left) if (readProcess(pid)?.startTicks === startTicks) tryKill(pid)
      return left.length === 0
    },
    { timeoutMs: 20_000 },
  )
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself.
  }
}

function lastWords(home: Home): string {
  const processes = home.processes().map(({ pid, parent, state, command }) => {
    const unit = /HOLDFAST_UNIT=([^\0]*)/.exec(readProc(pid, 'environ') ?? '')?.[1] ?? ''
    return `  ${pid} (parent ${parent}, ${state}) ${unit} ${command}`
  })
  return ['--- stderr of the daemon', home.stderr().slice(-4_000), '--- processes of the home', ...processes].join('\n')
}

/** The daemon runs from dist/: built once when it is missing or older than the source. */
let building: Promise<void> | null = null

export function built(): Promise<void> {
  building ??= build()
  return building
}

async function build(): Promise<void> {
  const output = statSync(join(root, 'dist/main.cjs'), { throwIfNoEntry: false })
  let newestMs = 0
  for await (const path of glob('src/**/*.ts', { cwd: root }))
    if (!path.endsWith('.test.ts')) newestMs = Math.max(newestMs, statSync(join(root, path)).mtimeMs)
  if (output !== undefined && output.mtimeMs > newestMs) return
  await new Promise<void>((resolve, reject) => {
    const options = { cwd: root }
    execFile(process.execPath, ['scripts/build.mjs'], options, (error) => (error === null ? resolve() : reject(error)))
  })
}
