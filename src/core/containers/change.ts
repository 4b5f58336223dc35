import { hashData } from '../../base/hash.ts'
import type { State, Unit } from '../model.ts'
import type { Belongings } from './among.ts'
import { compareContainer, compareNetwork, type Difference, differenceText } from './compare.ts'
import { specLabel } from './marks.ts'
import type { ContainerSettings, ContainerSpec, EngineContainer, EngineImage, MountSpec, NetworkSpec } from './model.ts'

/** What has to be done about a container that is there, so that it is as declared. */
export type ContainerChange =
  | { readonly kind: 'none' }
  /** `isInTheWay`: something that it uses is to be made anew, which cannot be while it is there, whether it runs or not. */
  | { readonly kind: 'recreate'; readonly why: string; readonly isInTheWay?: true }
  | {
      readonly kind: 'in-place'
      readonly name: string | null
      readonly settings: Partial<ContainerSettings> | null
      readonly why: string
    }
  /** It was made from exactly this declaration, and is another: to make it once more would change nothing. */
  | { readonly kind: 'cannot-match'; readonly why: string; readonly unmatched: string }

const none: ContainerChange = { kind: 'none' }

/** Of a unit that is declared as a container. */
export function containerChange(
  state: State,
  { byUnit }: Belongings,
  unit: Unit,
  container: EngineContainer,
): ContainerChange {
  const spec = unit.spec.container
  if (spec === undefined) return { kind: 'recreate', why: 'it is no container any more' }
  const { images } = state.containerEngine
  const image = images.get(spec.image) ?? null
  const around = changeAround(state, spec, container)
  if (around !== null) return { kind: 'recreate', why: around, isInTheWay: true }
  const containers = namespaceContainers(spec, (service) => byUnit.get(`${unit.app}/${service}/1`)?.id ?? null)
  const madeFrom = imageById(state, container.imageId)
  if (image === null && images.has(spec.image)) return { kind: 'recreate', why: `image ${spec.image} is to be pulled` }
  const differences = compared({ spec, container, image, madeFrom, containers })
  if (differences.length === 0) return none
  const great = differences.filter(({ how }) => how === 'recreate')
  if (great.length > 0) {
    const why = great.map(differenceText).join('; ')
    const isMadeForThis = image !== null && container.settings.labels[specLabel] === specHash(spec, image, containers)
    const unmatched = hashData(great)
    const isKnown = container.startedAt === '' || unit.container?.unmatched === unmatched
    return isMadeForThis && isKnown ? { kind: 'cannot-match', why, unmatched } : { kind: 'recreate', why }
  }
  return inPlace(spec, differences)
}

function inPlace(spec: ContainerSpec, differences: readonly Difference[]): ContainerChange {
  const updated = differences.filter(({ how }) => how === 'update').map(({ field }) => field.split('.')[0] ?? field)
  const settings: Record<string, unknown> = {}
  for (const field of updated) settings[field] = spec.settings[field as keyof ContainerSettings]
  return {
    kind: 'in-place',
    name: differences.some(({ how }) => how === 'rename') ? spec.containerName : null,
    settings: updated.length === 0 ? null : (settings as Partial<ContainerSettings>),
    why: differences.map(differenceText).join('; '),
  }
}

export function isInTheWay(change: ContainerChange): boolean {
  return change.kind === 'recreate' && change.isInTheWay === true
}

/** Identity of a change in place. */
export function changeHash(id: string, settings: Partial<ContainerSettings> | null, name: string | null): string {
  return hashData({ id, settings, name })
}

/** The engine took just this change, and it is as before. */
export function isChangedInVain(unit: Unit, change: Extract<ContainerChange, { kind: 'in-place' }>): boolean {
  const { container } = unit
  if (container?.changed === undefined) return false
  const { settings, name } = change
  return container.changed === changeHash(container.id, settings, settings === null ? name : null)
}

/** By the image and the namespaces too: the same names may come to mean others. */
export function specHash(
  { settings }: ContainerSpec,
  image: EngineImage,
  containers: Readonly<Record<string, string>>,
): string {
  return hashData({ settings, image: image.id, containers })
}

export function imageById({ containerEngine: { images } }: State, id: string): EngineImage | null {
  const direct = images.get(id)
  if (direct !== undefined) return direct
  for (const image of images.values()) if (image?.id === id) return image
  return null
}

/** A network that is made anew has to be left by all, and a volume that is purged too. */
function changeAround(state: State, { settings }: ContainerSpec, container: EngineContainer): string | null {
  // Also those that it has by an earlier declaration.
  for (const { engineName } of [...settings.networks, ...container.settings.networks]) {
    const why = networkChange(state, engineName)
    if (why !== null) return `network ${engineName} changed: ${why}`
  }
  for (const mount of [...settings.mounts, ...container.settings.mounts]) {
    const by = purgeOf(state, mount)
    if (by !== null) return `what is in volume ${mount.kind === 'volume' ? mount.engineName : ''} is purged by ${by}`
  }
  return null
}

function purgeOf({ containerEngine: { kept } }: State, mount: MountSpec): string | null {
  return (mount.kind === 'volume' && mount.engineName !== null && kept.purges[mount.engineName]) || null
}

/** Why a network of ours has to be made anew; null: it need not. */
export function networkChange(state: State, engineName: string): string | null {
  const network = state.containerEngine.networks.get(engineName)
  const spec = networkSpec(state, engineName)
  if (network === undefined || spec === null || spec.isExternal || !network.isOurs) return null
  const differences = compareNetwork(spec, network)
  return differences.length === 0 ? null : differences.map(differenceText).join('; ')
}

export function networkSpec({ target }: State, engineName: string): NetworkSpec | null {
  for (const { resources } of Object.values(target.apps)) {
    for (const spec of Object.values(resources?.networks ?? {})) if (spec.engineName === engineName) return spec
  }
  return null
}

/** Those whose namespaces it shares, by service; what is not there yet is left out. */
export function namespaceContainers(
  spec: ContainerSpec,
  idOf: (service: string) => string | null,
): Readonly<Record<string, string>> {
  const containers: Record<string, string> = {}
  for (const service of namespaceServices(spec)) {
    const id = idOf(service)
    if (id !== null) containers[service] = id
  }
  return containers
}

export function namespaceServices({ settings: { networkMode, ipc, pid } }: ContainerSpec): readonly string[] {
  const services = networkMode.kind === 'service' ? [networkMode.service] : []
  for (const mode of [ipc, pid]) if (mode?.startsWith('service:')) services.push(mode.slice('service:'.length))
  return services
}

// ---- compared once --------------------------------------------------------------------------------------------

type Compared = Parameters<typeof compareContainer>[0]

/** By what the engine told: the same is compared with the same again and again, each turn. */
const remembered = new WeakMap<
  EngineContainer,
  { readonly of: Compared; readonly differences: readonly Difference[] }
>()

function compared(of: Compared): readonly Difference[] {
  const known = remembered.get(of.container)
  if (known !== undefined && isSame(known.of, of)) return known.differences
  const differences = compareContainer(of)
  remembered.set(of.container, { of, differences })
  return differences
}

function isSame(a: Compared, b: Compared): boolean {
  if (a.spec !== b.spec || a.image !== b.image || a.madeFrom !== b.madeFrom) return false
  const keys = Object.keys(a.containers)
  return (
    keys.length === Object.keys(b.containers).length && keys.every((key) => a.containers[key] === b.containers[key])
  )
}
