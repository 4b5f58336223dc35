/** What is asked of JSON whose shape nobody promised. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** null: it is none, or not there. */
export function textOf(value: unknown, key: string): string | null {
  if (!isObject(value)) return null
  const found = value[key]
  return typeof found === 'string' ? found : null
}

export function numberOf(value: unknown, key: string): number | null {
  if (!isObject(value)) return null
  const found = value[key]
  return typeof found === 'number' ? found : null
}

export function objectOf(value: unknown, key: string): Readonly<Record<string, unknown>> {
  const found = isObject(value) ? value[key] : null
  return isObject(found) ? found : {}
}

/** Empty where it is none: engines write null for an empty list. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The texts of an object; the rest is left out. */
export function textsOf(value: Readonly<Record<string, unknown>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
