import { closeSync } from 'node:fs'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'
import { armWallTimer, createWallTimer, readWallTimer } from './timerfd.ts'

/**
 * Sets the wall clock twice, a microsecond forth and back again: it shows what it would have shown, and whoever asked to be
 * told when the clock is set is told. EPERM: this process may not set it.
 */
export function nudgeWallClock(): Errno | null {
  return shiftWallClock(1) ?? shiftWallClock(-1)
}

/** Why the tests that need it are skipped; false: they are not. */
export function wallClockSkip(): string | false {
  const errno = nudgeWallClock()
  return errno === null ? false : `the wall clock may not be set here (${errno})`
}

/** For what holds while nobody sets the clock: where somebody did, such as another test, `body` is run once more. */
export async function whileClockIsNotSet(body: () => Promise<void>): Promise<void> {
  const witness = createWallTimer()
  if (typeof witness === 'string') throw new Error(`no timer can be made (${witness})`)
  armWallTimer(witness, Date.now() + 86_400_000)
  try {
    await body()
  } catch (error) {
    if (readWallTimer(witness) !== 'clock-set') throw error
    await whileClockIsNotSet(body)
  } finally {
    closeSync(witness)
  }
}

/** By so many microseconds, of which there are less than a second. */
function shiftWallClock(us: number): Errno | null {
  // struct timex of 64-bit machines: modes at 0, time.tv_sec at 72, time.tv_usec at 80, which is never negative.
  const timex = Buffer.alloc(208)
  timex.writeUInt32LE(setOffset, 0)
  timex.writeBigInt64LE(us < 0 ? -1n : 0n, 72)
  timex.writeBigInt64LE(BigInt(us < 0 ? us + 1_000_000 : us), 80)
  return adjtimex(timex) < 0 ? lastErrno() : null
}

// ADJ_SETOFFSET: the time is added to what the clock shows.
const setOffset = 0x100

const adjtimex = bind<(timex: Buffer) => number>('int adjtimex(uint8_t *)')
