import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Locks an open file for ourselves alone, and waits for it as long as it takes: nothing else happens meanwhile. Apart from flock.ts: see exit-now.ts. */
export function lockAndWait(fd: number): Errno | null {
  return flock(fd, exclusive) === 0 ? null : lastErrno()
}

const exclusive = 2

const flock = bind<(fd: number, operation: number) => number>('int flock(int, int)')
