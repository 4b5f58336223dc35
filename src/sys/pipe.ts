import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/**
 * A new pipe, both ends close-on-exec. Only the read end is non-blocking: the other one is for a process that need not
 * know of such things.
 */
export function makePipe(): { readonly read: number; readonly write: number } | Errno {
  const ends = new Int32Array(2)
  if (pipe2(ends, closeOnExec) < 0) return lastErrno()
  const [read = -1, write = -1] = ends
  fcntl(read, setFlags, nonBlocking)
  return { read, write }
}

/** Takes O_NONBLOCK off the open file behind the descriptor: for whoever it was opened for. */
export function setBlocking(fd: number): void {
  fcntl(fd, setFlags, fcntl(fd, getFlags, 0) & ~nonBlocking)
}

/** The opposite: what cannot be done at once answers EAGAIN. */
export function setNonBlocking(fd: number): void {
  fcntl(fd, setFlags, fcntl(fd, getFlags, 0) | nonBlocking)
}

/** Whether nothing waits in it to be read. */
export function isEmptyPipe(fd: number): boolean {
  const waiting: [number] = [0]
  return ioctl(fd, bytesWaiting, waiting) === 0 && waiting[0] === 0
}

/** FIONREAD */
const bytesWaiting = 0x541b
const getFlags = 3
const setFlags = 4
const nonBlocking = 0x800
const closeOnExec = 0x80000

const pipe2 = bind<(ends: Int32Array, flags: number) => number>('int pipe2(_Out_ int *, int)')
const ioctl = bind<(fd: number, request: number, value: [number]) => number>(
  'int ioctl(int, unsigned long, _Out_ int *)',
)
const fcntl = bind<(fd: number, command: number, argument: number) => number>('int fcntl(int, int, int)')
