import { statSync } from 'node:fs'
import type { App, Service, State, UnitId } from '../core/model.ts'
import { unitId } from '../core/target/units.ts'
import { type DecodedServices, decodeServices, type ServicesDirectory } from '../dialects/runit/decode.ts'
import { optionsFileName } from '../dialects/runit/options.ts'
import { servicesDirectoryAt } from '../dialects/source-kind.ts'
import type { SourceReader } from '../dialects/source-reader.ts'
import type { Problem } from '../formats/format-error.ts'
import type { SuperviseSite } from '../frontends/runit/held.ts'
import type { Supervise } from '../frontends/runit/supervise.ts'
import type { Errno } from '../sys/errno.ts'
import type { Inotify, InotifyWatch } from '../sys/inotify.ts'
import type { Declared } from './declared.ts'

/** The service directories of runit among the sources: looked at, claimed and watched, so that a change is noticed at once. */
export interface Services {
  /** What they say now; nothing is done about it. */
  look(directories: readonly ServicesDirectory[], runsvdir: Declared['runsvdir']): ServicesDeclared
  /**
   * From now on these are supervised here, and no others. Answers what is to be declared for it, where `state` is what is.
   * `isAnew`: nothing is taken as it was read before.
   */
  take(request: {
    readonly directories: readonly ServicesDirectory[]
    readonly runsvdir: Declared['runsvdir']
    readonly state: State
    readonly isAnew: boolean
  }): ServicesDeclared
  /** The same with those that were taken last, after a change. */
  again(state: State): ServicesDeclared
  /** To be called after each turn: what makes way for another directory of its name may be gone. */
  turned(): void
  /** Somebody wants this one given up: it is, until it is looked at again. */
  exit(unit: UnitId): void
  /** Looks at everything now. */
  rescan(): void
  close(): void
}

export interface ServicesDeclared {
  readonly apps: readonly App[]
  /** Each service stands for itself: none of them stops another one. */
  readonly problems: readonly Problem[]
}

/** As runsvdir looks, for what no watch tells: another directory behind a link, a file system without watches. */
const tickMs = 5_000

/** What of a service directory changes what is declared. */
const tellingNames: ReadonlySet<string | null> = new Set(['finish', 'log', 'control', optionsFileName, null])

interface Taken {
  directory: ServicesDirectory
  watch: InotifyWatch | null
  /** Device, inode and time of change, to tell without reading it that it is another one. */
  stamp: string
  readonly known: Map<string, DecodedServices['services'][number]>
  readonly watches: Map<string, readonly InotifyWatch[]>
  /** As it was read last, while it could be. */
  last: DecodedServices | null
  /** Given up, by somebody's wish or because the name leads elsewhere by now, with the units that have to be gone before they are taken again. */
  readonly exited: Map<string, Exited>
}

interface Exited {
  readonly units: readonly UnitId[]
  /** Another directory waits for the name. */
  readonly isMoved: boolean
}

/** Which of the sources are directories of service directories. */
export function servicesAmong(
  { sources, runsvdir }: Pick<Declared, 'sources' | 'runsvdir'>,
  reader: SourceReader,
): readonly ServicesDirectory[] {
  return sources.flatMap((path) => servicesDirectoryAt(path, reader, runsvdir !== null) ?? [])
}

