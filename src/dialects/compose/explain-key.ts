import { signalNames } from '../../formats/signal-name.ts'
import { suggest } from '../../formats/suggest.ts'
import { type KeySpec, keyNames, type MapSpec, type ValueSpec } from './key-table.ts'
import { topMap } from './keys.ts'

export type ExplainedKey =
  | {
      readonly kind: 'key'
      /** `services.NAME.healthcheck.interval` */
      readonly path: string
      readonly spec: KeySpec
      /** The keys below it, where there are any. */
      readonly keys: MapSpec['keys']
    }
  /** `below`: where it was looked for last; empty at the top. */
  | { readonly kind: 'unknown'; readonly key: string; readonly below: string; readonly similar: string | null }
  /** Known to Compose, and nothing that Holdfast can do; with what to do instead. */
  | { readonly kind: 'not-yet'; readonly path: string; readonly instead: string }

/** Keys that need not be told where they stand: `healthcheck` is that of a service. */
const starts = ['', 'services.NAME', 'services.NAME.x-holdfast', 'x-holdfast'] as const

/**
 * Finds what a path of keys means: as problems name it (`services.web.stop[0].signal`), with NAME for the service, or without
 * its beginning where that is plain.
 */
export function explainKey(path: string): ExplainedKey {
  const parts = path.replace(/\[\d*\]/g, '').split('.')
  const tries = starts.map((start) => resolve(start === '' ? parts : [...start.split('.'), ...parts]))
  const found = tries.find((one) => one.kind === 'key') ?? tries.find((one) => one.kind === 'not-yet')
  if (found !== undefined) return found
  // What leads furthest was meant.
  const reach = tries.map((one, index) =>
    one.kind === 'unknown' && one.similar !== null ? depthOf(one.below) - depthOf(starts[index]!) : -1,
  )
  const furthest = Math.max(...reach)
  return furthest < 0 ? tries[0]! : tries[reach.lastIndexOf(furthest)]!
}

function depthOf(path: string): number {
  return path === '' ? 0 : path.split('.').length
}

/** All keys of a map, with what their values are made of. */
export function keysOf(path: string): MapSpec['keys'] {
  const found = path === '' ? null : explainKey(path)
  return found === null ? topMap.keys : found.kind === 'key' ? found.keys : {}
}

function resolve(parts: readonly string[]): ExplainedKey {
  const top: KeySpec = { what: '', value: topMap, example: {} }
  return walk({ spec: top, value: topMap, path: '', parts })
}

interface Step {
  readonly spec: KeySpec
  readonly value: ValueSpec
  readonly path: string
  readonly parts: readonly string[]
}

function walk({ spec, value, path, parts }: Step): ExplainedKey {
  const [part, ...rest] = parts
  if (part === undefined) return { kind: 'key', path, spec, keys: below(value) }
  switch (value.kind) {
    case 'map': {
      const here = path === '' ? part : `${path}.${part}`
      const next = Object.hasOwn(value.keys, part) ? value.keys[part] : undefined
      if (next !== undefined) return walk({ spec: next, value: next.value, path: here, parts: rest })
      const { notYet = {} } = value
      if (Object.hasOwn(notYet, part)) return { kind: 'not-yet', path: here, instead: notYet[part]! }
      return { kind: 'unknown', key: part, below: path, similar: suggest(part, keyNames(value)) }
    }
    case 'named':
      return walkNamed({ spec, value, path, parts })
    case 'list':
      return walk({ spec, value: value.items, path: `${path}[]`, parts })
    case 'either': {
      const tries = value.of.map((one) => walk({ spec, value: one, path, parts }))
      return tries.find((one) => one.kind === 'key') ?? tries.findLast((one) => one.kind !== 'key')!
    }
    default:
      return { kind: 'unknown', key: part, below: path, similar: null }
  }
}

// A name may have dots in it: as many parts as lead on belong to it.
function walkNamed({
  spec,
  value,
  path,
  parts,
}: Step & { readonly value: ValueSpec & { kind: 'named' } }): ExplainedKey {
  const here = `${path}.${value.name}`
  const tries = parts.map((_, count) => walk({ spec, value: value.value, path: here, parts: parts.slice(count + 1) }))
  return tries.find((one) => one.kind === 'key' && one.spec !== spec) ?? tries[0]!
}

function below(value: ValueSpec): MapSpec['keys'] {
  if (value.kind === 'map') return value.keys
  if (value.kind === 'either') return Object.assign({}, ...value.of.map(below)) as MapSpec['keys']
  return value.kind === 'list' ? below(value.items) : value.kind === 'named' ? below(value.value) : {}
}

/** What may be written, in words. */
export function describeValue(value: ValueSpec): string {
  switch (value.kind) {
    case 'text':
      return value.is
    case 'literal':
      return value.value === null ? 'nothing' : String(value.value)
    case 'anything':
      return 'anything'
    case 'boolean':
      return 'true or false'
    case 'integer':
      return `a whole number from ${value.min} to ${value.max}`
    case 'number':
      return `a number from ${value.min} to ${value.max}`
    case 'duration':
      return value.hasDays ? 'a duration: 30m, 12h, 7d' : 'a duration: 500ms, 10s, 1m30s, 2h'
    case 'size':
      return 'a size: 512k, 10m, 1g'
    case 'signal':
      return `a signal: ${signalNames.filter((name) => usualSignals.has(name)).join(', ')} and others`
    case 'choice':
      return `one of ${value.choices.join(', ')}`
    case 'list':
      return `a list, each ${describeValue(value.items)}`
    case 'map':
      return `a map with ${keyNames(value).join(', ')}`
    case 'named':
      return `a map of ${value.name}: ${describeValue(value.value)}`
    case 'either':
      return value.of.map(describeValue).join('; or ')
  }
}

const usualSignals: ReadonlySet<string> = new Set(['HUP', 'INT', 'QUIT', 'USR1', 'USR2', 'TERM', 'KILL'])
