import type { Position } from '../../formats/format-error.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../formats/yaml.ts'
import type { Located, Place } from '../decoding.ts'

/** Where a fault of the core was written, and what the setting is called there. */
export function locate(root: YamlMap, place: Place): Located {
  const services = root.entries.get('services')
  if (place.service === null) return { ...positionOf(root.entries.get('name') ?? root), setting: 'name' }
  const path = `services.${place.service}`
  const entry = services?.value.kind === 'map' ? services.value.entries.get(place.service) : undefined
  if (entry === undefined) return { ...positionOf(root), setting: path }
  const [setting, ...rest] = place.setting.split('.')
  if (setting === 'dependsOn')
    return { ...locateDependency(entry.value, rest.join('.'), entry), setting: `${path}.depends_on` }
  const found = keysOf(place.setting).flatMap((key) => findKey(entry, key) ?? [])
  return found.length === 0
    ? { ...positionOf(entry), setting: path }
    : { ...positionOf(found[0]!.entry), setting: `${path}.${found[0]!.key}` }
}

/** What may have been written for a setting of the core, by the longest of its beginnings that is known here. */
const written: Readonly<Record<string, readonly string[]>> = {
  'limits.ulimits': ['ulimits'],
  'limits.nice': ['x-holdfast.limits.nice'],
  'limits.ionice': ['x-holdfast.limits.ionice'],
  'limits.oomScoreAdj': ['oom_score_adj'],
  'limits.cpuAffinity': ['cpuset'],
  'limits.chroot': ['x-holdfast.limits.chroot'],
  'limits.cgroup': ['mem_limit', 'cpus', 'pids_limit', 'deploy.resources.limits', 'deploy.resources', 'blkio_config'],
  'limits.cgroup.memoryMaxBytes': ['mem_limit', 'deploy.resources.limits.memory'],
  'limits.cgroup.memoryHighBytes': ['x-holdfast.limits.memory_high'],
  'limits.cgroup.memoryLowBytes': ['mem_reservation', 'deploy.resources.reservations.memory'],
  'limits.cgroup.swapMaxBytes': ['memswap_limit'],
  'limits.cgroup.cpus': ['cpus', 'deploy.resources.limits.cpus'],
  'limits.cgroup.cpuWeight': ['cpu_shares'],
  'limits.cgroup.pidsMax': ['pids_limit', 'deploy.resources.limits.pids'],
  'limits.cgroup.ioWeight': ['blkio_config.weight'],
  'limits.cgroup.io': ['blkio_config'],
  'limits.enforcement': ['x-holdfast.limits.enforcement', 'x-holdfast.limits'],
  'checks.readiness': ['healthcheck', 'x-holdfast.readiness'],
  'checks.liveness': ['x-holdfast.liveness'],
  hooks: ['x-holdfast.hooks'],
  schedule: ['x-holdfast.schedule'],
  once: ['x-holdfast.once'],
  stdin: ['stdin_open', 'x-holdfast.stdin'],
  cgroup: ['x-holdfast.cgroup'],
  'container.containerName': ['container_name'],
  'container.settings.networkMode': ['network_mode'],
  'container.settings.ipc': ['ipc'],
  'container.settings.pid': ['pid'],
}

function keysOf(setting: string): readonly string[] {
  const parts = setting.replace(/^process\./, '').split('.')
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('.')
    if (!Object.hasOwn(written, name)) continue
    const rest = parts.slice(length)
    const keys = written[name]!
    // A limit by its own name, where it stands by that name.
    return rest.length === 0 ? keys : [...keys.map((key) => [key, ...rest].join('.')), ...keys]
  }
  return []
}

function findKey(service: YamlEntry, key: string): { readonly key: string; readonly entry: YamlEntry } | null {
  let entry: YamlEntry | undefined = service
  for (const part of key.split('.')) entry = entry?.value.kind === 'map' ? entry.value.entries.get(part) : undefined
  return entry === undefined ? null : { key, entry }
}

function locateDependency(service: YamlNode, name: string, otherwise: Position): Position {
  const dependencies = service.kind === 'map' ? service.entries.get('depends_on') : undefined
  if (dependencies === undefined) return positionOf(impliedBy(service) ?? otherwise)
  const { value } = dependencies
  if (value.kind === 'map') return positionOf(value.entries.get(name) ?? dependencies)
  if (value.kind !== 'list') return positionOf(dependencies)
  return positionOf(value.items.find((item) => item.kind === 'scalar' && item.value === name) ?? dependencies)
}

/** What says that a service waits for another one without saying so. */
function impliedBy(service: YamlNode): Position | null {
  const keys = ['network_mode', 'ipc', 'pid', 'links']
  const entries = service.kind === 'map' ? keys.flatMap((key) => service.entries.get(key) ?? []) : []
  return entries.at(0) ?? null
}

function positionOf({ file, line, column }: Position): Position {
  return { file, line, column }
}
