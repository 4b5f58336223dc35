import { wallMsOf } from '../../base/rfc3339.ts'
import { type Draft, enterPhase, putUnit, putVolatile, tellChange, unitsOf } from '../draft.ts'
import { engineRestartsMs, probeOutputCharsMax, probeResultsKept } from '../limits.ts'
import type {
  CheckState,
  Exit,
  Failure,
  Health,
  Identity,
  Now,
  ProbeResult,
  Run,
  Unit,
  UnitContainer,
} from '../model.ts'
import { endRun } from '../unit/end.ts'
import { freshHealth } from '../unit/health.ts'
import { newUnit } from '../unit/new-unit.ts'
import { live, startAgain } from '../unit/started.ts'
import {
  type Belongings,
  belongingsOf,
  isContainerRun,
  isContainerUnit,
  isLater,
  isLiving,
  shortId,
  unitResource,
} from './among.ts'
import type { EngineContainer, EngineEvent, EngineHealth } from './model.ts'
import { orphanSpec } from './orphan.ts'

/**
 * The runs of containers follow from what the engine tells of them, whoever started or ended them: the engine itself by its
 * restart policy, a person, or a step of ours whose answer was lost. A run is one start of one container, by the time that the
 * engine gives for it.
 */

/** Makes the runs of all container units agree with what is known of their containers. */
export function settleRuns(draft: Draft, now: Now): void {
  if (!draft.state.containerEngine.isKnown) return
  const { orphans } = belongingsNow(draft)
  for (const container of orphans) takeOrphan(draft, container, now)
  const { byUnit } = belongingsNow(draft)
  for (const unit of [...unitsOf(draft).values()]) {
    const container = byUnit.get(unit.id) ?? null
    // Also what is left of one that is declared as a process by now.
    if (isContainerUnit(unit) || container !== null) settleRun(draft, unit, container, now)
  }
}

function belongingsNow(draft: Draft): Belongings {
  return belongingsOf({ containerEngine: draft.state.containerEngine, units: unitsOf(draft) })
}

/** It is ours and nobody declares it: as a unit that is no longer declared it is ended as gently as any, and removed. */
function takeOrphan(draft: Draft, container: EngineContainer, now: Now): void {
  const { unit } = container
  if (unit === null || unitsOf(draft).has(unit) || !/^[^/]+\/[^/]+\/[^/]+$/.test(unit)) return
  const orphan: Unit = {
    ...newUnit(unit, orphanSpec(container), now),
    isDeclared: false,
    reason: 'found, and not declared',
  }
  putUnit(draft, orphan)
}

function settleRun(draft: Draft, unit: Unit, container: EngineContainer | null, now: Now): void {
  // What a step in flight leads to is told with its outcome.
  if (draft.state.containerEngine.work.has(unitResource(unit.id))) return
  const { run } = unit
  if (run !== null && !isContainerRun(run)) return
  // A start whose answer was lost: what was known before it says nothing.
  if (run !== null && run.identity === null && draft.state.containerEngine.observe !== null) return
  if (container === null) settleGone(draft, unit, now)
  else if (isLiving(container)) settleLiving(draft, unit, container, now)
  else settleResting(draft, unit, container, now)
}

function settleGone(draft: Draft, unit: Unit, now: Now): void {
  const { run } = unit
  if (run !== null && run.identity === null) startAgain(draft, unit, run, now)
  else if (run !== null) endRun(draft, unit, run, unknownExit, now)
  const left = unitsOf(draft).get(unit.id)
  if (left?.container === undefined) return
  const { container: _gone, ...rest } = left
  putUnit(draft, rest)
}

const unknownExit = { kind: 'exit', exit: { kind: 'unknown' } } as const

function settleLiving(draft: Draft, unit: Unit, container: EngineContainer, now: Now): void {
  const { run } = unit
  const present = run?.identity?.container
  if (run !== null && present?.id === container.id && present.startedAt === container.startedAt) {
    refresh(draft, unit, run, container, now)
    return
  }
  // Its death was told before the news of it: what is known of the container is old by now.
  if (run === null && isDealtWith(unit, container)) return
  if (run !== null && present !== undefined) endRun(draft, unit, run, unknownExit, now)
  const ended = unitsOf(draft).get(unit.id) ?? unit
  beginRun(draft, ended, container, now)
}

