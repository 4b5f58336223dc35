import {
  chownSync,
  closeSync,
  constants,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  unlinkSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { boundary } from '../../sys/boundary.ts'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { makeFifo } from '../../sys/fifo.ts'
import type { Account } from './account.ts'

/**
 * Makes a FIFO that belongs to `owner`; null: to whom it does, or else to us. What is there already is kept with its content;
 * what is there and no FIFO is not ours to write into. null: it is there.
 */
export function createFifo(path: string, owner: Account | null): Errno | null {
  try {
    const made = makeFifo(path, 0o600)
    boundary('fifo: made')
    if (made === 'EEXIST' && !lstatSync(path).isFIFO()) {
      unlinkSync(path)
      return createFifo(path, owner)
    }
    if (made !== null && made !== 'EEXIST') return made
    if (owner === null) return null
    // A new one is ours: its folder is, and hands no group on.
    const { uid, gid } = made === null ? own : lstatSync(path)
    if (uid !== owner.uid || gid !== owner.gid) chownSync(path, owner.uid, owner.gid)
    boundary('fifo: owned')
    return null
  } catch (error) {
    return errnoOf(error)
  }
}

const own = { uid: process.geteuid?.(), gid: process.getegid?.() }

export function removeFifo(path: string): void {
  rmSync(path, { force: true })
}

/** The paths of all FIFOs there. */
export function fifosIn(folder: string): ReadonlySet<string> {
  const files = readdirSync(folder, { withFileTypes: true })
  return new Set(files.flatMap((file) => (file.isFIFO() ? join(folder, file.name) : [])))
}

/** Opens one end. With an end of ours that is both there is nobody to wait for, also where its keeper has just died. */
export function openEnd(path: string, flags: number): number {
  const both = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
  try {
    return openSync(path, flags)
  } finally {
    closeSync(both)
  }
}

/** Whether a process has the file open, and only to read it. */
export function onlyReads(pid: number, path: string): boolean {
  try {
    const real = join(realpathSync(dirname(path)), basename(path))
    const open = readdirSync(`/proc/${pid}/fd`).filter((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === real)
    return open.length > 0 && open.every((fd) => accessMode(pid, fd) === constants.O_RDONLY)
  } catch (error) {
    errnoOf(error)
    return false
  }
}

function accessMode(pid: number, fd: string): number {
  const flags = /^flags:\s+([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1'))
  return Number.parseInt(flags?.[1] ?? '', 8) & accessMask
}

/** O_ACCMODE */
const accessMask = 3

/** The file in `folder` that a process has as its stdin; null: it is none of these, or cannot be told. */
export function inputIn(folder: string, pid: number): { readonly path: string; readonly isRemoved: boolean } | null {
  try {
    const link = readlinkSync(`/proc/${pid}/fd/0`)
    const path = link.replace(/ \(deleted\)$/, '')
    if (dirname(path) !== realpathSync(folder)) return null
    return { path: join(folder, basename(path)), isRemoved: path !== link }
  } catch (error) {
    errnoOf(error)
    return null
  }
}
