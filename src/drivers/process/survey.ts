import {
  childrenOf,
  listPids,
  type ProcessStat,
  readDescriptors,
  readEnvironment,
  readStat,
  realUid,
} from '../../sys/proc.ts'

/** One look at all processes, each thing read only when first asked for: for questions that come together. */
export interface Survey {
  /** Live processes that have all these strings in their environment. */
  withMarkers(markers: readonly string[]): readonly ProcessStat[]
  /** Live processes that have a string in their environment that begins so. */
  withMarkerPrefix(prefix: string): readonly ProcessStat[]
  /** Live processes that lead a session and show their environment, with it. */
  leaders(): readonly { readonly stat: ProcessStat; readonly environment: readonly string[] }[]
  /** Live processes that have one of these files open. */
  withOpenFiles(paths: readonly string[]): readonly ProcessStat[]
  /** Processes of our own user that would not let us see whose they are. */
  unreadable(): readonly ProcessStat[]
  /** All below these processes, not themselves. */
  descendants(pids: readonly number[]): readonly number[]
  /** Our own children, and what was orphaned below us. */
  ownChildren(): readonly number[]
}

/** `among`: only these are looked at, and not what is below them. */
export function takeSurvey(among: readonly number[] | null = null): Survey {
  const stats = once(() => {
    const alive = (among ?? listPids()).flatMap((pid) => readStat(pid) ?? [])
    return alive.filter((stat) => stat.state !== 'Z' && stat.state !== 'X')
  })
  const environments = once(() => new Map(stats().map((stat) => [stat.pid, readEnvironment(stat.pid)])))
  const openFiles = once(() => new Map(stats().map((stat) => [stat.pid, readDescriptors(stat.pid)])))
  const byParent = once(() => Map.groupBy(stats(), (stat) => stat.ppid))
  const ownChildren = once(() => children(process.pid))

  function children(pid: number): readonly number[] {
    return childrenOf(pid) ?? (byParent().get(pid) ?? []).map((stat) => stat.pid)
  }

  return {
    ownChildren,
    withMarkers(markers) {
      return stats().filter((stat) => {
        const environment = environments().get(stat.pid)
        return Array.isArray(environment) && markers.every((marker) => environment.includes(marker))
      })
    },
    withMarkerPrefix(prefix) {
      return stats().filter((stat) => {
        const environment = environments().get(stat.pid)
        return Array.isArray(environment) && environment.some((entry) => entry.startsWith(prefix))
      })
    },
    leaders() {
      return stats().flatMap((stat) => {
        const environment = stat.pid === stat.sid ? readEnvironment(stat.pid) : ''
        return typeof environment === 'string' ? [] : [{ stat, environment }]
      })
    },
    withOpenFiles(paths) {
      return stats().filter((stat) => {
        const files = openFiles().get(stat.pid)
        return Array.isArray(files) && paths.some((path) => files.includes(path))
      })
    },
    unreadable() {
      const uid = process.getuid?.()
      return stats().filter((stat) => environments().get(stat.pid) === 'EACCES' && realUid(stat.pid) === uid)
    },
    descendants(pids) {
      const found = new Set<number>()
      const next = [...pids]
      for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
        for (const child of children(pid)) {
          if (found.has(child)) continue
          found.add(child)
          next.push(child)
        }
      }
      return [...found]
    },
  }
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null
  return () => {
    made ??= { value: make() }
    return made.value
  }
}
