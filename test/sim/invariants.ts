import { isDeepStrictEqual } from 'node:util'
import { isHandingOver } from '../../src/core/containers/handing-over.ts'
import { type Explanation, explain } from '../../src/core/explain.ts'
import { probeResultsKept, probesMax, signalsPerUnitMax, spawnsPerTurnMax } from '../../src/core/limits.ts'
import type { Now, Phase, Role, State, Transition, Unit } from '../../src/core/model.ts'
import { plan } from '../../src/core/plan.ts'
import { revive, type Stored, storedJob, storedUnit } from '../../src/core/revive.ts'
import { talkedBefore } from '../../src/core/unit/talked.ts'
import { isLeft } from '../../src/core/unit/wish.ts'
import type { World } from '../../src/drivers/fake/world.ts'
import type { Snapshot } from '../../src/engine/ports.ts'
import { unitList } from '../../src/frontends/native/units.ts'
import { isContainer } from './scene.ts'
import { hold } from './violation.ts'

/** What must hold after every turn, whatever goes wrong. Each is its own function, named after the claim. */
export function checkState(before: State, state: State, now: Now, world: World): readonly Explanation[] {
  let starting = 0
  for (const unit of state.units.values()) {
    factsFitThePhase(state, unit, now)
    queuesAreBounded(unit)
    budgetMemoryIsBounded(unit)
    whatMustEndIsEnding(state, unit)
    climbsItsOwnLadder(state, unit)
    if (unit.phase === 'starting') starting += 1
  }
  hold(starting <= spawnsPerTurnMax, 'every queue within its limit', () => `${starting} spawns under way`)
  everyProcessIsHeld(state, world)
  quietAfterATurn(before, state, now)
  const explanations = explain(state, now)
  for (const explanation of explanations) isExplained(state, explanation)
  return explanations
}

function factsFitThePhase(state: State, unit: Unit, now: Now): void {
  const name = 'the facts of a unit fit its phase'
  const { phase, run } = unit
  const roles = rolesIn[phase]
  const isRight = roles.length === 0 ? run === null : run !== null && roles.includes(run.role)
  const isBetween = run === null && (phase === 'preparing' || phase === 'finishing')
  hold(isRight || isBetween, name, () => `${unit.id}: ${phase} with ${run?.role ?? 'no'} run ${run?.n ?? ''}`)
  if (phase === 'up' || phase === 'stopping')
    hold(run?.identity != null, name, () => `${unit.id}: ${phase} without a process`)
  const isAfter = unit.after === null || phase === 'finishing' || run?.role === 'post'
  hold(isAfter, name, () => `${unit.id}: ${phase}, and after it ${JSON.stringify(unit.after)}`)
  hold(unit.condemned === null || run !== null, name, () => `${unit.id}: ${phase} and condemned (${unit.condemned})`)
  const { readiness, liveness } = unit.spec.checks
  const isChecked = phase === 'up' && (readiness !== null || liveness !== null)
  // Of a container the engine's own checks may tell it too.
  const isTold = isContainer(unit) && phase === 'up' && unit.health !== null
  hold(
    isTold || isChecked === (unit.health !== null),
    name,
    () => `${unit.id}: ${phase}, health ${JSON.stringify(unit.health)}`,
  )
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
  const isLate = unit.stop?.dueBootMs != null && unit.stop.dueBootMs <= now.bootMs && !isUnknown(state, unit)
  hold(!isLate, name, () => `${unit.id}: the next rung was due at ${unit.stop?.dueBootMs} and was not sent`)
  hold(unit.reason !== '', name, () => `${unit.id}: no reason`)
}

const rolesIn: Readonly<Record<Phase, readonly Role[]>> = {
  idle: [],
  preparing: ['pre'],
  starting: ['main'],
  up: ['main'],
  stopping: ['pre', 'main', 'post'],
  finishing: ['post'],
  backoff: [],
  ended: [],
  failed: [],
  unresolved: ['pre', 'main', 'post'],
}

