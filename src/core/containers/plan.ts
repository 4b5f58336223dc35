import { engineStepsMax } from '../limits.ts'
import type { Now, State, Step, Unit } from '../model.ts'
import { hindrance, indexServices, isLeft, isWantedUp, mustEnd, type ServiceIndex } from '../unit/wish.ts'
import {
  belongingsOf,
  declaredContainers,
  isContainerUnit,
  isLiving,
  lockResource,
  outgoingId,
  shortId,
  unitResource,
} from './among.ts'
import { containerChange, isChangedInVain, isInTheWay, namespaceContainers, specHash } from './change.ts'
import { imagesLook } from './fold.ts'
import { handOverResource } from './hand-over.ts'
import { isHandingOver } from './handing-over.ts'
import { isStoppedBetweenRuns, lockNeed } from './lock-need.ts'
import { isUnlocked, lockFilesOf } from './locks.ts'
import type { ContainerSpec, EngineContainer, EngineStep } from './model.ts'
import { startObstacle } from './obstacle.ts'
import { planImages, referencesNeeded } from './plan-images.ts'
import { planNetworks, planVolumes } from './plan-resources.ts'
import { isFree, type Planning } from './planning.ts'

/** The next safe steps that the container engine has to take. */
export function planEngine(steps: Step[], state: State, now: Now): void {
  if (!isEngineNeeded(state)) return
  const planning: Planning = { state, belongings: belongingsOf(state), now, steps }
  planLooks(planning)
  const { status, isKnown } = state.containerEngine
  if (!isKnown || status.kind === 'absent') return
  if (state.mode.kind === 'running') {
    planNetworks(planning)
    planVolumes(planning)
    planImages(planning)
  }
  planContainers(planning)
  planLocks(planning)
}

/** Whoever has no containers never asks an engine for anything. */
export function isEngineNeeded({ containerEngine, units, target }: State): boolean {
  const { containers, kept } = containerEngine
  const isOwing = [kept.ownImages, kept.pulling, kept.purges, kept.takenLocks].some(
    (owed) => Object.keys(owed).length > 0,
  )
  if (containers.size > 0 || isOwing) return true
  for (const unit of units.values()) if (isContainerUnit(unit)) return true
  return Object.values(target.apps).some(
    ({ resources }) =>
      resources !== undefined && Object.keys(resources.networks).length + Object.keys(resources.volumes).length > 0,
  )
}

function planLooks({ state, now, steps }: Planning): void {
  const { observe, images, work, isKnown } = state.containerEngine
  const references = referencesNeeded(state)
  const adopts = adoptedLabels(state)
  if (observe !== null) {
    if (!observe.inFlight && observe.dueBootMs <= now.bootMs) {
      const look = { isEverything: true, adopts, images: references }
      steps.push({ kind: 'observe-engine', look, why: observe.why })
    }
    if (!isKnown) return
  }
  const unknown = references.filter((reference) => !images.has(reference))
  if (
    unknown.length === 0 ||
    work.has(imagesLook) ||
    observe?.inFlight ||
    state.containerEngine.status.kind === 'absent'
  )
    return
  const why = `not looked up yet: ${unknown.slice(0, 3).join(', ')}`
  steps.push({ kind: 'observe-engine', look: { isEverything: false, adopts: [], images: unknown }, why })
}

function adoptedLabels(state: State): readonly Readonly<Record<string, string>>[] {
  const sets = new Map<string, Readonly<Record<string, string>>>()
  for (const { spec } of declaredContainers(state)) {
    if (spec.adopts !== null) sets.set(JSON.stringify(spec.adopts), spec.adopts)
  }
  return [...sets.values()]
}

// ---- containers ------------------------------------------------------------------------------------------------

function planContainers(planning: Planning): void {
  const { state, belongings, steps } = planning
  let room = engineStepsMax
  for (const resource of state.containerEngine.work.keys()) if (resource.startsWith('container:')) room -= 1
  for (const { unit, container } of state.mode.kind === 'running' ? belongings.doubles : []) {
    const resource = unitResource(unit)
    if (room <= 0 || !isFree(planning, resource) || !isUnlocked(state, state.units.get(unit)!)) continue
    steps.push(removal(resource, container, true, 'another run has taken its place'))
    room -= 1
  }
  const begun = new Set(steps.map((step) => ('resource' in step ? step.resource : '')))
  let index: ServiceIndex | null = null
  for (const unit of state.units.values()) {
    if (!isContainerUnit(unit)) continue
    const resource = unitResource(unit.id)
    if (room <= 0 || begun.has(resource) || !isFree(planning, resource)) continue
    index ??= indexServices(state)
    const step = containerStep(planning, index, unit)
    if (step === null) continue
    steps.push(step)
    room -= 1
  }
}