function isDealtWith({ container }: Unit, { id, startedAt }: EngineContainer): boolean {
  return container !== undefined && container.id === id && container.startedAt === startedAt
}

/** The run that a step of ours began, or one that was begun by the engine or by a person. */
function beginRun(draft: Draft, unit: Unit, container: EngineContainer, now: Now): void {
  const identity = identityOf(draft, container)
  const noted = withStopSignal(note(unit, container), container)
  if (unit.run !== null && unit.run.identity === null) {
    live(draft, noted, { ...unit.run, identity, isPaused: container.state === 'paused' }, now)
  } else {
    const n = draft.state.nextRun
    const startedBootMs = startedBoot(container, now)
    draft.state = { ...draft.state, nextRun: n + 1 }
    const isRestart = unit.phase === 'backoff'
    const run: Run = {
      n,
      role: 'main',
      runHash: unit.spec.runHash,
      startedBootMs,
      identity,
      isContained: true,
      isAdopted: false,
      isPaused: container.state === 'paused',
      isStable: now.bootMs - startedBootMs >= unit.spec.restart.stableMs,
      gotTerm: false,
      shortfalls: [],
    }
    const by = isRestart ? 'started again by the engine' : 'found running'
    const isLeft = unit.spec.container === undefined
    const found = isLeft ? { ...noted, endRunsUpTo: n, endRunsWhy: 'it is no container any more' } : noted
    enterPhase(draft, found, 'up', now, {
      run,
      attempt: n,
      lastRun: n,
      restarts: unit.restarts + (isRestart ? 1 : 0),
      health: freshHealth(unit, now, false),
      why: `${by} as container ${shortId(container.id)}`,
    })
  }
  const begun = unitsOf(draft).get(unit.id)
  if (begun?.run != null) refresh(draft, begun, begun.run, container, now)
}

/** By the engine's clock, which is the host's: never later than now. */
function startedBoot({ startedAt }: EngineContainer, now: Now): number {
  const agoMs = Math.max(0, now.wallMs - (wallMsOf(startedAt) ?? now.wallMs))
  return Math.max(0, now.bootMs - agoMs)
}

function identityOf(draft: Draft, { id, startedAt, pid }: EngineContainer): Identity {
  return { pid, startTicks: 0, bootId: draft.state.bootId, pidNamespace: '', container: { id, startedAt } }
}

function note(unit: Unit, { id, startedAt }: Pick<EngineContainer, 'id' | 'startedAt'>): Unit {
  const before = unit.container
  if (before?.id === id && before.startedAt === startedAt) return unit
  const container: UnitContainer = { handsOverTo: null, isHandedOver: false, ...before, id, startedAt }
  return { ...unit, container }
}

/** By its number or its name. */
function withStopSignal(unit: Unit, { settings }: EngineContainer): Unit {
  const stopSignal = settings.stopSignal?.replace(/^SIG/, '')
  if (unit.container === undefined || unit.container.stopSignal === stopSignal) return unit
  const { stopSignal: _before, ...rest } = unit.container
  return { ...unit, container: stopSignal === undefined ? rest : { ...rest, stopSignal } }
}

function settleResting(draft: Draft, unit: Unit, container: EngineContainer, now: Now): void {
  const { run } = unit
  const present = run?.identity?.container
  if (run !== null && present !== undefined) {
    const isSame = present.id === container.id && present.startedAt === container.startedAt
    endContainerRun(draft, unit, run, isSame ? exitOf(container) : { kind: 'unknown' }, now)
  } else if (run !== null && container.startedAt !== '' && !isDealtWith(unit, container)) {
    // It was started and has ended since.
    const identity = identityOf(draft, container)
    live(draft, note(unit, container), { ...run, identity }, now)
    const lived = unitsOf(draft).get(unit.id)
    if (lived?.run != null) endContainerRun(draft, lived, lived.run, exitOf(container), now)
  } else if (run !== null) {
    startAgain(draft, unit, run, now)
  }
  const left = unitsOf(draft).get(unit.id)
  if (left === undefined) return
  const noted = note(left, container)
  if (noted !== left) putUnit(draft, noted)
}

