import { fractionOf } from '../../base/hash.ts'
import { type Draft, enterPhase } from '../draft.ts'
import { hostRetryMs } from '../limits.ts'
import type { Backoff, End, EndKind, Exit, Failure, Now, RestartPolicy, Run, Unit } from '../model.ts'
import { durationText, exitText } from '../text.ts'

/** How a run came to its end: a process ended, or none came of it. */
export type Ending =
  | { readonly kind: 'exit'; readonly exit: Exit }
  | { readonly kind: 'spawn-failed'; readonly failure: Failure }

/** The run of `unit` is over: what its end means and what follows, by docs/lifecycle.md "How a run ends". */
export function endRun(draft: Draft, unit: Unit, run: Run, ending: Ending, now: Now): void {
  const kind = endKind(unit, ending)
  const end: End = {
    kind,
    run: run.n,
    exit: ending.kind === 'exit' ? ending.exit : null,
    message: ending.kind === 'spawn-failed' ? ending.failure.message : '',
    atWallMs: now.wallMs,
  }
  const told = endText(run, ending, now)
  const facts = { run: null, signals: [], end, exit: end.exit }
  if (unit.phase === 'stopping') {
    enterPhase(draft, unit, 'idle', now, { ...facts, why: `${unit.stop?.why ?? 'stopped'}: ${told}` })
  } else if (unit.want.kind === 'down' || !unit.isDeclared) {
    enterPhase(draft, unit, 'idle', now, { ...facts, why: told })
  } else if (unit.want.kind === 'once') {
    enterPhase(draft, unit, 'ended', now, { ...facts, want: { ...unit.want, kind: 'down' }, why: told })
  } else if (run.n <= unit.endRunsUpTo) {
    enterPhase(draft, unit, 'idle', now, { ...facts, why: `${told}; ${unit.endRunsWhy}` })
  } else {
    followPolicy({ draft, unit, run, ending, end, told, now })
  }
}

function endKind(unit: Unit, ending: Ending): EndKind {
  if (ending.kind === 'spawn-failed') return 'spawn-failed'
  if (unit.phase === 'stopping') return 'requested'
  return exitKind(unit.spec.restart, ending.exit)
}

function exitKind(policy: RestartPolicy, exit: Exit): EndKind {
  switch (exit.kind) {
    case 'code':
      return policy.successExits.includes(exit.code) ? 'expected' : 'unexpected'
    case 'signal':
      return 'unexpected'
    case 'unknown':
      return 'unknown'
  }
}

function endText(run: Run, ending: Ending, now: Now): string {
  if (ending.kind === 'spawn-failed') return `spawn failed (${ending.failure.code}): ${ending.failure.message}`
  return `${exitText(ending.exit)} after ${durationText(now.bootMs - run.startedBootMs)}`
}

interface EndedByItself {
  readonly draft: Draft
  readonly unit: Unit
  readonly run: Run
  readonly ending: Ending
  readonly end: End
  readonly told: string
  readonly now: Now
}

function followPolicy(ended: EndedByItself): void {
  const { draft, unit, run, ending, end, told, now } = ended
  const policy = unit.spec.restart
  const facts = { run: null, signals: [], end, exit: end.exit }
  if (ending.kind === 'spawn-failed' && ending.failure.retry) {
    const delayMs = spread(hostRetryMs, 0.2, `${unit.id} ${run.n}`)
    const why = `${told}; the host's trouble, tried again in ${durationText(delayMs)}`
    enterPhase(draft, unit, 'backoff', now, { ...facts, retryBootMs: now.bootMs + delayMs, why })
    return
  }
  const isEarly = ending.kind === 'spawn-failed' || now.bootMs - run.startedBootMs < policy.stableMs
  const earlyExits = isEarly ? unit.earlyExits + 1 : 0
  if (!isRestarted(policy, end.kind, isEarly)) {
    const to = end.kind === 'spawn-failed' ? 'failed' : 'ended'
    enterPhase(draft, unit, to, now, { ...facts, earlyExits, why: `${told}; restart policy ${policy.when}` })
    return
  }
  const overspent = budgetOverspent(unit, earlyExits, now)
  if (overspent !== null) {
    const gaveUp: End = { ...end, kind: 'gave-up' }
    const why = `gave up: ${overspent}; last: ${told}`
    enterPhase(draft, unit, 'failed', now, { ...facts, end: gaveUp, earlyExits: 0, restartTimesBootMs: [], why })
    return
  }
  const delayMs = isEarly ? backoffMs(policy.backoff, earlyExits, `${unit.id} ${run.n}`) : 0
  const why = `${told}; ${delayMs === 0 ? 'restart at once' : `restart ${unit.restarts + 1} in ${durationText(delayMs)}`}`
  enterPhase(draft, unit, 'backoff', now, { ...facts, earlyExits, retryBootMs: now.bootMs + delayMs, why })
}

/** Whether the policy answers such an end with another run; budgets aside. */
export function isRestarted(policy: RestartPolicy, kind: EndKind, isEarly: boolean): boolean {
  if (isEarly && policy.early === 'always' && kind !== 'unknown') return true
  switch (policy.when) {
    case 'always':
    case 'unless-stopped':
      return true
    case 'on-failure':
      return kind === 'unexpected' || kind === 'spawn-failed'
    case 'no':
      return false
  }
}

function budgetOverspent(unit: Unit, earlyExits: number, now: Now): string | null {
  const budget = unit.spec.restart.budget
  if (budget === null) return null
  if (budget.windowMs === null) {
    return earlyExits > budget.restartsMax ? `ended early ${earlyExits} times in a row` : null
  }
  const windowMs = budget.windowMs
  const recent = unit.restartTimesBootMs.filter((at) => now.bootMs - at < windowMs)
  if (recent.length < budget.restartsMax) return null
  return `restarted ${recent.length} times within ${durationText(windowMs)}`
}

/** The delay before the next run after the k-th early exit in a row, in ms; the same for the same unit and run. */
export function backoffMs(backoff: Backoff, earlyExits: number, seed: string): number {
  const k = earlyExits - backoff.freeRestarts
  if (k <= 0) return 0
  const grown = backoff.shape === 'linear' ? backoff.firstMs * k : backoff.firstMs * backoff.factor ** (k - 1)
  return spread(Math.min(grown, backoff.maxMs), backoff.jitter, seed)
}

/** Within ±half the jitter's share around `ms`, whole milliseconds. */
function spread(ms: number, jitter: number, seed: string): number {
  return Math.round(ms * (1 + jitter * (fractionOf(seed) - 0.5)))
}
