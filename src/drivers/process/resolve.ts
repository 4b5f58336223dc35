import type { UnitId } from '../../core/model.ts'
import type { RunHandle } from '../../engine/ports.ts'
import type { ProcessStat } from '../../sys/proc.ts'
import { readStat } from '../../sys/proc.ts'
import { onlyReads } from './fifos.ts'
import { isMarkedOtherwise, runMarker, unitMarker } from './markers.ts'
import type { Streams } from './streams.ts'
import type { Survey } from './survey.ts'

/** What became of a run that was stored before our own death. */
export type Found =
  | { readonly kind: 'alive'; readonly stat: ProcessStat }
  /** Ended, and its parent has not asked how: the wait status still stands in its entry. */
  | { readonly kind: 'zombie'; readonly stat: ProcessStat }
  | { readonly kind: 'gone' }
  | { readonly kind: 'not-started' }
  | { readonly kind: 'doubtful'; readonly message: string }

export interface ResolveContext {
  readonly bootId: string
  readonly pidNamespace: string
  readonly homeId: string
  readonly survey: Survey
  /** Processes that hold FIFOs and are no unit's: the keepers and ourselves. */
  readonly excluded: ReadonlySet<number>
  readonly fifosOf: Streams['paths']
  readonly cgroupMembers: (unit: string) => readonly number[]
  /** Whether a process of this run existed at all. */
  readonly hasBegun: (unit: string, run: number) => boolean
}

/** Finds the process of a stored run: by its identity, or without one by what only its own process can show. */
export function resolveRun(handle: RunHandle, context: ResolveContext): Found {
  const { identity } = handle.run
  if (identity === null) return resolveIntent(handle, context)
  // Nothing outlives its boot, and a pid of another namespace means nothing here.
  if (identity.bootId !== context.bootId || identity.pidNamespace !== context.pidNamespace) return { kind: 'gone' }
  const stat = readStat(identity.pid)
  if (stat === null || stat.startTicks !== identity.startTicks) return { kind: 'gone' }
  return { kind: isZombie(stat) ? 'zombie' : 'alive', stat }
}

/** We died between the stored intent and the stored identity: the process may exist or not. */
function resolveIntent(handle: RunHandle, context: ResolveContext): Found {
  const { survey } = context
  const markers = [unitMarker(context.homeId, handle.unit), runMarker(handle.run.n)]
  const ways = [
    () => context.cgroupMembers(handle.unit).flatMap((pid) => readStat(pid) ?? []),
    () => survey.withMarkers(markers),
    () => holdersOf(handle.unit, context),
  ]
  for (const way of ways) {
    const leaders = leadersSince(way(), handle.run.startedBootMs, context.excluded)
    const main = onlyOrAncestor(leaders, survey)
    if (main) return { kind: 'alive', stat: main }
    if (leaders.length > 1) {
      const pids = leaders.map((stat) => stat.pid).join(', ')
      return {
        kind: 'doubtful',
        message: `processes ${pids} all look like its run ${handle.run.n}; end the wrong ones`,
      }
    }
  }
  const hidden = leadersSince(survey.unreadable(), handle.run.startedBootMs, context.excluded)
  if (hidden.length === 0) return { kind: context.hasBegun(handle.unit, handle.run.n) ? 'gone' : 'not-started' }
  const pids = hidden.map((stat) => stat.pid).join(', ')
  return { kind: 'doubtful', message: `process ${pids} may be its run ${handle.run.n}, but hides its environment` }
}

/** Not those that are known to be something else, and none that reads what the unit prints. */
function holdersOf(unit: UnitId, { homeId, survey, fifosOf }: ResolveContext): readonly ProcessStat[] {
  const marked = survey.leaders().filter(({ environment }) => isMarkedOtherwise(homeId, unit, environment))
  const others = new Set(marked.map(({ stat }) => stat.pid))
  const { outputs, stdin } = fifosOf(unit)
  const isReader = (pid: number) => outputs.some((path) => onlyReads(pid, path))
  return survey.withOpenFiles([...outputs, stdin]).filter(({ pid }) => !others.has(pid) && !isReader(pid))
}

/** A run's main process leads a session of its own and is younger than the intent. */
function leadersSince(
  stats: readonly ProcessStat[],
  startedBootMs: number,
  excluded: ReadonlySet<number>,
): readonly ProcessStat[] {
  // Start times have steps of 10 ms, rounded down.
  const since = Math.floor(startedBootMs / tickMs) - 1
  return stats.filter((stat) => stat.pid === stat.sid && stat.startTicks >= since && !excluded.has(stat.pid))
}

/** A service that makes sessions of its own leaves several leaders: the run is the one above the others. */
function onlyOrAncestor(leaders: readonly ProcessStat[], survey: Survey): ProcessStat | null {
  if (leaders.length <= 1) return leaders[0] ?? null
  return (
    leaders.find((leader) => {
      const below = new Set(survey.descendants([leader.pid]))
      return leaders.every((other) => other === leader || below.has(other.pid))
    }) ?? null
  )
}

export function isZombie(stat: ProcessStat): boolean {
  return stat.state === 'Z' || stat.state === 'X'
}

const tickMs = 10
