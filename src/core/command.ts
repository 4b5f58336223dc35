import { hashData } from '../base/hash.ts'
import { askLocksAgain, overrideLocks, ownImages, purgeVolumes } from './containers/ask.ts'
import { type Draft, freshCounters, peek, putUnit, unitsOf } from './draft.ts'
import { signalsPerUnitMax } from './limits.ts'
import type { Command, LastingWant, Now, Phase, Run, Target, Unit, UnitId, UnitSpec, Want, Who } from './model.ts'
import { heldTo } from './release/held.ts'
import { neededKey, unitSpecsAgain } from './target/units.ts'
import { whoText } from './text.ts'
import { rest } from './unit/end.ts'
import { adoptDeclared } from './unit/found.ts'
import { freshHealth } from './unit/health.ts'
import { declaredJob, isDoneOnce, isJob, jobEnds, onceMore } from './unit/job.ts'
import { ladderOf, rungAt } from './unit/ladder.ts'
import { newUnit } from './unit/new-unit.ts'
import { declaredWant, isWantedUp, onceWant, wantBeyondTheDaemon } from './unit/wish.ts'

/** Folds in what somebody asked for. Changes wishes only; what follows from them is planned later. */
export function applyCommand(draft: Draft, command: Command, now: Now): void {
  if (command.by.kind !== 'daemon') askLocksAgain(draft, appsMeant(draft, command))
  switch (command.kind) {
    case 'set-target':
      setTarget(draft, command, now)
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
    case 'run':
      for (const unit of chosen(draft, command.units)) {
        if (command.isLast) runLast(draft, unit, command.by, now)
        else runOnce(draft, unit, command.by, now)
      }
      return
    case 'signal':
      for (const unit of chosen(draft, command.units)) askSignal(draft, unit, command.signal)
      return
    case 'shutdown':
      shutdown(draft, command, now)
      return
    case 'purge':
      purgeVolumes(draft, command.volumes, whoText(command.by))
      return
    case 'override-locks':
      overrideLocks(draft, command.apps)
      return
    case 'own-images':
      ownImages(draft, command.images)
      return
  }
}

/** Whose containers it may change. */
function appsMeant(draft: Draft, command: Command): ReadonlySet<string> {
  if (command.kind === 'set-target' || command.kind === 'purge')
    return new Set(draft.state.containerEngine.locks.keys())
  return new Set('units' in command ? chosen(draft, command.units).map(({ app }) => app) : [])
}

function chosen(draft: Draft, ids: readonly UnitId[]): readonly Unit[] {
  const units = unitsOf(draft)
  return ids.flatMap((id) => units.get(id) ?? [])
}

// ---- what is declared ----------------------------------------------------------------------------------------

function setTarget(draft: Draft, command: Extract<Command, { kind: 'set-target' }>, now: Now): void {
  const { target, releases } = heldTo(peek(draft), command.target, now, command.isUnread)
  declare(draft, target, now, 'its configuration changed')
  draft.state = { ...draft.state, releases }
}

/** From now on this is aimed at. `why`: what is told of a run that has to be replaced for it. */
export function declare(draft: Draft, target: Target, now: Now, why: string): void {
  const before = unitsOf(draft)
  const old = draft.state.target
  const specs = unitSpecsAgain(target, (app, service, id) => {
    const oldApp = old.apps[app.name]
    const isSame = oldApp?.services[service.name] === service && oldApp.priority === app.priority
    return isSame ? before.get(id)?.spec : undefined
  })
  const mode = draft.state.mode.kind === 'held' ? { kind: 'running' as const } : draft.state.mode
  draft.state = { ...draft.state, target, mode }
  draft.units = new Map()
  for (const [id, spec] of specs) {
    const known = before.get(id)
    if (known === undefined) putUnit(draft, { ...newUnit(id, spec, now), want: wantAtFirst(draft, spec) })
    else if (known.isDeclared && known.spec === spec && isSettled(known)) draft.units.set(id, known)
    else declareAgain(draft, known, spec, now, why)
  }
  for (const unit of before.values()) {
    if (specs.has(unit.id)) continue
    if (unit.isDeclared) putUnit(draft, { ...unit, isDeclared: false })
    else draft.units.set(unit.id, unit)
  }
  adoptDeclared(draft, now)
}

