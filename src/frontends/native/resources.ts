import { imageResource, networkResource, volumeResource } from '../../core/containers/among.ts'
import { networkChange } from '../../core/containers/change.ts'
import { compareVolume, differenceText } from '../../core/containers/compare.ts'
import type { EngineStep, NetworkSpec, VolumeSpec } from '../../core/containers/model.ts'
import { engineObstacle, isImageThere, troubleText } from '../../core/containers/obstacle.ts'
import type { Now, State, Unit } from '../../core/model.ts'
import type { Snapshot } from '../../engine/ports.ts'
import { apiVersion, type ResourceItem, type ResourceList } from '../../wire/api.ts'
import { engineItem, pullItem } from './containers.ts'
import { daemonWarnings } from './units.ts'
import { ownVolumes } from './volumes.ts'

/** What `holdfast resources` shows: what is declared of the engine's things, and what of them is ours. */
export function resourceList({ state, now, storeTrouble }: Snapshot): ResourceList {
  const items = [...imageItems(state, now), ...volumeItems(state, now), ...networkItems(state, now)]
  return {
    apiVersion,
    kind: 'ResourceList',
    engine: engineItem(state, now),
    items,
    warnings: daemonWarnings(state, storeTrouble),
  }
}

type Base = Pick<ResourceItem, 'state' | 'why'>

/** Where it stands, by what is done about it and what came of that; `isThere` null: it was not looked up. */
function baseOf(state: State, now: Now, resource: string, isThere: boolean | null): Base {
  const { work, status, isKnown } = state.containerEngine
  const step = work.get(resource)?.step
  const word = step === undefined ? undefined : stepStates[step]
  const trouble = troubleText(state, resource, now) ?? ''
  if (word !== undefined) return { state: word, why: trouble }
  if (!isKnown || status.kind === 'absent') return { state: 'unknown', why: engineObstacle(state, now) ?? '' }
  if (trouble !== '') return { state: 'failed', why: trouble }
  if (isThere === null) return { state: 'unknown', why: 'it is being looked up' }
  return { state: isThere ? 'present' : 'missing', why: '' }
}

const stepStates: Readonly<Partial<Record<EngineStep['kind'], ResourceItem['state']>>> = {
  pull: 'pulling',
  'create-network': 'creating',
  'create-volume': 'creating',
  'remove-image': 'removing',
  'remove-network': 'removing',
  'remove-volume': 'removing',
}

/** `app/service` of those units whose containers are declared, or known, to use it. */
function usersOf(state: State, isUser: (unit: Unit) => boolean): readonly string[] {
  const users = [...state.units.values()].filter((unit) => unit.spec.container !== undefined && isUser(unit))
  return [...new Set(users.map(({ app, service }) => `${app}/${service}`))]
}

function byName<T extends { readonly name: string }>(items: readonly T[]): readonly T[] {
  return items.toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

// ---- images ----------------------------------------------------------------------------------------------------

/** Also for those who only want to know what is being pulled. */
export function imageItems(state: State, now: Now): readonly ResourceItem[] {
  const { kept } = state.containerEngine
  const keptFor = previousImages(state)
  const references = new Set([...keptFor.keys(), ...Object.keys(kept.ownImages)])
  for (const { spec } of state.units.values()) if (spec.container !== undefined) references.add(spec.container.image)
  return byName([...references].map((reference) => imageItem(state, now, reference, keptFor.get(reference) ?? '')))
}

function imageItem(state: State, now: Now, reference: string, keptFor: string): ResourceItem {
  const { images, kept } = state.containerEngine
  const image = images.get(reference)
  const base = baseOf(state, now, imageResource(reference), image === undefined ? null : image !== null)
  const neededBy = usersOf(state, ({ spec }) => spec.container?.image === reference)
  const pull = isAwaited(state, reference, base) ? pullItem(state, reference, now) : null
  const unused = neededBy.length > 0 ? '' : unusedText(keptFor, image?.id === reference)
  return {
    kind: 'image',
    name: reference,
    state: base.state,
    why: base.why || pull?.why || unused,
    id: image?.id ?? null,
    sizeBytes: image?.sizeBytes ?? null,
    isOurs: kept.ownImages[reference] !== undefined,
    neededBy,
    pull,
    purgeName: null,
  }
}

/** It is being pulled, or has to be. */
function isAwaited(state: State, reference: string, base: Base): boolean {
  if (base.state === 'pulling') return true
  if (base.state !== 'missing' && base.state !== 'failed') return false
  return [...state.units.values()].some(({ app, spec: { container } }) => {
    return container?.image === reference && !isImageThere(state, app, container)
  })
}

function unusedText(keptFor: string, isUnnamed: boolean): string {
  if (keptFor !== '') return keptFor
  return `nothing needs it any more${isUnnamed ? ', and its name went to another' : ''}; it is removed when nothing is on its way`
}

/** What a release would go back to, by reference. */
function previousImages({ releases }: State): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const { app, previous } of releases.values()) {
    for (const { container } of Object.values(previous?.app.services ?? {})) {
      if (container !== undefined) found.set(container.image, `kept for release ${previous?.id} of ${app}`)
    }
  }
  return found
}

