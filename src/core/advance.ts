import { decideContainers } from './containers/decide.ts'
import { nextEngineWake } from './containers/wake.ts'
import { closeDraft, type Draft, enterPhase, openDraft, putUnit, unitsOf } from './draft.ts'
import type { Change, Hook, Now, Run, State, Unit } from './model.ts'
import { advanceReleases, nextReleaseBootMs } from './release/advance.ts'
import { durationText } from './text.ts'
import { enterAfter } from './unit/end.ts'
import { giveUpProbes, nextProbeBootMs } from './unit/health.ts'
import { advanceJob, nextAskBootMs } from './unit/job.ts'
import { isWantedUp } from './unit/wish.ts'

/**
 * Lets deadlines that are due happen where they change facts: a run that lived long enough is stable, a hook that took
 * too long has failed, a job is due, a release has proved itself or has not.
 */
export function advance(state: State, now: Now): Change {
  const draft = openDraft(state)
  advanceInto(draft, now)
  return closeDraft(draft, state)
}

export function advanceInto(draft: Draft, now: Now): void {
  for (const unit of unitsOf(draft).values()) {
    if (unit.job !== null) advanceJob(draft, unit, now)
    if (unit.health !== null) giveUpProbes(draft, latest(draft, unit), now)
    if (unit.phase === 'preparing' || unit.phase === 'finishing') advanceHook(draft, latest(draft, unit), now)
    else if (unit.run !== null && isDueStable(unit, unit.run, now)) {
      putUnit(draft, { ...latest(draft, unit), earlyExits: 0, run: { ...unit.run, isStable: true } })
    }
  }
  advanceReleases(draft, now)
  decideContainers(draft, now)
}

/** As it is by now: what was read before the first write of this turn is not. */
function latest(draft: Draft, unit: Unit): Unit {
  return unitsOf(draft).get(unit.id) ?? unit
}

function advanceHook(draft: Draft, unit: Unit, now: Now): void {
  const dueBootMs = hookDueBootMs(unit)
  if (dueBootMs !== null && dueBootMs <= now.bootMs) {
    putUnit(draft, { ...unit, condemned: overdueText(unit) })
  } else if (unit.after !== null && unit.run === null && unit.spec.hooks.postStop === null) {
    enterAfter(draft, unit, unit.after, null, now)
  } else if (unit.phase === 'preparing' && unit.run === null && !isWantedUp(draft.state, unit)) {
    enterPhase(draft, unit, 'idle', now, { why: 'not wanted any more before it was started' })
  }
}

function overdueText(unit: Unit): string {
  const hook = hookOf(unit)
  const name = unit.run?.role === 'pre' ? 'pre_start' : 'post_stop'
  return `its ${name} hook took longer than ${durationText(hook?.timeoutMs ?? undeclaredHookMs)}`
}

function hookOf({ run, spec }: Unit): Hook | null {
  return run?.role === 'pre' ? spec.hooks.preStart : spec.hooks.postStop
}

/** Nothing says any more how long it may take: as long as one does that says nothing. */
const undeclaredHookMs = 90_000

/** When the hook under way has taken too long; null: there is none, or it has already. */
function hookDueBootMs(unit: Unit): number | null {
  const { run, condemned } = unit
  if (condemned !== null || run === null || run.identity === null) return null
  const hook = hookOf(unit)
  if (hook !== null && hook.timeoutMs === null) return null
  return run.startedBootMs + (hook?.timeoutMs ?? undeclaredHookMs)
}

function isDueStable(unit: Unit, run: Run, now: Now): boolean {
  return unit.phase === 'up' && !run.isStable && now.bootMs >= stableAtBootMs(unit, run)
}

function stableAtBootMs(unit: Unit, run: Run): number {
  return run.startedBootMs + unit.spec.restart.stableMs
}

/** The next time anything has to happen by itself, in boot ms; null: only news, or a time of a schedule, changes anything. */
export function nextWake(state: State, now: Now): number | null {
  let next = nextReleaseBootMs(state)
  for (const unit of state.units.values()) {
    // Of a container nothing is sent before it is known which run it has.
    const isKnown = unit.run?.identity?.container === undefined || state.containerEngine.isKnown
    if (unit.stop?.dueBootMs != null && isKnown) next = Math.min(next, unit.stop.dueBootMs)
    // A retry that is due and still not begun waits for a dependency: its news will wake us.
    if (unit.retryBootMs !== null && unit.retryBootMs > now.bootMs) next = Math.min(next, unit.retryBootMs)
    if (unit.phase === 'up' && unit.run !== null && !unit.run.isStable) {
      next = Math.min(next, stableAtBootMs(unit, unit.run))
    }
    if (unit.health !== null) next = Math.min(next, nextProbeBootMs(unit, now))
    if (unit.job !== null) next = Math.min(next, nextAskBootMs(state, unit))
    if (unit.phase === 'preparing' || unit.phase === 'finishing') next = Math.min(next, hookDueBootMs(unit) ?? next)
  }
  next = Math.min(next, nextEngineWake(state, now))
  return next === Number.POSITIVE_INFINITY ? null : next
}
