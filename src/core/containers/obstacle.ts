import type { App, Now, State, Unit } from '../model.ts'
import { durationText } from '../text.ts'
import {
  type Belongings,
  imageResource,
  isLiving,
  networkResource,
  outgoingId,
  unitResource,
  volumeResource,
} from './among.ts'
import { namespaceServices, networkChange } from './change.ts'
import { pullHash } from './fold.ts'
import type { ContainerSpec, NetworkSpec, VolumeSpec } from './model.ts'

/** What keeps the container of a unit from being created or started, beside its dependencies; null: nothing. */
export function startObstacle(state: State, belongings: Belongings, unit: Unit, now: Now): string | null {
  const spec = unit.spec.container
  if (spec === undefined) return null
  return (
    heldObstacle(state) ??
    engineObstacle(state, now) ??
    imagesObstacle(state, unit, spec, now) ??
    networksObstacle(state, unit, spec, now) ??
    volumesObstacle(state, unit, spec, now) ??
    namespaceObstacle(belongings, unit, spec) ??
    nameObstacle(state, belongings, unit, spec) ??
    doubleObstacle(belongings, unit) ??
    pauseObstacle(state, unit, now)
  )
}

function heldObstacle({ mode }: State): string | null {
  return mode.kind === 'held' ? `the daemon is held (${mode.why}) and changes nothing; go on with: holdfast up` : null
}

function doubleObstacle({ doubles }: Belongings, unit: Unit): string | null {
  const isThere = doubles.some((double) => double.unit === unit.id && isLiving(double.container))
  return isThere ? 'an older container of it still runs, and is removed first' : null
}

/** What failed is tried again, but not at once. */
function pauseObstacle(state: State, unit: Unit, now: Now): string | null {
  const resource = unitResource(unit.id)
  const retryBootMs = state.containerEngine.troubles.get(resource)?.retryBootMs ?? 0
  return retryBootMs > now.bootMs ? troubleText(state, resource, now) : null
}

export function engineObstacle({ containerEngine: { status, isKnown, observe } }: State, now: Now): string | null {
  if (status.kind === 'absent') {
    const inMs = Math.max(0, (observe?.dueBootMs ?? now.bootMs) - now.bootMs)
    const again = observe?.inFlight ? 'it is being asked again' : `asked again in ${durationText(inMs)}`
    return `the container engine does not answer (${status.failure.code}): ${status.failure.message}; ${again}`
  }
  return isKnown ? null : 'the container engine is being asked what there is'
}

// ---- images ---------------------------------------------------------------------------------------------------

/** Nothing of an app is touched before every image of it is there, but for services that say otherwise. */
function imagesObstacle(state: State, unit: Unit, spec: ContainerSpec, now: Now): string | null {
  const missing = missingImages(state, unit.app)
  if (missing.length === 0) return null
  const reference = missing.includes(spec.image) ? spec.image : missing[0]!
  return imageText(state, reference, now)
}

/** The references of an app that the engine does not have, or that have to be pulled all the same. */
export function missingImages(state: State, app: string): readonly string[] {
  const missing = new Set<string>()
  for (const service of Object.values(state.target.apps[app]?.services ?? {})) {
    const { container } = service
    if (container !== undefined && service.instances.length > 0 && !isImageThere(state, app, container)) {
      missing.add(container.image)
    }
  }
  return [...missing]
}

/** An engine that does not look has it only in its books. */
export function isImageThere(
  { containerEngine: { images, kept }, target }: State,
  app: string,
  spec: ContainerSpec,
): boolean {
  if (images.get(spec.image) == null) return false
  return spec.pull !== 'always' || kept.pulledFor[`${app} ${spec.image}`] === pullHash(target.apps[app], spec.image)
}

/** What becomes of an image that is not there. */
export function imageText(state: State, reference: string, now: Now): string {
  const { images, work } = state.containerEngine
  const resource = imageResource(reference)
  const under = work.get(resource)
  if (under?.step === 'pull') {
    const percent = under.progress?.percent ?? null
    return `image ${reference} is being pulled${percent === null ? '' : `: ${Math.floor(percent)} %`}`
  }
  const trouble = troubleText(state, resource, now)
  if (trouble !== null) return `image ${reference}: ${trouble}`
  if (images.get(reference) === undefined) return `image ${reference} is being looked up`
  const isNeverPulled = Object.values(state.target.apps).some((app: App) =>
    Object.values(app.services).some(({ container }) => container?.image === reference && container.pull === 'never'),
  )
  if (isNeverPulled) return `image ${reference} is not there, and its pull policy is never; load or build it`
  return `image ${reference} is about to be pulled`
}