function queuesAreBounded(unit: Unit): void {
  hold(
    unit.signals.length <= signalsPerUnitMax,
    'every queue within its limit',
    () => `${unit.id}: ${unit.signals.length} signals`,
  )
  for (const check of [unit.health?.readiness, unit.health?.liveness]) {
    const isBounded = (check?.results.length ?? 0) <= probeResultsKept
    hold(isBounded, 'every queue within its limit', () => `${unit.id}: ${check?.results.length} results of probes`)
  }
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
  const livesOn = unit.phase === 'up' || unit.phase === 'preparing' || unit.phase === 'finishing'
  if (!livesOn || unit.run?.identity == null || !hasToEnd(state, unit)) return
  const isEnding = state.mode.kind === 'stopping'
  for (const other of state.units.values()) {
    const isOver = !hasToEnd(state, other) && (other.after === null || !isToBeDown(state, other))
    if (other === unit || isOver || other.phase === 'unresolved' || unit.run.role !== 'main') continue
    if (other.app === unit.app && other.spec.dependsOn.some((edge) => edge.service === unit.service)) return
    if (isEnding && startsLater(other, unit)) return
    const { logger } = other.spec.process
    if (logger?.kind === 'unit' && logger.unit === unit.id && (isEnding || !unit.isDeclared)) return
  }
  if (isHeldBack(state, unit)) return
  hold(
    false,
    'what must end is told to',
    () => `${unit.id} is ${unit.phase}, must end (${unit.endRunsWhy || unit.want.kind}) and waits for nobody`,
  )
}

/** A container of which nobody can tell yet which run it has by now. */
function isUnknown(
  { containerEngine: { isKnown } }: { readonly containerEngine: Pick<State['containerEngine'], 'isKnown'> },
  { run }: Pick<Unit, 'run'>,
): boolean {
  return run?.identity?.container !== undefined && !isKnown
}

/** By an update lock that is somebody else's, or not ours yet; or nobody knows yet which run it has. */
function isHeldBack({ containerEngine: { locks, isKnown }, units }: State, { app, spec, run }: Unit): boolean {
  if (isUnknown({ containerEngine: { isKnown } }, { run })) return true
  if (spec.container === undefined) return false
  const isLocked = [...units.values()].some((one) => one.app === app && (one.spec.container?.lockFiles.length ?? 0) > 0)
  return isLocked && locks.get(app)?.kind !== 'held'
}

/** That for good where it is not to run again and nothing is left for it to read; by hand while it is. */
function climbsItsOwnLadder(state: State, { id, stop, spec, isDeclared }: Unit): void {
  if (stop === null) return
  const { stdin } = spec.process
  const source = stdin.kind === 'output' ? state.units.get(stdin.unit) : undefined
  const isRead = source !== undefined && (source.run !== null || source.after !== null || !isToBeDown(state, source))
  const isOver = !isDeclared || state.mode.kind === 'stopping'
  const name = 'what ends for good does so by its own ladder'
  hold(!isOver || isRead || spec.retire === null || stop.isForGood, name, () => `${id}: ${JSON.stringify(stop)}`)
  hold(!isRead || !stop.isForGood, name, () => `${id}, with ${source?.id} ${source?.phase}: ${JSON.stringify(stop)}`)
}

/** By the priorities of their apps, and then their own. */
function startsLater({ spec: a }: Unit, { spec: b }: Unit): boolean {
  return a.appPriority > b.appPriority || (a.appPriority === b.appPriority && a.priority > b.priority)
}

export function hasToEnd(state: State, unit: Unit): boolean {
  if (unit.run === null || isLeft(state, unit) || isHandingOver(state, unit)) return false
  if (unit.condemned !== null) return true
  return unit.run.role !== 'post' && (isToBeDown(state, unit) || unit.run.n <= unit.endRunsUpTo)
}

function isToBeDown(state: State, unit: Unit): boolean {
  return state.mode.kind === 'stopping' || !unit.isDeclared || unit.want.kind === 'down'
}

/** No process of ours runs that its unit does not know. */
function everyProcessIsHeld(state: State, world: World): void {
  for (const process of world.processes.values()) {
    if (process.isImpostor) continue
    const run = state.units.get(process.unit)?.run
    const isHeld = run?.n === process.run
    const isAsStarted = !isHeld || run.role === process.role
    hold(isAsStarted, 'every process is held by its unit', () => `${process.unit} run ${process.run} as ${run?.role}`)
    const isFound = !isHeld && state.found.some((found) => found.unit === process.unit && found.run === process.run)
    hold(
      isHeld || isFound,
      'every process is held by its unit',
      () => `pid ${process.identity.pid} of ${process.unit} run ${process.run}`,
    )
  }
}

