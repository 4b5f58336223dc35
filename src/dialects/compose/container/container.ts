import type { ContainerSettings, ContainerSpec, NetworkMode } from '../../../core/containers/model.ts'
import type { Dependency, RestartPolicy } from '../../../core/model.ts'
import { plainSettings } from '../../../core/target/plain-container.ts'
import { normaliseReference } from '../../../formats/container/reference.ts'
import type { YamlNode } from '../../../formats/yaml.ts'
import { readWords, splitCommand } from '../command.ts'
import type { Extras } from '../extras.ts'
import { loggingMap } from '../keys-container.ts'
import { readNamedTexts, readPairs } from '../named-texts.ts'
import {
  type Context,
  error,
  isNothing,
  type Keys,
  optional,
  readBoolean,
  readChoice,
  readDuration,
  readItems,
  readKeys,
  readSignal,
  readText,
  readTexts,
  report,
  type Setting,
} from '../values.ts'
import { decodeDevices } from './devices.ts'
import { decodeContainerEnvironment, decodeContainerLabels } from './environment.ts'
import { decodeEngineCheck } from './healthcheck.ts'
import { decodeExtraHosts, decodeSecurityOptions } from './host.ts'
import { decodeContainerLimits } from './limits.ts'
import { decodeMounts } from './mounts.ts'
import { decodeNetworks } from './networks.ts'
import { decodeExpose, decodePorts } from './ports.ts'
import type { Scene } from './scene.ts'
import { decodePull, decodeUpdate, readPaths } from './update.ts'

export interface ContainerKeys {
  /** What the service is called. */
  readonly name: string
  readonly keys: Keys
  /** `deploy.resources` */
  readonly resources: Setting | null
  readonly extras: Extras
  readonly restart: RestartPolicy
}

/** The container of a service, as its first instance has it. */
export function decodeContainer(context: Context, service: ContainerKeys, scene: Scene): ContainerSpec {
  const { name, keys, extras } = service
  const build = keys.get('build')
  if (build !== null && keys.get('image') !== null) {
    const message = 'images are not built here, so this has no effect'
    report(
      context,
      build.node,
      build.path,
      message,
      'the image has to be there, or where it can be pulled from',
      'warning',
    )
  }
  return {
    containerName: optional(keys.get('container_name'), (one) => decodeName(context, one)) ?? `${scene.app}-${name}-1`,
    image: optional(keys.get('image'), (one) => decodeImage(context, one)) ?? '',
    platform: optional(keys.get('platform'), (one) => readText(context, one)),
    pull: optional(keys.get('pull_policy'), (one) => decodePull(context, one)) ?? 'missing',
    strategy: optional(extras.keys.get('update'), (one) => decodeUpdate(context, one)) ?? {
      kind: 'download-then-kill',
    },
    adopts: null,
    lockFiles: optional(extras.keys.get('lock'), (one) => readPaths(context, one)) ?? [],
    settings: decodeSettings(context, service, scene),
  }
}

function decodeImage(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  try {
    return normaliseReference(text)
  } catch (caught) {
    if (!(caught instanceof Error)) throw caught
    return error(context, setting, caught.message, 'write it as [REGISTRY/]NAME[:TAG]')
  }
}

function decodeName(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null || /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(text)) return text
  const hint = 'use two letters, digits, ., - and _ at least, the first a letter or digit'
  return error(context, setting, `'${text}' cannot be the name of a container`, hint)
}

function decodeSettings(
  context: Context,
  { name, keys, resources, restart }: ContainerKeys,
  scene: Scene,
): ContainerSettings {
  const get = (key: string) => keys.get(key)
  const flag = (key: string) => optional(get(key), (one) => readBoolean(context, one))
  const text = (key: string) => optional(get(key), (one) => readText(context, one))
  const one = (key: string) =>
    optional(get(key), (setting) => readTexts(context, setting, 'write a list of texts')) ?? []
  const list = (key: string) => optional(get(key), (setting) => readTextList(context, setting)) ?? []
  const pairs = (key: string) => optional(get(key), (setting) => readPairs(context, setting)) ?? {}
  const reserved = reservedDevices(resources)
  const networks = decodeNetworks(context, keys, scene, name)
  checkPorts(context, get('ports'), networks.networkMode)
  return {
    ...plainSettings,
    ...networks,
    ...decodeDevices(context, { devices: get('devices'), gpus: get('gpus'), reserved }),
    ...decodeContainerLimits(context, keys, resources),
    command: optional(get('command'), (setting) => decodeWords(context, setting)),
    entrypoint: optional(get('entrypoint'), (setting) => decodeWords(context, setting)),
    environment: decodeContainerEnvironment(context, keys, scene),
    labels: { ...decodeContainerLabels(context, keys, scene), ...instanceLabels(scene.app, name, 1) },
    annotations: pairs('annotations'),
    user: text('user') || null,
    workingDir: text('working_dir') || null,
    hostname: text('hostname') || null,
    domainname: text('domainname') || null,
    isTty: flag('tty') ?? false,
    isStdinOpen: flag('stdin_open') ?? false,
    stopSignal: optional(get('stop_signal'), (setting) => decodeStopSignal(context, setting)),
    stopGraceMs: optional(get('stop_grace_period'), (setting) => readDuration(context, setting)),
    healthcheck: optional(get('healthcheck'), (setting) => decodeEngineCheck(context, setting)),
    restart: { name: restart.when, retriesMax: restart.budget?.restartsMax ?? 0 },
    ports: optional(get('ports'), (setting) => decodePorts(context, setting, scene)) ?? [],
    expose: optional(get('expose'), (setting) => decodeExpose(context, setting, scene)) ?? [],
    mounts: decodeMounts(context, keys, scene),
    dns: one('dns'),
    dnsOptions: one('dns_opt'),
    dnsSearch: one('dns_search'),
    extraHosts: optional(get('extra_hosts'), (setting) => decodeExtraHosts(context, setting)) ?? [],
    macAddress: text('mac_address') || null,
    capAdd: list('cap_add'),
    capDrop: list('cap_drop'),
    deviceCgroupRules: list('device_cgroup_rules'),
    groupAdd: list('group_add'),
    securityOptions: optional(get('security_opt'), (setting) => decodeSecurityOptions(context, setting, scene)) ?? [],
    sysctls: pairs('sysctls'),
    storageOptions: optional(get('storage_opt'), (setting) => readNamedTexts(context, setting)) ?? {},
    isPrivileged: flag('privileged') ?? false,
    isReadOnly: flag('read_only') ?? false,
    init: flag('init'),
    ipc: optional(get('ipc'), (setting) => decodeNamespace(context, setting)),
    pid: optional(get('pid'), (setting) => decodeNamespace(context, setting)),
    uts: text('uts') || null,
    usernsMode: text('userns_mode') || null,
    cgroupNamespace: optional(get('cgroup'), (setting) => readChoice(context, setting, ['host', 'private'])),
    cgroupParent: text('cgroup_parent') || null,
    runtime: text('runtime') || null,
    logging: optional(get('logging'), (setting) => decodeLogging(context, setting)),
  }
}

