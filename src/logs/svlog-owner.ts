import { chownSync, fchownSync } from 'node:fs'
import { groupIdByName, userById, userByName } from '../sys/users.ts'

/** To whom the files of a logger belong. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** `user`, or `user:group` of which the first group counts, by names or numbers, as chpst -u. null: there is no such. */
export function resolveOwner(user: string): Owner | null {
  const [name = '', group] = user.split(':')
  const entry = /^\d+$/.test(name) ? userById(Number(name)) : userByName(name)
  if (entry === null) return null
  if (group === undefined) return { uid: entry.uid, gid: entry.gid }
  const gid = /^\d+$/.test(group) ? Number(group) : groupIdByName(group)
  return gid === null ? null : { uid: entry.uid, gid }
}

/** Throws the system's error. */
export function own(file: number | string, { uid, gid }: Owner): void {
  if (uid === process.geteuid?.() && gid === process.getegid?.()) return
  if (typeof file === 'number') fchownSync(file, uid, gid)
  else chownSync(file, uid, gid)
}
