import type { Exit, State, Unit, UnitId } from '../../core/model.ts'
import { mustEnd } from '../../core/unit/wish.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import type { Outcome, OutcomeList } from '../../wire/api.ts'
import type { Asked } from './exchange.ts'
import { exitItem } from './jobs.ts'
import { createBell } from './news.ts'
import { countOf, oneOf } from './query.ts'
import { Refusal } from './refusal.ts'
import { selectByQuery } from './select.ts'
import { outcomeList } from './wishes.ts'

const goals = ['running', 'healthy', 'stopped', 'ended'] as const

type Goal = (typeof goals)[number]

/** met: it is as waited for. stuck: it will not be without a decision. pending: it may become so by itself, in `inMs` if nothing happens. */
type Progress =
  | { readonly kind: 'met' }
  | { readonly kind: 'stuck' }
  | { readonly kind: 'pending'; readonly inMs?: number }

/** A program that cannot run mostly says so at once: up for this long counts as running. */
const settleMs = 500

/** The longest a timer can be, some 24 days. */
const waitMsMax = 2 ** 31 - 1

/**
 * Resolves when each of the units is as waited for, or will not be without a decision, when the time is over, or when the
 * client is gone. Asks for nothing. Throws Refusal.
 */
export async function waitFor(
  engine: Pick<EnginePort, 'snapshot' | 'subscribe'>,
  { query, signal }: Pick<Asked, 'query' | 'signal'>,
  nowBootMs: () => number = () => bootNow().bootMs,
): Promise<OutcomeList> {
  const goal = oneOf(query, 'for', goals) ?? 'healthy'
  const timeoutMs = countOf(query, 'timeoutMs', 'milliseconds') ?? waitMsMax
  const units = selectByQuery(engine.snapshot().state, query)
  if (units === null) throw new Refusal('bad-request', 'a wait is for named units', 'name at least one')
  const deadlineBootMs = nowBootMs() + timeoutMs
  const bell = createBell(signal)
  const stop = engine.subscribe(bell.ring)
  try {
    for (;;) {
      const snapshot = engine.snapshot()
      const progress = new Map(units.map((id) => [id, progressOf(snapshot.state, id, goal, nowBootMs())]))
      const pending = [...progress.values()].flatMap((one) => (one.kind === 'pending' ? (one.inMs ?? waitMsMax) : []))
      const leftMs = deadlineBootMs - nowBootMs()
      if (pending.length === 0 || leftMs <= 0 || signal.aborted) return outcomes(snapshot, progress, nowBootMs())
      await bell.rung(Math.min(leftMs, ...pending))
    }
  } finally {
    stop()
  }
}

function progressOf(state: State, id: UnitId, goal: Goal, bootMs: number): Progress {
  const unit = state.units.get(id)
  if (unit === undefined) return goal === 'stopped' ? { kind: 'met' } : { kind: 'stuck' }
  // Which process is its own only somebody can decide.
  if (unit.phase === 'unresolved') return { kind: 'stuck' }
  switch (goal) {
    case 'stopped':
      return { kind: isDown(unit) ? 'met' : 'pending' }
    case 'ended':
      return { kind: endedAs(unit) }
    case 'running':
      return running(state, unit, bootMs)
    case 'healthy':
      return healthy(state, unit, bootMs)
  }
}

function isDown({ phase }: Unit): boolean {
  return phase === 'idle' || phase === 'backoff' || phase === 'ended' || phase === 'failed'
}

/** Its last run counts: of what ended before anybody waited, too. */
function endedAs({ phase, end, want }: Unit): Progress['kind'] {
  if (phase === 'ended') return end.kind === 'expected' ? 'met' : 'stuck'
  if (phase === 'failed') return 'stuck'
  return phase === 'idle' && want.kind === 'down' && end.kind === 'requested' ? 'stuck' : 'pending'
}

function running(state: State, unit: Unit, bootMs: number): Progress {
  if (unit.phase === 'failed' || unit.phase === 'ended') return { kind: 'stuck' }
  if (unit.phase !== 'up' || unit.run?.isPaused || mustEnd(state, unit)) return { kind: 'pending' }
  const youngMs = settleMs - (bootMs - unit.sinceBootMs)
  return youngMs > 0 ? { kind: 'pending', inMs: youngMs } : { kind: 'met' }
}

/** By its readiness check, else by its liveness check; where nothing is checked, running is all that can be asked. */
function healthy(state: State, unit: Unit, bootMs: number): Progress {
  const { readiness, liveness } = unit.spec.checks
  if (readiness === null && liveness === null) return running(state, unit, bootMs)
  if (unit.phase === 'failed' || unit.phase === 'ended') return { kind: 'stuck' }
  const status = (unit.health?.readiness ?? unit.health?.liveness)?.status
  return { kind: status === 'healthy' && !mustEnd(state, unit) ? 'met' : 'pending' }
}

function outcomes(snapshot: Snapshot, progress: ReadonlyMap<UnitId, Progress>, bootMs: number): OutcomeList {
  const results: Readonly<Record<Progress['kind'], Outcome['result']>> = {
    met: 'done',
    stuck: 'failed',
    pending: 'timed-out',
  }
  const present: Snapshot = { ...snapshot, now: { ...snapshot.now, bootMs } }
  const list = outcomeList(present, [...progress.keys()], (id) => results[progress.get(id)!.kind])
  return { ...list, items: list.items.map((item) => ({ ...item, exit: exitItem(exitOf(snapshot.state, item.unit)) })) }
}

/** Of what has ended. */
function exitOf(state: State, id: UnitId): Exit | null {
  const unit = state.units.get(id)
  return unit?.phase === 'ended' || unit?.phase === 'failed' ? unit.end.exit : null
}
