import { hashData } from '../../base/hash.ts'
import { type Draft, enterPhase, freshCounters, putUnit, putVolatile } from '../draft.ts'
import {
  clockBackMsMax,
  clockBelievableWallMs,
  jobRunsKept,
  scheduleAnswerMs,
  scheduleAnswerMsMax,
  scheduleGraceMs,
} from '../limits.ts'
import type { End, Event, Job, JobRun, Now, Schedule, State, Step, Unit, UnitSpec, Who } from '../model.ts'
import { durationText, whoText } from '../text.ts'
import { onceWant } from './wish.ts'

/** Whether what it does now is a job: run to its end, and written down. */
export function isJob(unit: Pick<Unit, 'spec' | 'want'>): boolean {
  const isOneJob = unit.want.kind === 'once' && unit.want.isLast !== true
  return isOneJob || unit.spec.schedule !== null || unit.spec.once !== null
}

/** The job of a unit as it is declared now: what is known of an earlier declaration stays where it still fits. */
export function declaredJob(known: Job | null, spec: UnitSpec, now: Now): Job | null {
  const scheduleHash = spec.schedule === null ? '' : hashData(spec.schedule)
  if (known?.scheduleHash === scheduleHash) return known
  if (known === null && scheduleHash === '') return null
  const due = scheduleHash === '' ? ('known' as const) : ('unknown' as const)
  return {
    ...(known ?? noJob),
    scheduleHash,
    due,
    asked: null,
    dueWallMs: null,
    doneWallMs: now.wallMs,
    trustedWallMs: 0,
    isQueued: false,
  }
}

const noJob: Job = {
  scheduleHash: '',
  dueWallMs: null,
  due: 'known',
  asked: null,
  doneWallMs: 0,
  trustedWallMs: 0,
  isQueued: false,
  done: null,
  history: [],
}

/** Whether a service that runs once has done so already, as it is declared now. */
export function isDoneOnce(spec: UnitSpec, job: Job | null, bootId: string): boolean {
  if (spec.once === null || job === null || job.done === null || job.done.runHash !== spec.runHash) return false
  return spec.once === 'ever' || job.done.bootId === bootId
}

// ---- when it is due ------------------------------------------------------------------------------------------

/** Asks for the times that are not known, and again where no answer came in time. */
export function planSchedules(steps: Step[], state: State, now: Now): void {
  if (state.mode.kind === 'stopping') return
  for (const { id, isDeclared, spec, job } of state.units.values()) {
    if (job === null || job.due === 'known' || spec.schedule === null || !isDeclared) continue
    const { scheduleHash, doneWallMs, asked } = job
    if (asked !== null && asked.untilBootMs > now.bootMs) continue
    const why = asked === null ? 'its next time is not known' : `its next time was asked for ${asked.times}x in vain`
    steps.push({ kind: 'schedule', unit: id, schedule: spec.schedule, scheduleHash, afterWallMs: doneWallMs, why })
  }
}

/** Each time without an answer it is waited for twice as long. */
export function beginSchedule(draft: Draft, unit: Unit, now: Now): void {
  if (unit.job === null) return
  const times = (unit.job.asked?.times ?? 0) + 1
  const waitMs = Math.min(scheduleAnswerMs * 2 ** (times - 1), scheduleAnswerMsMax)
  putVolatile(draft, {
    ...unit,
    job: { ...unit.job, due: 'asked', asked: { times, untilBootMs: now.bootMs + waitMs } },
  })
}

/** When the answer that is waited for is late, in boot ms. */
export function nextAskBootMs(state: State, { job, spec, isDeclared }: Unit): number {
  const isFollowed = state.mode.kind !== 'stopping' && isDeclared && spec.schedule !== null
  return (isFollowed ? job?.asked?.untilBootMs : null) ?? Number.POSITIVE_INFINITY
}

export function foldNextDue(draft: Draft, unit: Unit, event: Extract<Event, { kind: 'next-due' }>): void {
  const { job } = unit
  const isNews = job?.due === 'asked' && job.scheduleHash === event.scheduleHash && job.doneWallMs === event.afterWallMs
  if (job === null || !isNews) return
  const reason = event.message === '' ? unit.reason : event.message
  putUnit(draft, { ...unit, reason, job: { ...job, due: 'known', asked: null, dueWallMs: event.dueWallMs } })
}

