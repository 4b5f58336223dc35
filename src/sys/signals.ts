import { constants } from 'node:os'

/** Without SIG: `TERM`. A number without a name (the real-time ones) is `RTMIN+n`. */
export function signalName(number: number): string {
  return names.get(number) ?? `RTMIN+${number - realtimeMin}`
}

/** null: no such signal. Takes `TERM`, `SIGTERM`, `RTMIN+3`. */
export function signalNumber(name: string): number | null {
  const bare = name.replace(/^SIG/, '')
  const realtime = /^RTMIN\+(\d{1,2})$/.exec(bare)
  if (bare === 'RTMIN') return realtimeMin
  if (realtime) return Number(realtime[1]) <= realtimeMax - realtimeMin ? realtimeMin + Number(realtime[1]) : null
  return numbers.get(bare) ?? null
}

// The C library keeps 32 and 33 for itself, so its SIGRTMIN is 34.
const realtimeMin = 34
const realtimeMax = 64

const numbers: ReadonlyMap<string, number> = new Map(
  Object.entries(constants.signals).map(([name, number]) => [name.slice(3), number]),
)

const aliases = new Set(['IOT', 'POLL', 'UNUSED'])
const names: ReadonlyMap<number, string> = new Map(
  [...numbers].filter(([name]) => !aliases.has(name)).map(([name, number]) => [number, name]),
)
