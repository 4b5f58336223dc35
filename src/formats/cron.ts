import { Cron, CronPattern } from 'croner'
import { didYouMean } from './suggest.ts'

/**
 * Cron times: five fields (minute, hour, day of month, month, weekday), six with seconds first, or a nickname. What is
 * understood, and what happens when clocks are put forward or back, is in docs/schedules.md.
 */
export interface CronQuestion {
  readonly cron: string
  /** An IANA name; null: the host's. */
  readonly timeZone: string | null
  readonly afterWallMs: number
}

/** Why this cannot be a schedule, with the remedy; null when it can. */
export function cronFault(cron: string, timeZone: string | null): string | null {
  return textFault(cron.trim()) ?? zoneFault(timeZone) ?? neverFault(cron, timeZone)
}

/** The first time after `afterWallMs`, or null when there is none. Throws what `cronFault` would tell. */
export function nextDue({ cron, timeZone, afterWallMs }: CronQuestion): number | null {
  const fault = textFault(cron.trim()) ?? zoneFault(timeZone)
  if (fault !== null) throw new RangeError(fault)
  // Of a clock that stands outside of what the calendar holds.
  if (!(afterWallMs <= calendarMsMax)) return null
  return due(cron, timeZone, afterWallMs)
}

function due(cron: string, timeZone: string | null, afterWallMs: number): number | null {
  const job = new Cron(cron.trim(), { ...options, ...zoneOptions(timeZone), paused: true })
  return job.nextRun(new Date(Math.max(afterWallMs, 0)))?.getTime() ?? null
}

/** Without Intl where that can be: its tables cost 8 MB. */
function zoneOptions(timeZone: string | null): { readonly timezone?: string; readonly utcOffset?: number } {
  if (timeZone === null) return {}
  return timeZone === 'UTC' ? { utcOffset: 0 } : { timezone: timeZone }
}

/** no-wildcard: lists and ranges of hours are times of the day too, as for cron; only `*` and steps are intervals. */
const options = { mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' } as const

const calendarMsMax = 250_000_000_000_000

// ---- what is wrong -----------------------------------------------------------------------------------------------

/** Longer ones list what a range would say. */
const cronCharsMax = 512

const nicknames = ['@hourly', '@daily', '@midnight', '@weekly', '@monthly', '@yearly', '@annually']

interface Field {
  readonly name: string
  readonly range: readonly [min: number, max: number]
  /** What else is understood. */
  readonly also: string
  readonly characters: RegExp
}

const numbers = /^[\d*,/-]+$/

const fields: readonly Field[] = [
  { name: 'second', range: [0, 59], also: '', characters: numbers },
  { name: 'minute', range: [0, 59], also: '', characters: numbers },
  { name: 'hour', range: [0, 23], also: '', characters: numbers },
  { name: 'day of month', range: [1, 31], also: ', L (the last)', characters: /^[\d*,/LW-]+$/i },
  { name: 'month', range: [1, 12], also: ', JAN-DEC', characters: /^[\da-z*,/-]+$/i },
  { name: 'weekday', range: [0, 7], also: ', SUN-SAT, FRI#2 (the second)', characters: /^[\da-z*,/#-]+$/i },
]

function textFault(cron: string): string | null {
  if (cron.length > cronCharsMax)
    return `the schedule is longer than ${cronCharsMax} characters; write ranges and steps: 0-30/5`
  if (cron.startsWith('@')) return nicknameFault(cron)
  const parts = cron === '' ? [] : cron.split(/\s+/)
  const used = fields.slice(-parts.length)
  if (parts.length !== 5 && parts.length !== 6) {
    return `the schedule '${cron}' has not five or six fields; write [second] minute hour day month weekday: 30 4 * * *`
  }
  const at = parts.findIndex((part, each) => !isReadable(used, each, part))
  if (at === -1) return null
  const [field, part] = [used[at]!, parts[at]!]
  return `the ${field.name} '${part}' of the schedule '${cron}' is not valid; ${remedyFor(field, part)}`
}

function nicknameFault(cron: string): string | null {
  const word = cron.toLowerCase()
  if (nicknames.includes(word)) return null
  if (word === '@reboot')
    return "the schedule '@reboot' is no time of the calendar; without a schedule, write once: each-boot"
  return `the schedule '${cron}' is not known; ${didYouMean(word, nicknames, `write one of ${nicknames.join(' ')}, or five fields`)}`
}

/** A field by itself, among others that allow everything. */
function isReadable(used: readonly Field[], at: number, part: string): boolean {
  if (!used[at]!.characters.test(part)) return false
  try {
    new CronPattern(used.map((_, each) => (each === at ? part : '*')).join(' '), undefined, options)
    return true
  } catch {
    // Its own message names no remedy: ours does.
    return false
  }
}

function remedyFor({ range: [min, max], also }: Field, part: string): string {
  if (part.includes('?')) return 'write * for any'
  const stepped = /^(\d*)(\/\d+)$/.exec(part)
  if (stepped !== null) return `write ${stepped[1] === '' ? '*' : `${stepped[1]}-${max}`}${stepped[2]}`
  return `write ${min}-${max}${also}, a list (1,3), a range from low to high (1-5) or steps (*/5)`
}

function zoneFault(timeZone: string | null): string | null {
  if (timeZone === null || timeZone === 'UTC') return null
  try {
    // Offsets such as +02:00 are refused: a clock that is never put forward is rarely what is meant.
    if (/^[a-z]/i.test(timeZone)) {
      new Intl.DateTimeFormat('en', { timeZone })
      return null
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
  }
  const near = didYouMean(
    timeZone,
    Intl.supportedValuesOf('timeZone'),
    'write an IANA name such as Europe/Berlin or UTC',
  )
  return `the time zone '${timeZone}' is not known; ${near}`
}

/** Such as 30 February. The calendar repeats, so any point of it will do to look from. */
function neverFault(cron: string, timeZone: string | null): string | null {
  if (due(cron, timeZone, someWallMs) !== null) return null
  return `the schedule '${cron}' is never due: there is no such day; check its day of the month against its months`
}

const someWallMs = Date.UTC(2024, 0, 1)