function declareAgain(draft: Draft, unit: Unit, spec: UnitSpec, now: Now, why: string): void {
  const want = wantAgain(draft, unit, spec)
  const isSame = unit.isDeclared && unit.want.kind === want.kind && unit.spec.runHash === spec.runHash
  const declared: Unit = {
    ...unit,
    spec,
    want,
    isDeclared: true,
    stop: ladderUnderWay(unit, spec, now),
    health: healthAgain(unit, spec, now),
    job: declaredJob(unit.job, spec, now),
  }
  const isCompared = unit.spec.container !== undefined && spec.container !== undefined
  if (isReplaceable(unit) && !isCompared && (unit.run.runHash !== spec.runHash || isLoggerGone(unit.spec, spec))) {
    putUnit(draft, { ...declared, endRunsUpTo: unit.run.n, endRunsWhy: why })
  } else if (!isSame && isAtRest(unit) && !isDone({ ...unit, spec }, now)) {
    rest(draft, declared, { ...freshCounters, why }, now)
  } else {
    putUnit(draft, declared)
  }
}

/** Nothing of its wish is left to be decided by a declaration that says the same again. */
function isSettled({ want, spec }: Unit): boolean {
  return spec.autostartAgain || want.by.kind !== 'declared'
}

/** What was wanted stays, unless it is only what was declared. What comes back while it still stops is declared for the first time. */
function wantAgain(draft: Draft, unit: Unit, spec: UnitSpec): Want {
  const isFirst = !unit.isDeclared && !spec.autostartAgain
  const isCountedAgain = spec.autostartAgain && !unit.spec.autostartAgain && unit.want.by.kind === 'daemon'
  return isFirst || isCountedAgain || unit.want.by.kind === 'declared' ? wantAtFirst(draft, spec) : unit.want
}

/** Where a declaration counts once, that is remembered; of a daemon that ends the next one is asked again. */
function wantAtFirst({ state }: Draft, spec: UnitSpec): LastingWant {
  const declared = declaredWant(spec)
  const isRemembered = !spec.autostartAgain && state.mode.kind !== 'stopping'
  return isRemembered ? { kind: declared.kind, by: { kind: 'daemon' } } : declared
}

/** Nobody reads its pipe any more, and another one it gets with another run only. */
function isLoggerGone({ process: before }: UnitSpec, { process: after }: UnitSpec): boolean {
  return before.logger?.kind === 'unit' && after.logger?.kind !== 'unit'
}

/** A ladder that was over and has changed goes on: its new rungs may end what the old ones did not. */
function ladderUnderWay(unit: Unit, spec: UnitSpec, now: Now): Unit['stop'] {
  const { stop } = unit
  if (stop === null || stop.dueBootMs !== null) return stop
  const [before, after] = [unit, { ...unit, spec }].map((one) => hashData(ladderOf(one, stop.isForGood)))
  if (before === after) return stop
  const { waitMs } = rungAt(unit, stop) // past the end: the one that was sent last
  return { ...stop, dueBootMs: now.bootMs + waitMs }
}

/** Checks that changed begin anew; the others go on. */
function healthAgain(unit: Unit, spec: UnitSpec, now: Now): Unit['health'] {
  if (unit.phase !== 'up' || hashData(unit.spec.checks) === hashData(spec.checks)) return unit.health
  return freshHealth({ id: unit.id, spec }, now, false, unit.health)
}

/** Where it is, or will be when its post_stop hook has ended. */
function phaseAhead({ phase, after }: Unit): Phase {
  return after?.phase ?? phase
}

/** Whether what it is at now rests on a decision that is to be taken anew. */
function isAtRest(unit: Unit): boolean {
  const rests = phaseAhead(unit)
  return rests === 'ended' || rests === 'failed' || rests === 'backoff'
}

/** Has run once, and rests as that: whoever wants it down meanwhile asks for no other run. */
function isDone(unit: Unit, now: Now): boolean {
  return phaseAhead(unit) === 'ended' && isDoneOnce(unit.spec, unit.job, now.bootId)
}

/** A post_stop hook belongs to the run before: it is let be. */
function isReplaceable(unit: Unit): unit is Unit & { readonly run: Run } {
  return unit.run !== null && unit.run.role !== 'post'
}

// ---- what somebody wishes --------------------------------------------------------------------------------------

/** A wish equal to the declared one is not kept as the user's: there is nothing to remember, where that counts again and again. */
function wished({ spec }: Unit, kind: LastingWant['kind'], by: Who): LastingWant {
  const declared = declaredWant(spec)
  return spec.autostartAgain && declared.kind === kind ? declared : { kind, by }
}

function start(draft: Draft, unit: Unit, by: Who, now: Now): void {
  // By its schedule it runs once, and so it does by hand.
  if (unit.spec.schedule !== null) {
    runOnce(draft, unit, by, now)
    return
  }
  const condemned = unit.phase === 'stopping' ? null : unit.condemned
  const wanted: Unit = { ...unit, ...freshCounters, condemned, stoppedBy: null, want: wished(unit, 'up', by) }
  const why = `started by ${whoText(by)}`
  const isWaiting = unit.phase === 'idle' || unit.phase === 'stopping'
  if (isAtRest(unit)) rest(draft, wanted, { why }, now)
  else putUnit(draft, isWaiting ? { ...wanted, reason: why } : wanted)
  doubt(draft, unit, why)
}

