import type { Failure } from '../../core/model.ts'
import { groupIdByName, groupsOf, type UserEntry, userById, userByName } from '../../sys/users.ts'
import { failure } from './failure.ts'

/** Whom a run belongs to. */
export interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
  /** null: it is ours and nothing has to be switched. */
  readonly groups: readonly number[] | null
}

/** Resolves `name`, `uid`, `name:group` or `uid:gid`; null is ourselves. Asked at each start: the databases change. */
export function resolveAccount(user: string | null): Account | Failure {
  if (user === null) return ourselves()
  const [userPart = '', groupPart] = user.split(':')
  const isNumber = /^\d+$/.test(userPart)
  const entry = isNumber ? userById(Number(userPart)) : userByName(userPart)
  if (entry === null && !isNumber) {
    return failure('no-user', `there is no user ${userPart}; create it or correct \`user\``)
  }
  const gid = groupPart === undefined ? (entry?.gid ?? Number(userPart)) : resolveGroup(groupPart)
  if (gid === null) return failure('no-group', `there is no group ${groupPart}; create it or correct \`user\``)
  const uid = entry?.uid ?? Number(userPart)
  if (uid === process.getuid?.() && gid === process.getgid?.()) return ourselves()
  if (process.getuid?.() !== 0) {
    return failure(
      'EPERM',
      `running as user ${user} needs a daemon that runs as root; remove \`user\` or start it as root`,
    )
  }
  return { ...describe(entry, uid), gid, groups: entry ? groupsOf(entry.name, gid) : [gid] }
}

function ourselves(): Account {
  const uid = process.getuid?.() ?? 0
  return { ...describe(userById(uid), uid), gid: process.getgid?.() ?? 0, groups: null }
}

function describe(entry: UserEntry | null, uid: number): Pick<Account, 'name' | 'uid' | 'home' | 'shell'> {
  return { name: entry?.name ?? String(uid), uid, home: entry?.home || '/', shell: entry?.shell || '/bin/sh' }
}

function resolveGroup(group: string): number | null {
  return /^\d+$/.test(group) ? Number(group) : groupIdByName(group)
}