// ---- volumes ---------------------------------------------------------------------------------------------------

function volumeItems(state: State, now: Now): readonly ResourceItem[] {
  const { volumes, kept } = state.containerEngine
  const external = declaredIn(state, 'volumes').filter(({ isExternal }) => isExternal)
  const own = ownVolumes(state)
  const items = own.map(({ volume, name, isDeclared, spec }): ResourceItem => {
    const found = volumes.get(volume)
    const base = baseOf(state, now, volumeResource(volume), found !== undefined)
    const by = kept.purges[volume]
    const purged = by === undefined ? '' : `purged by ${by}: removed as soon as nothing uses it`
    const other = spec === null || found === undefined ? '' : otherVolumeText(spec, volume, state)
    const unused = isDeclared ? '' : `nothing declares it any more; it stays until: holdfast purge ${name}`
    return {
      ...{ kind: 'volume', name: volume, state: base.state },
      why: [base.why, purged, other, unused].find((text) => text !== '') ?? '',
      ...plainVolume(state, volume),
      isOurs: found?.isOurs ?? false,
      purgeName: name,
    }
  })
  const others = external.map(({ engineName }): ResourceItem => {
    const base = baseOf(state, now, volumeResource(engineName), volumes.has(engineName))
    return {
      kind: 'volume',
      name: engineName,
      ...externalBase(base),
      ...plainVolume(state, engineName),
      isOurs: false,
      purgeName: null,
    }
  })
  return byName([...items, ...others])
}

function plainVolume(state: State, volume: string): Pick<ResourceItem, 'id' | 'sizeBytes' | 'neededBy' | 'pull'> {
  const isUser = ({ spec }: Unit): boolean =>
    spec.container?.settings.mounts.some((mount) => mount.kind === 'volume' && mount.engineName === volume) === true
  return { id: null, sizeBytes: null, neededBy: usersOf(state, isUser), pull: null }
}

function otherVolumeText(spec: VolumeSpec, name: string, state: State): string {
  const volume = state.containerEngine.volumes.get(name)
  const differences = volume === undefined || !volume.isOurs ? [] : compareVolume(spec, volume)
  return differences.length === 0
    ? ''
    : `declared otherwise by now (${differences.map(differenceText).join('; ')}), and left as it is`
}

function externalBase({ state, why }: Base): Base {
  return {
    state,
    why: why !== '' ? why : state === 'missing' ? "declared to be somebody else's; create it" : "somebody else's",
  }
}

// ---- networks --------------------------------------------------------------------------------------------------

function networkItems(state: State, now: Now): readonly ResourceItem[] {
  const { networks } = state.containerEngine
  const declared = new Map(declaredIn(state, 'networks').map((spec) => [spec.engineName, spec]))
  const names = new Set([
    ...declared.keys(),
    ...[...networks.values()].filter(({ isOurs }) => isOurs).map(({ name }) => name),
  ])
  return byName(
    [...names].map((name): ResourceItem => {
      const found = networks.get(name)
      const spec = declared.get(name)
      const plain = baseOf(state, now, networkResource(name), found !== undefined)
      const base = spec?.isExternal === true ? externalBase(plain) : plain
      const changed = networkChange(state, name)
      const why =
        changed !== null ? `to be made anew: ${changed}` : spec === undefined ? 'nothing declares it any more' : ''
      return {
        ...{ kind: 'network', name, state: base.state, why: base.why === '' ? why : base.why },
        id: found?.id ?? null,
        sizeBytes: null,
        isOurs: found?.isOurs ?? false,
        neededBy: usersOf(state, ({ spec: { container } }) => isJoined(container?.settings, name)),
        pull: null,
        purgeName: null,
      }
    }),
  )
}

function isJoined(settings: NonNullable<Unit['spec']['container']>['settings'] | undefined, network: string): boolean {
  if (settings === undefined) return false
  const { networks, networkMode } = settings
  return (
    networks.some(({ engineName }) => engineName === network) ||
    (networkMode.kind === 'named' && networkMode.name === network)
  )
}

function declaredIn<K extends 'networks' | 'volumes'>(
  { target }: State,
  kind: K,
): readonly (K extends 'networks' ? NetworkSpec : VolumeSpec)[] {
  return Object.values(target.apps).flatMap(({ resources }) =>
    Object.values(
      (resources?.[kind] ?? {}) as Readonly<Record<string, K extends 'networks' ? NetworkSpec : VolumeSpec>>,
    ),
  )
}
