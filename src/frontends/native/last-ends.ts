import type { EndKind, Phase, Transition, Unit, UnitId } from '../../core/model.ts'
import type { HistoryEntry, HistoryPort } from '../../engine/ports.ts'
import type { EndItem } from '../../wire/api.ts'
import { exitItem } from './jobs.ts'

/** So many ends of its runs tell whether one was an accident or they are a habit. */
export const endsTold = 5

/** The last ends of the runs of these units, latest first, by one reading of the history. */
export function lastEnds(
  history: Pick<HistoryPort, 'read'>,
  units: readonly Pick<Unit, 'id' | 'spec'>[],
): ReadonlyMap<UnitId, readonly EndItem[]> {
  const byId = new Map(units.map((unit) => [unit.id, unit]))
  const matches = (entry: HistoryEntry): boolean => entry.kind === 'transition' && isEnd(entry.transition)
  const tail = units.length === 1 ? endsTold : null
  const transitions = history.read({ transitionsOf: new Set(byId.keys()), matches, tail }).flatMap((entry) => {
    return entry.kind === 'transition' ? [entry.transition] : []
  })
  const ends = Map.groupBy(transitions, ({ unit }) => unit)
  return new Map(
    [...ends].map(([id, all]) => {
      const successes = byId.get(id)?.spec.restart.successExits ?? [0]
      return [
        id,
        all
          .slice(-endsTold)
          .toReversed()
          .map((transition) => endItem(transition, successes)),
      ]
    }),
  )
}

const before: ReadonlySet<Phase> = new Set(['preparing', 'starting', 'up', 'stopping', 'unresolved'])
const after: ReadonlySet<Phase> = new Set(['idle', 'finishing', 'backoff', 'ended', 'failed'])

/** A run ended, or none came of a start. What a post_stop hook does is no end of its own. */
function isEnd({ from, to, exit }: Transition): boolean {
  return before.has(from) && after.has(to) && (exit !== null || to !== 'idle')
}

function endItem(transition: Transition, successes: readonly number[]): EndItem {
  const { run, exit, why, atWallMs } = transition
  const at = new Date(atWallMs).toISOString()
  return { kind: endKind(transition, successes), run, exit: exitItem(exit), message: why, at }
}

/** As docs/lifecycle.md "How a run ends" has them; the history keeps what was told, not these words. */
function endKind({ from, to, exit, why }: Transition, successes: readonly number[]): EndKind {
  if (to === 'failed' && why.startsWith('gave up')) return 'gave-up'
  if (from === 'preparing') return to === 'idle' ? 'requested' : 'hook-failed'
  if (exit === null) return 'spawn-failed'
  if (from === 'stopping') return why.startsWith('liveness check failed') ? 'unhealthy' : 'requested'
  if (exit.kind === 'unknown') return 'unknown'
  return exit.kind === 'code' && successes.includes(exit.code) ? 'expected' : 'unexpected'
}
