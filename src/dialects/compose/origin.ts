import type { Position } from '../../formats/format-error.ts'
import type { YamlMap, YamlNode } from '../../formats/yaml.ts'
import type { Origin } from '../decoding.ts'
import type { MapSpec, ValueSpec } from './key-table.ts'
import { topMap } from './keys.ts'

/**
 * Where a value that `printApp` prints was written: `path` are its keys, from the top of the document. null: nowhere, it is
 * the default.
 */
export function originOf(root: YamlMap, path: readonly string[]): Origin | null {
  const [top, name, ...keys] = path
  if (top !== 'services' || name === undefined) return find(root, topMap, path)
  for (const candidate of candidatesOf(keys)) {
    const found = find(root, topMap, [top, name, ...candidate])
    if (found !== null) return found
  }
  return null
}

/** What Compose has other words for, by the longest beginning of a path below a service. The first that is written counts. */
const elsewhere: Readonly<Record<string, readonly string[]>> = {
  restart: ['deploy.restart_policy.condition', 'deploy.restart_policy', 'restart'],
  scale: ['scale', 'deploy.replicas'],
  mem_limit: ['mem_limit', 'deploy.resources.limits.memory'],
  mem_reservation: ['mem_reservation', 'deploy.resources.reservations.memory'],
  cpus: ['cpus', 'deploy.resources.limits.cpus'],
  pids_limit: ['pids_limit', 'deploy.resources.limits.pids'],
  healthcheck: ['healthcheck', 'x-holdfast.readiness'],
  'healthcheck.test': ['healthcheck.test', 'x-holdfast.readiness.exec'],
  'x-holdfast.stable_after': ['x-holdfast.stable_after', 'deploy.restart_policy.window'],
  'x-holdfast.backoff': ['x-holdfast.backoff', 'deploy.restart_policy.delay'],
  'x-holdfast.restart_budget': ['x-holdfast.restart_budget', 'deploy.restart_policy.max_attempts', 'restart'],
  'x-holdfast.stdin': ['x-holdfast.stdin', 'stdin_open'],
}

function candidatesOf(keys: readonly string[]): readonly (readonly string[])[] {
  for (let length = Math.min(keys.length, 2); length > 0; length--) {
    const others = elsewhere[keys.slice(0, length).join('.')]
    if (others === undefined) continue
    const rest = keys.slice(length)
    // One value of Compose may say several of ours: delay is the whole backoff.
    return others.map((one) => (isWhole(one) ? one.split('.') : [...one.split('.'), ...rest]))
  }
  return [keys]
}

function isWhole(key: string): boolean {
  return key === 'restart' || key.startsWith('deploy.') || key === 'stdin_open'
}

function find(node: YamlNode, spec: ValueSpec, path: readonly string[], at: Position | null = null): Origin | null {
  const [key, ...rest] = path
  if (key === undefined) return at === null ? null : { ...placeOf(at), written: writtenIn(node) }
  if (node.kind === 'map') {
    const entry = node.entries.get(key)
    return entry === undefined ? null : find(entry.value, specBelow(spec, key), rest, entry)
  }
  if (rest.length > 0) return null
  if (node.kind === 'list') {
    const item = node.items.find((one) => one.kind === 'scalar' && nameIn(one.source) === key)
    if (item !== undefined) return { ...placeOf(item), written: writtenIn(item) }
  }
  // Only the value of the one key that need not be named.
  const isShort = mapsOf(spec).some(({ short }) => short === key)
  return isShort && at !== null ? { ...placeOf(at), written: writtenIn(node) } : null
}

function nameIn(source: string): string {
  const equals = source.indexOf('=')
  return equals === -1 ? source : source.slice(0, equals)
}

function placeOf({ file, line, column }: Position): Position {
  return { file, line, column }
}

/** The text with its variables, where it has any. */
function writtenIn(node: YamlNode): string | null {
  return node.kind === 'scalar' && typeof node.value === 'string' && /\$[A-Za-z_{]/.test(node.source)
    ? node.source
    : null
}

function specBelow(spec: ValueSpec, key: string): ValueSpec {
  const anything: ValueSpec = { kind: 'text', is: 'anything' }
  for (const map of mapsOf(spec)) {
    const below = Object.hasOwn(map.keys, key) ? map.keys[key] : undefined
    if (below !== undefined) return below.value
  }
  const named = alternatives(spec).find((one) => one.kind === 'named')
  return named?.value ?? anything
}

function mapsOf(spec: ValueSpec): readonly MapSpec[] {
  return alternatives(spec).filter((one) => one.kind === 'map')
}

function alternatives(spec: ValueSpec): readonly ValueSpec[] {
  return spec.kind === 'either' ? spec.of.flatMap(alternatives) : [spec]
}
