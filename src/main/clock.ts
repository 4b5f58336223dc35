import type { Clock } from '../engine/ports.ts'
import { bootNow } from '../sys/boot-clock.ts'

/** A timer of Node's can be no longer than this. */
const timerMsMax = 2 ** 31 - 1

/** The host's clock, and one timer. */
export function createClock(): Clock {
  let timer: NodeJS.Timeout | null = null

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
  }
}
