import { type Errno, errnoOf } from './errno.ts'
import { bind } from './libc.ts'

/** Sends a signal to a process, or with a negative number to a process group. null: sent. Never to ourselves by 0 or -1. */
export function kill(pid: number, signal: number): Errno | null {
  // 0 is our own group and -1 is everybody: no caller ever means that.
  if (!Number.isInteger(pid) || pid === 0 || pid === -1) throw new RangeError(`not a process to signal: ${pid}`)
  try {
    process.kill(pid, signal)
    return null
  } catch (error) {
    return errnoOf(error)
  }
}

/** Ends this process at once: no exit handlers, no waiting for threads. For the last line of a fatal handler. */
export const exitNow = bind<(code: number) => never>('void _exit(int)')
