import { hashData } from '../base/hash.ts'
import { type Draft, enterPhase, putUnit, unitsOf } from './draft.ts'
import { signalsPerUnitMax } from './limits.ts'
import type { Command, Now, Target, Unit, UnitId, UnitSpec, Want, Who } from './model.ts'
import { rungAt } from './plan.ts'
import { unitParts, unitSpecs } from './target/units.ts'
import { whoText } from './text.ts'
import { adoptDeclared } from './unit/found.ts'
import { isWantedUp } from './unit/wish.ts'

/** Folds in what somebody asked for. Changes wishes only; what follows from them is planned later. */
export function applyCommand(draft: Draft, command: Command, now: Now): void {
  switch (command.kind) {
    case 'set-target':
      setTarget(draft, command.target, now)
      return
    case 'start':
      for (const unit of chosen(draft, command.units)) start(draft, unit, command.by, now)
      return
    case 'stop':
      for (const unit of chosen(draft, command.units)) stop(draft, unit, command.by, now)
      return
    case 'restart':
      for (const unit of restartingDependants(draft, command.units)) replaceRun(draft, unit, command.by)
      for (const unit of chosen(draft, command.units)) restart(draft, unit, command.by, now)
      return
    case 'signal':
      for (const unit of chosen(draft, command.units)) askSignal(draft, unit, command.signal)
      return
    case 'shutdown':
      shutdown(draft, command, now)
      return
  }
}

function chosen(draft: Draft, ids: readonly UnitId[]): readonly Unit[] {
  const units = unitsOf(draft)
  return ids.flatMap((id) => units.get(id) ?? [])
}

// ---- what is declared ----------------------------------------------------------------------------------------

function setTarget(draft: Draft, target: Target, now: Now): void {
  const before = unitsOf(draft)
  const specs = unitSpecs(target)
  const mode = draft.state.mode.kind === 'held' ? { kind: 'running' as const } : draft.state.mode
  draft.state = { ...draft.state, target, mode }
  draft.units = new Map()
  for (const [id, spec] of specs) {
    const known = before.get(id)
    if (known === undefined) putUnit(draft, newUnit(id, spec, now))
    else declareAgain(draft, known, spec, now)
  }
  for (const unit of before.values()) {
    if (specs.has(unit.id)) continue
    if (unit.isDeclared) putUnit(draft, { ...unit, isDeclared: false })
    else draft.units.set(unit.id, unit)
  }
  adoptDeclared(draft, now)
}

/** A unit that was never there before, wanted as declared. */
export function newUnit(id: UnitId, spec: UnitSpec, now: Now): Unit {
  return {
    ...unitParts(id),
    id,
    spec,
    isDeclared: true,
    want: declaredWant(spec),
    phase: 'idle',
    sinceBootMs: now.bootMs,
    sinceWallMs: now.wallMs,
    reason: 'declared',
    run: null,
    stop: null,
    retryBootMs: null,
    end: { kind: 'never', run: null, exit: null, message: '', atWallMs: null },
    earlyExits: 0,
    restartTimesBootMs: [],
    restarts: 0,
    endRunsUpTo: 0,
    endRunsWhy: '',
    signals: [],
  }
}

export function declaredWant(spec: UnitSpec): Want {
  return { kind: spec.autostart ? 'up' : 'down', by: { kind: 'declared' } }
}

function declareAgain(draft: Draft, unit: Unit, spec: UnitSpec, now: Now): void {
  const want = unit.want.by.kind === 'declared' ? declaredWant(spec) : unit.want
  const isSame = unit.isDeclared && unit.want.kind === want.kind && unit.spec.runHash === spec.runHash
  const declared: Unit = { ...unit, spec, want, isDeclared: true, stop: ladderUnderWay(unit, spec, now) }
  const why = 'its configuration changed'
  if (unit.run !== null && unit.run.runHash !== spec.runHash) {
    putUnit(draft, { ...declared, endRunsUpTo: unit.run.n, endRunsWhy: why })
  } else if (!isSame && isAtRest(unit)) {
    enterPhase(draft, declared, 'idle', now, { ...freshCounters, why })
  } else {
    putUnit(draft, declared)
  }
}

