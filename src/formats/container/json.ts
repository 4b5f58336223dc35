/** A value of an answer of the engine, whose shape nobody promised, and the path it was found at: `State.Pid`. */
export interface Json {
  readonly value: unknown
  readonly path: string
}

/** What follows `key`; of what is not there, that is not there either. Throws where this is no object. */
export function at(json: Json, key: string): Json {
  const path = json.path === '' ? key : `${json.path}.${key}`
  if (isNothing(json)) return { value: undefined, path }
  const object = objectOf(json)
  return { value: Object.hasOwn(object, key) ? object[key] : undefined, path }
}

/** Engines write null for what is empty, or leave it out. */
export function isNothing({ value }: Json): boolean {
  return value === undefined || value === null
}

export function textOf(json: Json): string {
  return typeof json.value === 'string' ? json.value : wrong(json, 'a text')
}

export function textOr<Other>(json: Json, other: Other): string | Other {
  return isNothing(json) ? other : textOf(json)
}

/** null: nothing, or an empty text. */
export function wordOf(json: Json): string | null {
  return textOr(json, '') || null
}

export function numberOr<Other>(json: Json, other: Other): number | Other {
  if (isNothing(json)) return other
  return typeof json.value === 'number' && Number.isFinite(json.value) ? json.value : wrong(json, 'a number')
}

/** null: nothing, or one of these, by which engines say the same. */
export function amountOf(json: Json, ...nothing: readonly number[]): number | null {
  const amount = numberOr(json, null)
  return amount === null || nothing.includes(amount) ? null : amount
}

export function flagOr<Other>(json: Json, other: Other): boolean | Other {
  if (isNothing(json)) return other
  return typeof json.value === 'boolean' ? json.value : wrong(json, 'true or false')
}

export function listOf(json: Json): readonly Json[] {
  if (isNothing(json)) return []
  if (!Array.isArray(json.value)) return wrong(json, 'a list')
  return json.value.map((value: unknown, index) => ({ value, path: `${json.path}[${index}]` }))
}

export function textsOf(json: Json): readonly string[] {
  return listOf(json).map(textOf)
}

export function entriesOf(json: Json): readonly (readonly [string, Json])[] {
  if (isNothing(json)) return []
  const object = objectOf(json)
  return Object.keys(object).map((key) => [key, { value: object[key], path: `${json.path}.${key}` }])
}

export function keysOf(json: Json): readonly string[] {
  return entriesOf(json).map(([key]) => key)
}

/** A text for each key; null counts as an empty one. */
export function wordsOf(json: Json): Readonly<Record<string, string>> {
  return Object.fromEntries(entriesOf(json).map(([key, value]) => [key, textOr(value, '')]))
}

export function wrong({ value, path }: Json, expected: string): never {
  throw new Error(`${path === '' ? 'the answer' : path}: ${expected} was expected, not ${describe(value)}`)
}

function objectOf(json: Json): Readonly<Record<string, unknown>> {
  const { value } = json
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return wrong(json, 'an object')
  return value as Readonly<Record<string, unknown>>
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  // Values may be secret, so that only their kind is told.
  return { string: 'a text', number: 'a number', boolean: 'true or false' }[typeof value as string] ?? typeof value
}
