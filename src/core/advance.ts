import { closeDraft, type Draft, openDraft, putUnit, unitsOf } from './draft.ts'
import type { Change, Now, Run, State, Unit } from './model.ts'

/** Lets deadlines that are due happen where they change facts: a run that lived long enough is stable. */
export function advance(state: State, now: Now): Change {
  const draft = openDraft(state)
  advanceInto(draft, now)
  return closeDraft(draft, state)
}

export function advanceInto(draft: Draft, now: Now): void {
  for (const unit of unitsOf(draft).values()) {
    if (unit.run === null || !isDueStable(unit, unit.run, now)) continue
    putUnit(draft, { ...unit, earlyExits: 0, run: { ...unit.run, isStable: true } })
  }
}

function isDueStable(unit: Unit, run: Run, now: Now): boolean {
  return unit.phase === 'up' && !run.isStable && now.bootMs >= stableAtBootMs(unit, run)
}

function stableAtBootMs(unit: Unit, run: Run): number {
  return run.startedBootMs + unit.spec.restart.stableMs
}

/** The next time anything has to happen by itself, in boot ms; null: only news can change something. */
export function nextWake(state: State, now: Now): number | null {
  let next = Number.POSITIVE_INFINITY
  for (const unit of state.units.values()) {
    if (unit.stop?.dueBootMs != null) next = Math.min(next, unit.stop.dueBootMs)
    // A retry that is due and still not begun waits for a dependency: its news will wake us.
    if (unit.retryBootMs !== null && unit.retryBootMs > now.bootMs) next = Math.min(next, unit.retryBootMs)
    if (unit.phase === 'up' && unit.run !== null && !unit.run.isStable) {
      next = Math.min(next, stableAtBootMs(unit, unit.run))
    }
  }
  return next === Number.POSITIVE_INFINITY ? null : next
}
