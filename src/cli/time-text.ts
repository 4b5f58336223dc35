import { durationText } from '../core/text.ts'
import type { UpcomingItem } from '../wire/api.ts'

/** `12:00:01`, by the host's time zone; with its date where it is a day or more away. */
export function momentText(atMs: number, nowMs: number): string {
  const date = new Date(atMs)
  const clock = [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':')
  if (Math.abs(atMs - nowMs) < dayMs) return clock
  const day = [date.getFullYear(), twoDigits(date.getMonth() + 1), twoDigits(date.getDate())].join('-')
  return `${day} ${clock}`
}

/** A moment somebody chose: `03:00`. */
export function plannedText(atMs: number, nowMs: number): string {
  return momentText(atMs, nowMs).replace(/(\d\d:\d\d):00$/, '$1')
}

/** `11:59:00 (1 min ago)`. */
export function pastText(atMs: number, nowMs: number): string {
  return `${momentText(atMs, nowMs)} (${durationText(nowMs - atMs)} ago)`
}

/** `12:00:02 (in 2 s)`; `now` for what is late. */
export function aheadText(atMs: number, nowMs: number): string {
  const leftMs = atMs - nowMs
  if (leftMs <= 0) return 'now'
  const moment = leftMs < 60_000 ? momentText(atMs, nowMs) : plannedText(atMs, nowMs)
  return `${moment} (in ${durationText(leftMs)})`
}

/** What happens next, with its time where that is known: `tried again at 12:00:02 (in 2 s), the 3rd of 10 tries`. */
export function nextText(
  { next, upcoming }: { readonly next: string; readonly upcoming: UpcomingItem | null },
  nowMs: number,
): string {
  if (upcoming === null) return next
  const { what, at, more } = upcoming
  const atMs = Date.parse(at)
  return `${what} ${atMs > nowMs ? 'at ' : ''}${aheadText(atMs, nowMs)}${more}`
}

/** Times as the API writes them, as people of this time zone read them. */
export function localTimes(text: string, nowMs: number): string {
  return text.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, (iso) => momentText(Date.parse(iso), nowMs))
}

const dayMs = 86_400_000

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
