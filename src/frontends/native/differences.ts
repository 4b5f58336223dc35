import { hashData } from '../../base/hash.ts'
import { type Belongings, belongingsOf } from '../../core/containers/among.ts'
import { containerChange } from '../../core/containers/change.ts'
import type { App, Service, State, Target, Unit, UnitId, UnitSpec } from '../../core/model.ts'
import { changeOrder } from '../../core/target/change-order.ts'
import { unitSpecs } from '../../core/target/units.ts'
import { declaredWant } from '../../core/unit/wish.ts'
import type { OrderItem, ServiceChange } from '../../wire/api.ts'
import { isLeftAsItIs, resourceValues } from './resource-values.ts'
import { isHidden, listenerValues, serviceValues } from './service-values.ts'

export interface Differences {
  readonly changes: readonly ServiceChange[]
  /** Services that stay as they are. */
  readonly unchanged: number
  readonly order: readonly OrderItem[]
}

/** What applying `after` changes of what is declared and runs, service by service, in the order of `after`. */
export function differences(state: State, after: Target): Differences {
  const scene: Scene = { state: { ...state, target: after }, belongings: belongingsOf(state) }
  const old = servicesOf(state.target)
  const fresh = servicesOf(after)
  const changes: ServiceChange[] = []
  const stops = new Set<string>()
  const starts = new Set<string>()
  let unchanged = 0
  const add = (key: string, { app, service }: Declared, fate: Fate, told: Told): void => {
    changes.push({ app: app.name, service: service.name, ...told, effect: effectOf(told.change, fate) })
    if (fate.isStopped) stops.add(key)
    if (fate.isStarted) starts.add(key)
  }
  for (const [key, declared] of fresh) {
    const known = old.get(key)
    const fate = fateOf(scene, specsOf(known), specsOf(declared))
    if (known === undefined) {
      add(key, declared, fate, { change: 'added', fields: addedFields(declared.service) })
      continue
    }
    const fields = changedFields(known, declared)
    if (fields.length === 0) unchanged += 1
    else add(key, declared, fate, { change: 'changed', fields })
  }
  for (const [key, declared] of old) {
    if (fresh.has(key)) continue
    add(key, declared, fateOf(scene, specsOf(declared), specsOf(undefined)), { change: 'removed', fields: [] })
  }
  return { changes, unchanged, order: changeOrder({ stops, starts, before: state.target, after }) }
}

type Told = Pick<ServiceChange, 'change' | 'fields'>

interface Declared {
  readonly app: App
  readonly service: Service
}

function servicesOf(target: Target): ReadonlyMap<string, Declared> {
  const services = new Map<string, Declared>()
  for (const app of Object.values(target.apps)) {
    for (const service of Object.values(app.services)) services.set(`${app.name}/${service.name}`, { app, service })
  }
  return services
}

// ---- effects -------------------------------------------------------------------------------------------------

/** What becomes of the units of a service, taken together. */
interface Fate {
  readonly isStopped: boolean
  readonly isStarted: boolean
  /** What runs is followed by another run. */
  readonly isReplaced: boolean
  /** Some of it runs and is left alone. */
  readonly isKept: boolean
}

type Specs = ReadonlyMap<UnitId, UnitSpec>

/** What runs now, under what is to be declared. */
interface Scene {
  readonly state: State
  readonly belongings: Belongings
}

function specsOf(declared: Declared | undefined): Specs {
  if (declared === undefined) return new Map()
  const { app, service } = declared
  return unitSpecs({ apps: { [app.name]: { ...app, services: { [service.name]: service } } } })
}

function fateOf(scene: Scene, before: Specs, after: Specs): Fate {
  const fates = [...new Set([...before.keys(), ...after.keys()])].map((id) => {
    return unitFate(scene, scene.state.units.get(id), { before: before.get(id), after: after.get(id) })
  })
  return {
    isStopped: fates.includes('stopped') || fates.includes('replaced'),
    isStarted: fates.includes('started') || fates.includes('replaced'),
    isReplaced: fates.includes('replaced'),
    isKept: fates.includes('kept'),
  }
}