/** What a turn began it does not plan again. */
function quietAfterATurn(before: State, state: State, now: Now): void {
  for (const step of plan(state, now)) {
    const isAsked = step.kind === 'signal' && step.purpose === 'asked'
    // What was told to end in this turn has made room for other probes; its own answers will wake us.
    const isRoom = step.kind === 'probe' && probesAtOnce(before, state) >= probesMax
    hold(
      isAsked || isRoom,
      'a turn leaves nothing to do',
      () => `right after the turn: ${step.kind} ${'unit' in step ? step.unit : ''} (${step.why})`,
    )
  }
}

/** Those under way now, and those of units that were up until now. */
function probesAtOnce(before: State, { units }: State): number {
  let count = 0
  for (const unit of units.values()) {
    const health = unit.health ?? before.units.get(unit.id)?.health
    for (const check of [health?.readiness, health?.liveness]) if (check?.inFlight != null) count += 1
  }
  return count
}

function isExplained(state: State, told: Explanation): void {
  const name = 'every unit not at target is explained'
  const unit = state.units.get(told.unit)!
  hold(told.why !== '' && told.next !== '', name, () => `${told.unit}: ${JSON.stringify(told)}`)
  if (told.isAtTarget)
    hold(
      isWhereItBelongs(state, unit),
      name,
      () => `${told.unit} is ${unit.phase} and said to be at target: ${JSON.stringify(told)}`,
    )
}

function isWhereItBelongs(state: State, unit: Unit): boolean {
  const isWanted = state.mode.kind !== 'stopping' && unit.isDeclared && unit.want.kind !== 'down'
  if (!isWanted) return unit.run === null || isLeft(state, unit)
  if (unit.phase === 'ended') return unit.end.kind === 'expected' || unit.spec.schedule !== null
  const isHealthy = unit.run?.isPaused === true || unit.health?.readiness?.status !== 'unhealthy'
  return unit.phase === 'up' && !hasToEnd(state, unit) && isHealthy
}

/** The next times are ahead: who wakes for what is over wakes for ever. Where nothing is due, nobody wakes. */
export function wakesAreAhead(state: State, now: Now, alarms: { boot: number | null; wall: number | null }): void {
  const name = 'a turn leaves no time behind it, and none where nothing is due'
  const units = [...state.units.values()]
  const isAhead = alarms.boot === null || alarms.boot > now.bootMs
  hold(isAhead, name, () => `woken at ${alarms.boot}, now ${now.bootMs}`)
  hold(alarms.wall === null || alarms.wall > now.wallMs, name, () => `woken at ${alarms.wall}, it is ${now.wallMs}`)
  const isTimedAtAll = units.some((unit) => isTimed(unit)) || isEngineTimed(state)
  hold(alarms.boot === null || isTimedAtAll, name, () => `woken at ${alarms.boot} for nothing`)
  const isScheduled = state.mode.kind === 'running' && units.some(({ job }) => job !== null && job.dueWallMs !== null)
  hold(isScheduled || alarms.wall === null, name, () => `woken when it is ${alarms.wall} for nothing`)
}

/** Something of it is still to come: a rung, a retry, stability, a probe, the end of a hook's time, its next time. */
function isTimed({ stop, retryBootMs, phase, run, health, job }: Unit): boolean {
  if (stop?.dueBootMs != null || retryBootMs !== null || health !== null || job?.due === 'asked') return true
  return (phase === 'up' && run?.isStable === false) || phase === 'preparing' || phase === 'finishing'
}

/** Something is looked at or tried again, or a hand-over or a trial has its time. */
function isEngineTimed({ containerEngine: { observe, troubles, locks }, units, releases }: State): boolean {
  if (observe !== null || troubles.size > 0 || [...releases.values()].some(({ trial }) => trial !== null)) return true
  if ([...locks.values()].some(({ kind }) => kind === 'refused')) return true
  return [...units.values()].some(({ container }) => container?.handsOverTo != null)
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
    const isSame = again !== undefined && isDeepStrictEqual(storedUnit(again), storedUnit(talkedBefore(unit)))
    hold(isSame, name, () => `${unit.id}: ${JSON.stringify(again)} instead of ${JSON.stringify(unit)}`)
    const isSameJob = isDeepStrictEqual(storedJob(again.job), storedJob(unit.job))
    hold(isSameJob, name, () => `${unit.id}: job ${JSON.stringify(again.job)} instead of ${JSON.stringify(unit.job)}`)
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
