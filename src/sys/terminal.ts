import { closeSync, constants, openSync, readlinkSync } from 'node:fs'
import { type Errno, errnoOf, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** A pseudoterminal: whoever has the master is its keyboard and its screen. Both ends are close-on-exec. */
export interface Terminal {
  /** Non-blocking. */
  readonly master: number
  /** For whoever runs in it; closed here once that is started. */
  readonly slave: number
  /** Where the slave is in /dev/pts: a session that opens it gets it as its controlling terminal. */
  readonly path: string
}

/** ENOENT, EACCES: this host has no /dev/ptmx, or not for us. ENOSPC: it has no more terminals. */
export function openTerminal(): Terminal | Errno {
  let master: number
  try {
    master = openSync('/dev/ptmx', constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK)
  } catch (error) {
    return errnoOf(error)
  }
  const unlock = Buffer.alloc(4)
  // Asked of the master, it is right in whatever place its file system is mounted (since Linux 4.13).
  const slave = ioctl(master, setLock, unlock) < 0 ? -1 : ioctlFlags(master, getPeer, peerFlags)
  if (slave < 0) {
    const errno = lastErrno()
    closeSync(master)
    return errno
  }
  return { master, slave, path: readlinkSync(`/proc/self/fd/${slave}`) }
}

/** Whoever runs in it is told by SIGWINCH. null: done. */
export function resizeTerminal(
  master: number,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Errno | null {
  // struct winsize: rows, columns, and their pixels, which nobody knows.
  const size = Buffer.alloc(8)
  size.writeUInt16LE(Math.min(rows, sizeMax), 0)
  size.writeUInt16LE(Math.min(columns, sizeMax), 2)
  return ioctl(master, setWindowSize, size) < 0 ? lastErrno() : null
}

const sizeMax = 0xffff

// asm-generic/ioctls.h: the same on x86-64 and arm64.
const setLock = 0x40045431
const getPeer = 0x5441
const setWindowSize = 0x5414
const closeOnExec = 0x80000
const peerFlags = constants.O_RDWR | constants.O_NOCTTY | closeOnExec

const ioctl = bind<(fd: number, request: number, argument: Buffer) => number>('int ioctl(int, ulong, uint8_t *)')
const ioctlFlags = bind<(fd: number, request: number, argument: number) => number>('int ioctl(int, ulong, ulong)')
