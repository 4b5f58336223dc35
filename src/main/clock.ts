import type { Clock } from '../engine/ports.ts'
import { bootNow } from '../sys/boot-clock.ts'
import type { Watcher } from '../sys/watcher.ts'
import { createWallAlarm } from './wall-alarm.ts'

/** A timer of Node's can be no longer than this. */
const timerMsMax = 2 ** 31 - 1

export interface ClockOptions {
  readonly watcher: Pick<Watcher, 'watch'>
  readonly warn: (message: string) => void
}

/** The host's clocks, and one timer by each. */
export function createClock(options: ClockOptions): Clock {
  let timer: NodeJS.Timeout | null = null
  const wallAlarm = createWallAlarm({ ...options, now: bootNow })

  const arm: Clock['arm'] = (bootMs, wake) => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (bootMs === null) return
    const leftMs = bootMs - bootNow().bootMs
    timer = setTimeout(
      () => {
        // A timer may end a little early, and one of Node's cannot be as long as some deadlines.
        if (bootNow().bootMs < bootMs) arm(bootMs, wake)
        else wake()
      },
      Math.min(Math.max(leftMs, 0), timerMsMax),
    )
  }

  return {
    now: bootNow,
    soon: (task, when) => {
      if (when === 'at-once') queueMicrotask(task)
      else setImmediate(task)
    },
    arm,
    armWall: wallAlarm.arm,
  }
}
