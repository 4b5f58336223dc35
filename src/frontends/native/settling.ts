import { type Belongings, belongingsOf } from '../../core/containers/among.ts'
import { isAsDeclared } from '../../core/containers/as-declared.ts'
import { lockedBy } from '../../core/containers/lock-need.ts'
import { explain } from '../../core/explain.ts'
import type { State, Unit, UnitId } from '../../core/model.ts'
import { mustEnd } from '../../core/unit/wish.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import type { WaitedFor } from '../../wire/requests.ts'

/** What somebody waits for that a unit comes to. */
export type Goal = WaitedFor | 'down'

/**
 * met: as wished. stuck: does not get there without a decision, or only by trying again. locked: an update lock holds it back.
 * pending: on its way.
 */
export type Progress = 'met' | 'stuck' | 'locked' | 'pending'

/** A program that cannot run mostly says so at once: up for this long counts as started. */
const settleMs = 500

/**
 * Waits until each unit has come to its goal, or cannot without a decision, or the time is over, or `isOver`: nothing of it
 * matters any more.
 */
export async function settle(
  engine: EnginePort,
  goals: ReadonlyMap<UnitId, Goal>,
  deadlineMs: number,
  isOver: (snapshot: Snapshot) => boolean = () => false,
): Promise<Snapshot> {
  const units = [...goals.keys()]
  const isDecided = (snapshot: Snapshot): boolean => {
    if (isOver(snapshot)) return true
    const progressOf = progressAt(snapshot)
    return units.every((id) => progressOf(id, goals.get(id)!) !== 'pending')
  }
  for (;;) {
    const leftMs = Math.max(0, deadlineMs - Date.now())
    const decided = await engine.until(isDecided, leftMs)
    if (decided === null || isOver(decided)) return engine.snapshot()
    const youngMs = youngestMs(decided, goals)
    if (youngMs >= settleMs) return decided
    const fallen = await engine.until(
      (snapshot) => isOver(snapshot) || units.some((id) => isUp(decided.state, id) && !isUp(snapshot.state, id)),
      Math.min(settleMs - youngMs, Math.max(0, deadlineMs - Date.now())),
    )
    if (fallen === null) return engine.snapshot()
  }
}

/** How far units are at one moment. */
export function progressAt(snapshot: Snapshot): (id: UnitId, goal: Goal) => Progress {
  const { state } = snapshot
  const hindered = hinderedAt(snapshot)
  const isLocked = lockedAt(snapshot)
  return (id, goal) => {
    const unit = state.units.get(id)
    if (unit === undefined) return goal === 'down' ? 'met' : 'stuck'
    const progress = goal === 'down' ? progressDown(unit) : progressUp(state, unit, hindered)
    if (progress === 'pending') return isLocked(unit) ? 'locked' : 'pending'
    return progress === 'met' && unit.phase === 'up' && goal === 'healthy' ? progressWell(unit) : progress
  }
}

/** Asked for only where a lock was refused at all. */
function lockedAt({ state, now }: Snapshot): (unit: Unit) => boolean {
  let belongings: Belongings | null = null
  return (unit) => {
    if (state.containerEngine.locks.get(unit.app)?.kind !== 'refused') return false
    belongings ??= belongingsOf(state)
    return lockedBy(state, belongings, unit, now) !== null
  }
}

/** As long as the slowest stop ladder and the hooks of one unit may take, and 10 s for what is started or written. */
export function usualWaitMs(state: State, goals: ReadonlyMap<UnitId, Goal>): number {
  const waits = [...goals].map(([id, goal]) => {
    const spec = state.units.get(id)?.spec
    if (spec === undefined) return 0
    const ladderMs = spec.stop.reduce((sum, rung) => sum + rung.waitMs, 0)
    const pullMs = spec.container === undefined ? 0 : pullWaitMs
    const hooksMs = (spec.hooks.postStop?.timeoutMs ?? 0) + (spec.hooks.preStart?.timeoutMs ?? 0)
    return (
      ladderMs + pullMs + hooksMs + (goal === 'healthy' ? checkMs(spec.checks.readiness ?? spec.checks.liveness) : 0)
    )
  })
  return Math.max(0, ...waits) + 10_000
}

/** An image may be large, and the network slow. */
const pullWaitMs = 600_000

/** What does not become healthy is unhealthy after this time. */
function checkMs(check: Unit['spec']['checks']['readiness']): number {
  if (check === null) return 0
  return check.startPeriodMs + check.retries * (check.intervalMs + check.timeoutMs)
}

function isUp(state: State, id: UnitId): boolean {
  return state.units.get(id)?.phase === 'up'
}

/** How long the youngest of those that are up, and are to be so, has been, as of now. */
function youngestMs({ state, now }: Snapshot, goals: ReadonlyMap<UnitId, Goal>): number {
  let youngMs = settleMs
  for (const [id, goal] of goals) {
    if (goal === 'down' || !isUp(state, id)) continue
    youngMs = Math.min(youngMs, now.bootMs - state.units.get(id)!.sinceBootMs)
  }
  return youngMs
}

function progressDown(unit: Unit): Progress {
  switch (unit.phase) {
    case 'unresolved':
      return 'stuck'
    case 'idle':
    case 'backoff':
    case 'ended':
    case 'failed':
      return 'met'
    case 'preparing':
    case 'starting':
    case 'up':
    case 'stopping':
    case 'finishing':
      return 'pending'
  }
}

function progressUp(state: State, unit: Unit, hindered: (id: UnitId) => boolean): Progress {
  switch (unit.phase) {
    case 'up':
      return mustEnd(state, unit) || !isAsDeclared(state, unit) ? 'pending' : 'met'
    case 'ended':
      return unit.end.kind === 'expected' ? 'met' : 'stuck'
    case 'backoff':
    case 'failed':
    case 'unresolved':
      return 'stuck'
    case 'idle':
      return hindered(unit.id) ? 'stuck' : 'pending'
    case 'preparing':
    case 'starting':
    case 'stopping':
    case 'finishing':
      return 'pending'
  }
}

/** By the check that ps tells of, an image's own among them; what is not checked is well. */
function progressWell({ spec, health }: Unit): Progress {
  const status = (health?.readiness ?? health?.liveness)?.status
  if (status === undefined && spec.checks.readiness === null && spec.checks.liveness === null) return 'met'
  switch (status) {
    case 'healthy':
      return 'met'
    case 'unhealthy':
      return 'stuck'
    case 'starting':
    case undefined:
      return 'pending'
  }
}

/** Whether a unit waits for something that somebody has to start first: asked for only where one waits. */
function hinderedAt({ state, now }: Snapshot): (id: UnitId) => boolean {
  let hindered: ReadonlySet<UnitId> | null = null
  return (id) => {
    hindered ??= new Set(
      explain(state, now)
        .filter(({ command }) => command !== null)
        .map(({ unit }) => unit),
    )
    return hindered.has(id)
  }
}
