import { pullsMax } from '../limits.ts'
import type { Phase, State, Unit } from '../model.ts'
import { isWantedUp, mustEnd } from '../unit/wish.ts'
import { declaredContainers, imageResource, isLiving } from './among.ts'
import { containerChange, imageById } from './change.ts'
import type { ContainerSpec, EngineContainer } from './model.ts'
import { isImageThere } from './obstacle.ts'
import { isFree, type Planning } from './planning.ts'

/** Every reference that something needs or that is ours: what is known of them is kept up to date. */
export function referencesNeeded(state: State): readonly string[] {
  const references = new Set(neededReferences(state))
  const { ownImages, pulling } = state.containerEngine.kept
  for (const reference of Object.keys({ ...ownImages, ...pulling })) references.add(reference)
  // What present containers were made from tells which of their settings are the image's.
  for (const { imageId } of state.containerEngine.containers.values()) {
    if (imageById(state, imageId) === null) references.add(imageId)
  }
  return [...references]
}

/** What is declared, and what a release would go back to. */
function neededReferences({ target, releases }: State): ReadonlySet<string> {
  const references = new Set<string>()
  for (const { services } of Object.values(target.apps)) {
    for (const { container } of Object.values(services)) if (container !== undefined) references.add(container.image)
  }
  for (const { app, previous } of releases.values()) {
    for (const { name, container } of Object.values(previous?.app.services ?? {})) {
      const { kind = null } = target.apps[app]?.services[name]?.container?.strategy ?? {}
      // There is no room for both: whoever says so has the old one pulled again.
      if (container !== undefined && kind !== 'delete-then-download') references.add(container.image)
    }
  }
  return references
}

export function planImages(planning: Planning): void {
  planPulls(planning)
  planRemovals(planning)
}

function planPulls(planning: Planning): void {
  const { state, steps } = planning
  const { work, images } = state.containerEngine
  let room = pullsMax
  for (const { step } of work.values()) if (step === 'pull') room -= 1
  const asked = new Set<string>()
  for (const { unit, spec } of declaredContainers(state)) {
    const { image: reference, platform, pull } = spec
    const resource = imageResource(reference)
    if (room <= 0) return
    if (asked.has(reference) || pull === 'never' || images.get(reference) === undefined) continue
    if (isImageThere(state, unit.app, spec) || !isFree(planning, resource) || !isOldGone(planning, unit, spec)) continue
    asked.add(reference)
    room -= 1
    const why = images.get(reference) === null ? `${unit.app}/${unit.service} needs it` : 'its pull policy is always'
    const bytesExpected = replacedBytes(planning, unit)
    steps.push({ kind: 'pull', resource, image: reference, platform, bytesExpected, why })
  }
}

/** Where the disk or the memory does not hold both, the old one goes before the new one comes. */
function isOldGone(planning: Planning, unit: Unit, { strategy }: ContainerSpec): boolean {
  if (strategy.kind !== 'kill-then-download' && strategy.kind !== 'delete-then-download') return true
  const container = planning.belongings.byUnit.get(unit.id)
  if (container !== undefined && isGoing(planning, unit, container))
    return strategy.kind === 'kill-then-download' && !isLiving(container)
  // What cannot be removed is not waited for.
  const { troubles } = planning.state.containerEngine
  const isRoomMade = () => removable(planning).every(({ reference }) => troubles.has(imageResource(reference)))
  return strategy.kind === 'kill-then-download' || isRoomMade()
}

/** A container that stays as it is is not waited for: others of its app may wait for the image. */
function isGoing({ state, belongings }: Planning, unit: Unit, container: EngineContainer): boolean {
  if (isLiving(container) && mustEnd(state, unit)) return true
  return isWantedUp(state, unit) && containerChange(state, belongings, unit, container).kind === 'recreate'
}

function replacedBytes({ state, belongings }: Planning, unit: Unit): number {
  const container = belongings.byUnit.get(unit.id)
  return container === undefined ? 0 : (imageById(state, container.imageId)?.sizeBytes ?? 0)
}

// ---- what nothing needs any more --------------------------------------------------------------------------------

/**
 * Only what is ours, and only when no app is being changed: until then the old image is what a failing update goes back to. A
 * reference that something needs stays, and with it the layers of its image.
 */
function planRemovals(planning: Planning): void {
  const { state, steps } = planning
  if (Object.keys(state.containerEngine.kept.ownImages).length === 0) return
  if (!isRoomNeeded(planning) && !isSettled(planning)) return
  for (const { reference, id } of removable(planning)) {
    const resource = imageResource(reference)
    if (!isFree(planning, resource)) continue
    steps.push({ kind: 'remove-image', resource, image: reference, imageId: id, why: 'nothing needs it any more' })
  }
}

/** Ours, and neither needed by a declaration nor used by a container. */
function removable({ state }: Planning): readonly { readonly reference: string; readonly id: string }[] {
  const { kept, images, containers } = state.containerEngine
  const needed = neededReferences(state)
  const used = new Set([...containers.values()].map(({ imageId }) => imageId))
  const found: { readonly reference: string; readonly id: string }[] = []
  for (const [reference, id] of Object.entries(kept.ownImages)) {
    if (needed.has(reference) || images.get(reference)?.id !== id) continue
    if (!used.has(id) || isNamedOtherwise(state, reference, id)) found.push({ reference, id })
  }
  return found
}

/** The engine keeps an image that has another name: only the name goes. */
function isNamedOtherwise({ containerEngine: { images } }: State, reference: string, id: string): boolean {
  for (const [other, image] of images) if (other !== reference && other !== id && image?.id === id) return true
  return false
}

/** Of delete-then-download: the old image makes room for the new one. */
function isRoomNeeded(planning: Planning): boolean {
  const { state, belongings } = planning
  for (const { unit, spec } of declaredContainers(state)) {
    const isPulled = state.containerEngine.images.get(spec.image) !== undefined && !isImageThere(state, unit.app, spec)
    if (spec.strategy.kind !== 'delete-then-download' || !isPulled) continue
    const container = belongings.byUnit.get(unit.id)
    if (container === undefined || !isGoing(planning, unit, container)) return true
  }
  return false
}

const onTheWay: ReadonlySet<Phase> = new Set(['idle', 'starting', 'stopping'])

/** Nothing of any app is on its way from one container to another. */
function isSettled({ state, belongings }: Planning): boolean {
  for (const { step } of state.containerEngine.work.values()) if (step === 'pull') return false
  for (const unit of state.units.values()) {
    if (unit.spec.container === undefined && unit.container === undefined) continue
    const container = belongings.byUnit.get(unit.id)
    if (!unit.isDeclared && unit.run === null && container === undefined) continue
    if (!unit.isDeclared || mustEnd(state, unit)) return false
    if (container === undefined) {
      if (isWantedUp(state, unit)) return false
    } else {
      if (isWantedUp(state, unit) && onTheWay.has(unit.phase)) return false
      const change = containerChange(state, belongings, unit, container)
      if (change.kind === 'recreate' && isWantedUp(state, unit)) return false
    }
  }
  return true
}
