import type { ContainerNetwork, NetworkMode } from '../../core/containers/model.ts'
import { at, entriesOf, type Json, textOr, textsOf, wordOf, wordsOf } from './json.ts'

/** Modes that are no network which containers join by name. */
const ownModes: readonly string[] = ['default', 'host', 'none', 'slirp4netns', 'pasta', 'private']
/** The network of those that say nothing, as engines call it. */
const bridges: readonly string[] = ['bridge', 'podman']

/** `networks`: those that it is in, the one that it was made with first. */
export function readNetworking(
  hostConfig: Json,
  networkSettings: Json,
): { readonly networkMode: NetworkMode; readonly networks: readonly ContainerNetwork[] } {
  const mode = textOr(at(hostConfig, 'NetworkMode'), '') || 'default'
  const joined = entriesOf(at(networkSettings, 'Networks')).map(([name, json]) => readEndpoint(name, json))
  const isOnBridge = joined.length === 0 || joined.some(({ engineName }) => bridges.includes(engineName))
  if (mode.startsWith('container:'))
    return { networkMode: { kind: 'container', container: mode.slice('container:'.length) }, networks: [] }
  // Podman says `bridge` of each network that it made itself.
  if (ownModes.includes(mode.split(':')[0]!) || (mode === 'bridge' && isOnBridge))
    return { networkMode: { kind: 'named', name: mode }, networks: [] }
  const isFirst = ({ engineName }: ContainerNetwork) => engineName === mode
  const networks = [...joined.filter(isFirst), ...joined.filter((each) => !isFirst(each))]
  return { networkMode: { kind: 'networks' }, networks }
}

function readEndpoint(name: string, json: Json): ContainerNetwork {
  const fixed = at(json, 'IPAMConfig')
  return {
    network: name,
    engineName: name,
    aliases: textsOf(at(json, 'Aliases')),
    ipv4: wordOf(at(fixed, 'IPv4Address')),
    ipv6: wordOf(at(fixed, 'IPv6Address')),
    linkLocalIps: textsOf(at(fixed, 'LinkLocalIPs')),
    macAddress: wordOf(at(json, 'MacAddress')),
    driverOpts: wordsOf(at(json, 'DriverOpts')),
  }
}
