import { parsed } from './json-lines.ts'
import { isObject, objectOf, textOf, textsOf } from './shape.ts'

/** One event of the engine. */
export interface EngineHappening {
  readonly type: string
  /** Without what follows a colon: `health_status`. */
  readonly action: string
  readonly id: string
  /** Of a container its labels as well. */
  readonly attributes: Readonly<Record<string, string>>
  readonly atNano: bigint
}

/** null: it is no event. Throws EngineError where it is no JSON. */
export function happeningOf(text: string): EngineHappening | null {
  const value = parsed(text)
  if (!isObject(value)) return null
  const type = textOf(value, 'Type')
  const action = textOf(value, 'Action') ?? textOf(value, 'status')
  if (type === null || action === null) return null
  const actor = objectOf(value, 'Actor')
  return {
    type,
    action: action.split(':', 1)[0]!,
    id: textOf(actor, 'ID') ?? '',
    attributes: textsOf(objectOf(actor, 'Attributes')),
    atNano: nanoOf(text),
  }
}

/** As the engine writes times elsewhere: RFC 3339 with nanoseconds. */
export function timeText(nano: bigint): string {
  const seconds = new Date(Number(nano / 1_000_000_000n) * 1000).toISOString().slice(0, 19)
  return `${seconds}.${String(nano % 1_000_000_000n).padStart(9, '0')}Z`
}

/** As a number it would be rounded to some 256 ns; in a text of JSON a quotation mark cannot stand bare, so this is the key. */
function nanoOf(text: string): bigint {
  const exact = /"timeNano":\s*(\d+)/.exec(text)?.[1]
  if (exact !== undefined) return BigInt(exact)
  return BigInt(/"time":\s*(\d+)/.exec(text)?.[1] ?? 0) * 1_000_000_000n
}
