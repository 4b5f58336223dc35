import { type Errno, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** Makes this process the leader of a new session, without a terminal. EPERM: it leads a process group already. */
export function startSession(): Errno | null {
  return setsid() < 0 ? lastErrno() : null
}

const setsid = bind<() => number>('int setsid()')
