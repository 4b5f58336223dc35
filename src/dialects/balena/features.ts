import type {
  ContainerNetwork,
  DeviceRequest,
  MountSpec,
  NetworkMode,
  NetworkSpec,
  VolumeSpec,
} from '../../core/containers/model.ts'
import { bind, bothPrefixes } from './injected.ts'
import { isTruthy, warn } from './reading.ts'
import type { Scene } from './scene.ts'
import { serviceKey } from './service-key.ts'

/** What labels `io.balena.features.*` give a container beside what it declares. */
export interface Features {
  readonly mounts: readonly MountSpec[]
  readonly networks: readonly ContainerNetwork[]
  readonly deviceRequests: readonly DeviceRequest[]
  /** Whatever is declared. */
  readonly environment: Readonly<Record<string, string>>
  /** Where nothing else is declared. */
  readonly environmentUnlessSaid: Readonly<Record<string, string>>
}

interface Feature extends Partial<Features> {
  /** Why it cannot be given; or nothing. */
  readonly lack?: string
}

/** The network on which containers reach the API of their device, as the original agent has it; keyed as no app's can be. */
export const apiNetworkKey = 'io.balena/supervisor0'
const apiAddress = '10.114.104.1'

export const apiNetwork: NetworkSpec = {
  engineName: 'supervisor0',
  isExternal: false,
  driver: 'bridge',
  driverOpts: { 'com.docker.network.bridge.name': 'supervisor0' },
  isInternal: false,
  isAttachable: false,
  enableIpv6: false,
  isConfigOnly: false,
  ipam: {
    driver: 'default',
    config: [{ subnet: '10.114.104.0/25', gateway: apiAddress, ipRange: null, auxAddresses: {} }],
    options: {},
  },
  labels: {},
}

/** The volume from which the kernel loads firmware, shared by all apps. */
export const firmwareVolumeKey = 'io.balena/extra-firmware'

export const firmwareVolume: VolumeSpec = {
  engineName: 'extra-firmware',
  isExternal: false,
  driver: null,
  driverOpts: {},
  labels: {},
}

const features: Readonly<Record<string, (scene: Scene, mode: NetworkMode) => Feature>> = {
  'journal-logs': () => ({
    mounts: ['/var/log/journal', '/run/log/journal', '/etc/machine-id'].map((path) => bind(path, path, true)),
  }),
  dbus: () => ({ mounts: [bind('/run/dbus', '/host/run/dbus')] }),
  'kernel-modules': ({ facts }) =>
    facts.has.kernelModules
      ? { mounts: [bind('/lib/modules', '/lib/modules')] }
      : { lack: 'there is no /lib/modules on this host' },
  firmware: ({ facts }) =>
    facts.has.firmware
      ? { mounts: [bind('/lib/firmware', '/lib/firmware')] }
      : { lack: 'there is no /lib/firmware on this host' },
  'balena-socket': ({ facts }) => engineSocket(facts.engineSocket),
  sysfs: () => ({ mounts: [bind('/sys', '/sys')] }),
  procfs: () => ({ mounts: [bind('/proc', '/proc')] }),
  gpu: () => ({ deviceRequests: [{ driver: '', count: 1, deviceIds: [], capabilities: [['gpu']], options: {} }] }),
  'extra-firmware': () => ({ mounts: [firmwareMount] }),
  'balena-api': ({ facts: { cloud } }) =>
    cloud === null
      ? { lack: 'this device belongs to no cloud' }
      : { environment: bothPrefixes({ API_KEY: cloud.deviceApiKey, API_URL: cloud.apiEndpoint }) },
  'supervisor-api': deviceApi,
  'host-os.board-rev': ({ facts: { os } }) => ({
    environment: bothPrefixes({
      ...(os.boardRevision === null ? {} : { HOST_OS_BOARD_REV: os.boardRevision }),
      ...(os.build === null ? {} : { HOST_OS_BUILD: os.build }),
    }),
  }),
}

/** `optional` is about contracts. */
const otherFeatures: ReadonlySet<string> = new Set(['optional'])

const firmwareMount: MountSpec = {
  kind: 'volume',
  volume: firmwareVolumeKey,
  engineName: firmwareVolume.engineName,
  target: '/extra-firmware',
  isReadOnly: false,
  isCopied: true,
  subpath: null,
}

export function decodeFeatures(scene: Scene, labels: Readonly<Record<string, string>>, mode: NetworkMode): Features {
  const found: Feature[] = []
  for (const [label, value] of Object.entries(labels)) {
    const name = /^io\.balena\.features\.(.+)$/.exec(label)?.[1]
    if (name === undefined || otherFeatures.has(name) || !isTruthy(value)) continue
    const feature = Object.hasOwn(features, name) ? features[name]!(scene, mode) : { lack: 'it is not known here' }
    if (feature.lack !== undefined && scene.isDeviceKnown)
      warn(scene.reading, scene.service.setting, `the label ${label} has no effect: ${feature.lack}`)
    found.push(feature)
  }
  return {
    mounts: found.flatMap(({ mounts = [] }) => mounts),
    networks: found.flatMap(({ networks = [] }) => networks),
    deviceRequests: found.flatMap(({ deviceRequests = [] }) => deviceRequests),
    environment: Object.assign({}, ...found.map(({ environment = {} }) => environment)),
    environmentUnlessSaid: Object.assign({}, ...found.map(({ environmentUnlessSaid = {} }) => environmentUnlessSaid)),
  }
}

/** By the name of balena's engine, by its own, and by the one from before that. */
function engineSocket(socket: string): Feature {
  const inside = '/host/run/balena-engine.sock'
  const targets = new Set([inside, socket, '/var/run/balena.sock'])
  return {
    // A socket that is not there must not become a directory.
    mounts: [...targets].map((target) => ({ ...bind(socket, target), isSourceMade: false })),
    environmentUnlessSaid: { DOCKER_HOST: `unix://${inside}` },
  }
}

function deviceApi({ facts, app, service }: Scene, mode: NetworkMode): Feature {
  if (facts.serviceKeys === null) return {}
  const isHost = mode.kind === 'named' && mode.name === 'host'
  const host = isHost ? '127.0.0.1' : apiAddress
  const network: ContainerNetwork = {
    network: apiNetworkKey,
    engineName: apiNetwork.engineName,
    aliases: [],
    ipv4: null,
    ipv6: null,
    linkLocalIps: [],
    macAddress: null,
    driverOpts: {},
  }
  return {
    environment: bothPrefixes({
      SUPERVISOR_API_KEY: serviceKey(facts.serviceKeys, app.id, service.name),
      SUPERVISOR_PORT: String(facts.apiPort),
      SUPERVISOR_HOST: host,
      SUPERVISOR_ADDRESS: `http://${host}:${facts.apiPort}`,
    }),
    networks: mode.kind === 'networks' ? [network] : [],
  }
}
