import { constants } from 'node:fs'
import { assert } from '../base/assert.ts'
import { type Errno, errnoName } from './errno.ts'
import { bind } from './libc.ts'
import { descriptorLimit, setSoftDescriptorLimit } from './rlimit.ts'

export interface Spawn {
  /** The program's file; with a slash, since nothing is searched here. Relative ones count from `workingDir`. */
  readonly path: string
  readonly argv: readonly string[]
  /** `NAME=value` strings: the whole environment. */
  readonly environment: readonly string[]
  /** Must exist. */
  readonly workingDir: string
  readonly stdin: number
  readonly stdout: number
  readonly stderr: number
  /** The path of a terminal that becomes the child's own, so that its Ctrl-C reaches it; or none. */
  readonly terminal?: string
  /** Descriptors the child keeps under the same number; all others of ours must be close-on-exec. */
  readonly keep?: readonly number[]
  /** An empty file that the child creates before its program is loaded; where it cannot, the spawn fails. */
  readonly creates?: string
  /** The child's file creation mask; ours if left out. */
  readonly umask?: number | null
  /** The child's soft limit of descriptors; ours if left out. */
  readonly descriptorsSoft?: number
}

/**
 * Starts a process in a session of its own, with default signal dispositions and an empty signal mask. Everything else
 * (limits, user) is inherited from us as it is at this moment. Answers its pid, or the error: also one that
 * the child met, such as ENOENT or EACCES from the exec itself. Cost does not grow with our memory, unlike fork's.
 */
export function spawn(request: Spawn): number | Errno {
  assert(request.path.includes('/'), 'a program to spawn is given by a path')
  const actions = Buffer.alloc(actionsBytes)
  check(actionsInit(actions))
  try {
    // Its descriptor is replaced at once by the child's stdin.
    if (request.creates !== undefined) check(actionsAddOpen(actions, 0, request.creates, createEmpty, 0o600))
    // The session is new by then, and what it opens first is its terminal. Its descriptor is replaced as well.
    if (request.terminal !== undefined) check(actionsAddOpen(actions, 0, request.terminal, constants.O_RDWR, 0))
    check(actionsAddDup2(actions, request.stdin, 0))
    check(actionsAddDup2(actions, request.stdout, 1))
    check(actionsAddDup2(actions, request.stderr, 2))
    // The same number twice clears close-on-exec in the child, and no number can overwrite another.
    for (const fd of request.keep ?? []) check(actionsAddDup2(actions, fd, fd))
    check(actionsAddChdir(actions, request.workingDir))
    return inState(request, () => {
      const pid: [number] = [0]
      const argv = [...request.argv, null]
      const environment = [...request.environment, null]
      const error = posixSpawn(pid, request.path, actions, attributes(), argv, environment)
      return error === 0 ? pid[0] : errnoName(error)
    })
  } finally {
    actionsDestroy(actions)
  }
}

/**
 * What posix_spawn has no attribute for is ours for the moment of the call. Not longer: the C library refuses to prepare
 * descriptors beyond the soft limit, while the child may well use them.
 */
function inState<T>({ umask = null, descriptorsSoft }: Spawn, act: () => T): T {
  const { soft } = descriptorLimit()
  const lowered = descriptorsSoft !== undefined && descriptorsSoft !== soft
  const ownUmask = umask === null ? null : process.umask(umask)
  if (lowered) setSoftDescriptorLimit(descriptorsSoft)
  try {
    return act()
  } finally {
    if (lowered) setSoftDescriptorLimit(soft)
    if (ownUmask !== null) process.umask(ownUmask)
  }
}

const createEmpty = constants.O_WRONLY | constants.O_CREAT | constants.O_NOCTTY

// The structures are opaque: 80 and 336 bytes in glibc, 80 and 336 in musl. Roomy buffers cost nothing.
const actionsBytes = 256
const attributesBytes = 1024
const signalSetBytes = 128

const setSignalDefaults = 0x04
const setSignalMask = 0x08
const setSession = 0x80

let kept: Buffer | null = null

function attributes(): Buffer {
  if (kept) return kept
  const made = Buffer.alloc(attributesBytes)
  const signals = Buffer.alloc(signalSetBytes)
  check(attributesInit(made))
  sigemptyset(signals)
  check(attributesSetMask(made, signals))
  // sigfillset leaves out the two signals glibc keeps for its threads, and they would start out ignored.
  signals.fill(0xff)
  check(attributesSetDefaults(made, signals))
  check(attributesSetFlags(made, setSignalDefaults | setSignalMask | setSession))
  kept = made
  return made
}

function check(error: number): void {
  assert(error === 0, `preparing a spawn succeeds (${errnoName(error)})`)
}

const posixSpawn = bind<
  (
    pid: [number],
    path: string,
    actions: Buffer,
    attributes: Buffer,
    argv: readonly (string | null)[],
    environment: readonly (string | null)[],
  ) => number
>('int posix_spawn(_Out_ int *, str, uint8_t *, uint8_t *, str *, str *)')
const actionsInit = bind<(actions: Buffer) => number>('int posix_spawn_file_actions_init(uint8_t *)')
const actionsDestroy = bind<(actions: Buffer) => number>('int posix_spawn_file_actions_destroy(uint8_t *)')
const actionsAddDup2 = bind<(actions: Buffer, fd: number, asFd: number) => number>(
  'int posix_spawn_file_actions_adddup2(uint8_t *, int, int)',
)
const actionsAddOpen = bind<(actions: Buffer, fd: number, path: string, flags: number, mode: number) => number>(
  'int posix_spawn_file_actions_addopen(uint8_t *, int, str, int, uint)',
)
const actionsAddChdir = bind<(actions: Buffer, path: string) => number>(
  'int posix_spawn_file_actions_addchdir_np(uint8_t *, str)',
)
const attributesInit = bind<(attributes: Buffer) => number>('int posix_spawnattr_init(uint8_t *)')
const attributesSetFlags = bind<(attributes: Buffer, flags: number) => number>(
  'int posix_spawnattr_setflags(uint8_t *, int16_t)',
)
const attributesSetMask = bind<(attributes: Buffer, signals: Buffer) => number>(
  'int posix_spawnattr_setsigmask(uint8_t *, uint8_t *)',
)
const attributesSetDefaults = bind<(attributes: Buffer, signals: Buffer) => number>(
  'int posix_spawnattr_setsigdefault(uint8_t *, uint8_t *)',
)
const sigemptyset = bind<(signals: Buffer) => number>('int sigemptyset(uint8_t *)')
