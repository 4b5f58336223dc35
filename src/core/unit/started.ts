import { type Draft, enterPhase, putUnit } from '../draft.ts'
import type { Identity, Now, Run, Unit } from '../model.ts'
import { livingPhase } from './found.ts'
import { freshHealth } from './health.ts'
import { isWantedUp } from './wish.ts'

/** What became of a start that was begun. */

/** Its process exists. */
export function live(draft: Draft, unit: Unit, run: Run, now: Now): void {
  const as = run.identity === null ? '' : ` as ${identityText(run.identity)}`
  if (run.role === 'main') {
    const health = freshHealth(unit, now, now.bootMs - run.startedBootMs < unit.spec.restart.stableMs)
    enterPhase(draft, unit, 'up', now, { run, health, stoppedBy: unit.stoppedBy, why: `running${as}` })
  } else if (unit.phase === 'unresolved') {
    enterPhase(draft, unit, livingPhase[run.role], now, { run, after: unit.after, why: `its hook runs${as}` })
  } else {
    putUnit(draft, { ...unit, run })
  }
}

export function identityText({ pid, container }: Identity): string {
  if (container === undefined) return `pid ${pid}`
  return `container ${container.id.slice(0, 12)}${pid === 0 ? '' : ` (pid ${pid})`}`
}

/**
 * No process came of it. Where it counted as a restart it is one again, at the time it really happens: a window must not lose
 * sight of it.
 */
export function startAgain(draft: Draft, unit: Unit, run: Run, now: Now): void {
  const facts = { run: null, signals: [], why: 'its start was interrupted before a process existed' }
  if (run.role === 'post') {
    enterPhase(draft, unit, 'finishing', now, { ...facts, after: unit.after })
    return
  }
  const isCounted = unit.restartTimesBootMs.at(-1) === run.startedBootMs
  if (!isCounted || !isWantedUp(draft.state, unit)) {
    enterPhase(draft, unit, 'idle', now, facts)
    return
  }
  const restartTimesBootMs = unit.restartTimesBootMs.slice(0, -1)
  const restarts = unit.restarts - 1
  enterPhase(draft, unit, 'backoff', now, { ...facts, restarts, restartTimesBootMs, retryBootMs: now.bootMs })
}
