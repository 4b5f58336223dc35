import type { Run, State, Unit, UnitId } from '../model.ts'
import type { ContainerEngine, ContainerSpec, EngineContainer } from './model.ts'

/** Which containers are whose. */

/** A unit of the container engine, now or until its last container is gone. */
export function isContainerUnit(unit: Pick<Unit, 'spec' | 'container'>): boolean {
  return unit.spec.container !== undefined || unit.container !== undefined
}

/** Whatever its unit is declared as by now. */
export function isContainerRun({ identity, isContained }: Run): boolean {
  return isContained === true || identity?.container !== undefined
}

/** What the steps of a unit's container touch. */
export function unitResource(unit: UnitId): string {
  return `container:${unit}`
}

export function imageResource(reference: string): string {
  return `image:${reference}`
}

export function networkResource(engineName: string): string {
  return `network:${engineName}`
}

export function volumeResource(engineName: string): string {
  return `volume:${engineName}`
}

export function lockResource(app: string): string {
  return `lock:${app}`
}

/** Of the one that is being handed over: while its successor starts under the name of the slot. */
export function outgoingId(unit: UnitId): UnitId {
  return `${unit}@old`
}

/** Whom each container belongs to, and those that nobody has use for. */
export interface Belongings {
  /** The newest, where several belong to one unit. */
  readonly byUnit: ReadonlyMap<UnitId, EngineContainer>
  /** Older ones of a unit that has a newer one, or runs as a process by now. */
  readonly doubles: readonly { readonly unit: UnitId; readonly container: EngineContainer }[]
  /** Ours by their labels, of units that are not there. */
  readonly orphans: readonly EngineContainer[]
}

/** By the state they were asked of: they are asked for again and again, unit by unit. */
const remembered = new WeakMap<object, Belongings>()

/** Of a state that does not change any more; of one that is being drafted by what it is at the first time of asking. */
export function belongingsOf(state: Pick<State, 'containerEngine' | 'units'>): Belongings {
  const known = remembered.get(state)
  if (known !== undefined) return known
  const belongings = findBelongings(state.containerEngine.containers, state.units)
  remembered.set(state, belongings)
  return belongings
}

function findBelongings(containers: ContainerEngine['containers'], units: ReadonlyMap<UnitId, Unit>): Belongings {
  const byUnit = new Map<UnitId, EngineContainer>()
  const doubles: { unit: UnitId; container: EngineContainer }[] = []
  const orphans: EngineContainer[] = []
  if (containers.size === 0) return { byUnit, doubles, orphans }
  const claimed = new Map<string, UnitId>()
  const takers: { readonly unit: UnitId; readonly labels: Readonly<Record<string, string>> }[] = []
  for (const { id, container, spec } of units.values()) {
    if (container?.handsOverTo != null) claimed.set(container.id, id)
    else if (spec.container?.adopts != null) takers.push({ unit: id, labels: spec.container.adopts })
  }
  for (const container of containers.values()) {
    const unit = claimed.get(container.id) ?? container.unit ?? takerOf(takers, container)
    if (unit === null) continue
    const known = units.get(unit)
    if (known === undefined) {
      orphans.push(container)
      continue
    }
    if (isBesideProcess(known)) {
      doubles.push({ unit, container })
      continue
    }
    const other = byUnit.get(unit)
    const isNewer = other === undefined || isLater(container.createdAt, other.createdAt)
    if (isNewer) byUnit.set(unit, container)
    if (other !== undefined) doubles.push({ unit, container: isNewer ? other : container })
  }
  return { byUnit, doubles, orphans }
}

/** It is declared as a process, and runs as one already. */
function isBesideProcess(unit: Unit): boolean {
  return !isContainerUnit(unit) && unit.run !== null && !isContainerRun(unit.run)
}

function takerOf(
  takers: readonly { readonly unit: UnitId; readonly labels: Readonly<Record<string, string>> }[],
  { settings }: EngineContainer,
): UnitId | null {
  const taker = takers.find(({ labels }) =>
    Object.entries(labels).every(([key, value]) => settings.labels[key] === value),
  )
  return taker?.unit ?? null
}

/** Whether `a` is after `b`, both RFC 3339 in UTC; the engine leaves out trailing zeros of the fraction. Empty is before all. */
export function isLater(a: string, b: string): boolean {
  return comparable(a) > comparable(b)
}

function comparable(time: string): string {
  const end = time.endsWith('Z') ? time.length - 1 : time.length
  const dot = time.indexOf('.')
  if (dot === -1) return time.slice(0, end)
  return `${time.slice(0, dot)}.${time.slice(dot + 1, end).padEnd(9, '0')}`
}

/** Its process exists. */
export function isLiving({ state }: EngineContainer): boolean {
  return state === 'running' || state === 'paused'
}

/** Every container that is declared, with its app and unit. */
export function* declaredContainers(state: State): Generator<{ readonly unit: Unit; readonly spec: ContainerSpec }> {
  for (const unit of state.units.values()) {
    if (unit.isDeclared && unit.spec.container !== undefined) yield { unit, spec: unit.spec.container }
  }
}

/** Short, as people know it. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12)
}