/** As the core decides when it is declared: see declareAgain in core/command.ts. */
function unitFate(
  scene: Scene,
  unit: Unit | undefined,
  { before, after }: { readonly before: UnitSpec | undefined; readonly after: UnitSpec | undefined },
): 'stopped' | 'started' | 'replaced' | 'kept' | 'at rest' {
  const isAlive = unit !== undefined && unit.run !== null && unit.run.role !== 'post'
  if (after === undefined) return isAlive ? 'stopped' : 'at rest'
  const wished = unit === undefined || unit.want.by.kind === 'declared' ? declaredWant(after) : unit.want
  const isWanted = wished.kind !== 'down'
  if (isAlive && !isWanted) return unit.want.kind === 'down' ? 'at rest' : 'stopped'
  const isOther = before?.runHash !== after.runHash
  const isContained = before?.container !== undefined && after.container !== undefined
  if (isAlive && isContained) return isMadeAnew(scene, unit, before, after) ? 'replaced' : 'kept'
  if (isAlive) return isOther ? 'replaced' : 'kept'
  return isWanted && (isOther || unit?.want.kind === 'down') ? 'started' : 'at rest'
}

/** By what the engine tells of it; of an image that it has not looked up, another name is taken for another one. */
function isMadeAnew({ state, belongings }: Scene, unit: Unit, before: UnitSpec, after: UnitSpec): boolean {
  const container = belongings.byUnit.get(unit.id)
  const reference = after.container?.image ?? ''
  const isLookedUp = state.containerEngine.images.has(reference)
  if (before.container?.image !== reference && !isLookedUp) return true
  if (container === undefined) return hashData(before.container?.settings) !== hashData(after.container?.settings)
  return containerChange(state, belongings, { ...unit, spec: after }, container).kind === 'recreate'
}

function effectOf(
  change: ServiceChange['change'],
  { isStopped, isStarted, isReplaced, isKept }: Fate,
): ServiceChange['effect'] {
  if (isReplaced) return 'replace'
  if (isStopped) return 'stop'
  // One more of what runs already: nothing of it is touched.
  if (isStarted && !isKept) return 'start'
  return change === 'changed' ? 'in-place' : 'none'
}

// ---- fields --------------------------------------------------------------------------------------------------

function changedFields(before: Declared, after: Declared): ServiceChange['fields'] {
  const [old, fresh] = [allValues(before), allValues(after)]
  const isTold = (field: string) => {
    const parent = parentOf(field)
    return parent === null || old.has(parent) === fresh.has(parent)
  }
  const changed = [...new Set([...old.keys(), ...fresh.keys()])].filter(
    (field) => old.get(field) !== fresh.get(field) && isTold(field),
  )
  const said = changed.filter((field) => !bookkeeping.test(field))
  return (said.length > 0 ? said : changed).map((field) => {
    if (isHidden(field)) return { field, before: null, after: null }
    const [from, to] = [old.get(field) ?? null, fresh.get(field) ?? null]
    return { field, before: from, after: isLeftAsItIs(field) ? `${to ?? 'unset'} (${leftAsItIs})` : to }
  })
}

/** What nobody wrote says nothing beside what somebody did. */
const bookkeeping =
  /(?:^|\.)labels\.(?:com\.docker\.compose\.|io\.holdfast\.|io\.balena\.(?:supervised|app-id|app-uuid|service-id|service-name)$)/

const leftAsItIs = 'the volume that is there stays as it is, until it is purged'

function allValues({ app, service }: Declared): ReadonlyMap<string, string> {
  const values = serviceValues(service)
  const isListening = service.process.stdin.kind === 'events' && app.listener !== undefined
  if (isListening) return new Map([...values, ...listenerValues(app.listener)])
  return service.container === undefined
    ? values
    : new Map([...values, ...resourceValues(service.container, app.resources)])
}

/** What it runs, and when: the rest is in the file that is being added. */
function addedFields(service: Service): ServiceChange['fields'] {
  const values = serviceValues(service)
  return ['image', 'command', 'schedule', 'replicas'].flatMap((field) => {
    const after = values.get(field)
    const isPlain = after === undefined || (field === 'replicas' && after === '1')
    return isPlain ? [] : [{ field, before: null, after }]
  })
}

/** What comes and goes with another field is not told by itself. */
function parentOf(field: string): string | null {
  const resource = /^(?:networks|volumes)\.[^.]+(?=\.)/.exec(field)?.[0]
  if (resource !== undefined) return `${resource}.name`
  return /^(?:healthcheck|liveness|hooks\.[a-z_]+|schedule)(?=\.)/.exec(field)?.[0] ?? null
}
