import fc from 'fast-check'
import type { YamlNode } from '../../formats/yaml.ts'
import type { YamlValue } from '../../formats/yaml-text.ts'
import type { KeySpec, MapSpec, ValueSpec } from './key-table.ts'
import type { JsonSchema } from './schema.ts'

/** For tests of the key table: a validator for the keywords our schema uses, and files drawn from the table. */

/** What a value breaks of a schema, as `path: what`; empty when it is valid. Throws for a keyword it does not know. */
export function schemaFaults(value: unknown, schema: JsonSchema, root: JsonSchema = schema, at = ''): string[] {
  const faults: string[] = []
  const below = (one: unknown, key: string | number, inner: JsonSchema) =>
    faults.push(...schemaFaults(one, inner, root, `${at}.${key}`))
  const fault = (what: string) => faults.push(`${at}: ${what}`)
  const record = isRecord(value) ? value : null
  for (const [keyword, wanted] of Object.entries(schema)) {
    switch (keyword) {
      case '$ref':
        faults.push(...schemaFaults(value, definition(root, String(wanted)), root, at))
        break
      case 'type':
        if (![wanted].flat().some((type) => isOf(value, String(type)))) fault(`is not ${wanted}`)
        break
      case 'const':
        if (value !== wanted) fault(`is not ${wanted}`)
        break
      case 'enum':
        if (!(wanted as unknown[]).includes(value)) fault(`is none of ${wanted}`)
        break
      case 'pattern':
        if (typeof value === 'string' && !new RegExp(String(wanted), 'u').test(value)) fault(`does not match ${wanted}`)
        break
      case 'minimum':
        if (typeof value === 'number' && value < Number(wanted)) fault(`is below ${wanted}`)
        break
      case 'maximum':
        if (typeof value === 'number' && value > Number(wanted)) fault(`is above ${wanted}`)
        break
      case 'items':
        if (Array.isArray(value)) for (const [n, one] of value.entries()) below(one, n, wanted as JsonSchema)
        break
      case 'minItems':
        if (Array.isArray(value) && value.length < Number(wanted)) fault(`has less than ${wanted}`)
        break
      case 'maxItems':
        if (Array.isArray(value) && value.length > Number(wanted)) fault(`has more than ${wanted}`)
        break
      case 'required':
        for (const key of wanted as string[]) if (record !== null && !Object.hasOwn(record, key)) fault(`lacks ${key}`)
        break
      case 'anyOf': {
        const tries = (wanted as JsonSchema[]).map((one) => schemaFaults(value, one, root, at))
        if (!tries.some((one) => one.length === 0)) fault(`is none of them: ${tries.flat().join('; ')}`)
        break
      }
      case 'properties':
        for (const [key, inner] of Object.entries(wanted as Record<string, JsonSchema>))
          if (record !== null && Object.hasOwn(record, key)) below(record[key], key, inner)
        break
      case 'patternProperties':
        break
      case 'additionalProperties': {
        const known = Object.keys((schema.properties ?? {}) as object)
        const patterns = Object.keys((schema.patternProperties ?? {}) as object).map((one) => new RegExp(one, 'u'))
        for (const key of Object.keys(record ?? {})) {
          if (known.includes(key) || patterns.some((one) => one.test(key))) continue
          if (wanted === false) fault(`has an unknown key ${key}`)
          else below(record![key], key, wanted as JsonSchema)
        }
        break
      }
      case '$schema':
      case '$defs':
      case 'title':
      case 'description':
      case 'default':
      case 'examples':
        break
      default:
        throw new Error(`the validator of the tests does not know '${keyword}'`)
    }
  }
  return faults
}

function definition(root: JsonSchema, reference: string): JsonSchema {
  const found = (root.$defs as Record<string, JsonSchema>)[reference.replace('#/$defs/', '')]
  if (found === undefined) throw new Error(`${reference} leads nowhere`)
  return found
}