function stop(draft: Draft, unit: Unit, by: Who, now: Now): void {
  const why = `stopped by ${whoText(by)}`
  const want = wished(unit, 'down', by)
  const stoppedBy = want.by.kind === 'declared' && isReplaceable(unit) ? by : null
  const wanted: Unit = { ...unit, want, stoppedBy, job: stoppedJob(unit, why, now) }
  if (isAtRest(unit) && !isDone(unit, now)) rest(draft, wanted, { ...freshCounters, why }, now)
  else putUnit(draft, { ...wanted, reason: unit.run === null && unit.phase !== 'ended' ? why : unit.reason })
  doubt(draft, unit, why)
}

/** What has not begun by now never will; what runs is written down when it has ended. */
function stoppedJob(unit: Unit, why: string, now: Now): Unit['job'] {
  if (unit.job === null) return null
  const job = { ...unit.job, isQueued: false }
  return isReplaceable(unit) ? job : jobEnds({ ...unit, job }, { kind: 'requested', exit: null }, why, now)
}

/** What already runs, or is about to, is left alone; what is being stopped is followed by another run. */
function runOnce(draft: Draft, unit: Unit, by: Who, now: Now): void {
  const isKeptUp = unit.want.kind === 'up' && phaseAhead(unit) === 'backoff' && !isJob(unit)
  if (unit.want.kind === 'down' && isReplaceable(unit)) {
    const condemned = unit.phase === 'stopping' ? null : unit.condemned
    putUnit(draft, { ...unit, ...freshCounters, condemned, stoppedBy: null, want: onceWant(unit.want, by) })
  } else if (unit.want.kind === 'down' || (isAtRest(unit) && !isKeptUp)) {
    onceMore(draft, unit, { by, dueWallMs: null }, now)
  }
  doubt(draft, unit, `one run asked for by ${whoText(by)}`)
}

/** What ends already, or is tried again by nobody's wish but the policy's, has had its last run. */
function runLast(draft: Draft, unit: Unit, by: Who, now: Now): void {
  if (unit.phase === 'stopping' || unit.after !== null) {
    stop(draft, unit, by, now)
    return
  }
  const why = `one last run asked for by ${whoText(by)}`
  const want: Want = { kind: 'once', by, afterwards: { kind: 'down', by }, isLast: true }
  const wanted: Unit = { ...unit, ...freshCounters, stoppedBy: null, want }
  if (isAtRest(unit)) rest(draft, wanted, { why }, now)
  else putUnit(draft, unit.phase === 'idle' ? { ...wanted, reason: why } : wanted)
  doubt(draft, unit, why)
}

function restart(draft: Draft, unit: Unit, by: Who, now: Now): void {
  start(draft, unit, by, now)
  replaceRun(draft, unitsOf(draft).get(unit.id) ?? unit, by)
}

/** The run ends and is followed by another; whoever was not named keeps their wish and counters. */
function replaceRun(draft: Draft, unit: Unit, by: Who): void {
  if (!isReplaceable(unit)) return
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
      unit.spec.dependsOn.some((edge) => edge.restart && services.has(neededKey(unit.app, edge))),
  )
}

function askSignal(draft: Draft, unit: Unit, signal: string): void {
  if (unit.run === null || unit.signals.length >= signalsPerUnitMax) return
  putUnit(draft, { ...unit, signals: [...unit.signals, signal] })
}

function shutdown(draft: Draft, command: Extract<Command, { kind: 'shutdown' }>, now: Now): void {
  if (draft.state.mode.kind === 'stopping') return
  const leaves = command.leavesContainers === true ? { leavesContainers: true as const } : {}
  draft.state = { ...draft.state, mode: { kind: 'stopping', by: command.by, why: command.why, ...leaves } }
  for (const unit of [...unitsOf(draft).values()]) {
    const want = wantBeyondTheDaemon(unit)
    const isStopOver = want !== unit.want
    const why = 'the daemon was ended'
    const job = unit.want.kind === 'once' ? stoppedJob(unit, why, now) : unit.job
    const kept: Unit = isStopOver ? { ...unit, job, want } : unit
    // Whoever starts the daemon again on purpose wants what is declared, jobs and what gave up included.
    const rests = phaseAhead(unit)
    const isOver = rests === 'ended' || rests === 'failed' || (isStopOver && rests === 'backoff')
    const isPrepared = unit.phase === 'preparing' && unit.run === null
    if ((isOver && !isDone(unit, now)) || isPrepared) rest(draft, kept, { ...freshCounters, why }, now)
    else if (isStopOver) putUnit(draft, kept)
  }
}