function checkPorts(context: Context, setting: Setting | null, mode: NetworkMode): void {
  const isHost = mode.kind === 'named' && mode.name === 'host'
  if (
    setting === null ||
    isEmptyList(setting.node) ||
    (!isHost && mode.kind !== 'service' && mode.kind !== 'container')
  )
    return
  const why = isHost ? 'its ports are those of the host already' : 'its ports are those of the other container'
  error(context, setting, why, 'remove them, or the network mode')
}

function isEmptyList(node: YamlNode): boolean {
  return isNothing(node) || (node.kind === 'list' && node.items.length === 0)
}

function reservedDevices(resources: Setting | null): Setting | null {
  const reservations = resources?.node.kind === 'map' ? resources.node.entries.get('reservations')?.value : undefined
  const devices = reservations?.kind === 'map' ? reservations.entries.get('devices')?.value : undefined
  return devices === undefined ? null : { path: `${resources!.path}.reservations.devices`, node: devices }
}

/** What tools for Compose files find the containers of an app by. */
export function instanceLabels(app: string, service: string, n: number): Readonly<Record<string, string>> {
  return {
    'com.docker.compose.project': app,
    'com.docker.compose.service': service,
    'com.docker.compose.container-number': String(n),
  }
}

/** null: as the image says. An empty one removes what the image says. */
function decodeWords(context: Context, setting: Setting): readonly string[] | null {
  if (isNothing(setting.node)) return null
  return setting.node.kind === 'list' ? readWords(context, setting) : splitCommand(context, setting)
}

function readTextList(context: Context, setting: Setting): readonly string[] {
  const items = readItems(context, setting, 'write a list of texts') ?? []
  return items.map((item) => readText(context, item)).filter((text) => text !== null)
}

function decodeStopSignal(context: Context, setting: Setting): string | null {
  const signal = readSignal(context, setting)
  return signal === null ? null : `SIG${signal}`
}

function decodeNamespace(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null || /^(?:[a-z]+|(?:service|container):.+)$/.test(text)) return text
  return error(context, setting, `'${text}' is not a namespace`, 'write host, service:NAME or container:NAME')
}

function decodeLogging(context: Context, setting: Setting): ContainerSettings['logging'] {
  const keys = readKeys(context, setting, loggingMap)
  if (keys === null) return null
  return {
    driver: optional(keys.get('driver'), (one) => readText(context, one)) ?? 'json-file',
    options: optional(keys.get('options'), (one) => readNamedTexts(context, one)) ?? {},
  }
}

// ---- what it waits for -----------------------------------------------------------------------------------------

/** Services whose namespaces it shares, and those it has links to: they have to be there first. */
export function impliedDependencies(
  { networkMode, ipc, pid }: ContainerSettings,
  links: readonly string[],
): readonly Dependency[] {
  const shared = [networkMode.kind === 'service' ? networkMode.service : null, serviceIn(ipc), serviceIn(pid)]
  const names = new Set([...shared.filter((name) => name !== null), ...links])
  return [...names].map((service) => ({ service, condition: 'started', required: true, restart: true }))
}

function serviceIn(namespace: string | null): string | null {
  return namespace?.startsWith('service:') ? namespace.slice('service:'.length) : null
}

/** `links`: SERVICE or SERVICE:ALIAS. */
export function decodeLinks(context: Context, setting: Setting, from: string, scene: Scene): readonly string[] {
  const items = readItems(context, setting, 'write a list of services') ?? []
  return items.flatMap((item) => {
    const text = readText(context, item)
    if (text === null) return []
    const [to = '', alias = null] = text.split(':')
    scene.links.push({ from, to, alias: alias === '' ? null : alias, at: item })
    return [to]
  })
}
