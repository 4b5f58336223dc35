import type { AppResources, ContainerSettings, IpamSpec, NetworkSpec, VolumeSpec } from '../../core/containers/model.ts'
import { apiNetwork, apiNetworkKey, firmwareVolume, firmwareVolumeKey } from './features.ts'
import { renamedLabels } from './injected.ts'
import {
  type Fields,
  fail,
  isNull,
  optional,
  pathTo,
  type Reading,
  readBoolean,
  readFields,
  readItems,
  readPairs,
  readWord,
  type Setting,
  settingOf,
  textsOf,
  warn,
} from './reading.ts'
import { networkName, volumeName } from './scene.ts'
import type { StateApp, StateRelease } from './state.ts'

/** The networks and volumes of an app, with those that its containers are given besides. */
export function readResources(
  reading: Reading,
  app: StateApp,
  release: StateRelease,
  containers: readonly ContainerSettings[],
): AppResources {
  const networks = [...release.networks.node.entries.values()].map((entry) => {
    return [entry.key, readNetwork(reading, app, entry.key, settingOf(release.networks.path, entry))] as const
  })
  const volumes = [...release.volumes.node.entries.values()].map((entry) => {
    return [entry.key, readVolume(reading, app, entry.key, settingOf(release.volumes.path, entry))] as const
  })
  const usesApi = containers.some((one) => one.networks.some(({ network }) => network === apiNetworkKey))
  const usesFirmware = containers.some((one) => {
    return one.mounts.some((mount) => mount.kind === 'volume' && mount.volume === firmwareVolumeKey)
  })
  // With nothing on it, it is only a name.
  const isOnlyName = containers.every(({ networkMode }) => networkMode.kind === 'named' && networkMode.name === 'host')
  return {
    networks: {
      default: { ...plainNetwork(app, 'default'), isConfigOnly: isOnlyName },
      ...Object.fromEntries(networks),
      ...(usesApi ? { [apiNetworkKey]: apiNetwork } : {}),
    },
    volumes: { ...Object.fromEntries(volumes), ...(usesFirmware ? { [firmwareVolumeKey]: firmwareVolume } : {}) },
  }
}

function plainNetwork(app: StateApp, name: string): NetworkSpec {
  return {
    engineName: networkName(app, name),
    isExternal: false,
    driver: 'bridge',
    driverOpts: {},
    isInternal: false,
    isAttachable: false,
    enableIpv6: false,
    isConfigOnly: false,
    ipam: null,
    labels: { 'io.balena.app-id': String(app.id), 'io.balena.supervised': 'true' },
  }
}

const networkFields = ['driver', 'driver_opts', 'ipam', 'enable_ipv6', 'internal', 'labels', 'config_only']

function readNetwork(reading: Reading, app: StateApp, name: string, setting: Setting): NetworkSpec {
  const plain = plainNetwork(app, name)
  if (isNull(setting)) return plain
  const fields = readFields(reading, setting, 'a network such as {} or {"driver": "bridge"}')
  if (fields === null) return plain
  warnOfUnknown(reading, fields, networkFields)
  const boolean = (key: string) => optional(fields.get(key), (one) => readBoolean(reading, one)) ?? false
  const ipam = optional(fields.get('ipam'), (one) => readIpam(reading, one))
  return {
    ...plain,
    driver: optional(fields.get('driver'), (one) => readWord(reading, one, 'the name of a driver')) ?? plain.driver,
    driverOpts: readTexts(reading, fields, 'driver_opts'),
    enableIpv6: boolean('enable_ipv6'),
    isInternal: boolean('internal'),
    isConfigOnly: boolean('config_only'),
    ipam,
    labels: {
      ...plain.labels,
      ...(ipam === null || ipam.config.length === 0 ? {} : { 'io.balena.private.ipam.config': 'true' }),
      ...renamedLabels(readTexts(reading, fields, 'labels')),
    },
  }
}

function readIpam(reading: Reading, setting: Setting): IpamSpec | null {
  const fields = readFields(reading, setting, '{"config": [{"subnet": "172.20.0.0/16", "gateway": "172.20.0.1"}]}')
  if (fields === null) return null
  warnOfUnknown(reading, fields, ['driver', 'config', 'options'])
  const config = optional(fields.get('config'), (one) => readItems(reading, one, 'subnets')) ?? []
  return {
    driver: optional(fields.get('driver'), (one) => readWord(reading, one, 'the name of a driver')) ?? 'default',
    config: config.flatMap((item) => readSubnet(reading, item) ?? []),
    options: readTexts(reading, fields, 'options'),
  }
}

function readSubnet(reading: Reading, setting: Setting): IpamSpec['config'][number] | null {
  const fields = readFields(reading, setting, '{"subnet": "172.20.0.0/16", "gateway": "172.20.0.1"}')
  if (fields === null) return null
  warnOfUnknown(reading, fields, ['subnet', 'gateway', 'ip_range', 'aux_addresses'])
  const text = (key: string) => optional(fields.get(key), (one) => readWord(reading, one, 'an address')) || null
  const [subnet, gateway] = [text('subnet'), text('gateway')]
  if (subnet === null || gateway === null) {
    warn(reading, setting, 'without both a subnet and a gateway this network may not work', 'write both')
  }
  return { subnet, gateway, ipRange: text('ip_range'), auxAddresses: readTexts(reading, fields, 'aux_addresses') }
}

function readVolume(reading: Reading, app: StateApp, name: string, setting: Setting): VolumeSpec {
  const plain: VolumeSpec = {
    engineName: volumeName(app, name),
    isExternal: false,
    driver: 'local',
    driverOpts: {},
    labels: { 'io.balena.supervised': 'true', 'io.balena.app-uuid': app.uuid },
  }
  if (isNull(setting)) return plain
  const fields = readFields(reading, setting, 'a volume such as {}')
  if (fields === null) return plain
  warnOfUnknown(reading, fields, ['driver', 'driver_opts', 'labels'])
  return {
    ...plain,
    driver: optional(fields.get('driver'), (one) => readWord(reading, one, 'the name of a driver')) ?? plain.driver,
    driverOpts: readTexts(reading, fields, 'driver_opts'),
    labels: { ...renamedLabels(readTexts(reading, fields, 'labels')), ...plain.labels },
  }
}

function readTexts(reading: Reading, fields: Fields, key: string): Readonly<Record<string, string>> {
  const pairs = optional(fields.get(key), (one) => readPairs(reading, one, 'texts by their name')) ?? []
  for (const { key: name, setting } of pairs)
    if (name === '__proto__') fail(reading, setting, 'this name is reserved', 'choose another')
  return textsOf(pairs)
}

function warnOfUnknown(reading: Reading, fields: Fields, known: readonly string[]): void {
  for (const { key, value } of fields.entries) {
    if (!known.includes(key)) {
      warn(
        reading,
        { path: pathTo(fields.path, key), node: value },
        `unknown field '${key}' is ignored`,
        `known are ${known.join(', ')}`,
      )
    }
  }
}
