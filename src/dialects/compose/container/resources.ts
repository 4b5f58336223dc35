import type { AppResources, IpamSpec, NetworkSpec, VolumeSpec } from '../../../core/containers/model.ts'
import { processBytesMax } from '../../../core/limits.ts'
import type { YamlMap } from '../../../formats/yaml.ts'
import type { MapSpec } from '../key-table.ts'
import { configMap, externalMap, ipamConfigMap, ipamMap, networkMap, secretMap, volumeMap } from '../keys-project.ts'
import { readNamedTexts, readPairs } from '../named-texts.ts'
import {
  absolutePath,
  type Context,
  child,
  directoryAt,
  error,
  isNothing,
  type Keys,
  optional,
  readBoolean,
  readItems,
  readKeys,
  readPath,
  readText,
  type Setting,
} from '../values.ts'
import type { Scene, SharedFile } from './scene.ts'
import { isHostPath } from './volume-text.ts'

/** What a file declares beside its services. */
export function decodeScene(context: Context, top: Keys, app: string): Scene {
  const networks = decodeAll(context, top.get('networks'), networkMap, (key, keys) =>
    decodeNetwork(context, app, key, keys),
  )
  const usual = networkSpec(app, 'default')
  return {
    app,
    networks: networks.has('default') ? networks : new Map([...networks, ['default', usual]]),
    volumes: decodeAll(context, top.get('volumes'), volumeMap, (key, keys) => decodeVolume(context, app, key, keys)),
    secrets: decodeAll<SharedFile, keyof typeof secretMap.keys>(context, top.get('secrets'), secretMap, (_, keys) =>
      decodeFile(context, keys),
    ),
    configs: decodeAll<SharedFile, keyof typeof configMap.keys>(context, top.get('configs'), configMap, (_, keys) =>
      decodeFile(context, keys, keys.get('content')),
    ),
    usedNetworks: new Set(),
    usedVolumes: new Set(),
    portsLeft: { count: portsMax },
    bytesLeft: { count: processBytesMax },
    envFiles: new Map(),
    links: [],
  }
}

/** A host has no more ports to publish. */
const portsMax = 65_536

/** What its services use of it. */
export function resourcesOf({ networks, volumes, usedNetworks, usedVolumes }: Scene): AppResources {
  const used = <T>(all: ReadonlyMap<string, T>, keys: ReadonlySet<string>) =>
    Object.fromEntries([...all].filter(([key]) => keys.has(key)))
  return { networks: used(networks, usedNetworks), volumes: used(volumes, usedVolumes) }
}

function decodeAll<T, K extends string>(
  context: Context,
  setting: Setting | null,
  spec: MapSpec<K>,
  decode: (key: string, keys: Keys<K>) => T,
): Map<string, T> {
  const all = new Map<string, T>()
  if (setting === null || isNothing(setting.node)) return all
  const { node } = setting
  if (node.kind !== 'map') {
    error(context, setting, 'a map is expected here', "write 'name:' lines below it")
    return all
  }
  for (const entry of node.entries.values()) {
    if (entry.key.startsWith('x-')) continue
    const one = child(setting, entry)
    const keys = isNothing(one.node) ? nothing<K>(one) : readKeys(context, one, spec)
    if (!/^[a-zA-Z0-9._-]+$/.test(entry.key))
      error(
        context,
        { ...one, node: { ...one.node, ...entry } as YamlMap },
        `'${entry.key}' cannot be a key here`,
        'use letters, digits, ., - and _',
      )
    else if (keys !== null) all.set(entry.key, decode(entry.key, keys))
  }
  return all
}

function nothing<K extends string>({ path, node }: Setting): Keys<K> {
  return { path, node: { ...node, kind: 'map', entries: new Map() }, get: () => null }
}

// ---- networks --------------------------------------------------------------------------------------------------

/** What others look for it by: tools for Compose files find what belongs to an app by these labels. */
export function networkLabels(app: string, key: string): Readonly<Record<string, string>> {
  return { 'com.docker.compose.project': app, 'com.docker.compose.network': key }
}

export function volumeLabels(app: string, key: string): Readonly<Record<string, string>> {
  return { 'com.docker.compose.project': app, 'com.docker.compose.volume': key }
}

/** A network of which nothing is said. */
export function networkSpec(app: string, key: string): NetworkSpec {
  return {
    engineName: `${app}_${key}`,
    isExternal: false,
    driver: null,
    driverOpts: {},
    isInternal: false,
    isAttachable: false,
    enableIpv6: false,
    isConfigOnly: false,
    ipam: null,
    labels: networkLabels(app, key),
  }
}

export function volumeSpec(app: string, key: string): VolumeSpec {
  return {
    engineName: `${app}_${key}`,
    isExternal: false,
    driver: null,
    driverOpts: {},
    labels: volumeLabels(app, key),
  }
}

function decodeNetwork(
  context: Context,
  app: string,
  key: string,
  keys: Keys<keyof typeof networkMap.keys>,
): NetworkSpec {
  const usual = networkSpec(app, key)
  const external = decodeExternal(context, key, keys)
  if (external !== null) return { ...usual, ...external }
  const flag = (name: keyof typeof networkMap.keys) =>
    optional(keys.get(name), (one) => readBoolean(context, one)) ?? false
  return {
    ...usual,
    engineName: optional(keys.get('name'), (one) => readText(context, one)) ?? usual.engineName,
    driver: optional(keys.get('driver'), (one) => readText(context, one)),
    driverOpts: optional(keys.get('driver_opts'), (one) => readNamedTexts(context, one)) ?? {},
    isInternal: flag('internal'),
    isAttachable: flag('attachable'),
    enableIpv6: flag('enable_ipv6'),
    ipam: optional(keys.get('ipam'), (one) => decodeIpam(context, one)),
    labels: { ...optional(keys.get('labels'), (one) => decodeLabels(context, one)), ...usual.labels },
  }
}

