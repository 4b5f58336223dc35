import type { ByteText } from '../../sys/byte-text.ts'
import type { Resource } from '../../sys/rlimit.ts'

/** What is to be changed before the program runs. Absent, empty or false: left as it is. */
export interface Changes {
  readonly startsSession: boolean
  /** A directory with a file for each variable. */
  readonly variables: {
    readonly directory: ByteText
    readonly subdirectories: 'skip' | 'skip and tell' | 'refuse'
  } | null
  readonly root: ByteText | null
  readonly niceIncrement: number
  /** Whose ids UID and GID are set to. */
  readonly idVariables: Identity | null
  readonly user: Identity | null
  readonly lock: { readonly path: ByteText; readonly isWaitedFor: boolean } | null
  readonly closed: readonly StandardDescriptor[]
  readonly limits: Limits
  /** What the program gets as its own name instead of the one it is called by. */
  readonly ownName: ByteText | null
  /** The program and its arguments; at least one. */
  readonly command: readonly ByteText[]
  /** Whatever fails, nothing is said and the exit code is 0. */
  readonly failsSilently: boolean
}

export type StandardDescriptor = 0 | 1 | 2

/** `list`: `user[:group...]` or `:uid:gid[:gid...]`. `account`: the name of a user, nothing else. */
export interface Identity {
  readonly kind: 'list' | 'account'
  readonly text: ByteText
}

/** null: as much as the hard limit allows. */
export type Limits = Readonly<Partial<Record<Resource, bigint | null>>>

export const noChanges: Omit<Changes, 'command'> = {
  startsSession: false,
  variables: null,
  root: null,
  niceIncrement: 0,
  idVariables: null,
  user: null,
  lock: null,
  closed: [],
  limits: {},
  ownName: null,
  failsSilently: false,
}

/** A command line as it was understood. `refused`: what to say on stderr, without the exit code 100. */
export type Reading =
  | { readonly kind: 'changes'; readonly changes: Changes }
  | { readonly kind: 'refused'; readonly text: string }
