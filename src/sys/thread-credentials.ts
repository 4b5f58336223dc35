import { type Errno, errnoOf, lastErrno } from './errno.ts'
import { bind } from './libc.ts'

/** One of the three changes, each with the ids it is about. */
export type CredentialChange =
  | { readonly kind: 'groups'; readonly gids: readonly number[] }
  | { readonly kind: 'group'; readonly gid: number }
  | { readonly kind: 'user'; readonly uid: number }

/**
 * Changes the ids of this thread alone, real, effective and saved ones, as a process does that has one thread: right before it
 * becomes another program. Node's functions change all its threads, each of which then counts against the number of
 * processes that the new user may have. null: done.
 */
export function changeCredentials(change: CredentialChange): Errno | null {
  const known = numbers[process.arch]
  if (known === undefined) return changeAllThreads(change)
  return call(known, change) < 0 ? lastErrno() : null
}

type Numbers = Readonly<Record<CredentialChange['kind'], number>>

const numbers: Readonly<Record<string, Numbers>> = {
  x64: { groups: 116, group: 106, user: 105 },
  arm64: { groups: 159, group: 144, user: 146 },
}

function call(known: Numbers, change: CredentialChange): number {
  switch (change.kind) {
    case 'groups':
      return syscallWithList(known.groups, change.gids.length, Buffer.from(Uint32Array.from(change.gids).buffer))
    case 'group':
      return syscall(known.group, change.gid)
    case 'user':
      return syscall(known.user, change.uid)
  }
}

function changeAllThreads(change: CredentialChange): Errno | null {
  try {
    if (change.kind === 'groups') process.setgroups?.([...change.gids])
    else if (change.kind === 'group') process.setgid?.(change.gid)
    else process.setuid?.(change.uid)
    return null
  } catch (error) {
    return errnoOf(error)
  }
}

const syscall = bind<(number: number, id: number) => number>('int64_t syscall(int64_t, int64_t)')
const syscallWithList = bind<(number: number, length: number, list: Buffer) => number>(
  'int64_t syscall(int64_t, int64_t, uint8_t *)',
)
