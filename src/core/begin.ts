import { closeDraft, type Draft, enterPhase, openDraft, putUnit, removeUnit, unitsOf } from './draft.ts'
import type { Change, Now, Phase, Role, Run, State, Step, Unit } from './model.ts'
import { rungAt } from './plan.ts'
import { beginProbe } from './unit/health.ts'
import { beginSchedule, jobBegins } from './unit/job.ts'

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
      beginSpawn(draft, step, now)
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
  }
}

function beginSpawn(draft: Draft, step: Extract<Step, { kind: 'spawn' }>, now: Now): void {
  const unit = unitsOf(draft).get(step.unit)
  if (unit === undefined) return
  const run: Run = {
    n: step.run,
    role: step.role,
    runHash: step.spec.runHash,
    startedBootMs: now.bootMs,
    identity: null,
    isAdopted: false,
    isPaused: false,
    isStable: false,
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

function beginSignal(draft: Draft, step: Extract<Step, { kind: 'signal' }>, now: Now): void {
  const unit = unitsOf(draft).get(step.unit)
  if (unit === undefined) return
  switch (step.purpose) {
    case 'wake':
      return
    case 'asked':
      putUnit(draft, { ...unit, signals: unit.signals.slice(1) })
      return
    case 'ladder':
      climb(draft, unit, step.why, now)
      return
  }
}

function climb(draft: Draft, unit: Unit, why: string, now: Now): void {
  const rung = unit.stop?.rung ?? 0
  const sent = rungAt(unit, rung)
  const isLast = rung >= unit.spec.stop.length - 1
  // Only a kill is worth repeating: whoever ignored a milder signal once will ignore it again.
  const dueBootMs = isLast && sent.signal !== 'KILL' ? null : now.bootMs + sent.waitMs
  const stop = { rung: rung + 1, dueBootMs, why }
  const kept = { after: unit.after, condemned: unit.condemned }
  if (unit.phase !== 'stopping')
    enterPhase(draft, unit, 'stopping', now, { ...kept, stop, why: `${why}: SIG${sent.signal} sent` })
  else putUnit(draft, { ...unit, stop, reason: `${why}: still there, SIG${sent.signal} sent` })
}
