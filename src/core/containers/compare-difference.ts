import { toldField, toldValue } from './compare-told.ts'

/** One field in which what is there is not what is declared. */
export interface Difference {
  /** In the words of ContainerSettings: `environment.LEVEL`, `ports`, `image`, `containerName`. */
  readonly field: string
  /** As JSON; values of environment variables are `(hidden)`, what is not set `(not set)`. */
  readonly is: string
  readonly shouldBe: string
  /** What it takes to change it. */
  readonly how: 'recreate' | 'update' | 'rename'
}

/** A difference before it is told. */
export interface Finding {
  readonly field: string
  readonly is: unknown
  readonly shouldBe: unknown
  readonly how?: Difference['how']
}

export const notSet = '(not set)'
export const hidden = '(hidden)'

export function toDifference({ field, is, shouldBe, how = 'recreate' }: Finding): Difference {
  const isSecret = field.startsWith('environment.')
  const text = (value: unknown) => (value === null ? notSet : isSecret ? hidden : stableText(value))
  return { field, is: text(is), shouldBe: text(shouldBe), how }
}

const valueTextMax = 60

/** A reason to tell, in the words of Compose: `mem_limit changed: 64 MiB → 128 MiB (in place)`. What is long or secret is not shown. */
export function differenceText({ field: fieldName, is, shouldBe, how }: Difference): string {
  const place = how === 'recreate' ? '' : ' (in place)'
  const field = toldField(fieldName)
  if (is === hidden && shouldBe === notSet) return `${field} is no longer declared${place}`
  const [from = '', to = ''] = [is, shouldBe].map((text) =>
    shortText(text === notSet ? text : toldValue(fieldName, text)),
  )
  const isShown = !(is === hidden || shouldBe === hidden) && from.length <= valueTextMax && to.length <= valueTextMax
  return `${field} changed${isShown ? `: ${from} → ${to}` : ''}${place}`
}

/** Image ids by their beginning, and plain words without quotes. */
function shortText(text: string): string {
  const id = /^"(sha256:[0-9a-f]{12})[0-9a-f]+"$/.exec(text)
  if (id !== null) return `${id[1]}…`
  return /^"[^"\\ ]+"$/.test(text) ? text.slice(1, -1) : text
}

/** JSON with its keys in order, so that equal data has one text. */
export function stableText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stableText).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const keys = Object.keys(value).sort()
  return `{${keys.map((key) => `${JSON.stringify(key)}:${stableText((value as Readonly<Record<string, unknown>>)[key])}`).join(',')}}`
}

export function isSame(a: unknown, b: unknown): boolean {
  return a === b || stableText(a) === stableText(b)
}

/** In an order of its own, without what stands twice. */
export function asSet(values: readonly unknown[]): readonly string[] {
  return [...new Set(values.map((value) => (typeof value === 'string' ? value : stableText(value))))].sort()
}

/** `/data` of `/data/`, `//data` or `/x/../data`: engines tidy paths up. */
export function tidyPath(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return path.startsWith('/') ? `/${parts.join('/')}` : parts.join('/')
}

/** By name: what is there and what should be, null where it is not. */
export function compareRecord(
  field: string,
  {
    is,
    shouldBe,
  }: { readonly is: Readonly<Record<string, unknown>>; readonly shouldBe: Readonly<Record<string, unknown>> },
): readonly Finding[] {
  const names = new Set([...Object.keys(is), ...Object.keys(shouldBe)])
  return [...names].flatMap((name) => {
    const entryOf = (record: Readonly<Record<string, unknown>>) => (Object.hasOwn(record, name) ? record[name] : null)
    const [present, wanted] = [entryOf(is), entryOf(shouldBe)]
    return isSame(present, wanted) ? [] : [{ field: `${field}.${name}`, is: present, shouldBe: wanted }]
  })
}