/** The next time of any schedule, by the wall clock. */
export function nextWallWake(state: State): number | null {
  if (state.mode.kind !== 'running') return null
  let next: number | null = null
  for (const { job, isDeclared } of state.units.values()) {
    const dueWallMs = isDeclared ? (job?.dueWallMs ?? null) : null
    if (dueWallMs !== null && (next === null || dueWallMs < next)) next = dueWallMs
  }
  return next
}

/** Starts what is due by its schedule. The wall clock may have jumped either way since it was looked at last. */
export function advanceJob(draft: Draft, unit: Unit, now: Now): void {
  const job = giveUp(draft, unit, now)
  const { spec } = unit
  if (job === null || spec.schedule === null || !unit.isDeclared || draft.state.mode.kind !== 'running') return
  if (job.doneWallMs - now.wallMs > clockBackMsMax) {
    const trustedWallMs = Math.max(job.trustedWallMs, job.doneWallMs)
    putUnit(draft, { ...unit, job: { ...askedAgain(job, now.wallMs), trustedWallMs } })
  } else if (job.dueWallMs !== null && job.dueWallMs <= now.wallMs) {
    fire(draft, unit, { job, schedule: spec.schedule, dueWallMs: job.dueWallMs }, now)
  }
}

/** Its process has ended and none will follow, by whatever changed meanwhile: what was still to come of it does not. */
function giveUp(draft: Draft, unit: Unit, now: Now): Job | null {
  const { job, run, want, phase, after, reason } = unit
  const isOver = run === null || run.role === 'post'
  const isToCome = want.kind !== 'down' && isJob(unit) && phase !== 'ended' && phase !== 'failed'
  if (job === null || !isOver || isToCome) return job
  const ended = over(job, { kind: 'requested', exit: null }, reason, now)
  // What was queued behind a post_stop hook follows it.
  const given = ended.isQueued && after === null ? { ...ended, isQueued: false } : ended
  if (given !== job) putUnit(draft, { ...unit, job: given })
  return given
}

interface Due {
  readonly job: Job
  readonly schedule: Schedule
  readonly dueWallMs: number
}

function fire(draft: Draft, unit: Unit, { job, schedule, dueWallMs }: Due, now: Now): void {
  const lateMs = now.wallMs - dueWallMs
  const isLate = lateMs > scheduleGraceMs
  const isRight = job.trustedWallMs - now.wallMs <= (lateMs > clockBackMsMax ? clockBackMsMax : 0)
  if (isLate && job.trustedWallMs > dueWallMs && isRight) {
    // The clock was far behind and is right again: only what came after the time it had before can have been missed.
    putUnit(draft, { ...unit, job: { ...askedAgain(job, job.trustedWallMs), trustedWallMs: 0 } })
    return
  }
  const asked = askedAgain(job, Math.max(now.wallMs, dueWallMs))
  if (isLate && dueWallMs < clockBelievableWallMs) {
    putUnit(draft, { ...unit, job: asked })
  } else if (isLate && schedule.missed === 'skip') {
    const message = `was due ${durationText(lateMs)} ago, when nobody could start it`
    putUnit(draft, { ...unit, job: note(asked, { outcome: 'missed', dueWallMs, message }, now) })
  } else {
    trigger(draft, { ...unit, job: asked }, { job: asked, schedule, dueWallMs }, now)
  }
}

/** Everything up to `doneWallMs` is dealt with; when is it due next? */
function askedAgain(job: Job, doneWallMs: number): Job {
  return { ...job, doneWallMs, due: 'unknown', asked: null, dueWallMs: null }
}

function trigger(draft: Draft, unit: Unit, { job, schedule, dueWallMs }: Due, now: Now): void {
  const isOver = unit.phase === 'ended' || unit.phase === 'failed'
  const isBusy = (unit.want.kind !== 'down' && !isOver) || unit.run !== null || unit.phase === 'finishing'
  if (!isBusy) {
    onceMore(draft, unit, { by: { kind: 'schedule' }, dueWallMs }, now)
    return
  }
  const isReplaced = schedule.overlap === 'replace' && unit.run !== null && unit.run.role !== 'post'
  if (schedule.overlap === 'skip' || (job.isQueued && !isReplaced)) {
    const message = job.isQueued ? 'one run is queued already' : 'the run before had not ended'
    putUnit(draft, { ...unit, job: note(job, { outcome: 'skipped', dueWallMs, message }, now) })
    return
  }
  const queued: Unit = { ...unit, job: { ...job, isQueued: true } }
  if (!isReplaced || unit.run === null) putUnit(draft, queued)
  else putUnit(draft, { ...queued, endRunsUpTo: unit.run.n, endRunsWhy: 'replaced by the next run of its schedule' })
}

