import type { Clock } from '../../../engine/ports.ts'

/** In seconds. */
export const tickPeriods = [5, 60, 3600] as const

export type TickPeriod = (typeof tickPeriods)[number]

/** By period, the time of the last tick in seconds since the epoch. */
export type TickTimes = Readonly<Partial<Record<TickPeriod, number>>>

/** TICK_5, TICK_60 and TICK_3600: whenever the wall clock passes a multiple of the period, or is set beyond one, either way. */
export interface Ticks {
  /** Only these are looked for; while there are none, nothing wakes us. */
  want(periods: readonly TickPeriod[]): void
  times(): TickTimes
  close(): void
}

export function createTicks(options: {
  readonly clock: Pick<Clock, 'now' | 'armWall'>
  readonly fire: (period: TickPeriod, whenSeconds: number) => void
  /** Of the image before us: what is over meanwhile is told. */
  readonly saved: TickTimes
}): Ticks {
  const { clock, fire } = options
  let { saved } = options
  const last = new Map<TickPeriod, number>()

  function look(): void {
    for (const [period, before] of [...last]) {
      const when = sliceOf(period)
      if (when === before) continue
      last.set(period, when)
      fire(period, when)
    }
    arm()
  }

  function arm(): void {
    const next = [...last].map(([period, when]) => (when + period) * 1_000)
    clock.armWall(next.length === 0 ? null : Math.min(...next), look)
  }

  function sliceOf(period: TickPeriod): number {
    const seconds = Math.floor(clock.now().wallMs / 1_000)
    return seconds - (seconds % period)
  }

  return {
    want(periods) {
      const isSame = periods.length === last.size && periods.every((period) => last.has(period))
      if (isSame) return
      for (const period of last.keys()) if (!periods.includes(period)) last.delete(period)
      for (const period of periods) if (!last.has(period)) last.set(period, saved[period] ?? sliceOf(period))
      saved = {}
      look()
    },
    times: () => Object.fromEntries(last),
    close() {
      last.clear()
      arm()
    },
  }
}