export function createServices(options: {
  readonly reader: SourceReader
  readonly supervise: Pick<Supervise, 'claim'>
  /** Opened when it is first needed. */
  readonly openInotify: () => Inotify | Errno
  readonly state: () => State
  /** What is declared is another than before: declare it again. */
  readonly changed: () => void
  readonly warn: (text: string) => void
}): Services {
  const { reader, supervise, state, changed, warn } = options
  let taken: readonly Taken[] = []
  let unlogged: 'store' | 'inherit' = 'store'
  let inotify: Inotify | Errno | null = null
  let isScheduled = false
  let tick: ReturnType<typeof setInterval> | null = null
  let hasRefused = false
  const warned = new Set<string>()

  const take: Services['take'] = ({ directories, runsvdir, state: present, isAnew }) => {
    const isOther = unlogged !== outputOf(runsvdir)
    unlogged = outputOf(runsvdir)
    const before = new Map(taken.map((one) => [one.directory.path, one]))
    for (const one of taken) if (!directories.some(({ path }) => path === one.directory.path)) release(one)
    taken = directories.map((directory) => {
      const known = before.get(directory.path)
      if (known === undefined) return newTaken(directory)
      if (isAnew || isOther) known.known.clear()
      known.directory = directory
      return known
    })
    if (taken.length > 0) tick ??= setInterval(look5, tickMs)
    else stopTicking()
    return again(present)
  }

  function again(present: State): ServicesDeclared {
    const apps: App[] = []
    const problems: Problem[] = []
    const sites: SuperviseSite[] = []
    for (const one of taken) {
      // First, so that a change while it is read is noticed.
      watchDirectory(one)
      one.stamp = stampOf(one.directory.path)
      const before = new Map(one.last?.services.map((service) => [service.name, service]))
      const read = decodeServices(one.directory, { reader, unlogged }, one.known)
      // As runsvdir does it: what was there runs on.
      const decoded = read.isUnreadable && one.last !== null ? { ...one.last, problems: read.problems } : read
      one.last = decoded
      for (const service of decoded.services) giveUpMoved(one, decoded.app.name, before.get(service.name), service)
      for (const name of [...one.known.keys()]) forgetGone(one, name, decoded)
      for (const service of decoded.services) remember(one, service)
      const services = decoded.services.filter(({ name }) => !one.exited.has(name))
      sites.push(...services.flatMap((service) => sitesOf(decoded.app.name, service)))
      const declared = services.flatMap((service) => service.services)
      const byName = Object.fromEntries(declared.map((service) => [service.name, service]))
      apps.push({ ...decoded.app, services: byName })
      problems.push(...decoded.problems.map(asWarning))
    }
    const refused = supervise.claim(sites)
    hasRefused = refused.size > 0
    return { apps: refused.size === 0 ? apps : apps.map((app) => withRefused(app, refused, present)), problems }
  }

  /** Another directory of the same name is another service: the one before ends first, as it would be without a name. */
  function giveUpMoved(
    one: Taken,
    app: string,
    before: DecodedServices['services'][number] | undefined,
    now: DecodedServices['services'][number],
  ): void {
    // The same one, moved with what leads to it, is started anew where it is now.
    if (before === undefined || before.identity === now.identity || one.exited.has(now.name)) return
    const units = before.services.map((service) => unitId(app, service.name, 1))
    one.exited.set(now.name, { units, isMoved: true })
  }

  function forgetGone(one: Taken, name: string, decoded: DecodedServices): void {
    if (decoded.services.some((service) => service.name === name)) return
    one.known.delete(name)
    unwatch(one, name)
  }

  function remember(one: Taken, service: DecodedServices['services'][number]): void {
    if (one.known.get(service.name) === service) return
    one.known.set(service.name, service)
    unwatch(one, service.name)
    one.watches.set(service.name, watchService(one, service))
  }

  // ---- what tells of changes

  function watchDirectory(one: Taken): void {
    if (one.watch !== null || one.directory.which === 'itself') return
    one.watch = watch(one.directory.path, (name) => {
      if (name === null) {
        one.watch?.stop()
        one.watch = null
      } else if (name.startsWith('.')) return
      else one.known.delete(name)
      schedule()
    })
  }

  function watchService(one: Taken, { name, path }: DecodedServices['services'][number]): readonly InotifyWatch[] {
    const isTold = (): void => {
      one.known.delete(name)
      schedule()
    }
    const own = watch(path, (changedName) => {
      if (tellingNames.has(changedName)) isTold()
    })
    const others = ['control', 'log'].flatMap((part) => {
      const found = reader.look(`${path}/${part}`)
      if (!('kind' in found) || found.kind !== 'directory') return []
      const isTelling = (changedName: string | null): boolean => part === 'control' || changedName === 'run'
      return watch(`${path}/${part}`, (changedName) => {
        if (isTelling(changedName)) isTold()
      })
    })
    return [own, ...others].filter((each) => each !== null)
  }

  /** null: it is looked at every few seconds instead. */
  function watch(path: string, told: (name: string | null) => void): InotifyWatch | null {
    inotify ??= options.openInotify()
    const watching = typeof inotify === 'string' ? inotify : inotify.watch(path, told)
    if (typeof watching !== 'string') return watching
    // Nothing of that name there is no trouble: its coming is told.
    if (watching !== 'ENOENT' && watching !== 'ENOTDIR' && !warned.has(watching)) {
      warned.add(watching)
      const remedy = watching === 'ENOSPC' ? '; raise /proc/sys/fs/inotify/max_user_watches' : ''
      warn(`changes in ${path} are noticed every ${tickMs / 1_000} s only: no watch (${watching})${remedy}`)
    }
    return null
  }

  /** What was given up and is gone may come back. true: something may. */
  function takeBack(isDueToo: (exited: Exited) => boolean): boolean {
    let isDue = false
    for (const one of taken) {
      for (const [name, exited] of one.exited) {
        if (!isDueToo(exited) || exited.units.some((unit) => state().units.has(unit))) continue
        one.exited.delete(name)
        one.known.delete(name)
        isDue = true
      }
    }
    return isDue
  }

  function look5(): void {
    let isDue = takeBack(() => true) || hasRefused
    for (const one of taken) {
      if (stampOf(one.directory.path) !== one.stamp) {
        // Another directory may be behind the path, or none of its changes was told.
        one.watch?.stop()
        one.watch = null
        one.known.clear()
        isDue = true
      }
      // What could not be watched is read again.
      for (const [name, watches] of one.watches) {
        if (watches.length === 0 && one.known.delete(name)) isDue = true
      }
    }
    if (isDue) schedule()
  }

  /** Whatever comes in one go is looked at once. */
  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      if (taken.length > 0) changed()
    })
  }

  // ---- giving up

  function exit(unit: UnitId): void {
    for (const one of taken) {
      const app = appOf(unit)
      for (const service of one.known.values()) {
        const units = service.services.map(({ name }) => unitId(app, name, 1))
        if (units[0] !== unit || service.path !== pathOf(state(), unit)) continue
        one.exited.set(service.name, { units, isMoved: false })
        schedule()
      }
    }
  }

  function unwatch(one: Taken, name: string): void {
    for (const each of one.watches.get(name) ?? []) each.stop()
    one.watches.delete(name)
  }

  function release(one: Taken): void {
    one.watch?.stop()
    for (const name of [...one.watches.keys()]) unwatch(one, name)
  }

  function stopTicking(): void {
    if (tick !== null) clearInterval(tick)
    tick = null
  }

  return {
    look(directories, runsvdir) {
      const context = { reader, unlogged: outputOf(runsvdir) }
      const decoded = directories.map((directory) => decodeServices(directory, context))
      return { apps: decoded.map(({ app }) => app), problems: decoded.flatMap((one) => one.problems.map(asWarning)) }
    },
    take,
    turned() {
      if (taken.some(({ exited }) => exited.size > 0) && takeBack(({ isMoved }) => isMoved)) schedule()
    },
    again,
    exit,
    rescan() {
      for (const one of taken) one.known.clear()
      schedule()
    },
    close() {
      stopTicking()
      for (const one of taken) release(one)
      taken = []
      if (inotify !== null && typeof inotify !== 'string') inotify.close()
      inotify = null
    },
  }
}

