import type { Now } from '../../src/core/model.ts'
import type { Clock } from '../../src/engine/ports.ts'

/** Time that passes only when told to. */
export interface SimTime {
  bootId: string
  bootMs: number
  /** Wall clock minus boot clock. */
  wallOffsetMs: number
}

/** What of one daemon waits for its time: gone with the daemon. */
export interface Alarm {
  bootMs: number | null
  wake: () => void
}

/** The same by the wall clock. */
export interface WallAlarm {
  wallMs: number | null
  wake: () => void
}

export function nowOf(time: SimTime): Now {
  return { bootId: time.bootId, bootMs: time.bootMs, wallMs: time.bootMs + time.wallOffsetMs }
}

/** One daemon's clock: its turns and its alarms are taken by the scenario, never by a real timer. */
export function createSimClock(time: SimTime): {
  readonly clock: Clock
  readonly alarm: Alarm
  readonly wallAlarm: WallAlarm
  readonly ready: (() => void)[]
} {
  const alarm: Alarm = { bootMs: null, wake: () => {} }
  const wallAlarm: WallAlarm = { wallMs: null, wake: () => {} }
  const ready: (() => void)[] = []
  const clock: Clock = {
    now: () => nowOf(time),
    soon: (task) => {
      ready.push(task)
    },
    arm: (bootMs, wake) => {
      alarm.bootMs = bootMs
      alarm.wake = wake
    },
    armWall: (wallMs, wake) => {
      wallAlarm.wallMs = wallMs
      wallAlarm.wake = wake
    },
  }
  return { clock, alarm, wallAlarm, ready }
}
