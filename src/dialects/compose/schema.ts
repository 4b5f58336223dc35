import { signalNames } from '../../formats/signal-name.ts'
import { command, containerCommand, type Json, type KeySpec, type MapSpec, type ValueSpec } from './key-table.ts'
import { topMap } from './keys.ts'
import { hookMap, httpMap } from './keys-checks.ts'
import { environmentValue } from './keys-extras.ts'
import { bytesMap, operationsMap, ulimitMap } from './keys-limits.ts'
import { logsMap, streamMap } from './keys-streams.ts'

export type JsonSchema = { readonly [keyword: string]: Json }

/**
 * The JSON Schema (2020-12) of one document of `holdfast.yaml`, for editors. It refuses what the decoder refuses of keys and
 * single values; what takes more than one value to see (a name that depends on nothing, two keys that disagree) is left to
 * the decoder.
 */
export function holdfastSchema(): JsonSchema {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'holdfast.yaml',
    description:
      'What Holdfast keeps running. The format is that of Compose files; x-holdfast says what they have no words for.',
    ...mapSchema(topMap),
    $defs: {
      ...Object.fromEntries([...shared].map(([value, name]) => [name, wholeSchema(value)])),
      variables: {
        type: 'string',
        pattern: '\\$',
        description: 'A text with variables: $NAME, or its name in braces with a default.',
      },
      boolean: anyOf([{ type: 'boolean' }, { type: 'string', pattern: anyCase('true|yes|on|y|false|no|off|n') }]),
      duration: durationSchema('ms|us|h|m|s', 'A number with its unit: 500ms, 10s, 1m30s, 2h.'),
      durationWithDays: durationSchema('ms|us|h|m|s|d', 'A number with its unit: 30m, 12h, 7d.'),
      size: anyOf(
        [
          { type: 'number', minimum: 0 },
          { type: 'string', pattern: '^[0-9]+(\\.[0-9]+)? ?([kKmMgGtT]?([iI]?[bB])?)$' },
        ],
        'A number with its unit: 512k, 10m, 1g; without one, bytes.',
      ),
      signal: anyOf(
        [
          { enum: signalNames.map((name) => `SIG${name}`) },
          {
            type: 'string',
            pattern: `^([sS][iI][gG])?(${[...signalNames, 'IOT', 'CLD', 'POLL'].map(anyCaseOf).join('|')}|[0-9]+)$`,
          },
          { type: 'integer', minimum: 1, maximum: signalNames.length },
        ],
        'The name of a signal, with or without SIG, or its number.',
      ),
    },
  }
}

/** As it is published. */
export function printSchema(): string {
  return `${JSON.stringify(holdfastSchema(), null, 2)}\n`
}

function mapSchema({ keys, required, requiredAny }: MapSpec): JsonSchema {
  return {
    type: 'object',
    properties: Object.fromEntries(Object.entries(keys).map(([key, spec]) => [key, keySchema(spec)])),
    // Keys that begin with x- are for other programs.
    patternProperties: { '^x-(?!holdfast$)': {} },
    additionalProperties: false,
    ...(required === undefined ? {} : { required: [...required] }),
    ...(requiredAny === undefined ? {} : { anyOf: requiredAny.map((key) => ({ required: [key] })) }),
  }
}

function keySchema(spec: KeySpec): JsonSchema {
  const { what, value, example } = spec
  return {
    description: spec.otherwise === undefined ? what : `${what} Default: ${spec.otherwise}.`,
    ...valueSchema(value),
    ...(spec.default === undefined ? {} : { default: spec.default }),
    examples: [example],
  }
}

const variables: JsonSchema = { $ref: '#/$defs/variables' }

/** What more than one key has is written once. */
const shared: ReadonlyMap<ValueSpec, string> = new Map<ValueSpec, string>([
  [command, 'command'],
  [containerCommand, 'containerCommand'],
  [environmentValue, 'environment'],
  [logsMap, 'logs'],
  [streamMap, 'stream'],
  [hookMap, 'hook'],
  [httpMap, 'http'],
  [bytesMap, 'bytesPerSecond'],
  [operationsMap, 'operationsPerSecond'],
  [ulimitMap, 'ulimit'],
])

function valueSchema(value: ValueSpec): JsonSchema {
  const name = shared.get(value)
  return name === undefined ? wholeSchema(value) : { $ref: `#/$defs/${name}` }
}

function wholeSchema(value: ValueSpec): JsonSchema {
  switch (value.kind) {
    case 'text': {
      const plain: JsonSchema = { type: ['string', 'number', 'boolean'] }
      if (value.pattern === undefined) return plain
      const { numbers } = value
      const whole = numbers === undefined ? [] : [{ type: 'integer', minimum: numbers.min, maximum: numbers.max }]
      return anyOf([{ type: 'string', pattern: value.pattern }, ...whole, variables])
    }
    case 'literal':
      return { const: value.value }
    case 'anything':
      return {}
    case 'boolean':
    case 'size':
    case 'signal':
      return anyOf([{ $ref: `#/$defs/${value.kind}` }, variables])
    case 'duration':
      return anyOf([{ $ref: value.hasDays ? '#/$defs/durationWithDays' : '#/$defs/duration' }, variables])
    case 'integer':
      return numeric({ type: 'integer', minimum: value.min, maximum: value.max }, '^[+-]?[0-9]+$')
    case 'number':
      return numeric({ type: 'number', minimum: value.min, maximum: value.max }, '^([0-9]+(\\.[0-9]+)?|\\.[0-9]+)$')
    case 'choice':
      return anyOf([{ enum: [...value.choices] }, variables])
    case 'list':
      return {
        type: 'array',
        items: valueSchema(value.items),
        ...(value.min === undefined ? {} : { minItems: value.min }),
        ...(value.max === undefined ? {} : { maxItems: value.max }),
      }
    case 'map':
      return mapSchema(value)
    case 'named': {
      const one = valueSchema(value.value)
      if (value.names === undefined) return { type: 'object', additionalProperties: one }
      return {
        type: 'object',
        properties: Object.fromEntries(value.names.map((name) => [name, one])),
        additionalProperties: false,
      }
    }
    case 'either':
      return anyOf(value.of.flatMap((one) => flat(valueSchema(one))))
  }
}

// A number may be written as a text, because variables give texts.
function numeric(schema: JsonSchema, pattern: string): JsonSchema {
  return anyOf([schema, { type: 'string', pattern }, variables])
}

function durationSchema(units: string, description: string): JsonSchema {
  const pattern = `^(0|(([0-9]+(\\.[0-9]*)?|\\.[0-9]+)(${units}))+)$`
  return anyOf([{ const: 0 }, { type: 'string', pattern }], description)
}

function anyOf(schemas: readonly JsonSchema[], description?: string): JsonSchema {
  const different = new Map(schemas.map((schema) => [JSON.stringify(schema), schema]))
  return { ...(description === undefined ? {} : { description }), anyOf: [...different.values()] }
}

function flat(schema: JsonSchema): readonly JsonSchema[] {
  return Object.keys(schema).length === 1 && Array.isArray(schema.anyOf) ? schema.anyOf : [schema]
}

function anyCase(words: string): string {
  return `^(${words.split('|').map(anyCaseOf).join('|')})$`
}

function anyCaseOf(word: string): string {
  return word.replace(/[a-z]/gi, (letter) => `[${letter.toUpperCase()}${letter.toLowerCase()}]`)
}
