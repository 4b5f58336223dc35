import { execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isRunning, type Notes, openNotes, supervisorPids, unitPids, until } from './observe.ts'
import { compiled } from './tools.ts'

export type PeerName = 'us' | 'runit' | 's6' | 'supervisord' | 'pm2' | 'spawn-loop' | 'docker-compose' | 'engine-calls'

export interface Peer<S extends Supervisor = Supervisor> {
  readonly name: PeerName
  /** null: not installed on this machine. */
  version(): string | null
  /** Started, with no unit yet. */
  open(site: Site): Promise<S>
  /** How many units it may be given. */
  readonly unitsMax: number
  /** Started with these commands as units, not yet running, whose output it logs without rotation. */
  flood?(site: Site, commands: readonly (readonly string[])[]): Promise<Flooded>
  /** Where it supervises service directories as runit has them. */
  readonly directories?: DirectoriesPeer
}

export interface Flooded {
  roots(): readonly number[]
  /** Gives the command that brings all units up. */
  begin(): Promise<unknown>
  /** The folder below which the logs are, and nothing else. */
  logs(): string
  close(): Promise<void>
  /** Where the loop is watched: forgets the gaps so far, and gives the longest one since. */
  mark?(): void
  gapMs?(): Promise<number>
}

export interface Supervisor {
  /** The processes that all others of it descend from. */
  roots(): readonly number[]
  /** Prepares, then gives the one command that brings up units 0 to count - 1. Returns when it was given. */
  up(count: number): Promise<bigint>
  /** Gives the command that stops all units. Returns when it was given. */
  stop(): Promise<bigint>
  /** Ends the supervisor; units may still run. */
  close(): Promise<void>
}

/** How a peer supervises service directories as runit has them. */
export interface DirectoriesPeer {
  /** For a folder of service directories or links to them. Nothing is started yet. */
  open(site: Site, services: string): Directories
  /** Gives a service directory a logger that stamps lines and keeps ten files of 1 MB of them below `logs`. */
  writeLogger(directory: string, logs: string): void
  /** Whether a logger is a process with a state of its own, in `log/` of its service. */
  readonly isLoggerAProcess: boolean
  /** null: nothing has supervised this service directory yet. */
  stateOf(directory: string): ServiceState | null
  /** A command that wants it down and waits until it is. Resolves when the command has ended. */
  down(directory: string): Promise<unknown>
  /** What shows the states of all of them, as one command. */
  status(directories: readonly string[]): readonly [program: string, ...args: string[]]
  /** It sees a new directory within this time; 0: at once, or when it is told. */
  readonly looksEveryMs: number
}

/** One supervisor of one folder. */
export interface Directories {
  roots(): readonly number[]
  /** Starts it. Returns when it was told to. */
  begin(): bigint
  /** Says that links came or went, to those that have to be told. */
  tell(): Promise<unknown>
  /** Throws when it ended by itself, with what it said. */
  assertRunning(): void
  close(): Promise<void>
}

export interface ServiceState {
  readonly isRunning: boolean
  readonly isWantedUp: boolean
}

/** One supervisor's own directory and units. */
export interface Site {
  readonly directory: string
  readonly unit: string
  readonly notesPath: string
  readonly notes: Notes
  /** The argument of one unit's command. */
  argument(index: number): string
}

/** Runs one measurement on a fresh supervisor; whatever happens, nothing of it stays behind. */
export function withSupervisor<S extends Supervisor, T>(
  peer: Peer<S>,
  measure: (supervisor: S, site: Site) => Promise<T>,
): Promise<T> {
  return withSite((site) => using(site, () => peer.open(site), measure))
}

/** The same on a supervisor that logs. */
export function withFlood<T>(
  peer: Pick<Peer, 'flood'>,
  commands: readonly ((site: Site) => readonly string[])[],
  measure: (supervisor: Flooded, site: Site) => Promise<T>,
): Promise<T> {
  const { flood } = peer
  if (flood === undefined) throw new Error('this one is not measured with logs')
  return withSite((site) =>
    using(
      site,
      () =>
        flood(
          site,
          commands.map((command) => command(site)),
        ),
      measure,
    ),
  )
}

