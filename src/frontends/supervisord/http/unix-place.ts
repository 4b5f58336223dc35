import { chmodSync, chownSync, linkSync, lstatSync, rmSync, type Stats, statSync } from 'node:fs'
import { createConnection, type Server } from 'node:net'
import { dirname, join } from 'node:path'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { errnoOf } from '../../../sys/errno.ts'
import { groupIdByName, userById, userByName } from '../../../sys/users.ts'
import { listenTo } from '../../http/quiet-server.ts'
import { inUse } from './listening.ts'

export type UnixAddress = Extract<HttpServerSettings['address'], { kind: 'unix' }>

/** The name of a listening socket. */
export interface UnixPlace {
  /** Whether the name still leads to the socket that got it. */
  isOurs(): boolean
  /** Whoever else has the name by now keeps it. */
  remove(): void
}

/**
 * Binds under another name first and gives it mode, owner and its own name then: whoever can connect meets the right ones, and of two
 * who want a name one gets it. Rejects with words of supervisord where it has some.
 */
export async function listenAtPath(
  server: Server,
  address: UnixAddress,
  told: (text: string) => void,
): Promise<UnixPlace> {
  const { path } = address
  const unfinished = join(dirname(path), `.hf${process.pid}`)
  if (Buffer.byteLength(path) > pathBytesMax || Buffer.byteLength(unfinished) > pathBytesMax) {
    throw new Error(`the path of the socket is longer than ${pathBytesMax} bytes: ${path}`)
  }
  // Node would say EACCES where the directory is missing.
  statSync(dirname(path))
  // Whatever has a name with our own pid in it was left behind.
  rmSync(unfinished, { force: true })
  await listenTo(server, { path: unfinished })
  try {
    dress(unfinished, address)
    if (!isNamed(unfinished, path)) {
      await clearStale(path, told)
      if (!isNamed(unfinished, path)) throw new Error(inUse)
    }
  } finally {
    rmSync(unfinished, { force: true })
  }
  return unixPlace(path)
}

/** Mode and owner. */
export function dress(path: string, { mode, owner }: Pick<UnixAddress, 'mode' | 'owner'>): void {
  if (owner !== null) {
    const ids = idsOf(owner)
    if (ids === null) throw new Error(`Invalid sockchown value ${owner}`)
    try {
      chownSync(path, ids.uid, ids.gid)
    } catch (error) {
      if (errnoOf(error) !== 'EPERM') throw error
      throw new Error(
        `Not permitted to chown ${path} to uid/gid (${ids.uid}, ${ids.gid}); adjust "sockchown" value in config file or on ` +
          `command line to values that the current user (${userById(process.geteuid?.() ?? 0)?.name}) can successfully chown`,
      )
    }
  }
  chmodSync(path, mode)
}

/** Of a socket that has its name already. */
export function unixPlace(path: string): UnixPlace {
  const own = statOf(path)
  const isOurs = (): boolean => {
    const found = statOf(path)
    return found !== null && found.ino === own?.ino && found.dev === own.dev
  }
  return {
    isOurs,
    remove() {
      if (isOurs()) rmSync(path, { force: true })
    },
  }
}

/** What the kernel takes. */
const pathBytesMax = 107

function isNamed(unfinished: string, path: string): boolean {
  try {
    linkSync(unfinished, path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false
    throw error
  }
}

/** A socket that nobody listens on any more is removed; anything else keeps the name. */
async function clearStale(path: string, told: (text: string) => void): Promise<void> {
  if (statOf(path)?.isSocket() === false) throw new Error(`${path} is there already, and is no socket`)
  if (await isLiving(path)) throw new Error(inUse)
  told(`Unlinking stale socket ${path}`)
  rmSync(path, { force: true })
}

function isLiving(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(path, () => {
      socket.destroy()
      resolve(true)
    })
    // Refused: nobody listens. Anything else may be somebody who is busy, or not for us.
    socket.on('error', (error) => {
      const errno = errnoOf(error)
      resolve(errno !== 'ECONNREFUSED' && errno !== 'ENOENT')
    })
  })
}

function idsOf(owner: string): { readonly uid: number; readonly gid: number } | null {
  const [name = '', group] = owner.split(':')
  const user = /^\d+$/.test(name) ? (userById(Number(name)) ?? { uid: Number(name), gid: -1 }) : userByName(name)
  if (user === null) return null
  const named = group === undefined ? user.gid : /^\d+$/.test(group) ? Number(group) : groupIdByName(group)
  return named === null || named === -1 ? null : { uid: user.uid, gid: named }
}

function statOf(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null
}
