import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Creates a FIFO, its mode lessened by our umask. EEXIST: something of that name is there. null: made. */
export function makeFifo(path: string, mode: number): Errno | null {
  return mkfifo(path, mode) < 0 ? lastErrno() : null
}

/** How many bytes a pipe holds. */
export function pipeCapacity(fd: number): number | Errno {
  const bytes = fcntl(fd, getPipeSize, 0)
  return bytes < 0 ? lastErrno() : bytes
}

/** Makes a pipe hold at least this many bytes. EPERM: beyond what an ordinary user's pipes may hold together. */
export function setPipeCapacity(fd: number, bytes: number): number | Errno {
  const got = fcntl(fd, setPipeSize, bytes)
  return got < 0 ? lastErrno() : got
}

const setPipeSize = 1031
const getPipeSize = 1032

const mkfifo = bind<(path: string, mode: number) => number>('int mkfifo(str, uint)')
const fcntl = bind<(fd: number, command: number, argument: number) => number>('int fcntl(int, int, int)')