// ---- networks, volumes, namespaces -------------------------------------------------------------------------------

function networksObstacle(state: State, unit: Unit, spec: ContainerSpec, now: Now): string | null {
  for (const { network, engineName } of spec.settings.networks) {
    const declared = resourcesOf(state, unit)?.networks[network]
    const isThere = state.containerEngine.networks.has(engineName)
    if (isThere && networkChange(state, engineName) === null) continue
    const trouble = troubleText(state, networkResource(engineName), now)
    if (trouble !== null) return `network ${engineName}: ${trouble}`
    if (isThere) return `network ${engineName} is being made anew`
    return missingText('network', engineName, declared)
  }
  return null
}

function volumesObstacle(state: State, unit: Unit, spec: ContainerSpec, now: Now): string | null {
  for (const mount of spec.settings.mounts) {
    if (mount.kind !== 'volume' || mount.engineName === null) continue
    const { engineName } = mount
    const declared = mount.volume === null ? undefined : resourcesOf(state, unit)?.volumes[mount.volume]
    const isPurged = state.containerEngine.kept.purges[engineName] !== undefined
    if (!isPurged && (declared === undefined || state.containerEngine.volumes.has(engineName))) continue
    const trouble = troubleText(state, volumeResource(engineName), now)
    if (trouble !== null) return `volume ${engineName}: ${trouble}`
    return isPurged ? `volume ${engineName} is being purged` : missingText('volume', engineName, declared)
  }
  return null
}

function resourcesOf(state: State, { app }: Unit): App['resources'] {
  return state.target.apps[app]?.resources
}

function missingText(kind: string, engineName: string, declared: NetworkSpec | VolumeSpec | undefined): string {
  return declared?.isExternal === false
    ? `${kind} ${engineName} is being created`
    : `${kind} ${engineName} is declared to be somebody else's, and is not there; create it`
}

function namespaceObstacle({ byUnit }: Belongings, unit: Unit, spec: ContainerSpec): string | null {
  for (const service of namespaceServices(spec)) {
    const other = byUnit.get(`${unit.app}/${service}/1`)
    if (other?.state !== 'running') return `it shares a namespace with ${service}, which does not run yet`
  }
  return null
}

/** While it hands over, the old one has another name. */
function nameObstacle(state: State, { byUnit }: Belongings, unit: Unit, spec: ContainerSpec): string | null {
  const old = byUnit.get(outgoingId(unit.id))
  if (old === undefined || old.name !== spec.containerName || !state.units.has(outgoingId(unit.id))) return null
  return 'the container that hands over to it is being renamed'
}

/** What failed last about a thing, and when it is tried again. */
export function troubleText({ containerEngine }: State, resource: string, now: Now): string | null {
  const trouble = containerEngine.troubles.get(resource)
  if (trouble === undefined) return null
  const inMs = trouble.retryBootMs - now.bootMs
  const again =
    containerEngine.work.has(resource) || inMs <= 0 ? 'being tried again' : `tried again in ${durationText(inMs)}`
  const times = trouble.failures > 1 ? ` (${trouble.failures} times)` : ''
  return `${stepWords[trouble.step] ?? trouble.step} failed${times}, ${trouble.failure.code}: ${trouble.failure.message}; ${again}`
}

const stepWords: Readonly<Record<string, string>> = {
  pull: 'the pull',
  'create-container': 'creating its container',
  'remove-container': 'removing its container',
  'start-container': 'starting its container',
  'stop-container': 'stopping its container',
  'rename-container': 'renaming its container',
  'update-container': 'changing its container',
  'create-network': 'creating it',
  'remove-network': 'removing it',
  'create-volume': 'creating it',
  'remove-volume': 'removing it',
  'remove-image': 'removing it',
}