/** The engine may be about to start it again by itself: what we would do comes after that. */
function endContainerRun(draft: Draft, unit: Unit, run: Run, exit: Exit, now: Now): void {
  endRun(draft, unit, run, { kind: 'exit', exit }, now)
  const ended = unitsOf(draft).get(unit.id)
  const policy = unit.spec.container?.settings.restart.name
  if (ended?.phase !== 'backoff' || policy === undefined || policy === 'no') return
  const retryBootMs = Math.max(ended.retryBootMs ?? 0, now.bootMs + engineRestartsMs)
  const reason = `${ended.reason.replace(/; restart[^;]*$/, '')}; the engine starts it again, or else we do`
  putUnit(draft, { ...ended, retryBootMs, reason })
}

/** An engine tells no signals: 137 is a kill. */
function exitOf({ exitCode, isOutOfMemory }: Pick<EngineContainer, 'exitCode' | 'isOutOfMemory'>): Exit {
  if (isOutOfMemory) return { kind: 'signal', signal: 'KILL', core: false, isOutOfMemory: true }
  return { kind: 'code', code: exitCode }
}

/** A container ended; how it goes on is told by other news. */
export function foldDeath(draft: Draft, event: Extract<EngineEvent, { kind: 'container-died' }>, now: Now): void {
  for (const unit of unitsOf(draft).values()) {
    const { run } = unit
    const present = run?.identity?.container
    if (run === null || present?.id !== event.id || isLater(present.startedAt, event.at)) continue
    endContainerRun(draft, note(unit, present), run, exitOf(event), now)
    return
  }
}

// ---- a start that the engine refused ---------------------------------------------------------------------------

/** The engine said no, and its container is there, not started. */
export function foldStartFailed(draft: Draft, resource: string, failure: Failure, now: Now): void {
  for (const unit of unitsOf(draft).values()) {
    if (unitResource(unit.id) !== resource || unit.run === null || unit.run.identity !== null) continue
    if (!isContainerRun(unit.run)) return
    const { byUnit } = belongingsNow(draft)
    const container = byUnit.get(unit.id)
    if (container === undefined || isLiving(container)) return
    if (container.startedAt !== '' && !isDealtWith(unit, container)) return
    endRun(draft, unit, unit.run, { kind: 'spawn-failed', failure }, now)
    return
  }
}

// ---- what changes while it runs ---------------------------------------------------------------------------------

function refresh(draft: Draft, unit: Unit, run: Run, container: EngineContainer, now: Now): void {
  const isPaused = container.state === 'paused'
  let current = unit
  if (run.isPaused !== isPaused || run.identity?.pid !== container.pid) {
    const identity = run.identity === null ? null : { ...run.identity, pid: container.pid }
    current = { ...unit, run: { ...run, isPaused, identity } }
    putUnit(draft, current)
  }
  if (unit.phase === 'up' && container.health !== null && unit.spec.checks.readiness === null)
    foldHealth(draft, current, container.health, now)
}

/** The engine's own probes tell the readiness, unless a check of ours does. */
function foldHealth(draft: Draft, unit: Unit, told: EngineHealth, now: Now): void {
  const before = unit.health?.readiness ?? null
  const results = told.results.slice(-probeResultsKept).map(probeResult)
  const readiness: CheckState = {
    status: told.status,
    failures: told.failures,
    dueBootMs: 0,
    inFlight: null,
    nextSeq: 1,
    results,
  }
  const health: Health = { liveness: null, ...unit.health, readiness }
  if (before?.status === told.status || (before === null && told.status === 'starting')) {
    putVolatile(draft, { ...unit, health })
    return
  }
  const output = results.at(-1)?.output.trim() ?? ''
  const reason = {
    healthy: before?.status === 'unhealthy' ? 'healthy again' : 'healthy',
    unhealthy: `its healthcheck failed ${told.failures} times in a row${output === '' ? '' : `: ${output}`}`,
    starting: unit.reason,
  }[told.status]
  const changed = { ...unit, health, reason }
  putUnit(draft, changed)
  tellChange(draft, changed, reason, now)
}

function probeResult({ startedAt, endedAt, exitCode, output }: EngineHealth['results'][number]): ProbeResult {
  const over = wallMsOf(endedAt) ?? 0
  return {
    atWallMs: over,
    isOk: exitCode === 0,
    output: output.slice(0, probeOutputCharsMax),
    durationMs: Math.max(0, over - (wallMsOf(startedAt) ?? over)),
  }
}
