import { readSync } from 'node:fs'
import { type Errno, errnoOf, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** A timer of the wall clock as a descriptor that becomes readable; close-on-exec. */
export function createWallTimer(): number | Errno {
  const fd = timerfdCreate(wallClock, closeOnExec | nonBlocking)
  return fd < 0 ? lastErrno() : fd
}

/**
 * From now on readable once the wall clock shows `wallMs`, at once if it does already, and whenever the clock is set or
 * the host wakes up from suspend. ECANCELED: it is armed, and the clock was set since it was armed last.
 */
export function armWallTimer(fd: number, wallMs: number): Errno | null {
  const timer = Buffer.alloc(32)
  // All zero would disarm it.
  const dueMs = BigInt(Math.max(1, Math.ceil(wallMs)))
  timer.writeBigInt64LE(dueMs / 1_000n, 16)
  timer.writeBigInt64LE((dueMs % 1_000n) * 1_000_000n, 24)
  return timerfdSettime(fd, absolute | cancelOnSet, timer, null) < 0 ? lastErrno() : null
}

/** Why it was readable, which it then is no more. nothing: it was not, or somebody read it before. */
export function readWallTimer(fd: number): 'expired' | 'clock-set' | 'nothing' {
  try {
    readSync(fd, Buffer.alloc(8))
    return 'expired'
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'ECANCELED') return 'clock-set'
    if (errno === 'EAGAIN') return 'nothing'
    throw error
  }
}

// CLOCK_REALTIME, TFD_CLOEXEC, TFD_NONBLOCK, TFD_TIMER_ABSTIME, TFD_TIMER_CANCEL_ON_SET: the same on every architecture
// that we run on.
const wallClock = 0
const closeOnExec = 0x80000
const nonBlocking = 0x800
const absolute = 1
const cancelOnSet = 2

const timerfdCreate = bind<(clock: number, flags: number) => number>('int timerfd_create(int, int)')
const timerfdSettime = bind<(fd: number, flags: number, timer: Buffer, before: null) => number>(
  'int timerfd_settime(int, int, const uint8_t *, uint8_t *)',
)
