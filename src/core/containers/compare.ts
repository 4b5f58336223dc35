import { askedOf, isDropped } from './compare-asked.ts'
import { asSet, compareRecord, type Difference, type Finding, isSame, toDifference } from './compare-difference.ts'
import { compareEnvironment } from './compare-environment.ts'
import { imageOf, overlayImage } from './compare-image.ts'
import { compareLabels } from './compare-labels.ts'
import { compareLimits } from './compare-limits.ts'
import { compareMounts } from './compare-mounts.ts'
import { compareNetworking } from './compare-networks.ts'
import { compareRestart, compareSettings } from './compare-settings.ts'
import { directoryWord, exposedWord, graceWord, healthcheckWord, signalWord } from './compare-words.ts'
import type {
  ContainerSettings,
  ContainerSpec,
  EngineContainer,
  EngineImage,
  EngineNetwork,
  EngineVolume,
  ImageConfig,
  IpamSpec,
  NetworkSpec,
  VolumeSpec,
} from './model.ts'

export { type Difference, differenceText } from './compare-difference.ts'

/**
 * In what a container is not as declared: the image first, then fields by name. What the engine fills in where nothing is
 * declared is no difference; nor is what it drops of what it was asked for, as far as a label of ours remembers that.
 */
export function compareContainer({
  spec,
  container,
  image,
  madeFrom,
  containers,
}: {
  readonly spec: ContainerSpec
  readonly container: EngineContainer
  /** What `spec.image` is by now; null: the engine does not have it, and the image is not compared. */
  readonly image: EngineImage | null
  /** What the container was made from, where the engine still tells; null: what is not declared is taken to be its. */
  readonly madeFrom: EngineImage | null
  /** The present container of each service that a namespace is shared with, by service. */
  readonly containers: Readonly<Record<string, string>>
}): readonly Difference[] {
  const [declared, told, asked] = [spec.settings, container.settings, askedOf(container)]
  const made = madeFrom ?? (image?.id === container.imageId ? image : null)
  const expected = overlayImage(declared, made?.config ?? imageOf(container))
  const scene = { declared, told, asked, containers }
  const findings: readonly Finding[] = [
    ...compareName(spec, container),
    ...compareImageFields(declared, told, expected),
    ...compareSettings(scene),
    ...compareRestart(scene),
    ...compareLimits(scene),
    ...compareNetworking({ declared, container, asked, containers }),
    ...compareMounts(declared.mounts, told.mounts, expected.volumes),
  ]
  const isOther = image !== null && image.id !== container.imageId
  const first: readonly Finding[] = isOther ? [{ field: 'image', is: container.imageId, shouldBe: image.id }] : []
  const others = findings.filter((finding) => !isDropped(asked, finding)).sort((a, b) => (a.field < b.field ? -1 : 1))
  return [...first, ...others].map(toDifference)
}

function compareName(spec: ContainerSpec, { name }: EngineContainer): readonly Finding[] {
  if (spec.containerName === name) return []
  return [{ field: 'containerName', is: name, shouldBe: spec.containerName, how: 'rename' }]
}

/** What the image has a part in. */
function compareImageFields(
  declared: ContainerSettings,
  told: ContainerSettings,
  expected: ImageConfig,
): readonly Finding[] {
  const pairs: readonly (readonly [field: string, is: unknown, shouldBe: unknown])[] = [
    ['command', told.command, expected.command],
    ['entrypoint', told.entrypoint, oneText(told.entrypoint, expected.entrypoint)],
    ['user', told.user, expected.user || null],
    ['workingDir', directoryWord(told.workingDir), directoryWord(expected.workingDir)],
    ['stopSignal', signalWord(told.stopSignal), signalWord(expected.stopSignal)],
    ['stopGraceMs', graceWord(told.stopGraceMs), graceWord(declared.stopGraceMs)],
    ['expose', asSet(told.expose.map(exposedWord)), asSet(expected.expose.map(exposedWord))],
  ]
  const findings = pairs.filter(([, is, shouldBe]) => !isSame(is, shouldBe))
  return [
    ...findings.map(([field, is, shouldBe]) => ({ field, is, shouldBe })),
    ...compareEnvironment(told, expected.environment),
    ...compareLabels({ is: told.labels, shouldBe: expected.labels }),
    ...compareHealthcheck(told.healthcheck, expected.healthcheck),
  ]
}

/** Podman tells an entrypoint as one text. */
function oneText(told: readonly string[] | null, expected: readonly string[] | null): readonly string[] | null {
  return told?.length === 1 && told[0] === expected?.join(' ') ? told : expected
}

