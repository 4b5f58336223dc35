const unitsMs: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 0.001 }

/** Milliseconds of a duration as Compose writes it (`1m30s`, `500ms`, `1.5s`), or null. At most what a number holds exactly. */
export function parseDuration(text: string): number | null {
  if (text === '0') return 0
  const part = /(\d+(?:\.\d*)?|\.\d+)(ms|us|h|m|s)/y
  let totalMs = 0
  while (part.lastIndex < text.length) {
    const match = part.exec(text)
    if (match === null) return null
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
