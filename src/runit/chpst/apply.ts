import { type ByteText, toByteText } from '../../sys/byte-text.ts'
import { listDescriptors } from '../../sys/descriptor-list.ts'
import { addNice } from '../../sys/nice.ts'
import { changeDirectory, changeRootToWorkingDirectory } from '../../sys/place.ts'
import { becomeProgram, prepareImages } from '../../sys/program-image.ts'
import { prepareSoftLimit, type Resource, type SoftLimit, setSoftLimit } from '../../sys/rlimit.ts'
import { startSession } from '../../sys/session.ts'
import { changeCredentials } from '../../sys/thread-credentials.ts'
import { errorText } from '../error-text.ts'
import type { Caller } from './caller.ts'
import type { Changes, Identity, Limits } from './changes.ts'
import { initialTable, passOn, withDescriptor, withoutStandard } from './descriptors.ts'
import { variable, withSettings } from './environment.ts'
import { type Failure, failure, failureOf } from './failure.ts'
import { type Ids, resolveIdentity } from './identity.ts'
import { inheritedDescriptors } from './inherited.ts'
import { takeLock } from './lock.ts'
import { programPaths, tryEach } from './program-paths.ts'
import { readVariables, type Setting } from './variables.ts'

/** What went wrong, and whether stderr is closed by then. */
export interface Trouble {
  readonly failure: Failure
  readonly isSpeechless: boolean
}

/**
 * Makes the changes in runit's order and becomes the program. Answers only when something fails, and this process is of no
 * use then: it has other limits, ids and descriptors. `tell` gets warnings.
 */
export function applyAndRun(changes: Changes, caller: Caller, tell: (warning: ByteText) => void): Trouble {
  const inherited = initialTable(inheritedDescriptors(listDescriptors()), caller.closed)
  const trouble = (failed: Failure, isSpeechless = !inherited.has(2)): Trouble => ({ failure: failed, isSpeechless })

  if (changes.startsSession) startSession()
  const settings = changes.variables === null ? [] : readVariables(changes.variables, tell)
  if ('kind' in settings) return trouble(settings)
  const moved = changeRoot(changes.root) ?? changeNice(changes.niceIncrement)
  if (moved !== null) return trouble(moved)
  const idSettings = changes.idVariables === null ? [] : readIdVariables(changes.idVariables)
  if ('kind' in idSettings) return trouble(idSettings)
  const changedUser = changes.user === null ? null : becomeUser(changes.user)
  if (changedUser !== null) return trouble(changedUser)
  const lock = changes.lock === null ? null : takeLock(changes.lock)
  if (lock !== null && typeof lock !== 'number') return trouble(lock)
  const table = withoutStandard(lock === null ? inherited : withDescriptor(inherited, lock), changes.closed)
  if ('kind' in table) return trouble(table, changes.closed.includes(2) || !inherited.has(2))

  const [program = '', ...args] = changes.command
  const images = prepareImages({
    paths: programPaths(program, variable(caller.environment, 'PATH')),
    argv: [changes.ownName ?? program, ...args],
    environment: withSettings(caller.environment, [...settings, ...idSettings]),
  })
  const limits = prepareLimits({ ...caller.limits, ...changes.limits })
  // From here on memory may be short.
  const unready = passOn(table) ?? limit(limits)
  if (unready !== null) return trouble(unready, !table.has(2))
  const errno = tryEach(images, becomeProgram)
  return trouble(failure(`unable to run: ${program}: ${errorText(errno)}`), !table.has(2))
}

function changeRoot(root: ByteText | null): Failure | null {
  if (root === null) return null
  const entered = failureOf(`unable to change directory: ${root}`, changeDirectory(root))
  return entered ?? failureOf('unable to change root directory', changeRootToWorkingDirectory())
}

function changeNice(increment: number): Failure | null {
  return increment === 0 ? null : failureOf('unable to set nice level', addNice(increment))
}

function readIdVariables(identity: Identity): readonly Setting[] | Failure {
  const ids = resolveIdentity(identity)
  if ('kind' in ids) return ids
  return [
    { name: 'GID', value: String(ids.gids[0]) },
    { name: 'UID', value: String(ids.uid) },
  ]
}

function becomeUser(identity: Identity): Failure | null {
  const ids: Ids | Failure = resolveIdentity(identity)
  if ('kind' in ids) return ids
  const { uid, gids } = ids
  return (
    failureOf('unable to setgroups', changeCredentials({ kind: 'groups', gids })) ??
    failureOf('unable to setgid', changeCredentials({ kind: 'group', gid: gids[0] })) ??
    failureOf('unable to setuid', changeCredentials({ kind: 'user', uid }))
  )
}

/** In runit's order. */
function prepareLimits(limits: Limits): readonly SoftLimit[] {
  return order.flatMap((resource) => {
    const soft = limits[resource]
    return soft === undefined ? [] : [prepareSoftLimit(resource, soft)]
  })
}

const order: readonly Resource[] = ['data', 'stack', 'memlock', 'as', 'nofile', 'nproc', 'fsize', 'core', 'rss', 'cpu']

function limit(limits: readonly SoftLimit[]): Failure | null {
  for (const one of limits) {
    const errno = setSoftLimit(one)
    if (errno !== null) return failureOf('unable to setrlimit()', errno)
  }
  return null
}

/** What was given to this program, byte for byte: the last ones of `own`, if those are `args`. */
export function exactArguments(args: readonly string[], own: readonly ByteText[]): readonly ByteText[] {
  const last = args.length === 0 ? [] : own.slice(-args.length)
  const isSame = last.every((text, index) => Buffer.from(text, 'latin1').toString('utf8') === args[index])
  return isSame && last.length === args.length ? last : args.map(toByteText)
}
