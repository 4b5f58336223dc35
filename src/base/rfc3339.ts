/** Milliseconds since 1970 of a time as RFC 3339 writes it, its fraction cut to milliseconds; null: it is none. */
export function wallMsOf(text: string): number | null {
  const ms = Date.parse(text.replace(/(\.\d{3})\d+/, '$1'))
  return Number.isNaN(ms) ? null : ms
}
