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
  /** The key that is meant where only its value is written, in place of the map. */
  readonly short?: NoInfer<K>
  /** Known to Compose, and more than this version can do: leaving them out silently would change what runs. */
  readonly notYet?: readonly string[]
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
