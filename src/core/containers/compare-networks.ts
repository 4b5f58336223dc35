import { type Asked, askedAt } from './compare-asked.ts'
import { asSet, type Finding, isSame } from './compare-difference.ts'
import type { ContainerNetwork, ContainerSettings, EngineContainer, NetworkMode } from './model.ts'

export interface NetworkScene {
  readonly declared: ContainerSettings
  readonly container: EngineContainer
  readonly asked: Asked
  /** The present container of each service that a namespace is shared with, by service. */
  readonly containers: Readonly<Record<string, string>>
}

/** The mode; and then, in the same mode, the networks, the host name and the hardware address. */
export function compareNetworking(scene: NetworkScene): readonly Finding[] {
  const { declared, container, asked } = scene
  const told = container.settings
  const mode = compareMode(scene)
  if (mode !== null) return [mode]
  const findings = [...compareHostname(declared.hostname, told, asked)]
  if (declared.networkMode.kind === 'networks')
    for (const network of declared.networks) findings.push(...compareNetworkOf(network, told.networks, asked))
  findings.push(...compareMacAddress(declared.macAddress, told, asked))
  return findings
}

// ---- the mode --------------------------------------------------------------------------------------------------

function compareMode({ declared, container, asked, containers }: NetworkScene): Finding | null {
  const told = container.settings
  const field = 'networkMode'
  const [is, shouldBe] = [modeWord(told), expectedWord(declared, containers)]
  if (is === shouldBe) return null
  const isInNetworks = declared.networkMode.kind === 'networks' && told.networkMode.kind === 'networks'
  // Which of its networks comes first is no reason to end a container, and those that it lacks are told one by one.
  const isAmong = told.networks.length === 0 || declared.networks.some(({ engineName }) => engineName === is)
  if (isInNetworks && isAmong) return null
  const before = askedAt(asked, field)
  const isElse = before !== undefined && !isSame(before, declared.networkMode)
  return isElse || isOtherNamespace(shouldBe, is) ? { field, is, shouldBe } : null
}

/**
 * Whether these are modes of different namespaces, as far as that can be told: the engine turns the name of a container
 * into its id, and a service may have no container yet.
 */
export function isOtherNamespace(declared: string, told: string): boolean {
  if (declared === told) return false
  if (!declared.startsWith('container:') || !told.startsWith('container:')) return true
  const container = declared.slice('container:'.length)
  return /^[0-9a-f]{12,64}$/.test(container) && !told.startsWith(declared)
}

/** `service:x` as the container that it has; `container:` alone where it has none. */
export function namespaceWord(mode: string, containers: Readonly<Record<string, string>>): string {
  if (!mode.startsWith('service:')) return mode
  const service = mode.slice('service:'.length)
  return `container:${Object.hasOwn(containers, service) ? containers[service] : ''}`
}

function expectedWord(
  { networkMode, networks }: ContainerSettings,
  containers: Readonly<Record<string, string>>,
): string {
  if (networkMode.kind !== 'service') return modeWord({ networkMode, networks })
  return namespaceWord(`service:${networkMode.service}`, containers)
}

/** As the engine writes it; by default it is `bridge`. */
function modeWord({
  networkMode,
  networks,
}: {
  readonly networkMode: NetworkMode
  readonly networks: readonly ContainerNetwork[]
}): string {
  switch (networkMode.kind) {
    case 'networks':
      return networks[0]?.engineName ?? 'bridge'
    case 'named':
      return networkMode.name === 'default' ? 'bridge' : networkMode.name
    case 'service':
      return 'container:'
    case 'container':
      return `container:${networkMode.container}`
  }
}

// ---- the networks ----------------------------------------------------------------------------------------------

/** Those that it is in beside are nobody's fault: aliases and networks may be added while it runs. */
function compareNetworkOf(
  declared: ContainerNetwork,
  told: readonly ContainerNetwork[],
  asked: Asked,
): readonly Finding[] {
  const field = `networks.${declared.network}`
  const present = told.find(({ engineName }) => engineName === declared.engineName)
  if (present === undefined) return [{ field, is: null, shouldBe: declared.engineName }]
  const findings: Finding[] = []
  const lacks = declared.aliases.filter((alias) => !present.aliases.includes(alias))
  if (lacks.length > 0)
    findings.push({ field: `${field}.aliases`, is: asSet(present.aliases), shouldBe: asSet(declared.aliases) })
  for (const key of ['ipv4', 'ipv6'] as const) {
    if (declared[key] !== null && addressWord(declared[key]) !== addressWord(present[key] ?? ''))
      findings.push({ field: `${field}.${key}`, is: present[key], shouldBe: declared[key] })
  }
  if (declared.linkLocalIps.some((address) => !present.linkLocalIps.includes(address)))
    findings.push({ field: `${field}.linkLocalIps`, is: present.linkLocalIps, shouldBe: declared.linkLocalIps })
  if (Object.entries(declared.driverOpts).some(([name, value]) => present.driverOpts[name] !== value))
    findings.push({ field: `${field}.driverOpts`, is: present.driverOpts, shouldBe: declared.driverOpts })
  return [...findings, ...compareEndpointMac(declared, present, asked)]
}

/** Engines before API 1.44 give it to the first network alone, and others tell one that they made up. */
function compareEndpointMac(
  { network, macAddress }: ContainerNetwork,
  present: ContainerNetwork,
  asked: Asked,
): readonly Finding[] {
  const field = `networks.${network}.macAddress`
  const before = askedAt(asked, field)
  if (isSame(before, macAddress) || (before === undefined && macAddress === null)) return []
  const isSameNow = macAddress !== null && macWord(macAddress) === macWord(present.macAddress)
  return isSameNow ? [] : [{ field, is: before ?? present.macAddress, shouldBe: macAddress }]
}

/** Any text of an IPv6 address that the engine may have shortened. */
function addressWord(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.toLowerCase().split('::')
  const groups = (text: string | undefined) =>
    text ? text.split(':').map((group) => group.replace(/^0+(?=.)/, '')) : []
  const [first, last] = [groups(head), groups(tail)]
  const zeros = tail === undefined ? [] : new Array<string>(Math.max(0, 8 - first.length - last.length)).fill('0')
  return [...first, ...zeros, ...last].join(':')
}

// ---- the host name and the hardware address ----------------------------------------------------------------------

/** In namespaces of others it has their name, as long as none of its own was ever declared. */
function* compareHostname(declared: string | null, told: ContainerSettings, asked: Asked): Iterable<Finding> {
  const { networkMode, uts } = told
  const isShared = networkMode.kind === 'container' || uts === 'host' || isNamed(networkMode, 'host')
  const isOthers = declared === null && isShared && askedAt(asked, 'hostname') === undefined
  if (declared !== told.hostname && !isOthers) yield { field: 'hostname', is: told.hostname, shouldBe: declared }
}

function isNamed(mode: NetworkMode, name: string): boolean {
  return mode.kind === 'named' && mode.name === name
}

function* compareMacAddress(declared: string | null, told: ContainerSettings, asked: Asked): Iterable<Finding> {
  const field = 'macAddress'
  const before = askedAt(asked, field)
  const present = [told.macAddress, told.networks[0]?.macAddress].map(macWord)
  if (declared === null && before === undefined) return
  if (declared !== null && (isSame(before, declared) || present.includes(macWord(declared)))) return
  yield { field, is: before ?? told.macAddress, shouldBe: declared }
}

function macWord(address: string | null | undefined): string | null {
  return address?.toLowerCase().replaceAll('-', ':') ?? null
}