function isOf(value: unknown, type: string): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'object') return isRecord(value)
  return type === 'integer' ? Number.isInteger(value) : typeof value === type
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The document as editors see it: aliases and merge keys put in. */
export function plainOf(node: YamlNode): unknown {
  if (node.kind === 'list') return node.items.map(plainOf)
  if (node.kind === 'scalar') return node.value
  return Object.fromEntries([...node.entries.values()].map((entry) => [entry.key, plainOf(entry.value)]))
}

// ---- files drawn from the table --------------------------------------------------------------------------------

// biome-ignore lint/suspicious/noTemplateCurlyInString: variables of the format
const words = ['x', 'a b', "it's", '$$HOME', '${NONE:-d}', 'é', '1.10', 'no', '#', ': ', '"', '\\', 'a\nb']

/** A value that may be written for a key: mostly good ones. */
export function drawValue(value: ValueSpec, example: YamlValue): fc.Arbitrary<YamlValue> {
  switch (value.kind) {
    case 'text':
      return value.pattern === undefined && / (?:word|value|path|header)/.test(value.is)
        ? fc.constantFrom(...words, example)
        : fc.constant(example)
    case 'literal':
      return fc.constant(value.value)
    case 'anything':
      return fc.constant(example)
    case 'boolean':
      return fc.constantFrom(true, false, 'yes', 'off')
    case 'integer':
      return fc.oneof(fc.integer({ min: value.min, max: Math.min(value.max, value.min + 20) }), fc.constant(example))
    case 'number':
      return fc.oneof(fc.constantFrom<YamlValue>(value.min, Math.min(value.max, 1.5), '0.5'), fc.constant(example))
    case 'duration':
      return fc.constantFrom('0s', '1ms', '1.5s', '2m30s', '1h', ...(value.hasDays ? ['7d'] : []))
    case 'size':
      return fc.constantFrom<YamlValue>('1b', '512k', '1.5mb', '2 GiB', 1024)
    case 'signal':
      return fc.constantFrom<YamlValue>('SIGTERM', 'usr1', 'KILL', 2, '15')
    case 'choice':
      return fc.constantFrom(...value.choices)
    case 'list': {
      const items = Array.isArray(example) ? (example as readonly YamlValue[]) : [example]
      return fc.array(drawValue(value.items, items[0] ?? example), { minLength: value.min ?? 0, maxLength: 3 })
    }
    case 'map':
      return drawMap(value, isRecord(example) ? (example as Readonly<Record<string, YamlValue>>) : {})
    case 'named': {
      const sample = isRecord(example) ? (Object.values(example)[0] as YamlValue) : example
      const names = value.names ?? ['A', 'b', 'C_1']
      return fc.dictionary(fc.constantFrom(...names), drawValue(value.value, sample), {
        maxKeys: 3,
        noNullPrototype: true,
      })
    }
    case 'either':
      return fc.oneof(fc.constant(example), ...value.of.map((one) => drawValue(one, sampleFor(one, example))))
  }
}

// An example is of one of the forms; the others take what is in it.
function sampleFor(value: ValueSpec, example: YamlValue): YamlValue {
  if (value.kind === 'text' && typeof example === 'object') return 'x'
  return example
}

/** A map with its required keys and a few of the others. */
export function drawMap(map: MapSpec, seen: Readonly<Record<string, YamlValue>>): fc.Arbitrary<YamlValue> {
  const needed = [...(map.required ?? []), ...(map.requiredAny ?? []).slice(0, 1)]
  const required = needed.map((key) => [key, map.keys[key]!] as const)
  const others = Object.entries(map.keys).filter(([key]) => !needed.includes(key))
  const one = ([key, spec]: readonly [string, KeySpec]) =>
    drawValue(spec.value, seen[key] ?? (spec.example as YamlValue)).map((value) => [key, value] as const)
  const few = fc
    .subarray(others, { maxLength: Math.min(others.length, 4) })
    .chain((chosen) => fc.tuple(...[...required, ...chosen].map(one)))
  return fc
    .oneof(fc.constant(seen), few.map(Object.fromEntries))
    .filter((record) => required.every(([key]) => Object.hasOwn(record as object, key)))
}
