import { closeSync } from 'node:fs'
import type { Errno } from '../sys/errno.ts'
import { armWallTimer, createWallTimer, readWallTimer } from '../sys/timerfd.ts'
import type { Watch, Watcher } from '../sys/watcher.ts'

/** One alarm by the wall clock, as `Clock.armWall`. A descriptor is open only while it is armed. */
export interface WallAlarm {
  arm(wallMs: number | null, wake: () => void): void
}

export interface WallAlarmOptions {
  readonly watcher: Pick<Watcher, 'watch'>
  readonly now: () => { readonly bootMs: number; readonly wallMs: number }
  readonly warn: (message: string) => void
  readonly timers?: WallTimers
}

/** The kernel's timers; see sys/timerfd.ts. */
export interface WallTimers {
  readonly create: typeof createWallTimer
  readonly arm: typeof armWallTimer
  readonly read: typeof readWallTimer
  readonly close: (fd: number) => void
}

const kernelTimers: WallTimers = {
  create: createWallTimer,
  arm: armWallTimer,
  read: readWallTimer,
  close: closeSync,
}

/** Without a timer of the kernel's, a clock that was set is noticed this late at most. */
const recheckMs = 60_000

/** Between two looks the clocks drift apart, and one is slewed: that is not being set. */
const driftMsMax = 1_000

/** Why the wall clock is looked at: its time may have come, or it was set. */
type Cause = 'expired' | 'clock-set' | 'nothing'

export function createWallAlarm(options: WallAlarmOptions): WallAlarm {
  const { timers = kernelTimers, now } = options
  let armed: { readonly wallMs: number; readonly wake: () => void } | null = null
  let timer: { readonly fd: number; readonly watch: Watch } | null = null
  let recheck: ReturnType<typeof setTimeout> | null = null
  let isTold = false

  function arm(wallMs: number | null, wake: () => void): void {
    armed = wallMs === null ? null : { wallMs, wake }
    if (armed === null) release()
    else set(armed.wallMs)
  }

  function set(wallMs: number): void {
    stopRechecking()
    const errno = open() ?? timers.arm(timer!.fd, wallMs)
    if (errno === null) return
    // Set since it was armed last: nobody is told by the descriptor any more, so we look ourselves.
    if (errno === 'ECANCELED') recheck = setTimeout(() => look('clock-set'), 0)
    else lookAgainLater(wallMs, errno)
  }

  function open(): Errno | null {
    if (timer !== null) return null
    const fd = timers.create()
    if (typeof fd === 'string') return fd
    const watch = options.watcher.watch(fd, () => {
      look(timers.read(fd))
      return 'little'
    })
    if (typeof watch !== 'string') timer = { fd, watch }
    else timers.close(fd)
    return typeof watch === 'string' ? watch : null
  }

  function look(cause: Cause): void {
    if (armed === null || cause === 'nothing') return
    const { wallMs, wake } = armed
    const isDue = now().wallMs >= wallMs
    if (isDue) armed = null
    // Reading that the clock was set may have taken with it that the time had come.
    else set(wallMs)
    if (isDue || cause === 'clock-set') wake()
  }

  function lookAgainLater(wallMs: number, errno: Errno): void {
    release()
    if (!isTold) {
      const late = `a clock that is set is noticed up to ${recheckMs / 1_000} s late`
      options.warn(`the wall clock cannot be watched (${errno}); schedules look at it again and again, ${late}`)
    }
    isTold = true
    const before = now()
    const look = (): void => lookWithout(before)
    recheck = setTimeout(look, Math.min(Math.max(wallMs - before.wallMs, 0), recheckMs))
  }

  function lookWithout(before: { readonly bootMs: number; readonly wallMs: number }): void {
    const { bootMs, wallMs } = now()
    const shiftMs = wallMs - before.wallMs - (bootMs - before.bootMs)
    look(Math.abs(shiftMs) > driftMsMax ? 'clock-set' : 'expired')
  }

  function release(): void {
    stopRechecking()
    if (timer === null) return
    timer.watch.stop()
    timers.close(timer.fd)
    timer = null
  }

  function stopRechecking(): void {
    if (recheck !== null) clearTimeout(recheck)
    recheck = null
  }

  return { arm }
}
