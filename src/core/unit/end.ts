import { assert } from '../../base/assert.ts'
import { fractionOf } from '../../base/hash.ts'
import { type Draft, enterPhase, type PhaseFacts, putUnit, unitsOf } from '../draft.ts'
import { hostRetryMs } from '../limits.ts'
import type { After, Backoff, End, EndKind, Exit, Failure, Now, RestartPolicy, Role, Run, Unit } from '../model.ts'
import { durationText, exitText } from '../text.ts'
import { isJob, jobEnds, onceMore } from './job.ts'
import { isWantedUp, wantAfterOnce } from './wish.ts'

/** How a run came to its end: a process ended, or none came of it. */
export type Ending =
  /** `livedMs`: as its driver knows it; null or absent: until now. */
  | { readonly kind: 'exit'; readonly exit: Exit; readonly livedMs?: number | null }
  | { readonly kind: 'spawn-failed'; readonly failure: Failure }

/** A run that is over, with what is told of it. */
interface Ended {
  readonly draft: Draft
  readonly unit: Unit
  readonly run: Run
  readonly ending: Ending
  readonly end: End
  readonly told: string
  readonly now: Now
}

/** The run of `unit` is over: what its end means and what follows, by docs/lifecycle.md "How a run ends". */
export function endRun(draft: Draft, unit: Unit, run: Run, ending: Ending, now: Now): void {
  const kind = endKind(draft, unit, run, ending)
  const told = endText(run, ending, now)
  const exit = ending.kind === 'exit' ? ending.exit : null
  const message = keptMessage(unit, kind, ending, told)
  const isEarly = isEarlyEnd(unit.spec.restart, kind, livedMs(run, ending, now))
  const facts = { ...endedProcess(run, ending), ...(isEarly ? { isEarly } : {}) }
  const end: End = { kind, run: run.n, exit, message, atWallMs: now.wallMs, ...facts }
  const ended: Ended = { draft, unit, run, ending, end, told, now }
  switch (run.role) {
    case 'pre':
      endPreparing(ended)
      return
    case 'main':
      endMain(ended)
      return
    case 'post':
      endFinishing(ended)
      return
  }
}

/**
 * A main run of which nothing is stored is over, as the hook after it tells that lives. Answers what follows that hook, and
 * the unit as it left it. How long it lived is not known: it counts as stable.
 */
export function endUnseen(
  draft: Draft,
  unit: Unit,
  main: Run,
  now: Now,
): { readonly left: Unit; readonly after: After } {
  const run: Run = { ...main, startedBootMs: now.bootMs - unit.spec.restart.stableMs }
  const exit: Exit = { kind: 'unknown' }
  const end: End = { kind: 'unknown', run: run.n, exit, message: '', atWallMs: now.wallMs }
  const told = 'ended unseen, while nothing could be stored'
  endMain({ draft, unit, run, ending: { kind: 'exit', exit }, end, told, now })
  const left = unitsOf(draft).get(unit.id) ?? unit
  return { left, after: left.after ?? afterOf(left) }
}

/** Where it rests, or waits for its next run. */
function afterOf({ id, phase, retryBootMs, reason: why }: Unit): After {
  assert(phase === 'idle' || phase === 'backoff' || phase === 'ended' || phase === 'failed', `${id} rests`)
  return { phase, retryBootMs, why }
}

function endKind(draft: Draft, unit: Unit, run: Run, ending: Ending): EndKind {
  if (ending.kind === 'spawn-failed') return 'spawn-failed'
  const isHook = run.role !== 'main'
  if (isFailing(draft, unit, run)) return isHook ? 'hook-failed' : 'unhealthy'
  if (unit.phase === 'stopping') return 'requested'
  const kind = exitKind(unit.spec.restart.successExits, ending.exit)
  return isHook && kind !== 'expected' ? 'hook-failed' : kind
}

function endedProcess({ identity }: Run, ending: Ending): Pick<End, 'code' | 'pid'> {
  if (ending.kind === 'spawn-failed') return { code: ending.failure.code }
  return identity === null ? {} : { pid: identity.pid }
}

/** What its exit alone does not tell. */
function keptMessage({ condemned }: Unit, kind: EndKind, ending: Ending, told: string): string {
  if (ending.kind === 'spawn-failed') return ending.failure.message
  if (kind === 'unhealthy') return condemned ?? ''
  return kind === 'hook-failed' ? (condemned ?? told) : ''
}

/** It was ended because something was wrong with it, and nobody wants it down or replaced since. */
function isFailing(draft: Draft, unit: Unit, run: Run): boolean {
  return unit.condemned !== null && isWantedUp(draft.state, unit) && run.n > unit.endRunsUpTo
}