/** A ladder that was over and has changed goes on: its new rungs may end what the old ones did not. */
function ladderUnderWay(unit: Unit, spec: UnitSpec, now: Now): Unit['stop'] {
  const { stop } = unit
  if (stop === null || stop.dueBootMs !== null || hashData(unit.spec.stop) === hashData(spec.stop)) return stop
  const { waitMs } = rungAt(unit, stop.rung) // past the end: the one that was sent last
  return { ...stop, dueBootMs: now.bootMs + waitMs }
}

function isAtRest(unit: Unit): boolean {
  return unit.phase === 'ended' || unit.phase === 'failed' || unit.phase === 'backoff'
}

const freshCounters = { earlyExits: 0, restarts: 0, restartTimesBootMs: [] } as const

// ---- what somebody wishes --------------------------------------------------------------------------------------

/** A wish equal to the declared one is not kept as the user's: there is nothing to remember. */
function wished(unit: Unit, kind: Want['kind'], by: Who): Want {
  const declared = declaredWant(unit.spec)
  return declared.kind === kind ? declared : { kind, by }
}

function start(draft: Draft, unit: Unit, by: Who, now: Now): void {
  const wanted: Unit = { ...unit, ...freshCounters, want: wished(unit, 'up', by) }
  const why = `started by ${whoText(by)}`
  if (isAtRest(unit)) {
    enterPhase(draft, wanted, 'idle', now, { why })
    return
  }
  const isWaiting = unit.phase === 'idle' || unit.phase === 'stopping'
  putUnit(draft, isWaiting ? { ...wanted, reason: why } : wanted)
  doubt(draft, unit, why)
}

function stop(draft: Draft, unit: Unit, by: Who, now: Now): void {
  const wanted: Unit = { ...unit, want: wished(unit, 'down', by) }
  const why = `stopped by ${whoText(by)}`
  if (isAtRest(unit)) {
    enterPhase(draft, wanted, 'idle', now, { ...freshCounters, why })
    return
  }
  putUnit(draft, { ...wanted, reason: unit.run === null ? why : unit.reason })
  doubt(draft, unit, why)
}

function restart(draft: Draft, unit: Unit, by: Who, now: Now): void {
  start(draft, unit, by, now)
  replaceRun(draft, unitsOf(draft).get(unit.id) ?? unit, by)
}

/** The run ends and is followed by another; whoever was not named keeps their wish and counters. */
function replaceRun(draft: Draft, unit: Unit, by: Who): void {
  if (unit.run === null) return
  putUnit(draft, { ...unit, endRunsUpTo: unit.run.n, endRunsWhy: `restarted by ${whoText(by)}` })
}

/** A unit nobody could tell apart is looked at again when somebody asks something of it. */
function doubt(draft: Draft, unit: Unit, why: string): void {
  if (unit.phase === 'unresolved') draft.state = { ...draft.state, observe: { why, inFlight: false } }
}

function restartingDependants(draft: Draft, ids: readonly UnitId[]): readonly Unit[] {
  const services = new Set(chosen(draft, ids).map((unit) => `${unit.app}/${unit.service}`))
  return [...unitsOf(draft).values()].filter(
    (unit) =>
      isWantedUp(draft.state, unit) &&
      !ids.includes(unit.id) &&
      unit.spec.dependsOn.some((edge) => edge.restart && services.has(`${unit.app}/${edge.service}`)),
  )
}

function askSignal(draft: Draft, unit: Unit, signal: string): void {
  if (unit.run === null || unit.signals.length >= signalsPerUnitMax) return
  putUnit(draft, { ...unit, signals: [...unit.signals, signal] })
}

function shutdown(draft: Draft, command: Extract<Command, { kind: 'shutdown' }>, now: Now): void {
  if (draft.state.mode.kind === 'stopping') return
  draft.state = { ...draft.state, mode: { kind: 'stopping', by: command.by, why: command.why } }
  for (const unit of [...unitsOf(draft).values()]) {
    const isStopOver = unit.spec.manualStop === 'until-daemon-restart' && unit.want.by.kind !== 'declared'
    const kept: Unit = isStopOver ? { ...unit, want: declaredWant(unit.spec) } : unit
    // Whoever starts the daemon again on purpose wants what is declared, jobs and what gave up included.
    const isOver = unit.phase === 'ended' || unit.phase === 'failed' || (isStopOver && unit.phase === 'backoff')
    if (isOver) enterPhase(draft, kept, 'idle', now, { ...freshCounters, why: 'the daemon was ended' })
    else if (isStopOver) putUnit(draft, kept)
  }
}
