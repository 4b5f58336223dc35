import { isDeepStrictEqual } from 'node:util'
import { type Explanation, explain } from '../../src/core/explain.ts'
import { signalsPerUnitMax, spawnsPerTurnMax } from '../../src/core/limits.ts'
import type { Now, State, Transition, Unit } from '../../src/core/model.ts'
import { plan } from '../../src/core/plan.ts'
import { revive, type Stored, storedUnit } from '../../src/core/revive.ts'
import type { World } from '../../src/drivers/fake/world.ts'
import type { Snapshot } from '../../src/engine/ports.ts'
import { unitList } from '../../src/frontends/native/units.ts'
import { hold } from './violation.ts'

/** What must hold after every turn, whatever goes wrong. Each is its own function, named after the claim. */
export function checkState(state: State, now: Now, world: World): readonly Explanation[] {
  let starting = 0
  for (const unit of state.units.values()) {
    factsFitThePhase(unit, now)
    queuesAreBounded(unit)
    budgetMemoryIsBounded(unit)
    whatMustEndIsEnding(state, unit)
    if (unit.phase === 'starting') starting += 1
  }
  hold(starting <= spawnsPerTurnMax, 'every queue within its limit', () => `${starting} spawns under way`)
  everyProcessIsHeld(state, world)
  quietAfterATurn(state, now)
  const explanations = explain(state, now)
  for (const explanation of explanations) isExplained(state, explanation)
  return explanations
}

function factsFitThePhase(unit: Unit, now: Now): void {
  const name = 'the facts of a unit fit its phase'
  const { phase, run } = unit
  const mayHaveRun = phase === 'starting' || phase === 'up' || phase === 'stopping' || phase === 'unresolved'
  hold(mayHaveRun === (run !== null), name, () => `${unit.id}: ${phase} with run ${run?.n ?? 'none'}`)
  if (phase === 'up' || phase === 'stopping')
    hold(run?.identity != null, name, () => `${unit.id}: ${phase} without a process`)
  hold(
    (phase === 'stopping') === (unit.stop !== null),
    name,
    () => `${unit.id}: ${phase}, ladder ${JSON.stringify(unit.stop)}`,
  )
  hold(
    (phase === 'backoff') === (unit.retryBootMs !== null),
    name,
    () => `${unit.id}: ${phase}, retry at ${unit.retryBootMs}`,
  )
  const isLate = unit.stop?.dueBootMs != null && unit.stop.dueBootMs <= now.bootMs
  hold(!isLate, name, () => `${unit.id}: the next rung was due at ${unit.stop?.dueBootMs} and was not sent`)
  hold(unit.reason !== '', name, () => `${unit.id}: no reason`)
}

function queuesAreBounded(unit: Unit): void {
  hold(
    unit.signals.length <= signalsPerUnitMax,
    'every queue within its limit',
    () => `${unit.id}: ${unit.signals.length} signals`,
  )
}

function budgetMemoryIsBounded(unit: Unit): void {
  const most = Math.max(1, unit.spec.restart.budget?.restartsMax ?? 0, unit.restartTimesBootMs.length > 5 ? 0 : 5)
  hold(
    unit.restartTimesBootMs.length <= most,
    'every queue within its limit',
    () => `${unit.id}: ${unit.restartTimesBootMs.length} restart times`,
  )
}

/** Wanted down and alive: told to end, or waiting for one that has to end first. */
function whatMustEndIsEnding(state: State, unit: Unit): void {
  if (unit.phase !== 'up' || !hasToEnd(state, unit)) return
  const isEnding = state.mode.kind === 'stopping'
  for (const other of state.units.values()) {
    if (other === unit || !hasToEnd(state, other) || other.phase === 'unresolved') continue
    if (other.app === unit.app && other.spec.dependsOn.some((edge) => edge.service === unit.service)) return
    if (isEnding && other.spec.priority > unit.spec.priority) return
  }
  hold(
    false,
    'what must end is told to',
    () => `${unit.id} is up, must end (${unit.endRunsWhy || unit.want.kind}) and waits for nobody`,
  )
}

