import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { allPids, processesOf, readProcess } from '../../real/processes.ts'
import { until } from '../../real/until.ts'
import { type Files, link, writeFiles } from './files.ts'
import type { Place, StartSupervisor, Supervisor } from './supervisor.ts'
import { searchPath } from './tools.ts'

/** One supervisor with its services, below a directory of its own. */
export interface Side extends Place {
  readonly name: string
  readonly supervisor: Supervisor
  /** A further supervisor of the same directory, such as one that follows it. */
  start(): Supervisor
  /** What the supervisors said on stderr, with what services wrote there. */
  said(): string
  /** For whoever has to find out why a test failed. */
  describe(): string
  /** Nothing that it started is left, and its directory is gone. */
  end(): Promise<void>
}

export interface SideOptions {
  readonly name: string
  readonly start: StartSupervisor
  /** The program of witness.c. */
  readonly witness: string
  readonly services: Readonly<Record<string, Files>>
  /** Relative to the side's directory. */
  readonly files: Files
  readonly wrapper: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/** Service directories lie in `sv/`, and are linked into `service/`, which is scanned. */
export function createSide(options: SideOptions): Side {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-runit-'))
  removeAtExit(directory)
  const services = join(directory, 'service')
  for (const name of ['service', 'sv', 'bin', 'home', 'run']) mkdirSync(join(directory, name))
  chmodSync(directory, 0o755)
  copyFileSync(options.witness, join(directory, 'bin/witness'))
  writeFiles(directory, options.files)
  for (const [name, files] of Object.entries(options.services)) {
    mkdirSync(join(directory, 'sv', name))
    writeFiles(join(directory, 'sv', name), files)
    writeFiles(services, { [name]: link(`../sv/${name}`) })
  }
  const place: Place = {
    directory,
    services,
    home: join(directory, 'home'),
    stderr: join(directory, 'stderr'),
    // CONFORM_DIR marks the processes of this side.
    environment: {
      PATH: [join(directory, 'bin'), ...searchPath].join(':'),
      SVDIR: services,
      HOME: directory,
      CONFORM_DIR: directory,
      ...options.environment,
    },
    wrapper: options.wrapper,
  }
  const supervisors: Supervisor[] = []
  const start = (): Supervisor => {
    const supervisor = options.start(place)
    supervisors.push(supervisor)
    return supervisor
  }
  const supervisor = start()
  return {
    ...place,
    name: options.name,
    supervisor,
    start,
    said: () => (existsSync(place.stderr) ? readFileSync(place.stderr, 'latin1') : ''),
    describe() {
      const processes = processesBelow(directory).map(readProcess)
      return [
        `=== ${options.name}: ${supervisors.map((each) => `pid ${each.pid}, ended: ${JSON.stringify(each.ended())}`)}`,
        ...processes.map((each) => each && `  ${each.pid} (parent ${each.parent}, ${each.state}) ${each.command}`),
        '--- end of its stderr',
        readFileSync(place.stderr, 'latin1').slice(-2_000),
      ].join('\n')
    },
    async end() {
      for (const each of supervisors) if (each.ended() === null) each.signal('SIGKILL')
      await until('every process of a side to be gone', () => killBelow(directory) === 0)
      rmSync(directory, { recursive: true, force: true })
      openDirectories.delete(directory)
    },
  }
}

const supervising = /^(?:\S*\/)?(?:runsvdir|runsv|node)\b/

/** Supervisors first: one that is killed starts nothing in place of the others. Gives how many there were. */
function killBelow(directory: string): number {
  const found = processesBelow(directory).map((pid) => readProcess(pid))
  const processes = found.filter((each) => each !== null)
  const supervisors = processes.filter((each) => supervising.test(each.command))
  for (const { pid } of supervisors.length > 0 ? supervisors : processes) tryKill(pid)
  return processes.length
}

/** By environment, open files, or where they are: some services keep nothing but that. */
function processesBelow(directory: string): readonly number[] {
  const found = new Set(processesOf(directory).map(({ pid }) => pid))
  for (const pid of allPids()) if (pid !== process.pid && workingDirectory(pid).startsWith(directory)) found.add(pid)
  return [...found]
}

function workingDirectory(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    // Gone, or of another user.
    return ''
  }
}

function tryKill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // Gone by itself.
  }
}

/** Of tests that are not over: what is left of them when this process is ended from outside. */
const openDirectories = new Set<string>()

function removeAtExit(directory: string): void {
  if (openDirectories.size === 0 && process.listenerCount('exit', removeOpenDirectories) === 0) {
    process.on('exit', removeOpenDirectories)
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(1))
  }
  openDirectories.add(directory)
}

function removeOpenDirectories(): void {
  for (const directory of openDirectories) {
    for (let tries = 0; tries < 1000 && killBelow(directory) > 0; tries++);
    rmSync(directory, { recursive: true, force: true })
  }
}
