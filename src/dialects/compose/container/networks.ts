import type { ContainerNetwork, ContainerSettings, NetworkMode } from '../../../core/containers/model.ts'
import { didYouMean } from '../../../formats/suggest.ts'
import { joinMap } from '../keys-container.ts'
import { readNamedTexts } from '../named-texts.ts'
import {
  type Context,
  child,
  error,
  isNothing,
  type Keys,
  optional,
  readInteger,
  readItems,
  readKeys,
  readText,
  readTexts,
  type Setting,
} from '../values.ts'
import type { Scene } from './scene.ts'

type Joined = Pick<ContainerSettings, 'networkMode' | 'networks'>

/** The networks of a service by its name, and what stands in their place. */
export function decodeNetworks(context: Context, keys: Keys, scene: Scene, service: string): Joined {
  const [modeSetting, setting] = [keys.get('network_mode'), keys.get('networks')]
  if (modeSetting !== null) {
    if (setting !== null) {
      const message = 'network_mode stands in place of networks'
      error(context, modeSetting, message, 'write only one of the two')
    }
    const mode = decodeMode(context, modeSetting)
    return { networkMode: mode ?? { kind: 'networks' }, networks: [] }
  }
  const joins = setting === null ? [] : decodeJoins(context, setting, scene, service)
  const named = joins.map(({ join }) => join)
  if (named.length > 0 || (setting !== null && !isEmpty(setting))) return modeOfOwn(context, setting, scene, named)
  return { networkMode: { kind: 'networks' }, networks: [plainJoin(scene, 'default', service)] }
}

function isEmpty({ node }: Setting): boolean {
  if (node.kind === 'scalar') return node.value === null
  return node.kind === 'list' ? node.items.length === 0 : node.entries.size === 0
}

// ---- in place of networks --------------------------------------------------------------------------------------

function decodeMode(context: Context, setting: Setting): NetworkMode | null {
  const text = readText(context, setting)
  if (text === null) return null
  const shared = /^(service|container):(.+)$/.exec(text)
  if (shared?.[1] === 'service') return { kind: 'service', service: shared[2]! }
  if (shared?.[1] === 'container') return { kind: 'container', container: shared[2]! }
  if (text !== '' && !text.endsWith(':')) return { kind: 'named', name: text }
  return error(
    context,
    setting,
    `'${text}' is not a network mode`,
    'write host, none, bridge, service:NAME or container:NAME',
  )
}

/** The engine's own networks are modes of it: they cannot be joined beside others. */
function modeOfOwn(
  context: Context,
  setting: Setting | null,
  scene: Scene,
  networks: readonly ContainerNetwork[],
): Joined {
  const own = networks.find(
    ({ network, engineName }) => scene.networks.get(network)?.isExternal && ownNames.has(engineName),
  )
  if (own === undefined) return { networkMode: { kind: 'networks' }, networks }
  if (networks.length > 1 && setting !== null)
    error(
      context,
      setting,
      `the network ${own.engineName} cannot be joined beside others`,
      'join it alone, or leave it out',
    )
  return { networkMode: { kind: 'named', name: own.engineName }, networks: [] }
}

const ownNames: ReadonlySet<string> = new Set(['host', 'none'])

// ---- networks --------------------------------------------------------------------------------------------------

interface Join {
  readonly priority: number
  readonly join: ContainerNetwork
}

function decodeJoins(context: Context, setting: Setting, scene: Scene, service: string): readonly Join[] {
  if (isNothing(setting.node)) return []
  const isMap = setting.node.kind === 'map'
  const named: readonly (readonly [string, Setting])[] =
    setting.node.kind === 'map'
      ? [...setting.node.entries.values()].map((entry) => [entry.key, child(setting, entry)] as const)
      : (readItems(context, setting, 'write a list of networks, or a map') ?? []).flatMap((item) => {
          const name = readText(context, item)
          return name === null ? [] : [[name, item] as const]
        })
  const joins = new Map<string, Join>()
  for (const [name, at] of named) {
    if (scene.networks.has(name)) joins.set(name, decodeJoin(context, isMap ? at : null, { scene, name, service }))
    else {
      const hint = didYouMean(name, [...scene.networks.keys()], `write '${name}:' below networks at the top`)
      error(context, at, `there is no network '${name}'`, hint)
    }
  }
  // As Compose joins them.
  return [...joins.values()].toSorted((a, b) => b.priority - a.priority || (a.join.network < b.join.network ? -1 : 1))
}

function plainJoin(scene: Scene, network: string, service: string): ContainerNetwork {
  const spec = scene.networks.get(network)!
  scene.usedNetworks.add(network)
  return {
    network,
    engineName: spec.engineName,
    aliases: [service],
    ipv4: null,
    ipv6: null,
    linkLocalIps: [],
    macAddress: null,
    driverOpts: {},
  }
}

function decodeJoin(
  context: Context,
  at: Setting | null,
  { scene, name, service }: { readonly scene: Scene; readonly name: string; readonly service: string },
): Join {
  const plain = plainJoin(scene, name, service)
  const keys = at === null || isNothing(at.node) ? null : readKeys(context, at, joinMap)
  if (keys === null) return { priority: 0, join: plain }
  const text = (key: keyof typeof joinMap.keys) => optional(keys.get(key), (one) => readText(context, one))
  const texts = (key: keyof typeof joinMap.keys) =>
    optional(keys.get(key), (one) => readTexts(context, one, 'write a list of texts')) ?? []
  return {
    priority:
      optional(keys.get('priority'), (one) => readInteger(context, one, { min: -1_000_000, max: 1_000_000 })) ?? 0,
    join: {
      ...plain,
      aliases: [...new Set([service, ...texts('aliases')])],
      ipv4: text('ipv4_address'),
      ipv6: text('ipv6_address'),
      linkLocalIps: texts('link_local_ips'),
      macAddress: text('mac_address'),
      driverOpts: optional(keys.get('driver_opts'), (one) => readNamedTexts(context, one)) ?? {},
    },
  }
}
