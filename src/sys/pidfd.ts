import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'
import { decodeEnding, type Ending } from './wait.ts'

/**
 * A descriptor for a process, readable once it has ended, and never about another process with the same pid.
 * ESRCH: no such process. It is close-on-exec. Needs Linux 5.3.
 */
export function openPidfd(pid: number): number | Errno {
  const fd = syscall(pidfdOpenNumber, pid, 0, 0, 0)
  return fd < 0 ? lastErrno() : fd
}

/** Signals the very process the descriptor was opened for. null: sent. */
export function signalPidfd(pidfd: number, signal: number): Errno | null {
  return syscall(pidfdSendSignalNumber, pidfd, signal, 0, 0) < 0 ? lastErrno() : null
}

/**
 * A descriptor of ours for what a process has open under a number, close-on-exec: the same open file or socket. EPERM: it is
 * another user's, or may not be looked into. EBADF: it has none of this number. Needs Linux 5.6.
 */
export function copyDescriptor(pidfd: number, fd: number): number | Errno {
  const copy = syscall(pidfdGetfdNumber, pidfd, fd, 0, 0)
  return copy < 0 ? lastErrno() : copy
}

/**
 * How the process ended, once its parent has reaped it; null before that, and on kernels older than 6.15.
 * Before it is reaped, field 52 of /proc/PID/stat tells.
 */
export function endingByPidfd(pidfd: number): Ending | null {
  const info = Buffer.alloc(infoBytes)
  info.writeBigUInt64LE(infoExit, 0)
  if (ioctl(pidfd, getInfo, info) < 0) return null
  if ((info.readBigUInt64LE(0) & infoExit) === 0n) return null
  return decodeEnding(info.readInt32LE(exitCodeOffset))
}

// The numbers are the same on every architecture since Linux 5.1.
const pidfdSendSignalNumber = 424
const pidfdOpenNumber = 434
const pidfdGetfdNumber = 438

// struct pidfd_info as first published: mask, cgroupid, eleven ids, exit_code.
const infoBytes = 64
const exitCodeOffset = 60
const infoExit = 8n
// _IOWR(0xff, 11, 64 bytes)
const getInfo = 0xc040ff0b

const syscall = bind<(number: number, a: number, b: number, c: number, d: number) => number>(
  'int64_t syscall(int64_t, int64_t, int64_t, int64_t, int64_t)',
)
const ioctl = bind<(fd: number, request: number, argument: Buffer) => number>('int ioctl(int, uint64_t, uint8_t *)')
