import { mkdirSync, readFileSync, statSync, symlinkSync, unlinkSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { until } from './observe.ts'
import { type Directories, type DirectoriesPeer, end, type Launched, launch, type Site } from './peer.ts'
import { writeRunScript } from './run-scripts.ts'

/** A supervisor that is one command with nothing to prepare. */
export function supervisedBy(options: {
  readonly site: Site
  readonly command: readonly [program: string, ...args: string[]]
  readonly endsBy: NodeJS.Signals
  readonly environment?: Readonly<Record<string, string>>
  readonly tell?: () => Promise<unknown>
}): Directories {
  const [program, ...args] = options.command
  let launched: Launched | null = null
  let hasEnded = false
  return {
    roots: () => (launched === null || hasEnded ? [] : [launched.pid]),
    begin() {
      const given = process.hrtime.bigint()
      launched = launch(options.site, program, args, options.environment)
      void launched.ended.then(() => {
        hasEnded = true
      })
      return given
    },
    tell: options.tell ?? (() => Promise.resolve()),
    assertRunning() {
      if (!hasEnded) return
      const said = readFileSync(join(options.site.directory, 'said/output'), 'utf8').trim()
      throw new Error(`${program} ${args[0]} has ended: ${said.slice(-300)}`)
    },
    async close() {
      if (launched !== null && !hasEnded) await end(launched, options.endsBy)
    },
  }
}

/** The folder that a supervisor is given, with a link to each of its services, as /service is. */
export interface Services {
  readonly folder: string
  readonly directories: readonly string[]
  /** Where a state is told: the directories, and those of the loggers that are processes. */
  readonly sides: readonly string[]
}

/** Services that run the unit, numbered from 0. */
export function writeServices(
  peer: DirectoriesPeer,
  site: Site,
  options: { readonly count: number; readonly isLogged: boolean },
): Services {
  const folder = makeFolder(site, 'services')
  const directories = Array.from({ length: options.count }, (_, index) => {
    const directory = writeService(site, index, options.isLogged ? 'a line' : 'nothing')
    if (options.isLogged) peer.writeLogger(directory, makeFolder(site, `logs/${index}`))
    symlinkSync(directory, linkOf(folder, index))
    return directory
  })
  age(folder)
  const hasSides = options.isLogged && peer.isLoggerAProcess
  const sides = directories.flatMap((each) => (hasSides ? [each, join(each, 'log')] : [each]))
  return { folder, directories, sides }
}

/** A service directory that no link leads to yet. */
export function writeService(site: Site, index: number, saying: 'a line' | 'nothing' = 'nothing'): string {
  const directory = join(makeFolder(site, 'available'), `unit-${index}`)
  writeRunScript(site, directory, index, saying)
  return directory
}

export function linkService(folder: string, index: number, directory: string): bigint {
  const given = process.hrtime.bigint()
  symlinkSync(directory, linkOf(folder, index))
  return given
}

export function unlinkService(folder: string, index: number): bigint {
  const given = process.hrtime.bigint()
  unlinkSync(linkOf(folder, index))
  return given
}

export function makeFolder(site: Site, name: string): string {
  const folder = join(site.directory, name)
  mkdirSync(folder, { recursive: true })
  return folder
}

/** Changed long ago, as at boot: in a folder that changed in this second runsvdir looks a second later. */
export function age(folder: string): void {
  const past = Date.now() / 1_000 - 60
  utimesSync(folder, past, past)
}

/** When the state of every service, and of every logger that has one, told that it runs. */
export async function untilAllRun(
  peer: DirectoriesPeer,
  supervisor: Directories,
  sides: readonly string[],
): Promise<bigint> {
  let at = 0
  await until(
    () => {
      supervisor.assertRunning()
      while (at < sides.length && runs(peer, sides[at]!)) at += 1
      return at === sides.length
    },
    `${sides.length} services and loggers to run`,
    30_000,
  )
  return process.hrtime.bigint()
}

/** Throws when a logger has not taken the line that its service says: one that does nothing would be small and fast. */
export async function untilLogged(site: Site, count: number): Promise<void> {
  const sizeOf = (index: number) =>
    statSync(join(site.directory, `logs/${index}/current`), { throwIfNoEntry: false })?.size ?? 0
  const hasLine = () => Array.from({ length: count }, (_, index) => sizeOf(index)).every((size) => size > 0)
  await until(hasLine, `all ${count} loggers to have a line`, 10_000)
}

function runs(peer: DirectoriesPeer, directory: string): boolean {
  return peer.stateOf(directory)?.isRunning ?? false
}

function linkOf(folder: string, index: number): string {
  return join(folder, `unit-${index}`)
}