function outputOf(runsvdir: Declared['runsvdir']): 'store' | 'inherit' {
  return runsvdir === 'inherit' ? 'inherit' : 'store'
}

function asWarning(problem: Problem): Problem {
  return { ...problem, severity: 'warning' }
}

function newTaken(directory: ServicesDirectory): Taken {
  return { directory, watch: null, stamp: '', known: new Map(), watches: new Map(), last: null, exited: new Map() }
}

function sitesOf(app: string, { name, path, log, loggerName }: DecodedServices['services'][number]): SuperviseSite[] {
  const unit = unitId(app, name, 1)
  const logger = unitId(app, loggerName, 1)
  const service: SuperviseSite = { unit, directory: path, part: 'service', partner: log === 'process' ? logger : null }
  if (log === 'none') return [service]
  const site = { directory: `${path}/log`, partner: unit }
  if (log === 'process') return [service, { ...site, unit: logger, part: 'logger' }]
  return [service, { ...site, unit, part: 'builtin-logger' }]
}

/**
 * Services that cannot be supervised are declared all the same, and say why they do not run. What runs already goes on: we
 * started it.
 */
function withRefused(app: App, refused: ReadonlyMap<UnitId, string>, { units }: State): App {
  const services = Object.values(app.services).map((service): Service => {
    const unit = unitId(app.name, service.name, 1)
    const why = refused.get(unit)
    if (why === undefined || units.get(unit)?.run?.identity) return service
    return {
      ...service,
      process: { ...service.process, commandError: why },
      restart: { ...service.restart, when: 'no', early: 'by-policy' },
    }
  })
  return { ...app, services: Object.fromEntries(services.map((service) => [service.name, service])) }
}

function stampOf(path: string): string {
  const found = statSync(path, { throwIfNoEntry: false, bigint: true })
  return found === undefined ? '' : `${found.dev}:${found.ino}:${found.mtimeNs}`
}

function appOf(unit: UnitId): string {
  return unit.slice(0, unit.indexOf('/'))
}

function pathOf({ units }: State, unit: UnitId): string | null {
  return units.get(unit)?.spec.process.workingDir ?? null
}
