import { closeSync, constants, existsSync, openSync, readFileSync } from 'node:fs'
import { writeAtomically } from '../../sys/atomic-write.ts'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { kill } from '../../sys/kill.ts'
import { openPidfd } from '../../sys/pidfd.ts'
import { listPids, readEnvironment, readStat } from '../../sys/proc.ts'
import { spawn } from '../../sys/spawn.ts'
import type { Watch, Watcher } from '../../sys/watcher.ts'
import { homeMarkerOfKeepers } from './markers.ts'

/**
 * Keepers are `sleep infinity` processes that hold both ends of every FIFO, so that while no daemon runs units get no
 * SIGPIPE, readers no end of file, and what was written stays.
 */
export interface Keepers {
  /** Finds the keepers of our predecessor; FIFOs whose keeper died meanwhile get a new one. */
  recover(): void
  /** After this the FIFOs are kept, or the error says why not. */
  keep(paths: readonly string[]): Errno | null
  isKept(path: string): boolean
  /** The FIFO was removed; its descriptor goes with the next change of its keeper. */
  release(path: string): void
  /** These FIFOs were removed, and are kept no longer: soon no keeper holds an end of them any more. */
  drop(paths: readonly string[]): void
  /** Tells of an ended child. true: it was a keeper, and has been replaced. */
  ended(pid: number): boolean
  /** Replaces what died unnoticed, or holds what it should not. */
  check(): void
  pids(): ReadonlySet<number>
  /**
   * Leaves the keepers running for the time without us, except those whose FIFOs nobody else has open any more: `holdersOf`
   * gives the processes that have one of these files open.
   */
  close(holdersOf: (paths: readonly string[]) => readonly number[]): void
}

interface Keeper {
  readonly pid: number
  readonly startTicks: number
  readonly paths: Set<string>
  /** It still holds what was dropped. */
  isStale: boolean
  /** Adopted ones are not our children: their end is told by pidfd. */
  watch: { readonly watch: Watch; readonly pidfd: number } | null
}

interface KeeperId {
  readonly pid: number
  readonly startTicks: number
}

/** What is stored: enough to find every keeper again, whenever we die. */
interface Stored {
  readonly keepers: readonly (KeeperId & { readonly paths: readonly string[]; readonly isStale?: true })[]
  /** Replaced, and to be killed. */
  readonly ending: readonly KeeperId[]
  /** One may have been started that is not listed. */
  readonly isSpawning: boolean
}

/**
 * Adding a FIFO replaces one keeper, which opens all its FIFOs again: this bounds that cost to about 3 ms, while one
 * keeper (0.2 MB) still serves a hundred units.
 */
const descriptorsPerKeeperMax = 200

const retryMs = 1_000

/** So many times as long as it took to replace those that hold what was dropped, others that do so may wait. */
const pauseFactor = 4

