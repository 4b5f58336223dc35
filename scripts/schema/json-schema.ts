import type { Declarations, Member, Type } from './declarations.ts'

export type Schema = Readonly<Record<string, unknown>>

/** JSON Schema (2020-12) of types. */
export interface Schemas {
  /** A reference to the type of that name, which is then among `definitions`. */
  reference(name: string): Schema
  /** All that references lead to, by name. */
  definitions(): Readonly<Record<string, Schema>>
}

/** `prefix`: what a reference puts before a name, such as `#/$defs/`. */
export function createSchemas(declarations: Declarations, prefix: string): Schemas {
  const made = new Map<string, Schema>()
  const open: string[] = []

  const reference = (name: string): Schema => {
    if (!made.has(name) && !open.includes(name)) open.push(name)
    return { $ref: prefix + name }
  }

  const schemaOf = (type: Type): Schema => {
    switch (type.kind) {
      case 'literal':
        return { const: type.value }
      case 'typeof':
        return { const: declarations.constant(type.name) }
      case 'array':
        return { type: 'array', items: schemaOf(type.of) }
      case 'tuple': {
        const { length } = type.of
        return { type: 'array', prefixItems: type.of.map(schemaOf), minItems: length, maxItems: length }
      }
      case 'union':
        return unionOf(type.of)
      case 'name':
        return named(type)
      case 'object':
      case 'all':
        return objectOf(membersOf(type))
    }
  }

  const named = ({ name, parameters }: Extract<Type, { kind: 'name' }>): Schema => {
    const [first, second] = parameters
    if (name === 'string' || name === 'number' || name === 'boolean') return { type: name }
    if (name === 'unknown') return {}
    if (name === 'Readonly' && first !== undefined) return schemaOf(first)
    if (name === 'Record' && second !== undefined) return { type: 'object', additionalProperties: schemaOf(second) }
    if (name === 'Pick' || name === 'Omit' || name === 'Partial') {
      return objectOf(membersOf({ kind: 'name', name, parameters }))
    }
    if (parameters.length > 0) throw new Error(`${name}<…> has no JSON Schema yet: scripts/schema/json-schema.ts`)
    return reference(name)
  }

  const membersOf = (type: Type): readonly Member[] => {
    if (type.kind === 'object') return type.members
    // What comes later says it more closely.
    if (type.kind === 'all') return [...new Map(type.of.flatMap(membersOf).map((each) => [each.name, each])).values()]
    if (type.kind !== 'name') throw new Error(`a ${type.kind} has no fields`)
    const [first, second] = type.parameters
    if (first === undefined) return membersOf(declarations.find(type.name).type)
    if (type.name === 'Readonly') return membersOf(first)
    if (type.name === 'Partial') return membersOf(first).map((member) => ({ ...member, isOptional: true }))
    const names = second === undefined ? [] : literalsOf(second)
    if (type.name === 'Pick') return membersOf(first).filter(({ name }) => names.includes(name))
    if (type.name === 'Omit') return membersOf(first).filter(({ name }) => !names.includes(name))
    throw new Error(`${type.name}<…> has no fields that are known`)
  }

  const objectOf = (members: readonly Member[]): Schema => ({
    type: 'object',
    properties: Object.fromEntries(members.map((member) => [member.name, property(member)])),
    required: members.filter(({ isOptional }) => !isOptional).map(({ name }) => name),
  })

  const property = ({ name, type, what }: Member): Schema => {
    const schema = schemaOf(type)
    const isTime = timeNames.test(name) && JSON.stringify(schema.type ?? '').includes('"string"')
    return { ...schema, ...(isTime ? { format: 'date-time' } : {}), ...(what === '' ? {} : { description: what }) }
  }

  const unionOf = (types: readonly Type[]): Schema => {
    const values = types.filter((type) => type.kind === 'literal').map(({ value }) => value)
    if (values.length === types.length) return { enum: values }
    const schemas = types.filter((type) => type.kind !== 'literal' || type.value === null).map(schemaOf)
    const others = values.filter((value) => value !== null)
    const all = others.length === 0 ? schemas : [{ enum: others }, ...schemas]
    return (
      merged(all) ?? { anyOf: all.map((each) => ('const' in each && each.const === null ? { type: 'null' } : each)) }
    )
  }

  return {
    reference,
    definitions() {
      for (let name = open.shift(); name !== undefined; name = open.shift()) {
        const { type, what } = declarations.find(name)
        made.set(name, { ...(what === '' ? {} : { description: what }), ...schemaOf(type) })
      }
      return Object.fromEntries([...made].sort(([one], [other]) => (one < other ? -1 : 1)))
    },
  }
}

/** Times are ISO 8601 in UTC, and so named. */
const timeNames = /^(?:at|since|time)$|At$/

/** A plain type that may be null as well, in one. */
function merged(schemas: readonly Schema[]): Schema | null {
  const [one, other] = schemas
  if (schemas.length !== 2 || other === undefined || other.const !== null || typeof one?.type !== 'string') return null
  return { ...one, type: [one.type, 'null'] }
}

function literalsOf(type: Type): readonly string[] {
  const types = type.kind === 'union' ? type.of : [type]
  return types.map((each) => {
    if (each.kind !== 'literal' || typeof each.value !== 'string') throw new Error('only names can be picked')
    return each.value
  })
}
