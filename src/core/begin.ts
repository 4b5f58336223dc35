import { beginEngineStep } from './containers/begin.ts'
import { closeDraft, type Draft, enterPhase, openDraft, putUnit, removeUnit, unitsOf } from './draft.ts'
import type { Change, Now, Phase, Role, Run, State, Step, Unit } from './model.ts'
import { beginProbe } from './unit/health.ts'
import { beginSchedule, jobBegins } from './unit/job.ts'
import { ladderOf, rungAt, rungName } from './unit/ladder.ts'

/** The steps are in flight: what is stored before they leave. */
export function begin(state: State, steps: readonly Step[], now: Now): Change {
  const draft = openDraft(state)
  beginInto(draft, steps, now)
  return closeDraft(draft, state)
}

export function beginInto(draft: Draft, steps: readonly Step[], now: Now): void {
  for (const step of steps) beginStep(draft, step, now)
}

function beginStep(draft: Draft, step: Step, now: Now): void {
  switch (step.kind) {
    case 'observe':
      draft.state = { ...draft.state, observe: { why: step.why, inFlight: true } }
      return
    case 'forget':
      removeUnit(draft, step.unit)
      return
    case 'spawn':
      beginRun(draft, step, now)
      return
    case 'signal':
      beginSignal(draft, step, now)
      return
    case 'probe': {
      const unit = unitsOf(draft).get(step.unit)
      if (unit !== undefined) beginProbe(draft, unit, step, now)
      return
    }
    case 'schedule': {
      const unit = unitsOf(draft).get(step.unit)
      if (unit !== undefined) beginSchedule(draft, unit, now)
      return
    }
    case 'start-container':
      beginEngineStep(draft, step, now)
      beginRun(draft, { ...step, role: 'main', run: draft.state.nextRun, attempt: draft.state.nextRun }, now, {
        isContained: true,
      })
      return
    default:
      beginEngineStep(draft, step, now)
  }
}

function beginRun(
  draft: Draft,
  step: Pick<Extract<Step, { kind: 'spawn' }>, 'unit' | 'run' | 'role' | 'attempt' | 'why'>,
  now: Now,
  of: Pick<Run, 'isContained'> = {},
): void {
  const unit = unitsOf(draft).get(step.unit)
  if (unit === undefined) return
  const run: Run = {
    ...of,
    n: step.run,
    role: step.role,
    runHash: unit.spec.runHash,
    startedBootMs: now.bootMs,
    identity: null,
    isAdopted: false,
    isPaused: false,
    isStable: false,
    gotTerm: false,
    shortfalls: [],
  }
  draft.state = { ...draft.state, nextRun: Math.max(draft.state.nextRun, step.run + 1) }
  const isRestart = unit.phase === 'backoff'
  enterPhase(draft, unit, beginningPhase[step.role], now, {
    why: step.why,
    run,
    attempt: step.attempt,
    lastRun: step.run,
    after: unit.after,
    job: step.role === 'post' ? unit.job : jobBegins(unit, step.run, now),
    restarts: unit.restarts + (isRestart ? 1 : 0),
    restartTimesBootMs: isRestart ? remembered(unit, now) : unit.restartTimesBootMs,
  })
}

const beginningPhase: Readonly<Record<Role, Phase>> = { pre: 'preparing', main: 'starting', post: 'finishing' }

/** Only as many restart times as a windowed budget can ask about. */
function remembered(unit: Unit, now: Now): readonly number[] {
  const budget = unit.spec.restart.budget
  if (budget === null || budget.windowMs === null) return []
  return [...unit.restartTimesBootMs, now.bootMs].slice(-Math.max(1, budget.restartsMax))
}

type SignalStep = Extract<Step, { kind: 'signal' }>

function beginSignal(draft: Draft, step: SignalStep, now: Now): void {
  const unit = unitsOf(draft).get(step.unit)
  if (unit === undefined) return
  switch (step.purpose) {
    case 'wake':
      return
    case 'asked':
      putUnit(draft, { ...unit, run: afterSignal(unit, step), signals: unit.signals.slice(1) })
      return
    case 'ladder':
      climb(draft, unit, step, now)
      return
  }
}

function climb(draft: Draft, unit: Unit, step: SignalStep, now: Now): void {
  const { why, isForGood = false } = step
  const isGoingOn = unit.stop !== null && unit.stop.isForGood === isForGood
  const rung = isGoingOn ? (unit.stop?.rung ?? 0) : 0
  const sent = rungAt(unit, { rung, isForGood })
  const isLast = rung >= ladderOf(unit, isForGood).length - 1
  // Only a kill is worth repeating: whoever ignored a milder signal once will ignore it again.
  const dueBootMs = isLast && sent.signal !== 'KILL' ? null : now.bootMs + sent.waitMs
  const stop = { rung: rung + 1, dueBootMs, why, isForGood }
  const kept = { after: unit.after, condemned: unit.condemned }
  const told = `${rungName(sent)} sent`
  const run = afterSignal(unit, step)
  if (unit.phase !== 'stopping')
    enterPhase(draft, unit, 'stopping', now, { ...kept, run, stop, why: `${why}: ${told}` })
  else {
    const isNext = isGoingOn && rung > 0 && rung < ladderOf(unit, isForGood).length
    const isAtOnce = isNext && rungAt(unit, { rung: rung - 1, isForGood }).waitMs === 0
    putUnit(draft, {
      ...unit,
      run,
      stop,
      reason: isAtOnce ? `${unit.reason}, ${told}` : `${why}: still there, ${told}`,
    })
  }
}

/** Whether a signal is sent that a script is asked about first, is told by its outcome. */
function afterSignal({ run }: Unit, { signal, script }: SignalStep): Run | null {
  return run === null || signal !== 'TERM' || script !== undefined ? run : { ...run, gotTerm: true }
}