function decodeIpam(context: Context, setting: Setting): IpamSpec | null {
  const keys = readKeys(context, setting, ipamMap)
  if (keys === null) return null
  const items = optional(keys.get('config'), (one) =>
    readItems(context, one, 'write a list: [{subnet: 172.28.0.0/16}]'),
  )
  return {
    driver: optional(keys.get('driver'), (one) => readText(context, one)),
    config: (items ?? []).map((item) => decodeSubnet(context, item)).filter((one) => one !== null),
    options: optional(keys.get('options'), (one) => readNamedTexts(context, one)) ?? {},
  }
}

function decodeSubnet(context: Context, setting: Setting): IpamSpec['config'][number] | null {
  const keys = readKeys(context, setting, ipamConfigMap)
  if (keys === null) return null
  const text = (key: 'subnet' | 'gateway' | 'ip_range') => optional(keys.get(key), (one) => readText(context, one))
  return {
    subnet: text('subnet'),
    gateway: text('gateway'),
    ipRange: text('ip_range'),
    auxAddresses: optional(keys.get('aux_addresses'), (one) => readNamedTexts(context, one)) ?? {},
  }
}

/** Of what is somebody else's only the name can be said. null: it is not. */
function decodeExternal(
  context: Context,
  key: string,
  keys: Keys<'external' | 'name'>,
): {
  readonly engineName: string
  readonly isExternal: true
  readonly labels: Readonly<Record<string, string>>
} | null {
  const setting = keys.get('external')
  if (setting === null) return null
  const older = setting.node.kind === 'map' ? readKeys(context, setting, externalMap) : null
  if (setting.node.kind !== 'map' && readBoolean(context, setting) !== true) return null
  for (const entry of keys.node.entries.values()) {
    if (entry.key === 'external' || entry.key === 'name' || entry.key.startsWith('x-')) continue
    const message = `'${entry.key}' cannot be said of what is somebody else's`
    error(context, child(keys, entry), message, 'remove it, or external')
  }
  const name = keys.get('name') ?? older?.get('name') ?? null
  const engineName = optional(name, (one) => readText(context, one)) ?? key
  return { engineName, isExternal: true, labels: {} }
}

function decodeLabels(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  const labels = readPairs(context, setting)
  return labels === null ? null : ownLabels(context, setting, labels)
}

/** Without those that are not anybody's to give. */
export function ownLabels(
  context: Context,
  setting: Setting,
  labels: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(labels)
  const taken = entries.find(([name]) => name.startsWith(reserved))
  if (taken === undefined) return labels
  error(context, setting, `labels that begin with ${reserved} are Compose's own: ${taken[0]}`, 'remove it')
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith(reserved)))
}

const reserved = 'com.docker.compose.'

// ---- volumes and files -----------------------------------------------------------------------------------------

function decodeVolume(context: Context, app: string, key: string, keys: Keys<keyof typeof volumeMap.keys>): VolumeSpec {
  const usual = volumeSpec(app, key)
  const external = decodeExternal(context, key, keys)
  if (external !== null) return { ...usual, ...external }
  const driver = optional(keys.get('driver'), (one) => readText(context, one))
  const optsSetting = keys.get('driver_opts')
  const driverOpts = optional(optsSetting, (one) => readNamedTexts(context, one)) ?? {}
  return {
    ...usual,
    engineName: optional(keys.get('name'), (one) => readText(context, one)) ?? usual.engineName,
    driver,
    driverOpts: optsSetting === null ? driverOpts : withDirectory(context, optsSetting, driver, driverOpts),
    labels: { ...optional(keys.get('labels'), (one) => decodeLabels(context, one)), ...usual.labels },
  }
}

/** A volume that is a directory of the host in truth: Compose lets its path be relative. */
function withDirectory(
  context: Context,
  { node }: Setting,
  driver: string | null,
  driverOpts: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const { device, o } = driverOpts
  const isBind = (driver ?? 'local') === 'local' && o?.split(',').includes('bind') === true
  if (!isBind || device === undefined || !isHostPath(device) || device.startsWith('/')) return driverOpts
  return { ...driverOpts, device: absolutePath(directoryAt(context, node), device) }
}

/** What else a file may be said to be. */
type FileKey = 'file' | 'external' | 'environment' | 'name' | 'labels'

function decodeFile(context: Context, keys: Keys<FileKey>, content: Setting | null = null): SharedFile {
  const said = keys.node.entries
  for (const one of [keys.get('environment'), keys.get('name'), content])
    optional(one, (setting) => readText(context, setting))
  optional(keys.get('labels'), (one) => readPairs(context, one))
  const path = optional(keys.get('file'), (one) => readPath(context, one))
  const isExternal = optional(keys.get('external'), (one) => readBoolean(context, one)) ?? false
  if (path !== null && !isExternal) return { kind: 'file', path }
  if (isExternal) return { kind: 'elsewhere', why: 'is external, and a container engine keeps none' }
  if (said.has('environment')) return { kind: 'elsewhere', why: 'is in a variable' }
  if (said.has('content')) return { kind: 'elsewhere', why: 'is written out' }
  return { kind: 'elsewhere', why: 'has no file' }
}
