/**
 * Whether a value is as a JSON Schema says: the keywords that our schemas use, and an error for any other, so that nothing
 * passes because it was not looked at.
 */
export type Schema = Readonly<Record<string, unknown>>

/** What is wrong, each as `path: what`. A field that no schema mentions is wrong as well: it is not documented. */
export function violations(document: Schema, schema: Schema, value: unknown, path = '$'): readonly string[] {
  return Object.entries(schema).flatMap(([keyword, said]) => {
    const rule = rules[keyword]
    return rule === undefined
      ? [`${path}: the keyword ${keyword} is not known here`]
      : rule({ document, schema, said, value, path })
  })
}

/** What a reference within a document leads to; null: nowhere. */
export function resolved(document: Schema, reference: string): Schema | null {
  const found = reference
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>((at, name) => (isObject(at) ? at[name] : undefined), document)
  return isObject(found) ? found : null
}

interface Looked {
  readonly document: Schema
  readonly schema: Schema
  readonly said: unknown
  readonly value: unknown
  readonly path: string
}

type Rule = (looked: Looked) => readonly string[]

const rules: Readonly<Record<string, Rule>> = {
  description: () => [],
  title: () => [],
  $schema: () => [],
  $defs: () => [],
  $ref({ document, said, value, path }) {
    const schema = resolved(document, String(said))
    return schema === null ? [`${path}: ${said} leads nowhere`] : violations(document, schema, value, path)
  },
  type({ said, value, path }) {
    const types = [said].flat()
    return types.includes(typeOf(value)) ? [] : [`${path}: ${types.join(' or ')} is ${JSON.stringify(value)}`]
  },
  const: ({ said, value, path }) =>
    said === value ? [] : [`${path}: ${JSON.stringify(said)} is ${JSON.stringify(value)}`],
  enum({ said, value, path }) {
    return (said as readonly unknown[]).includes(value)
      ? []
      : [`${path}: ${JSON.stringify(value)} is none of ${JSON.stringify(said)}`]
  },
  format({ said, value, path }) {
    if (said !== 'date-time' || typeof value !== 'string') return []
    return new Date(value).toISOString() === value ? [] : [`${path}: '${value}' is no time in UTC`]
  },
  required({ said, value, path }) {
    if (!isObject(value)) return []
    return (said as readonly string[]).filter((name) => !(name in value)).map((name) => `${path}: ${name} is missing`)
  },
  properties({ document, schema, said, value, path }) {
    if (!isObject(value)) return []
    const known = said as Readonly<Record<string, Schema>>
    return Object.entries(value).flatMap(([name, each]) => {
      const property = known[name]
      if (property !== undefined) return violations(document, property, each, `${path}.${name}`)
      return schema.additionalProperties === undefined ? [`${path}.${name} is not documented`] : []
    })
  },
  additionalProperties({ document, schema, said, value, path }) {
    const known = Object.keys((schema.properties ?? {}) as object)
    if (!isObject(value)) return []
    return Object.entries(value)
      .filter(([name]) => !known.includes(name))
      .flatMap(([name, each]) => violations(document, said as Schema, each, `${path}.${name}`))
  },
  items({ document, said, value, path }) {
    if (!Array.isArray(value)) return []
    return value.flatMap((each, at) => violations(document, said as Schema, each, `${path}[${at}]`))
  },
  prefixItems({ document, said, value, path }) {
    if (!Array.isArray(value)) return []
    return (said as readonly Schema[]).flatMap((each, at) => violations(document, each, value[at], `${path}[${at}]`))
  },
  minItems: ({ said, value, path }) =>
    Array.isArray(value) && value.length < Number(said) ? [`${path}: too few`] : [],
  maxItems: ({ said, value, path }) =>
    Array.isArray(value) && value.length > Number(said) ? [`${path}: too many`] : [],
  anyOf: (looked) => (passing(looked).length > 0 ? [] : [`${looked.path}: none of its forms: ${nearest(looked)}`]),
  oneOf(looked) {
    const { length } = passing(looked)
    if (length === 1) return []
    return [
      length === 0
        ? `${looked.path}: none of its forms: ${nearest(looked)}`
        : `${looked.path}: ${length} forms at once`,
    ]
  },
}

function passing({ document, said, value, path }: Looked): readonly Schema[] {
  return (said as readonly Schema[]).filter((each) => violations(document, each, value, path).length === 0)
}

/** What is wrong by the form that is meant most likely. */
function nearest({ document, said, value, path }: Looked): string {
  const all = (said as readonly Schema[]).map((each) => violations(document, each, value, path))
  return all.toSorted((one, other) => one.length - other.length)[0]?.join('; ') ?? ''
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}

function isObject(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