function exitKind(successExits: readonly number[], exit: Exit): EndKind {
  switch (exit.kind) {
    case 'code':
      return successExits.includes(exit.code) ? 'expected' : 'unexpected'
    case 'signal':
      return 'unexpected'
    case 'unknown':
      return 'unknown'
  }
}

function endText(run: Run, ending: Ending, now: Now): string {
  const what = hookText[run.role]
  if (ending.kind === 'spawn-failed') return `${what}spawn failed (${ending.failure.code}): ${ending.failure.message}`
  return `${what}${exitText(ending.exit)} after ${durationText(livedMs(run, ending, now))}`
}

const hookText: Readonly<Record<Role, string>> = { main: '', pre: 'pre_start hook: ', post: 'post_stop hook: ' }

// ---- by role -------------------------------------------------------------------------------------------------

/** After a pre_start hook: the main run, if it went well and is still wanted. */
function endPreparing(ended: Ended): void {
  const { draft, unit, run, end, told, now } = ended
  const hook = unit.spec.hooks.preStart
  const isTolerated = (hook === null || hook.ignoreFailure) && end.kind !== 'requested'
  if (end.kind === 'requested') {
    leave(ended, 'idle', { why: `${unit.stop?.why ?? 'stopped'}: ${told}` })
  } else if (!isWantedUp(draft.state, unit) || run.n <= unit.endRunsUpTo) {
    // That the hook went well says nothing of the process, which nobody starts.
    const kind = end.kind === 'expected' ? 'requested' : end.kind
    leave({ ...ended, end: { ...end, kind } }, 'idle', { why: told })
  } else if (end.kind === 'expected' || isTolerated) {
    enterPhase(draft, unit, 'preparing', now, { run: null, signals: [], exit: end.exit, why: told })
  } else {
    endByItself(ended)
  }
}

/** After a post_stop hook: what was decided when the main run had ended, whatever came of the hook. */
function endFinishing({ draft, unit, end, told, now }: Ended): void {
  const after = unit.after ?? { phase: 'idle', retryBootMs: null, why: unit.reason }
  // Where it could not even be started somebody has to mend something.
  const isFailed = end.kind !== 'expected' && unit.spec.hooks.postStop?.ignoreFailure !== true
  const isTold = isFailed || end.kind === 'spawn-failed'
  const why = isTold ? `${after.why}; ${failedText(unit, told)}` : after.why
  enterAfter(draft, { ...unit, run: null, signals: [] }, { ...after, why }, end.exit, now)
  queueNext(draft, unit, now)
}

function failedText({ condemned }: Unit, told: string): string {
  return condemned === null ? told : `${condemned}: ${told}`
}

/** Where it is not wanted, or to be replaced, it rests: whether it is started again is then a question of wishes. */
function endMain(ended: Ended): void {
  const { unit, run, end, told } = ended
  if (unit.phase === 'stopping' && end.kind !== 'unhealthy') {
    leave(ended, 'idle', { why: `${unit.stop?.why ?? 'stopped'}: ${told}` })
  } else if (unit.want.kind === 'down' || !unit.isDeclared) {
    // What runs once has done so, whoever wanted it down at the last moment.
    const isDone = end.kind === 'expected' && unit.spec.once !== null
    leave(ended, isDone ? 'ended' : 'idle', { why: told })
  } else if (run.n <= unit.endRunsUpTo) {
    leave(ended, 'idle', { why: `${told}; ${unit.endRunsWhy}` })
  } else {
    endByItself(ended)
  }
}

function endByItself(ended: Ended): void {
  const why = failedText(ended.unit, ended.told)
  if (ended.unit.want.kind === 'once' && !isTriedAgain(ended)) leave(ended, 'ended', { why })
  else followPolicy({ ...ended, told: why })
}

/** One run was asked for: another one follows only where the policy is about failures, or the host was in trouble. */
function isTriedAgain({ unit, ending, end }: Ended): boolean {
  if (unit.want.kind === 'once' && unit.want.isLast === true) return false
  if (ending.kind === 'spawn-failed' && ending.failure.retry) return true
  const policy = unit.spec.restart
  return policy.when === 'on-failure' && isRestarted(policy, end.kind, end.isEarly === true)
}

// ---- what follows ----------------------------------------------------------------------------------------------

