import type { ContainerNetwork, NetworkMode } from '../../core/containers/model.ts'
import { didYouMean } from '../../formats/suggest.ts'
import type { YamlNode } from '../../formats/yaml.ts'
import {
  fail,
  isNull,
  optional,
  pathTo,
  readFields,
  readPairs,
  readWord,
  readWords,
  type Setting,
  settingOf,
  textsOf,
  warn,
} from './reading.ts'
import { networkName, type Scene } from './scene.ts'

export interface Networking {
  readonly networkMode: NetworkMode
  /** Empty with any other mode than `networks`. */
  readonly networks: readonly ContainerNetwork[]
}

/** Which namespace of the network it has, and what it joins there. Without a word about it: the network `default`. */
export function readNetworking(scene: Scene): Networking {
  const { reading, service } = scene
  const modeSetting = service.composition.get('network_mode')
  const mode = optional(modeSetting, (one) => readWord(reading, one, modeForms)?.trim() || null)
  const named = mode === null ? null : readMode(scene, modeSetting!, mode)
  const own = service.composition.get('networks')
  const networks = own === null ? [] : readNetworks(scene, own)
  if (named === null)
    return { networkMode: { kind: 'networks' }, networks: networks.length > 0 ? networks : [plain(scene, 'default')] }
  if (named.kind === 'networks') {
    // The one that it names is the first.
    const first = networks.find(({ network }) => network === mode) ?? plain(scene, mode!)
    return { networkMode: named, networks: [first, ...networks.filter(({ network }) => network !== mode)] }
  }
  if (own !== null && networks.length > 0) {
    warn(reading, own, `it joins none of these networks with the network_mode '${mode}'`, 'remove one of the two')
  }
  return { networkMode: named, networks: [] }
}

const modeForms = '"host", "none", "bridge", "service:NAME", or the name of a network'

/** null: it is wrong, which is told. */
function readMode({ reading, release, service }: Scene, setting: Setting, mode: string): NetworkMode | null {
  if (mode === 'host' || mode === 'none' || mode === 'bridge') return { kind: 'named', name: mode }
  const [, kind, name = ''] = /^(service|container):\s*(.*)$/.exec(mode) ?? []
  if (kind === 'container' && name !== '') return { kind: 'container', container: name }
  if (kind === 'service') {
    const others = release.services.map((one) => one.name).filter((one) => one !== service.name)
    if (others.includes(name)) return { kind: 'service', service: name }
    const hint = didYouMean(
      name,
      others,
      `name one of ${others.slice(0, 10).join(', ') || 'the services of this release'}`,
    )
    return fail(reading, setting, `'${name}' is no other service of this release`, hint)
  }
  return isNetwork(release.networks.node, mode) || mode === 'default'
    ? { kind: 'networks' }
    : fail(reading, setting, `'${mode}' is neither a mode nor a network of this release`, `write ${modeForms}`)
}

function readNetworks(scene: Scene, setting: Setting): readonly ContainerNetwork[] {
  const { reading } = scene
  const { path, node } = setting
  if (node.kind === 'map') {
    return [...node.entries.values()].flatMap((entry) => {
      const one = settingOf(path, entry)
      if (!isKnown(scene, one, entry.key)) return []
      return isNull(one) ? plain(scene, entry.key) : (readNetwork(scene, one, entry.key) ?? [])
    })
  }
  const names = node.kind === 'list' ? node.items : [node]
  return names.flatMap((item, index) => {
    const one: Setting = { path: node.kind === 'list' ? `${path}[${index}]` : path, node: item }
    const name = readWord(reading, one, 'the name of a network')
    return name !== null && isKnown(scene, one, name) ? plain(scene, name) : []
  })
}

function isKnown({ reading, release }: Scene, setting: Setting, name: string): boolean {
  if (name === 'default' || isNetwork(release.networks.node, name)) return true
  const known = release.networks.entries.map(({ key }) => key)
  const hint = didYouMean(name, known, `add "${name}": {} to the networks of the release`)
  fail(reading, setting, `the network '${name}' is not declared in this release`, hint)
  return false
}

function isNetwork(networks: YamlNode, name: string): boolean {
  return networks.kind === 'map' && networks.entries.has(name)
}

/** Others find it by the name of its service. */
function plain({ app, service }: Scene, network: string): ContainerNetwork {
  return {
    network,
    engineName: networkName(app, network),
    aliases: [service.name],
    ipv4: null,
    ipv6: null,
    linkLocalIps: [],
    macAddress: null,
    driverOpts: {},
  }
}

const networkFields: ReadonlySet<string> = new Set([
  'aliases',
  'ipv4_address',
  'ipv6_address',
  'link_local_ips',
  'mac_address',
  'driver_opts',
  'priority',
])

function readNetwork(scene: Scene, setting: Setting, name: string): ContainerNetwork | null {
  const { reading, service } = scene
  const fields = readFields(reading, setting, '{"aliases": ["name"]}')
  if (fields === null) return null
  for (const { key } of fields.entries) {
    if (networkFields.has(key)) continue
    const one = { path: pathTo(fields.path, key), node: fields.node.entries.get(key)!.value }
    warn(reading, one, `unknown field '${key}' is ignored`, didYouMean(key, networkFields, ''))
  }
  const text = (key: string) => optional(fields.get(key), (one) => readWord(reading, one, 'an address')) || null
  const aliases = optional(fields.get('aliases'), (one) => readWords(reading, one, 'names')) ?? []
  return {
    ...plain(scene, name),
    aliases: aliases.includes(service.name) ? aliases : [...aliases, service.name],
    ipv4: text('ipv4_address'),
    ipv6: text('ipv6_address'),
    linkLocalIps: optional(fields.get('link_local_ips'), (one) => readWords(reading, one, 'addresses')) ?? [],
    macAddress: text('mac_address'),
    driverOpts: textsOf(optional(fields.get('driver_opts'), (one) => readPairs(reading, one, 'options')) ?? []),
  }
}