/** The next thing to do about a unit's container; null: nothing, or not yet. */
function containerStep(planning: Planning, index: ServiceIndex, unit: Unit): EngineStep | null {
  const { state, belongings } = planning
  const container = belongings.byUnit.get(unit.id) ?? null
  if (state.mode.kind !== 'running') return container === null ? null : ending(state, unit, container)
  const spec = unit.isDeclared ? unit.spec.container : undefined
  if (container === null) return spec === undefined ? null : creation(planning, unit, spec)
  const resource = unitResource(unit.id)
  if (isHandingOver(state, unit)) return handingOver(unit, container)
  if (container.state === 'removing') return null
  if (spec === undefined || container.state === 'dead') return leaving(planning, unit, container)
  if (unit.run !== null && (isLiving(container) || unit.run.identity === null)) {
    return isLiving(container) ? changeInPlace(planning, unit, container) : null
  }
  if (container.state === 'restarting') return betweenRuns(planning, unit, container)
  const change = containerChange(state, belongings, unit, container)
  if (isLiving(container) || (!isWantedUp(state, unit) && !isInTheWay(change))) return null
  if (change.kind === 'recreate') {
    if (!isStartable(planning, index, unit) && !isInTheWay(change) && !isGoneFirst(spec)) return null
    return isUnlocked(state, unit) ? removal(resource, container, false, `${change.why}; made anew`) : null
  }
  // What it cannot be changed to in place, or not now, keeps it from nothing.
  const changed = changeInPlace(planning, unit, container)
  return changed ?? (isStartable(planning, index, unit) ? start(unit, container) : null)
}

/** With the daemon everything ends, unless it is left. */
function ending(state: State, unit: Unit, container: EngineContainer): EngineStep | null {
  const isEnded = state.mode.kind === 'stopping' && !isLeft(state, unit)
  if (!isEnded || container.state !== 'restarting' || !isUnlocked(state, unit)) return null
  return { kind: 'stop-container', resource: unitResource(unit.id), id: container.id, why: 'the daemon ends' }
}

/** Its place is needed for what follows it. */
function isGoneFirst({ strategy: { kind } }: ContainerSpec): boolean {
  return kind === 'kill-then-download' || kind === 'delete-then-download'
}

/** Also while it waits for others: then it is there when they are. */
function creation(planning: Planning, unit: Unit, spec: ContainerSpec): EngineStep | null {
  const { state, belongings } = planning
  if (!isDue(planning, unit)) return null
  const image = state.containerEngine.images.get(spec.image)
  if (image == null) return null
  const containers = namespaceContainers(
    spec,
    (service) => belongings.byUnit.get(`${unit.app}/${service}/1`)?.id ?? null,
  )
  return {
    kind: 'create-container',
    resource: unitResource(unit.id),
    unit: unit.id,
    spec,
    imageId: image.id,
    specHash: specHash(spec, image, containers),
    containers,
    why: unit.reason,
  }
}

function start(unit: Unit, container: EngineContainer): EngineStep {
  const { exit, message } = unit.end
  const again = unit.phase === 'backoff' && exit !== null ? 'restart' : unit.reason
  return {
    kind: 'start-container',
    resource: unitResource(unit.id),
    unit: unit.id,
    id: container.id,
    why: message === '' || unit.phase !== 'backoff' ? again : `restart after ${message}`,
  }
}

/** Wanted, due, and nothing holds it back: neither another unit nor what it needs of the engine. */
function isStartable(planning: Planning, index: ServiceIndex, unit: Unit): boolean {
  return isDue(planning, unit) && hindrance(planning.state, index, unit) === null
}

function isDue({ state, belongings, now }: Planning, unit: Unit): boolean {
  if (!isWantedUp(state, unit) || unit.run !== null || state.mode.kind !== 'running') return false
  const isTime = unit.phase === 'idle' || (unit.phase === 'backoff' && (unit.retryBootMs ?? 0) <= now.bootMs)
  return isTime && startObstacle(state, belongings, unit, now) === null
}

function changeInPlace({ state, belongings }: Planning, unit: Unit, container: EngineContainer): EngineStep | null {
  if (mustEnd(state, unit) || !isUnlocked(state, unit) || state.mode.kind !== 'running') return null
  const change = containerChange(state, belongings, unit, container)
  if (change.kind !== 'in-place') return null
  const isTriedAgain = state.containerEngine.troubles.has(unitResource(unit.id))
  if (isChangedInVain(unit, change) && !isTriedAgain) return null
  const common = { resource: unitResource(unit.id), id: container.id, why: change.why }
  if (change.settings !== null) return { kind: 'update-container', ...common, settings: change.settings }
  return change.name === null ? null : { kind: 'rename-container', ...common, name: change.name }
}

