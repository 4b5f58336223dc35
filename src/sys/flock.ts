import { closeSync, constants, openSync } from 'node:fs'
import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/**
 * Opens (creating it, mode 0600) and locks a file for ourselves alone. Answers the descriptor: the lock lasts until it
 * is closed or we die; children do not inherit it. 'EAGAIN': another process has it; the kernel does not say which,
 * so the holder writes its pid into the file. Throws when the file cannot be opened.
 */
export function lockFile(path: string): number | Errno {
  // No link: whoever may write its directory would choose what root opens, and what it writes its pid into.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600)
  if (flock(fd, exclusive | nonBlocking) === 0) return fd
  const errno = lastErrno()
  closeSync(fd)
  return errno
}

/** Whether a descriptor that was handed to us holds the lock, or takes it now. */
export function lockAgain(fd: number): Errno | null {
  return flock(fd, exclusive | nonBlocking) === 0 ? null : lastErrno()
}

const exclusive = 2
const nonBlocking = 4

const flock = bind<(fd: number, operation: number) => number>('int flock(int, int)')
