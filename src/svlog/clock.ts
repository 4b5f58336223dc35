import type { StampTime } from '../formats/svlogd-stamp.ts'

/**
 * The wall clock, finer than the milliseconds of `Date`: they are divided by the clock that nobody sets. It does not run
 * backwards, unless the wall clock is set back by more than a second.
 */
export function createWallClock(): () => StampTime {
  let originMs = performance.timeOrigin
  let lastMs = 0
  return () => {
    const runMs = performance.now()
    const wallMs = Date.now()
    if (Math.abs(originMs + runMs - wallMs) > driftMaxMs) originMs = wallMs + 0.5 - runMs
    const nowMs = originMs + runMs
    if (nowMs > lastMs || lastMs - nowMs > 1_000) lastMs = nowMs
    const unixSeconds = Math.floor(lastMs / 1_000)
    return { unixSeconds, nanoseconds: Math.floor((lastMs - unixSeconds * 1_000) * 1e6) }
  }
}

/** `Date` is cut to milliseconds, and clocks that are slewed drift by fractions of one. */
const driftMaxMs = 2
