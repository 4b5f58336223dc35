import { constants } from 'node:os'
import koffi from 'koffi'

/**
 * The name of an error number: 'EAGAIN'. Functions of sys/ answer with their value, or with such a name where the
 * kernel refused; they throw only on bugs of ours.
 */
export type Errno = `E${string}`

/** The error of the last call on this thread. Ask right after the call. */
export function lastErrno(): Errno {
  return errnoName(koffi.errno())
}

/** A number the platform has no name for becomes `E<number>`. */
export function errnoName(number: number): Errno {
  return names.get(number) ?? `E${number}`
}

/** An error that Node threw for a failed system call; anything else is a bug and thrown on. */
export function errnoOf(error: unknown): Errno {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (typeof code === 'string' && /^E[A-Z0-9]+$/.test(code)) return code as Errno
  throw error
}

const names: ReadonlyMap<number, Errno> = new Map(
  Object.entries(constants.errno)
    // Two names, one number: keep the one everybody knows.
    .filter(([name]) => name !== 'EWOULDBLOCK' && name !== 'EOPNOTSUPP')
    .map(([name, number]) => [number, name as Errno]),
)