function compareHealthcheck(
  told: ContainerSettings['healthcheck'],
  expected: ContainerSettings['healthcheck'],
): readonly Finding[] {
  const [is, shouldBe] = [healthcheckWord(told), healthcheckWord(expected)]
  if (is === null || shouldBe === null) return is === shouldBe ? [] : [{ field: 'healthcheck', is, shouldBe }]
  const findings = compareRecord('healthcheck', { is: { ...is }, shouldBe: { ...shouldBe } })
  // Engines before API 1.44 know none: what was asked for is remembered, if the engine says nothing of it.
  const isUntold = told !== 'none' && told?.startIntervalMs === null
  const startInterval = 'healthcheck.startIntervalMs'
  return findings.map((each) => (isUntold && each.field === startInterval ? { ...each, is: null } : each))
}

// ---- networks and volumes ------------------------------------------------------------------------------------------

/** What the engine chose is not compared: the addresses where none are declared, and the driver of a network that is none. */
export function compareNetwork(spec: NetworkSpec, network: EngineNetwork): readonly Difference[] {
  const driver = (text: string | null) => (spec.isConfigOnly && network.isConfigOnly ? null : text || 'bridge')
  const pairs: readonly (readonly [field: string, is: unknown, shouldBe: unknown])[] = [
    ['driver', driver(network.driver), driver(spec.driver)],
    ['enableIpv6', network.enableIpv6, spec.enableIpv6],
    ['isConfigOnly', network.isConfigOnly, spec.isConfigOnly],
    ['isInternal', network.isInternal, spec.isInternal],
    // Elsewhere every container may join, whatever is said.
    [
      'isAttachable',
      network.driver === 'overlay' && network.isAttachable,
      network.driver === 'overlay' && spec.isAttachable,
    ],
  ]
  const findings = pairs.filter(([, is, shouldBe]) => is !== shouldBe)
  return inOrder([
    ...findings.map(([field, is, shouldBe]) => ({ field, is, shouldBe })),
    ...compareRecord('driverOpts', { is: network.driverOpts, shouldBe: spec.driverOpts }),
    ...compareLabels({ is: network.labels, shouldBe: spec.labels }),
    ...(spec.ipam === null ? [] : compareIpam(network.ipam, spec.ipam)),
  ])
}

function compareIpam(told: IpamSpec, declared: IpamSpec): readonly Finding[] {
  const isSubnetSame = (a: IpamSpec['config'][number], b: IpamSpec['config'][number]) => a.subnet === b.subnet
  const families = new Set(declared.config.map(({ subnet }) => subnet?.includes(':')))
  // An engine may give a network of one family addresses of the other too.
  const present = told.config.filter(({ subnet }) => families.has(subnet?.includes(':')))
  const isConfigSame =
    present.length === declared.config.length &&
    declared.config.every((wanted) => present.some((each) => isSubnetSame(each, wanted) && hasAddresses(each, wanted)))
  const driver = (text: string | null) => text || 'default'
  return [
    ...(declared.config.length === 0 || isConfigSame
      ? []
      : [{ field: 'ipam.config', is: told.config, shouldBe: declared.config }]),
    ...(driver(told.driver) === driver(declared.driver)
      ? []
      : [{ field: 'ipam.driver', is: told.driver, shouldBe: declared.driver }]),
    ...compareRecord('ipam.options', { is: told.options, shouldBe: declared.options }),
  ]
}

/** The gateway is the engine's choice where none is declared. */
function hasAddresses(told: IpamSpec['config'][number], declared: IpamSpec['config'][number]): boolean {
  return (
    (declared.gateway === null || declared.gateway === told.gateway) &&
    declared.ipRange === told.ipRange &&
    isSame(declared.auxAddresses, told.auxAddresses)
  )
}

/** Labels that tell whose it is: a volume cannot be given others without losing what is in it. */
const ownerLabels: readonly string[] = ['labels.io.balena.supervised', 'labels.io.balena.app-uuid']

export function compareVolume(spec: VolumeSpec, volume: EngineVolume): readonly Difference[] {
  const driver = spec.driver ?? 'local'
  return inOrder([
    ...(driver === volume.driver ? [] : [{ field: 'driver', is: volume.driver, shouldBe: driver }]),
    ...compareRecord('driverOpts', { is: volume.driverOpts, shouldBe: spec.driverOpts }),
    ...compareLabels({ is: volume.labels, shouldBe: spec.labels }).filter(({ field }) => !ownerLabels.includes(field)),
  ])
}

function inOrder(findings: readonly Finding[]): readonly Difference[] {
  return findings.toSorted((a, b) => (a.field < b.field ? -1 : 1)).map(toDifference)
}
