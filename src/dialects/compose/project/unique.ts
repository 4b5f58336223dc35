import type { YamlEntry, YamlList, YamlNode, YamlScalar } from '../../../formats/yaml.ts'
import { parsePortText } from '../container/port-text.ts'
import { parseVolumeText } from '../container/volume-text.ts'

/**
 * A list of a service in which nothing is said twice: of two parts with the same key the later one counts, in the place of
 * the first. `keys` lead from the service to the list.
 */
export function uniqueItems(list: YamlList, keys: readonly string[]): YamlList {
  const keyOf = keyOfPart(keys)
  if (keyOf === null) return list
  const items = new Map<unknown, YamlNode>()
  for (const item of list.items) items.set(keyOf(item) ?? item, item)
  return items.size === list.items.length ? list : { ...list, items: [...items.values()] }
}

/** The same of every list of a service, however many files it comes from. */
export function uniqueService(service: YamlNode): YamlNode {
  if (service.kind !== 'map') return service
  const entries = new Map<string, YamlEntry>()
  for (const [key, entry] of service.entries) {
    const { value } = entry
    entries.set(key, value.kind === 'list' ? { ...entry, value: uniqueItems(value, [key]) } : entry)
  }
  return { ...service, entries }
}

/** null: it has none, and is like no other. */
type KeyOf = (item: YamlNode) => string | null

const texts: KeyOf = (item) => (item.kind === 'scalar' ? textOf(item) : null)

const byPath: KeyOf = (item) => (item.kind === 'scalar' ? textOf(item) : textAt(item, 'path'))

/** What is known of Compose to have such a key. */
const keysOfParts: Readonly<Record<string, KeyOf>> = {
  ports: portKey,
  volumes: (item) =>
    item.kind === 'scalar' ? (parseVolumeText(textOf(item))?.target ?? null) : textAt(item, 'target'),
  devices: deviceKey,
  tmpfs: (item) => (item.kind === 'scalar' ? textOf(item).split(':')[0]! : null),
  secrets: (item) => fileKey(item, '/run/secrets/'),
  configs: (item) => fileKey(item, '/'),
  env_file: byPath,
  cap_add: texts,
  cap_drop: texts,
  device_cgroup_rules: texts,
  expose: texts,
  external_links: texts,
  extra_hosts: texts,
  group_add: texts,
  links: texts,
  profiles: texts,
  security_opt: texts,
  'blkio_config.weight_device': byPath,
  'blkio_config.device_read_bps': byPath,
  'blkio_config.device_write_bps': byPath,
  'blkio_config.device_read_iops': byPath,
  'blkio_config.device_write_iops': byPath,
}

function keyOfPart(keys: readonly string[]): KeyOf | null {
  const name = keys.join('.')
  return Object.hasOwn(keysOfParts, name) ? keysOfParts[name]! : null
}

function portKey(item: YamlNode): string | null {
  if (item.kind === 'scalar') {
    const parsed = parsePortText(textOf(item))
    if (parsed.kind === 'fault' || parsed.count > 1) return textOf(item)
    const { hostAddress, hostPort, containerPort, protocol } = parsed.first
    return `${hostAddress} ${hostPort ?? ''} ${containerPort} ${protocol}`
  }
  const target = textAt(item, 'target')
  if (target === null) return null
  const host = textAt(item, 'published') ?? ''
  return `${textAt(item, 'host_ip') ?? ''} ${host} ${target} ${textAt(item, 'protocol') ?? 'tcp'}`
}

function deviceKey(item: YamlNode): string | null {
  if (item.kind !== 'scalar') return textAt(item, 'target') ?? textAt(item, 'source')
  const [source, target] = textOf(item).split(':')
  return target ?? source ?? null
}

function fileKey(item: YamlNode, directory: string): string | null {
  const name = item.kind === 'scalar' ? textOf(item) : (textAt(item, 'target') ?? textAt(item, 'source'))
  return name === null || name.startsWith('/') ? name : `${directory}${name}`
}

function textAt(node: YamlNode, key: string): string | null {
  const value = node.kind === 'map' ? node.entries.get(key)?.value : undefined
  return value?.kind === 'scalar' && value.value !== null ? textOf(value) : null
}

function textOf({ value, source }: YamlScalar): string {
  return typeof value === 'string' ? value : source
}