// ---- its runs ------------------------------------------------------------------------------------------------

/** Wanted for one run, which is written down from now on. What rests is made ready to start. */
export function onceMore(
  draft: Draft,
  unit: Unit,
  cause: { readonly by: Who; readonly dueWallMs: number | null },
  now: Now,
): void {
  const why = cause.by.kind === 'schedule' ? 'its schedule' : `one run asked for by ${whoText(cause.by)}`
  const wanted: Unit = {
    ...unit,
    ...freshCounters,
    stoppedBy: null,
    want: onceWant(unit.want, cause.by),
    job: { ...opened(unit.job ?? noJob, cause, now), isQueued: false },
  }
  if (unit.phase === 'idle') putUnit(draft, { ...wanted, reason: why })
  else if (unit.after !== null) putUnit(draft, { ...wanted, after: { phase: 'idle', retryBootMs: null, why } })
  else enterPhase(draft, wanted, 'idle', now, { why })
}

/**
 * A run of it was found that its schedule began while nothing could be stored: it is let run to its end, written down, and
 * stands for every time up to now.
 */
export function withFoundJob(draft: Draft, unit: Unit, run: number, now: Now): Unit {
  const { job, spec, want } = unit
  const isFollowed = spec.schedule !== null && unit.isDeclared && draft.state.mode.kind !== 'stopping'
  if (job === null || !isFollowed || want.kind !== 'down') return unit
  const by: Who = { kind: 'schedule' }
  const dealt = { ...askedAgain(job, Math.max(job.doneWallMs, now.wallMs)), isQueued: false }
  const begun = { ...unit, want: onceWant(want, by), job: opened(dealt, { by, dueWallMs: null }, now) }
  return { ...begun, job: jobBegins(begun, run, now) }
}

function opened(job: Job, cause: Pick<JobRun, 'by' | 'dueWallMs'>, now: Now): Job {
  const entry: JobRun = {
    ...cause,
    run: null,
    startedWallMs: now.wallMs,
    endedWallMs: null,
    outcome: 'running',
    exit: null,
    message: '',
  }
  const { history } = over(job, { kind: 'requested', exit: null }, 'another run was asked for', now)
  return { ...job, history: [...history, entry].slice(-jobRunsKept) }
}

function note(job: Job, entry: Pick<JobRun, 'outcome' | 'dueWallMs' | 'message'>, now: Now): Job {
  const noted: JobRun = {
    ...entry,
    run: null,
    by: { kind: 'schedule' },
    startedWallMs: now.wallMs,
    endedWallMs: now.wallMs,
    exit: null,
  }
  // The entry of the run under way stays the last one.
  const running = job.history.at(-1)?.outcome === 'running' ? job.history.slice(-1) : []
  const over = running.length === 0 ? job.history : job.history.slice(0, -1)
  return { ...job, history: [...over, noted, ...running].slice(-jobRunsKept) }
}

/** A run of it begins: the entry under way gets its number, a service that runs once gets an entry. */
export function jobBegins(unit: Unit, run: number, now: Now): Job | null {
  if (!isJob(unit)) return unit.job
  const isOpen = unit.job?.history.at(-1)?.outcome === 'running'
  const job =
    isOpen && unit.job !== null ? unit.job : opened(unit.job ?? noJob, { by: unit.want.by, dueWallMs: null }, now)
  return { ...job, history: [...job.history.slice(0, -1), { ...job.history.at(-1)!, run }] }
}

/** It has come to its end, or is not wanted any more: nothing follows by itself. */
export function jobEnds(unit: Unit, end: Pick<End, 'kind' | 'exit'>, message: string, now: Now): Job | null {
  const { spec } = unit
  // What runs once since it was started has no entry, and has a success.
  const job = unit.job ?? (spec.once === null ? null : noJob)
  if (job === null) return null
  // What it was run as, which may be declared otherwise since.
  const runHash = unit.run?.runHash ?? spec.runHash
  const done = end.kind === 'expected' && spec.once !== null ? { runHash, bootId: now.bootId } : job.done
  return { ...over(job, end, message, now), done }
}

/** What is open in its history is over. */
function over(job: Job, { kind, exit }: Pick<End, 'kind' | 'exit'>, message: string, now: Now): Job {
  const last = job.history.at(-1)
  if (last?.outcome !== 'running') return job
  const ended: JobRun = { ...last, endedWallMs: now.wallMs, outcome: kind, exit, message }
  return { ...job, history: [...job.history.slice(0, -1), ended] }
}