function followPolicy(ended: Ended): void {
  const { unit, run, ending, end, told, now } = ended
  const policy = unit.spec.restart
  if (ending.kind === 'spawn-failed' && ending.failure.retry) {
    const delayMs = spread(hostRetryMs, 0.2, `${unit.id} ${run.n}`)
    const why = `${told}; the host's trouble, tried again in ${durationText(delayMs)}`
    leave(ended, 'backoff', { retryBootMs: now.bootMs + delayMs, why })
    return
  }
  const isEarly = end.isEarly === true
  const earlyExits = isEarly ? unit.earlyExits + 1 : 0
  if (!isRestarted(policy, end.kind, isEarly)) {
    const isUnstarted = end.kind === 'spawn-failed' || end.kind === 'hook-failed'
    leave(ended, isUnstarted ? 'failed' : 'ended', { earlyExits, why: `${told}; restart policy ${policy.when}` })
    return
  }
  const overspent = budgetOverspent(unit, earlyExits, now)
  if (overspent !== null) {
    const gaveUp: End = { ...end, kind: 'gave-up' }
    const why = `gave up: ${overspent}; last: ${told}`
    leave(ended, 'failed', { end: gaveUp, earlyExits: 0, restartTimesBootMs: [], why })
    return
  }
  const delayMs = isEarly ? backoffMs(policy.backoff, earlyExits, `${unit.id} ${run.n}`) : 0
  const why = `${told}; ${delayMs === 0 ? 'restart at once' : `restart ${unit.restarts + 1} in ${durationText(delayMs)}`}`
  leave(ended, 'backoff', { earlyExits, retryBootMs: now.bootMs + delayMs, why })
}

function isEarlyEnd({ stableMs }: RestartPolicy, kind: EndKind, lived: number): boolean {
  return kind === 'spawn-failed' || kind === 'hook-failed' || lived < stableMs
}

/** Once it counted as stable it has lived that long, also where its driver could not look in between. */
function livedMs(run: Run, ending: Ending, now: Now): number {
  const known = ending.kind === 'exit' && !run.isStable ? (ending.livedMs ?? null) : null
  return known ?? now.bootMs - run.startedBootMs
}

/** Into the phase after a run, by way of the post_stop hook where there was a main process. */
function leave(ended: Ended, to: After['phase'], facts: PhaseFacts): void {
  const { draft, unit, run, ending, end, now } = ended
  const all: PhaseFacts = { run: null, signals: [], end, exit: end.exit, ...facts, ...jobFacts(ended, to, facts) }
  const { postStop } = unit.spec.hooks
  const isUnstarted = ending.kind === 'spawn-failed' && postStop?.isFinish !== true
  if (postStop === null || isUnstarted || run.role !== 'main') {
    enterPhase(draft, unit, to, now, all)
  } else {
    const { retryBootMs = null, why } = all
    const after: After = { phase: to, retryBootMs, why }
    enterPhase(draft, unit, 'finishing', now, { ...all, retryBootMs: null, after, why: `${why}; post_stop hook` })
  }
  queueNext(draft, unit, now)
}

/** A job that is over is not wanted any more, and written down as it ended. */
function jobFacts({ unit, end, now }: Ended, to: After['phase'], facts: PhaseFacts): Pick<PhaseFacts, 'want' | 'job'> {
  if (to === 'backoff' && isJob(unit)) return {}
  const job = jobEnds(unit, facts.end ?? end, facts.why, now)
  const isRepeated = to === 'idle' && unit.want.kind !== 'down'
  return { job, want: unit.want.kind !== 'once' || isRepeated ? unit.want : wantAfterOnce(unit.want, unit.spec) }
}

/** One more run was due by the schedule meanwhile. */
function queueNext(draft: Draft, before: Unit, now: Now): void {
  const unit = unitsOf(draft).get(before.id)
  if (unit?.job?.isQueued !== true || !unit.isDeclared || draft.state.mode.kind !== 'running') return
  if (unit.phase === 'backoff' || unit.after?.phase === 'backoff') return
  onceMore(draft, unit, { by: { kind: 'schedule' }, dueWallMs: null }, now)
}

/** The post_stop hook is over, or could not be begun. */
export function enterAfter(draft: Draft, unit: Unit, after: After, exit: Exit | null, now: Now): void {
  const { phase, retryBootMs, why } = after
  enterPhase(draft, unit, phase, now, { run: null, signals: [], retryBootMs, exit, why })
}

/** The unit rests from now on, as soon as its post_stop hook has ended; whoever is at rest does so already. */
export function rest(draft: Draft, unit: Unit, facts: PhaseFacts, now: Now): void {
  if (unit.after === null) {
    enterPhase(draft, unit, 'idle', now, facts)
    return
  }
  const { why, ...rest } = facts
  putUnit(draft, { ...unit, ...rest, after: { phase: 'idle', retryBootMs: null, why } })
}

/** Whether the policy answers such an end with another run; budgets aside. */
export function isRestarted(policy: RestartPolicy, kind: EndKind, isEarly: boolean): boolean {
  if (isEarly && policy.early === 'always' && kind !== 'unknown') return true
  switch (policy.when) {
    case 'always':
    case 'unless-stopped':
      return true
    case 'on-failure':
      return failures.has(kind)
    case 'no':
      return false
  }
}

const failures: ReadonlySet<EndKind> = new Set(['unexpected', 'spawn-failed', 'hook-failed', 'unhealthy'])

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
