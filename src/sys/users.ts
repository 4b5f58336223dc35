import koffi from 'koffi'
import { bind } from './libc.ts'

export interface UserEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
  readonly shell: string
}

/** From the user database, whichever sources it has on this host. null: no such user. */
export function userByName(name: string): UserEntry | null {
  return decodeUser(getpwnam(name))
}

export function userById(uid: number): UserEntry | null {
  return decodeUser(getpwuid(uid))
}

/** null: no such group. */
export function groupIdByName(name: string): number | null {
  const entry = getgrnam(name)
  return entry === null ? null : (koffi.decode(entry, groupStruct()) as { gid: number }).gid
}

/** All groups of a user: `gid` and the supplementary ones of the group database, ascending. */
export function groupsOf(name: string, gid: number): readonly number[] {
  for (let room = usualGroupsMax; ; room *= 16) {
    const groups = Buffer.alloc(room * 4)
    const count: [number] = [room]
    const isWhole = getgrouplist(name, gid, groups, count) >= 0
    if (!isWhole && room < kernelGroupsMax) continue
    const length = Math.min(count[0], room)
    return Array.from({ length }, (_, index) => groups.readUInt32LE(index * 4)).sort((a, b) => a - b)
  }
}

/** Hardly anybody is in more. */
const usualGroupsMax = 256

/** The kernel's own limit of groups per process. */
const kernelGroupsMax = 65_536

function decodeUser(entry: unknown): UserEntry | null {
  if (entry === null) return null
  const user = koffi.decode(entry, userStruct()) as UserEntry
  return { name: user.name, uid: user.uid, gid: user.gid, home: user.home, shell: user.shell }
}

let userLayout: ReturnType<typeof koffi.struct> | null = null
let groupLayout: ReturnType<typeof koffi.struct> | null = null

function userStruct(): ReturnType<typeof koffi.struct> {
  userLayout ??= koffi.struct({
    name: 'str',
    password: 'str',
    uid: 'uint32_t',
    gid: 'uint32_t',
    comment: 'str',
    home: 'str',
    shell: 'str',
  })
  return userLayout
}

function groupStruct(): ReturnType<typeof koffi.struct> {
  groupLayout ??= koffi.struct({ name: 'str', password: 'str', gid: 'uint32_t' })
  return groupLayout
}

const getpwnam = bind<(name: string) => unknown>('void *getpwnam(str)')
const getpwuid = bind<(uid: number) => unknown>('void *getpwuid(uint32_t)')
const getgrnam = bind<(name: string) => unknown>('void *getgrnam(str)')
const getgrouplist = bind<(name: string, gid: number, groups: Buffer, count: [number]) => number>(
  'int getgrouplist(str, uint32_t, uint8_t *, _Inout_ int *)',
)