function hasToEnd(state: State, unit: Unit): boolean {
  if (unit.run === null) return false
  return (
    state.mode.kind === 'stopping' || !unit.isDeclared || unit.want.kind === 'down' || unit.run.n <= unit.endRunsUpTo
  )
}

/** No process of ours runs that its unit does not know. */
function everyProcessIsHeld(state: State, world: World): void {
  for (const process of world.processes.values()) {
    if (process.isImpostor) continue
    const isHeld = state.units.get(process.unit)?.run?.n === process.run
    const isFound = !isHeld && state.found.some((found) => found.unit === process.unit && found.run === process.run)
    hold(
      isHeld || isFound,
      'every process is held by its unit',
      () => `pid ${process.identity.pid} of ${process.unit} run ${process.run}`,
    )
  }
}

/** What a turn began it does not plan again. */
function quietAfterATurn(state: State, now: Now): void {
  for (const step of plan(state, now)) {
    const isQueued = step.kind === 'signal' && step.purpose === 'asked'
    hold(
      isQueued,
      'a turn leaves nothing to do',
      () => `right after the turn: ${step.kind} ${'unit' in step ? step.unit : ''} (${step.why})`,
    )
  }
}

function isExplained(state: State, told: Explanation): void {
  const name = 'every unit not at target is explained'
  const unit = state.units.get(told.unit)!
  hold(told.why !== '' && told.next !== '', name, () => `${told.unit}: ${JSON.stringify(told)}`)
  if (told.isAtTarget)
    hold(isWhereItBelongs(state, unit), name, () => `${told.unit} is ${unit.phase} and said to be at target`)
}

function isWhereItBelongs(state: State, unit: Unit): boolean {
  const isWanted = state.mode.kind !== 'stopping' && unit.isDeclared && unit.want.kind !== 'down'
  if (!isWanted) return unit.run === null
  return (unit.phase === 'up' && !hasToEnd(state, unit)) || (unit.phase === 'ended' && unit.end.kind === 'expected')
}

/** Every snapshot can be told by every frontend. */
export function encodes(snapshot: Snapshot): void {
  const { items } = unitList(snapshot, null)
  hold(items.length === snapshot.state.units.size, 'every snapshot can be encoded', () => `${items.length} items`)
}

export function checkTransitions(fresh: readonly Transition[], after: number): number {
  let seq = after
  for (const transition of fresh) {
    seq += 1
    hold(transition.seq === seq, 'transitions have no holes', () => `${transition.seq} after ${seq - 1}`)
  }
  return seq
}

/** What was stored gives, on the same boot, the state it was stored from. */
export function storedFormRoundTrips(state: State, stored: Stored | null, now: Now): void {
  const name = 'the stored form round-trips'
  const revived = revive(stored === null ? null : JSON.parse(JSON.stringify(stored)), now)
  hold(isDeepStrictEqual(revived.target, state.target), name, () => 'the target differs')
  hold(revived.nextRun >= state.nextRun, name, () => `next run ${revived.nextRun}, used up to ${state.nextRun}`)
  for (const unit of state.units.values()) {
    const again = revived.units.get(unit.id)
    // A unit that nothing declares any more and that has nothing left is about to be forgotten.
    if (again === undefined && !unit.isDeclared && unit.run === null) continue
    const isSame = again !== undefined && isDeepStrictEqual(storedUnit(again), storedUnit(unit))
    hold(isSame, name, () => `${unit.id}: ${JSON.stringify(again)} instead of ${JSON.stringify(unit)}`)
    const isSameWish = !unit.isDeclared || isDeepStrictEqual(again.want, unit.want)
    hold(
      isSameWish,
      name,
      () => `${unit.id}: wish ${JSON.stringify(again.want)} instead of ${JSON.stringify(unit.want)}`,
    )
  }
  for (const id of revived.units.keys()) hold(state.units.has(id), name, () => `${id} was forgotten and is back`)
}

export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  Object.freeze(value)
  if (value instanceof Map) for (const one of value.values()) deepFreeze(one)
  else for (const one of Object.values(value)) deepFreeze(one)
  return value
}
