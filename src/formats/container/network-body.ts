import type { ContainerNetwork, ContainerSettings } from '../../core/containers/model.ts'
import { said, stated } from './said.ts'

export interface NetworkBody {
  /** Of `HostConfig`. */
  readonly mode: string
  /** Of the container as a whole, as engines before API 1.44 have it. */
  readonly macAddress: string | undefined
  /** By network: those that the container is made with. */
  readonly endpoints: Readonly<Record<string, object>> | undefined
  /** Those that it joins afterwards. */
  readonly connects: readonly { readonly network: string; readonly endpoint: object }[]
}

/** Before API 1.44 a container is made with one network, and only that one can have a given hardware address. */
export function networkBody(
  settings: ContainerSettings,
  {
    containers,
    api,
  }: { readonly containers: Readonly<Record<string, string>>; readonly api: { readonly minor: number } },
): NetworkBody {
  const mode = modeText(settings, containers)
  const isEach = api.minor >= 44
  const [first, ...others] = settings.networkMode.kind === 'networks' ? settings.networks : []
  const macAddress = first?.macAddress ?? settings.macAddress ?? undefined
  if (first === undefined) return { mode, macAddress, endpoints: undefined, connects: [] }
  const endpoint = (network: ContainerNetwork, mac: string | undefined) =>
    endpointBody(network, isEach ? mac : undefined)
  const joined = others.map((each) => ({
    network: each.engineName,
    endpoint: endpoint(each, each.macAddress ?? undefined),
  }))
  const endpoints = { [first.engineName]: endpoint(first, macAddress) }
  if (!isEach) return { mode, macAddress, endpoints, connects: joined }
  for (const each of joined) endpoints[each.network] = each.endpoint
  return { mode, macAddress: undefined, endpoints, connects: [] }
}

/** `service:web` as the container that this service has. Throws where there is none. */
export function namespaceText(mode: string, containers: Readonly<Record<string, string>>): string {
  return mode.startsWith('service:') ? containerOf(mode.slice('service:'.length), containers) : mode
}

function modeText({ networkMode, networks }: ContainerSettings, containers: Readonly<Record<string, string>>): string {
  switch (networkMode.kind) {
    case 'networks':
      return networks[0]?.engineName ?? 'default'
    case 'named':
      return networkMode.name
    case 'service':
      return containerOf(networkMode.service, containers)
    case 'container':
      return `container:${networkMode.container}`
  }
}

function containerOf(service: string, containers: Readonly<Record<string, string>>): string {
  const id = Object.hasOwn(containers, service) ? containers[service] : undefined
  if (id === undefined)
    throw new Error(`it shares a namespace with the service ${service}, which has no container; start that one first`)
  return `container:${id}`
}

function endpointBody({ ipv4, ipv6, linkLocalIps, aliases, driverOpts }: ContainerNetwork, mac: string | undefined) {
  const addresses = {
    IPv4Address: ipv4 ?? undefined,
    IPv6Address: ipv6 ?? undefined,
    LinkLocalIPs: said(linkLocalIps),
  }
  return stated({
    IPAMConfig: said(stated(addresses)),
    Aliases: said(aliases),
    DriverOpts: said(driverOpts),
    MacAddress: mac,
  })
}
