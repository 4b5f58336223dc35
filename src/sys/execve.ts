import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

export interface Image {
  /** The program's file; with a slash. */
  readonly path: string
  readonly argv: readonly string[]
  /** `NAME=value` strings: the whole environment. */
  readonly environment: readonly string[]
  /** Descriptors that stay open under the same number, besides 0, 1 and 2. All others are to be close-on-exec. */
  readonly keep: readonly number[]
}

/**
 * Becomes another program: same pid, same children, same open files where kept; every other thread of ours ends. Answers
 * only when the kernel refuses (ENOENT, EACCES, ENOEXEC, E2BIG …), and then we are as before. Signals that arrive after
 * this and before the next program handles them act by their default; blocking them first does not help, because Node
 * clears the mask when it starts.
 */
export function becomeImage({ path, argv, environment, keep }: Image): Errno {
  // Node makes its own standard descriptors close-on-exec when it starts.
  const kept = [0, 1, 2, ...keep].filter((fd) => setCloseOnExec(fd, false) === null)
  execve(path, [...argv, null], [...environment, null])
  const errno = lastErrno()
  for (const fd of kept) setCloseOnExec(fd, true)
  return errno
}

/** EBADF: not open. null: done. */
export function setCloseOnExec(fd: number, isClosed: boolean): Errno | null {
  return fcntl(fd, setFlags, isClosed ? closeOnExec : 0) < 0 ? lastErrno() : null
}

/** Another descriptor of the same open file or socket, close-on-exec: it lives on when the first one is closed. */
export function duplicate(fd: number): number | Errno {
  const copy = fcntl(fd, duplicateCloseOnExec, 3)
  return copy < 0 ? lastErrno() : copy
}

const setFlags = 2
const closeOnExec = 1
const duplicateCloseOnExec = 1030

const execve = bind<
  (path: string, argv: readonly (string | null)[], environment: readonly (string | null)[]) => number
>('int execve(str, str *, str *)')
const fcntl = bind<(fd: number, command: number, argument: number) => number>('int fcntl(int, int, int)')