/** The same with supervisors of service directories: `open` gives one, not yet started, for each folder of such. */
export function withDirectories<T>(
  peer: DirectoriesPeer,
  measure: (open: (services: string) => Directories, site: Site) => Promise<T>,
): Promise<T> {
  const opened: Directories[] = []
  const all: Pick<Supervisor, 'roots' | 'close'> = {
    roots: () => opened.flatMap((each) => each.roots()),
    close: async () => void (await Promise.all(opened.map((each) => each.close()))),
  }
  return withSite((site) => {
    const open = (services: string) => {
      const directories = peer.open(site, services)
      opened.push(directories)
      return directories
    }
    return using(
      site,
      async () => all,
      () => measure(open, site),
    )
  })
}

/** Whatever happens, nothing of it stays behind. */
export async function using<S extends Pick<Supervisor, 'roots' | 'close'>, T>(
  site: Site,
  open: () => Promise<S>,
  measure: (supervisor: S, site: Site) => Promise<T>,
): Promise<T> {
  let supervisor: S | null = null
  try {
    supervisor = await open()
    return await measure(supervisor, site)
  } finally {
    const started = supervisor === null ? [] : supervisorPids(supervisor.roots(), site.notesPath)
    await supervisor?.close()
    await endAll(() => [...started.filter(isRunning), ...unitPids(site.notesPath)])
  }
}

/** A directory for one measurement, removed when it is over. */
export async function withSite<T>(measure: (site: Site) => Promise<T>): Promise<T> {
  const directory = mkdtempSync(join(tmpdir(), 'hfb-'))
  const notesPath = join(directory, 'notes')
  using notes = openNotes(notesPath)
  const site: Site = {
    directory,
    unit: compiled('unit'),
    notesPath,
    notes,
    argument: (index) => `${notesPath}:${index}`,
  }
  try {
    return await measure(site)
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** What was started first goes first, so that nothing is started again. */
async function endAll(left: () => readonly number[]): Promise<void> {
  await until(() => {
    const pids = left()
    for (const pid of pids) killIfAlive(pid, 'SIGKILL')
    return pids.length === 0
  }, 'what the measurement started to be gone')
}

function killIfAlive(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    // It ended by itself in the meantime.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

/** Starts a program of the supervisor's in the background; what it says goes to a file of the site. */
export function launch(site: Site, program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Launched {
  return launchIn(site.directory, program, args, env)
}

/** The same for whoever has only a directory. */
export function launchIn(
  directory: string,
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Launched {
  const folder = join(directory, 'said')
  mkdirSync(folder, { recursive: true })
  const output = openSync(join(folder, 'output'), 'a')
  const child = spawn(program, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['ignore', output, output],
  })
  closeSync(output)
  const { promise: ended, resolve } = Promise.withResolvers<void>()
  child.once('exit', () => resolve())
  child.once('error', () => resolve())
  if (child.pid === undefined) throw new Error(`${program} could not be started`)
  return { pid: child.pid, ended }
}

export interface Launched {
  readonly pid: number
  readonly ended: Promise<void>
}

/** Asks the process to end, and after 10 s makes it. */
export async function end(launched: Launched, signal: NodeJS.Signals): Promise<void> {
  killIfAlive(launched.pid, signal)
  const timer = setTimeout(() => killIfAlive(launched.pid, 'SIGKILL'), 10_000)
  await launched.ended
  clearTimeout(timer)
}

/** Runs a command to its end. Returns when it was given, and rejects with what it said when it fails. */
export function command(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<bigint> {
  const given = process.hrtime.bigint()
  return new Promise((resolve, reject) => {
    const options = { env: { ...process.env, ...env }, maxBuffer: 64 * 1024 * 1024, timeout: 300_000 }
    execFile(program, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(given)
      else reject(new Error(`${program} ${args.join(' ')}: ${stderr || stdout || error.message}`, { cause: error }))
    })
  })
}