/** The engine is about to start it again, which is not to be, not as it is, or not only when the engine does. */
function betweenRuns({ state }: Planning, unit: Unit, container: EngineContainer): EngineStep | null {
  if (!isStoppedBetweenRuns(state, unit, container) || !isUnlocked(state, unit)) return null
  return { kind: 'stop-container', resource: unitResource(unit.id), id: container.id, why: unit.reason }
}

/** Nobody declares it any more, or it is dead: ended by its unit, it is removed. */
function leaving({ state }: Planning, unit: Unit, container: EngineContainer): EngineStep | null {
  const resource = unitResource(unit.id)
  if (unit.run !== null || isLiving(container) || !isUnlocked(state, unit)) return null
  if (container.state === 'restarting') {
    return { kind: 'stop-container', resource, id: container.id, why: 'no longer declared' }
  }
  return removal(resource, container, container.state === 'dead', leavingWhy(unit, container))
}

function leavingWhy({ isDeclared, spec }: Unit, { state }: EngineContainer): string {
  if (!isDeclared) return 'no longer declared'
  return spec.container === undefined ? 'it is no container any more' : `the engine calls it ${state}`
}

/** It makes room for the one that takes over: its name goes, and the engine is not to start it again. */
function handingOver(unit: Unit, container: EngineContainer): EngineStep | null {
  const common = { resource: unitResource(unit.id), id: container.id }
  const why = `hands over to ${unit.container?.handsOverTo}`
  const name = outgoingName(container)
  if (container.name !== name) return { kind: 'rename-container', ...common, name, why }
  if (container.settings.restart.name === 'no') return null
  return { kind: 'update-container', ...common, settings: { restart: { name: 'no', retriesMax: 0 } }, why }
}

/** As the balena Supervisor calls it; the id keeps two of them apart. */
function outgoingName({ name, id }: EngineContainer): string {
  return name.startsWith('old_') ? name : `old_${name}_${shortId(id)}`.slice(0, 200)
}

function removal(resource: string, { id }: EngineContainer, isForced: boolean, why: string): EngineStep {
  return { kind: 'remove-container', resource, id, isForced, why }
}

// ---- locks and hand-overs ----------------------------------------------------------------------------------------

function planLocks(planning: Planning): void {
  const { state, belongings, steps } = planning
  const apps = new Set<string>()
  for (const { app, spec } of state.units.values()) if (spec.container !== undefined) apps.add(app)
  const { locks, kept } = state.containerEngine
  for (const app of [...locks.keys(), ...Object.keys(kept.takenLocks)]) apps.add(app)
  for (const app of apps) planLock(planning, app)
  for (const unit of state.units.values()) {
    const old = belongings.byUnit.get(outgoingId(unit.id))
    const strategy = unit.spec.container?.strategy
    if (old === undefined || strategy?.kind !== 'hand-over' || strategy.doneFiles.length === 0) continue
    const resource = handOverResource(unit.id)
    const outgoing = state.units.get(outgoingId(unit.id))
    const isWaited = outgoing !== undefined && isHandingOver(state, outgoing) && unit.phase === 'up'
    if (!isWaited || !isFree(planning, resource)) continue
    const { doneFiles: files, timeoutMs } = strategy
    steps.push({ kind: 'await-file', resource, files, timeoutMs, why: `${unit.id} says by it that it has taken over` })
  }
}

/** Something of it is done next. */
function isBegun({ steps }: Planning, app: string): boolean {
  return steps.some((step) => 'resource' in step && step.resource.startsWith(unitResource(`${app}/`)))
}

function planLock(planning: Planning, app: string): void {
  const { state, belongings, now, steps } = planning
  const { locks, kept } = state.containerEngine
  const lock = locks.get(app)
  const files = [...new Set([...lockFilesOf(state, app), ...(kept.takenLocks[app] ?? [])])]
  const resource = lockResource(app)
  if (files.length === 0 || state.containerEngine.work.has(resource)) return
  const need = lockNeed(state, belongings, app)
  const isForced = state.containerEngine.overridden.has(app)
  if (need === 'take' && lock?.kind !== 'held') {
    if (lock?.kind === 'refused' && lock.retryBootMs > now.bootMs) return
    steps.push({ kind: 'take-lock', resource, app, files, isForced, why: 'containers of it are to be changed' })
  } else if (need === 'none' && lock?.kind !== 'free' && isFree(planning, resource) && !isBegun(planning, app)) {
    const why = lock === undefined ? 'what an earlier daemon may have left' : 'nothing is left to be changed'
    steps.push({ kind: 'release-lock', resource, app, files, why })
  }
}