export function createKeepers(options: {
  readonly file: string
  readonly bootId: string
  readonly homeId: string
  readonly devNull: number
  readonly watcher: Watcher
  readonly warn: (text: string) => void
}): Keepers {
  const { file, watcher, warn } = options
  const program = ['/usr/bin/sleep', '/bin/sleep'].find((path) => existsSync(path)) ?? '/bin/sleep'
  const marker = homeMarkerOfKeepers(options.homeId)
  let keepers: Keeper[] = []
  let retry: ReturnType<typeof setTimeout> | null = null
  let isTold = false
  /** Of keepers that hold what was dropped. */
  let replacing: ReturnType<typeof setTimeout> | null = null
  let restsUntilMs = 0

  function keep(paths: readonly string[]): Errno | null {
    let missing = [...new Set(paths)].filter((path) => !isKept(path))
    while (missing.length > 0) {
      const last = keepers.at(-1)
      const joined = last && last.paths.size < descriptorsPerKeeperMax ? last : null
      const room = descriptorsPerKeeperMax - (joined?.paths.size ?? 0)
      const errno = replace(joined, [...(joined?.paths ?? []), ...missing.slice(0, room)])
      if (errno !== null) return errno
      missing = missing.slice(room)
    }
    return null
  }

  function isKept(path: string): boolean {
    return keepers.some((keeper) => keeper.paths.has(path))
  }

  /** Starts a keeper of `paths`, records it, and only then ends the one it replaces. */
  function replace(old: Keeper | null, paths: readonly string[]): Errno | null {
    store({ ending: [], isSpawning: true })
    boundary('keeper: announced')
    const started = start(paths)
    boundary('keeper: started')
    if (typeof started === 'string') return started
    keepers = [...keepers.filter((keeper) => keeper !== old), started]
    store({ ending: old ? [old] : [], isSpawning: false })
    boundary('keeper: recorded')
    if (old) end(old)
    boundary('keeper: old one ended')
    isTold = false
    return null
  }

  function start(paths: readonly string[]): Keeper | Errno {
    const fds: number[] = []
    try {
      for (const path of paths) fds.push(openSync(path, constants.O_RDWR | constants.O_NONBLOCK))
      const pid = spawn({
        path: program,
        argv: ['sleep', 'infinity'],
        environment: [marker],
        workingDir: '/',
        stdin: options.devNull,
        stdout: options.devNull,
        stderr: options.devNull,
        keep: fds,
      })
      if (typeof pid === 'string') return pid
      return { pid, startTicks: readStat(pid)?.startTicks ?? 0, paths: new Set(paths), isStale: false, watch: null }
    } catch (error) {
      return errnoOf(error)
    } finally {
      for (const fd of fds) closeSync(fd)
    }
  }

  function end(keeper: Keeper): void {
    stopWatching(keeper)
    if (isAlive(keeper)) kill(keeper.pid, 9)
  }

  function store(part: Pick<Stored, 'isSpawning'> & { readonly ending: readonly Keeper[] }): void {
    const stored: Stored & { readonly bootId: string } = {
      bootId: options.bootId,
      keepers: keepers.map(({ pid, startTicks, paths, isStale }) => ({
        ...{ pid, startTicks, paths: [...paths] },
        ...(isStale ? { isStale } : {}),
      })),
      ending: part.ending.map(({ pid, startTicks }) => ({ pid, startTicks })),
      isSpawning: part.isSpawning,
    }
    try {
      writeAtomically(file, JSON.stringify(stored))
    } catch (error) {
      warn(
        `${file} cannot be written (${errnoOf(error)}); should the daemon die now, its output pipes are kept by new processes`,
      )
    }
  }

  function recover(): void {
    const stored = load(file, options.bootId, warn)
    if (stored === null) return
    keepers = stored.keepers.map(({ pid, startTicks, paths, isStale = false }) => ({
      pid,
      startTicks,
      paths: new Set(paths.filter((path) => existsSync(path))),
      // We may have died between removing a pipe and writing that down.
      isStale: isStale || !paths.every((path) => existsSync(path)),
      watch: null,
    }))
    for (const id of stored.ending) if (isAlive(id)) kill(id.pid, 9)
    if (stored.isSpawning) killUnlisted()
    for (const keeper of keepers) if (isAlive(keeper)) watchEnd(keeper)
    check()
  }

  /** We died between starting a keeper and writing it down. */
  function killUnlisted(): void {
    for (const pid of listPids()) {
      if (keepers.some((keeper) => keeper.pid === pid)) continue
      const environment = readEnvironment(pid)
      if (typeof environment !== 'string' && environment.includes(marker)) kill(pid, 9)
    }
  }

  function watchEnd(keeper: Keeper): void {
    const pidfd = openPidfd(keeper.pid)
    if (typeof pidfd === 'string') return
    const watch = watcher.watch(pidfd, () => {
      stopWatching(keeper)
      check()
      return 'little'
    })
    if (typeof watch === 'string') closeSync(pidfd)
    else keeper.watch = { watch, pidfd }
  }

  function stopWatching(keeper: Keeper): void {
    if (keeper.watch === null) return
    keeper.watch.watch.stop()
    closeSync(keeper.watch.pidfd)
    keeper.watch = null
  }

  function check(): void {
    for (const keeper of keepers.filter((one) => one.isStale || !isAlive(one))) {
      if (keeper.paths.size === 0) {
        discard(keeper)
        continue
      }
      // A dead one would be reported without end.
      if (!isAlive(keeper)) stopWatching(keeper)
      const errno = replace(keeper, [...keeper.paths])
      if (errno !== null) retryLater(errno)
    }
  }

  /** At a shutdown pipes are dropped one after the other, and each keeper holds many of them. */
  function replaceSoon(): void {
    replacing ??= setTimeout(replaceStale, Math.max(0, restsUntilMs - performance.now()))
  }

  function replaceStale(): void {
    if (replacing !== null) clearTimeout(replacing)
    replacing = null
    const sinceMs = performance.now()
    check()
    const endMs = performance.now()
    restsUntilMs = endMs + pauseFactor * (endMs - sinceMs)
  }

  /** Nothing is left for it to keep. */
  function discard(keeper: Keeper): void {
    keepers = keepers.filter((one) => one !== keeper)
    store({ ending: [keeper], isSpawning: false })
    end(keeper)
  }

  function retryLater(errno: Errno): void {
    if (!isTold) {
      warn(`the process that keeps the output pipes open cannot be started (${errno}); trying every ${retryMs} ms`)
    }
    isTold = true
    retry ??= setTimeout(() => {
      retry = null
      check()
    }, retryMs)
  }

  return {
    recover,
    keep,
    isKept,
    check,
    release(path) {
      for (const keeper of keepers) {
        if (keeper.paths.delete(path) && keeper.paths.size === 0) discard(keeper)
      }
    },
    drop(paths) {
      for (const keeper of keepers) {
        for (const path of paths) if (keeper.paths.delete(path)) keeper.isStale = true
      }
      if (performance.now() >= restsUntilMs) replaceStale()
      else replaceSoon()
    },
    ended(pid) {
      if (!keepers.some((keeper) => keeper.pid === pid)) return false
      check()
      return true
    },
    pids: () => new Set(keepers.map((keeper) => keeper.pid)),
    close(holdersOf) {
      if (replacing !== null) replaceStale()
      if (retry !== null) clearTimeout(retry)
      const own = new Set([process.pid, ...keepers.map((keeper) => keeper.pid)])
      const idle = keepers.filter(({ paths }) => holdersOf([...paths]).every((pid) => own.has(pid)))
      keepers = keepers.filter((keeper) => !idle.includes(keeper))
      for (const keeper of keepers) stopWatching(keeper)
      if (idle.length === 0) return
      store({ ending: idle, isSpawning: false })
      for (const keeper of idle) end(keeper)
    },
  }
}

function isAlive({ pid, startTicks }: KeeperId): boolean {
  const stat = readStat(pid)
  return stat !== null && stat.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X'
}

/** null: there were none in this boot. */
function load(file: string, bootId: string, warn: (text: string) => void): Stored | null {
  if (!existsSync(file)) return null
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as Stored & { readonly bootId: string }
    return stored.bootId === bootId ? stored : null
  } catch (cause) {
    warn(`${file} cannot be read (${cause}); new keepers are started, the old ones stay until the host restarts`)
    return null
  }
}
