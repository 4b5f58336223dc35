import { spawnsPerTurnMax } from './limits.ts'
import type { Now, Run, State, Step, StopRung, Unit } from './model.ts'
import { exitText } from './text.ts'
import { hindrance, indexServices, isWantedUp, mustEnd, type ServiceIndex, stopBlockers } from './unit/wish.ts'

/** The next safe steps, from the whole state. Asking twice gives the same answer. */
export function plan(state: State, now: Now): readonly Step[] {
  const steps: Step[] = []
  planStarts(steps, state, now)
  planEnds(steps, state, now)
  if (state.observe !== null && !state.observe.inFlight) steps.push({ kind: 'observe', why: state.observe.why })
  return steps
}

function planStarts(steps: Step[], state: State, now: Now): void {
  const startable: Unit[] = []
  let underWay = 0
  for (const unit of state.units.values()) {
    if (unit.phase === 'starting') underWay += 1
    else if (isDueToStart(unit, now) && isWantedUp(state, unit)) startable.push(unit)
  }
  const needsOrder = startable.some((unit) => unit.spec.priority !== startable[0]?.spec.priority)
  if (needsOrder) startable.sort((a, b) => a.spec.priority - b.spec.priority)
  let index: ServiceIndex | null = null
  let run = state.nextRun
  for (const unit of startable) {
    if (underWay >= spawnsPerTurnMax) return
    if (unit.spec.dependsOn.length > 0) {
      index ??= indexServices(state)
      if (hindrance(state, index, unit) !== null) continue
    }
    steps.push({ kind: 'spawn', unit: unit.id, run, spec: unit.spec, why: startWhy(unit) })
    run += 1
    underWay += 1
  }
}

/** Nothing runs, and nothing but a dependency may hold a start back. */
function isDueToStart(unit: Unit, now: Now): boolean {
  if (unit.phase === 'backoff') return unit.retryBootMs === null || unit.retryBootMs <= now.bootMs
  return unit.phase === 'idle'
}

function startWhy(unit: Unit): string {
  if (unit.phase !== 'backoff') return unit.reason
  return `restart after ${unit.end.exit === null ? unit.end.message : exitText(unit.end.exit)}`
}

function planEnds(steps: Step[], state: State, now: Now): void {
  let blockers: ReturnType<typeof stopBlockers> | null = null
  for (const unit of state.units.values()) {
    if (unit.run === null) {
      if (!unit.isDeclared) steps.push({ kind: 'forget', unit: unit.id, why: 'no longer declared' })
      continue
    }
    if (unit.run.identity === null || unit.phase === 'unresolved') continue
    const asked = unit.signals[0]
    if (asked !== undefined) steps.push(askedSignal(unit, unit.run, asked))
    if (unit.phase === 'up' && mustEnd(state, unit)) {
      blockers ??= stopBlockers(state)
      if (blockers.blocks(unit) === null) pushRung(steps, unit, unit.run, 0, endWhy(state, unit))
    } else if (unit.stop?.dueBootMs != null && unit.stop.dueBootMs <= now.bootMs) {
      pushRung(steps, unit, unit.run, unit.stop.rung, unit.stop.why)
    }
  }
}

function endWhy(state: State, unit: Unit): string {
  if (state.mode.kind === 'stopping') return state.mode.why
  if (!unit.isDeclared) return 'no longer declared'
  if (unit.want.kind !== 'down') return unit.endRunsWhy
  return unit.want.by.kind === 'user'
    ? `stopped by ${unit.want.by.name} (uid ${unit.want.by.uid})`
    : 'not to be started'
}

function askedSignal(unit: Unit, run: Run, signal: string): Step {
  const why = 'asked for'
  return { kind: 'signal', unit: unit.id, run: run.n, signal, scope: 'main', purpose: 'asked', why }
}

function pushRung(steps: Step[], unit: Unit, run: Run, rung: number, why: string): void {
  const { signal, scope } = rungAt(unit, rung)
  steps.push({ kind: 'signal', unit: unit.id, run: run.n, signal, scope, purpose: 'ladder', why })
  if (run.isPaused && signal !== 'KILL') {
    const wake = 'paused, it could not act on the signal'
    steps.push({ kind: 'signal', unit: unit.id, run: run.n, signal: 'CONT', scope, purpose: 'wake', why: wake })
  }
}

/** The rung with this number; past the end the last one again. */
export function rungAt(unit: Unit, rung: number): StopRung {
  const ladder = unit.spec.stop
  return ladder[Math.min(rung, ladder.length - 1)] ?? { signal: 'TERM', scope: 'main', waitMs: 10_000 }
}
