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

const dayMs = 86_400_000

function twoDigits(value: number): string {
  return String(value).padStart(2, '0')
}
