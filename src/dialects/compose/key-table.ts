/**
 * The keys of the Compose format as data. The decoder refuses what is not in them, the schema for editors and the texts of
 * `holdfast config explain` are made of them.
 */

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }

export interface KeySpec {
  /** For somebody who reads it beside his file: what it does, then what is surprising. One paragraph. */
  readonly what: string
  readonly value: ValueSpec
  /** What holds where it is not written; absent where nothing does, or where `otherwise` says it. */
  readonly default?: Json
  /** The same in words, where it is no fixed value. */
  readonly otherwise?: string
  /** A value that works on any host. */
  readonly example: Json
  /** Keys of the same map without which the example is refused. */
  readonly beside?: Readonly<Record<string, Json>>
  /** Of a service, or of its x-holdfast: only services of this kind have it. */
  readonly of?: 'process' | 'container'
  /** What those of the other kind have in its place. */
  readonly instead?: string
}

/** What may be written for a key. In every text variables are put in, and a number or a truth value is a text as well. */
export type ValueSpec =
  | {
      readonly kind: 'text'
      readonly is: string
      /** Of a text without variables, as JSON Schema takes it. */
      readonly pattern?: string
      /** Whole numbers that match the pattern, where they may stand without quotes. */
      readonly numbers?: { readonly min: number; readonly max: number }
    }
  | { readonly kind: 'literal'; readonly value: Json }
  /** What is not looked at. */
  | { readonly kind: 'anything' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'duration'; readonly hasDays?: true }
  | { readonly kind: 'size' }
  | { readonly kind: 'signal' }
  | { readonly kind: 'choice'; readonly choices: readonly string[] }
  | { readonly kind: 'list'; readonly items: ValueSpec; readonly min?: number; readonly max?: number }
  | MapSpec
  | {
      /** A map whose keys are names of somebody's choice, or of a closed list. */
      readonly kind: 'named'
      /** `NAME` of a service: what stands for the name in a path. */
      readonly name: string
      readonly names?: readonly string[]
      readonly value: ValueSpec
    }
  | { readonly kind: 'either'; readonly of: readonly ValueSpec[] }

/** A map with known keys. */
export interface MapSpec<K extends string = string> {
  readonly kind: 'map'
  readonly keys: Readonly<Record<K, KeySpec>>
  readonly required?: readonly NoInfer<K>[]
  /** One of them has to be there at least. */
  readonly requiredAny?: readonly NoInfer<K>[]
  /** The key that is meant where only its value is written, in place of the map. */
  readonly short?: NoInfer<K>
  /** Known to Compose and nothing that Holdfast can do, with what to do instead: leaving them out could change what runs. */
  readonly notYet?: Readonly<Record<string, string>>
}

export function mapOf<const K extends string>(
  keys: Readonly<Record<K, KeySpec>>,
  more: Omit<MapSpec<K>, 'kind' | 'keys'> = {},
): MapSpec<K> {
  return { kind: 'map', keys, ...more }
}

/** The map, or only the value of its short key. */
export function mapOrShort(map: MapSpec): ValueSpec {
  const value = map.short === undefined ? undefined : map.keys[map.short]?.value
  return value === undefined ? map : { kind: 'either', of: [value, map] }
}

export function keyNames<K extends string>(map: MapSpec<K>): readonly K[] {
  return Object.keys(map.keys) as K[]
}

/** Keys of containers alone. */
export function ofContainers<const K extends string>(keys: Readonly<Record<K, KeySpec>>): Readonly<Record<K, KeySpec>> {
  const marked = Object.entries<KeySpec>(keys).map(([key, spec]) => [key, { ...spec, of: 'container' }] as const)
  return Object.fromEntries(marked) as Record<K, KeySpec>
}

export const path: ValueSpec = { kind: 'text', is: 'a path, absolute or relative to the file' }

export const boolean: ValueSpec = { kind: 'boolean' }

export const duration: ValueSpec = { kind: 'duration' }

export const size: ValueSpec = { kind: 'size' }

export const command: ValueSpec = {
  kind: 'either',
  of: [
    { kind: 'text', is: 'a command line, split into words with quotes and backslashes but without a shell' },
    { kind: 'list', items: { kind: 'text', is: 'a word' }, min: 1 },
  ],
}

/** The same of a container, where an empty one and none mean something. */
export const containerCommand: ValueSpec = {
  kind: 'either',
  of: [
    { kind: 'text', is: 'a command line, split into words with quotes and backslashes but without a shell' },
    { kind: 'list', items: { kind: 'text', is: 'a word' } },
    { kind: 'literal', value: null },
  ],
}

export const signal: ValueSpec = { kind: 'signal' }

export function choice(...choices: readonly string[]): ValueSpec {
  return { kind: 'choice', choices }
}

export function integer(min: number, max: number): ValueSpec {
  return { kind: 'integer', min, max }
}

export function number(min: number, max: number): ValueSpec {
  return { kind: 'number', min, max }
}

export function list(items: ValueSpec): ValueSpec {
  return { kind: 'list', items }
}

/** One of them, or a list. */
export function oneOrMore(items: ValueSpec): ValueSpec {
  return { kind: 'either', of: [items, { kind: 'list', items }] }
}

/** A map of texts, or a list of NAME=value; a name without a value has none. */
export function pairs(what: string): ValueSpec {
  return {
    kind: 'either',
    of: [
      { kind: 'named', name: 'NAME', value: { kind: 'either', of: [text(what), { kind: 'literal', value: null }] } },
      { kind: 'list', items: text('NAME=value, or NAME') },
    ],
  }
}

/** A map of texts. */
export function named(name: string, what: string): ValueSpec {
  return { kind: 'named', name, value: text(what) }
}

export function text(
  is: string,
  pattern?: string,
  numbers?: { readonly min: number; readonly max: number },
): ValueSpec {
  return {
    kind: 'text',
    is,
    ...(pattern === undefined ? {} : { pattern }),
    ...(numbers === undefined ? {} : { numbers }),
  }
}
