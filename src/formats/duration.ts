const unitsMs: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001 }

/**
 * Milliseconds of a duration as Compose writes it (`1m30s`, `500ms`, `1.5s`), or null. At most what a number holds exactly.
 * `with-days`: days as well (`7d`), which Compose does not have.
 */
export function parseDuration(text: string, units: 'compose' | 'with-days' = 'compose'): number | null {
  if (text === '0') return 0
  const part = /(\d+(?:\.\d*)?|\.\d+)(ms|us|h|m|s|d)/y
  let totalMs = 0
  while (part.lastIndex < text.length) {
    const match = part.exec(text)
    if (match === null || (match[2] === 'd' && units === 'compose')) return null
    totalMs += Number(match[1]) * unitsMs[match[2]!]!
  }
  totalMs = Math.round(totalMs)
  return text === '' || !Number.isSafeInteger(totalMs) ? null : totalMs
}

/** The shortest form that parseDuration reads back: 90000 is `1m30s`. */
export function printDuration(durationMs: number): string {
  if (durationMs === 0) return '0s'
  let restMs = durationMs
  let out = ''
  for (const unit of ['h', 'm', 's', 'ms']) {
    const count = Math.floor(restMs / unitsMs[unit]!)
    if (count > 0) out += `${count}${unit}`
    restMs -= count * unitsMs[unit]!
  }
  return out
}
