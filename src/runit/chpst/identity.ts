import { type AccountIds, type Found, findAccount, findGroup } from '../../sys/account.ts'
import type { ByteText } from '../../sys/byte-text.ts'
import { errorText } from '../error-text.ts'
import type { Identity } from './changes.ts'
import { type Failure, failure } from './failure.ts'

export interface Ids {
  readonly uid: number
  /** The first is the group of the process, all are its supplementary ones. */
  readonly gids: readonly [number, ...number[]]
}

/** What an identity is in numbers. Names are looked up when it is called, where the root directory is by then. */
export function resolveIdentity({ kind, text }: Identity): Ids | Failure {
  if (kind === 'account') return accountIds(text)
  return text.startsWith(':')
    ? (numericIds(text.slice(1)) ?? failure(`invalid uid/gids: ${text.slice(1)}`))
    : namedIds(text)
}

/** runit reads no more of them. */
const groupsMax = 60

function accountIds(name: ByteText): Ids | Failure {
  const account = findAccount(name)
  if (account.kind === 'unknown') return failure(`unknown account: ${name}`)
  if (account.kind === 'failed') return failure(`unable to get password file entry: ${errorText(account.errno)}`)
  return { uid: account.value.uid, gids: [account.value.gid] }
}

/** Each number modulo 2^32, and where digits are missing it is 0. At least one group. null: it is something else. */
function numericIds(text: ByteText): Ids | null {
  if (!/^[0-9]*(:[0-9]*)+$/.test(text)) return null
  const [uid = 0, gid = 0, ...more] = text.split(':').map((digits) => Number(BigInt.asUintN(32, BigInt(digits))))
  return more.length >= groupsMax ? null : { uid, gids: [gid, ...more] }
}

function namedIds(text: ByteText): Ids | Failure {
  const [name = '', ...groupNames] = text.split(':')
  const account = findAccount(name)
  if (account.kind !== 'found') return notFound(text, account)
  const gids: number[] = []
  for (const groupName of groupNames.slice(0, groupsMax)) {
    const group = findGroup(groupName)
    if (group.kind !== 'found') return notFound(text, group)
    gids.push(group.value)
  }
  const [gid = account.value.gid, ...more] = gids
  return { uid: account.value.uid, gids: [gid, ...more] }
}

function notFound(text: ByteText, found: Exclude<Found<AccountIds | number>, { kind: 'found' }>): Failure {
  if (found.kind === 'unknown') return failure(`unknown user/group: ${text}`)
  return failure(`unable to get password/group file entry: ${errorText(found.errno)}`)
}
