import { parseDuration } from '../../formats/duration.ts'
import { Refusal } from './refusal.ts'

// What parameters of a request mean. Each throws a Refusal that names the parameter and what it takes.

export function oneOf<T extends string>(query: URLSearchParams, name: string, choices: readonly T[]): T | null {
  const value = query.get(name)
  if (value === null) return null
  const found = choices.find((choice) => choice === value)
  if (found === undefined) throw new Refusal('bad-request', `${name} is ${choices.join(' or ')}, not '${value}'`)
  return found
}

export function isTrue(query: URLSearchParams, name: string): boolean {
  return oneOf(query, name, ['true', 'false']) === 'true'
}

/** `what`: of what it is a number. */
export function countOf(query: URLSearchParams, name: string, what: string): number | null {
  const text = query.get(name)
  if (text === null) return null
  if (!/^\d{1,9}$/.test(text)) throw new Refusal('bad-request', `${name} is a number of ${what}, not '${text}'`)
  return Number(text)
}

/** Milliseconds of the wall clock. */
export function timeOf(query: URLSearchParams, name: string, nowMs: number): number | null {
  const text = query.get(name)
  if (text === null) return null
  const timeMs = parseTime(text, nowMs)
  if (timeMs !== null) return timeMs
  throw new Refusal(
    'bad-request',
    `${name}: '${text}' is no time`,
    'write 2026-02-28T13:00:00Z, seconds since 1970, or how long ago it was: 10m, 2h30m, 1d',
  )
}

/** Epoch seconds, ISO 8601 (without a zone: the host's), or a duration before now. */
function parseTime(text: string, nowMs: number): number | null {
  if (/^\d+(?:\.\d+)?$/.test(text)) return Number(text) * 1_000
  const durationMs = parseDuration(text, 'with-days')
  if (durationMs !== null) return nowMs - durationMs
  const [, day, time] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?))?$/.exec(text) ?? []
  if (day === undefined) return null
  const timeMs = Date.parse(`${day}T${time ?? '00:00'}`)
  return Number.isNaN(timeMs) ? null : timeMs
}
