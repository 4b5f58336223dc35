import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createSideDirectory } from '../side-directory.ts'
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
  const own = createSideDirectory('holdfast-runit-', supervising)
  const directory = own.path
  const services = join(directory, 'service')
  for (const name of ['service', 'sv', 'bin', 'home', 'run']) mkdirSync(join(directory, name))
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
      return [
        `=== ${options.name}: ${supervisors.map((each) => `pid ${each.pid}, ended: ${JSON.stringify(each.ended())}`)}`,
        ...own.describe(),
        '--- end of its stderr',
        readFileSync(place.stderr, 'latin1').slice(-2_000),
      ].join('\n')
    },
    async end() {
      for (const each of supervisors) if (each.ended() === null) each.signal('SIGKILL')
      await own.end()
    },
  }
}

const supervising = /^(?:\S*\/)?(?:runsvdir|runsv|node)\b/
