import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, type Stats, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '../sys/errno.ts'
import { closeIndex, cutIndex, emptyIndex, type IndexFile, loadIndex } from './log-index.ts'
import type { LogPlace } from './log-name.ts'
import { giveTo, returnIndex, rotateFiles } from './log-rotation.ts'
import type { Limits, Losses, Rotated } from './log-target.ts'

export interface LogFile {
  readonly place: LogPlace
  readonly path: string
  readonly scratch: Buffer
  readonly warn: (message: string) => void
  readonly now: () => number
  readonly onRotated: (rotated: Rotated) => void
  limits: Limits
  /** Later than the limit only after rotating failed. */
  rotateAtBytes: number
  readonly index: IndexFile
  /** When what is in the file was begun; null: with the next output. */
  begunWallMs: number | null
  open: Open | null
  /** Whose the file was when it was last looked at, and who may read it: what is made in its place is for the same. */
  people: Pick<Stats, 'mode' | 'uid' | 'gid'> | null
  losses: Losses
  /** The last trouble told, so that it is told once. */
  trouble: string
}

export interface Open {
  readonly fd: number
  readonly device: number
  readonly inode: number
  readonly bornMs: number
  canSplice: boolean
}

/** The open file and its size. */
export interface End {
  readonly open: Open
  size: number
}

/** Where the bytes go on; opens the file again if it is not the one at the path any more. Null: it cannot be opened. */
export function endOf(file: LogFile): End | null {
  try {
    // One call tells both: is it still the file at this path, and where does it end (somebody may have cut it).
    const there = statSync(file.path, { throwIfNoEntry: false })
    const { open, index } = file
    if (open !== null && there !== undefined && there.ino === open.inode && there.dev === open.device) {
      if (there.size < index.lastOffset) {
        cutIndex(index, there.size)
        if (index.count === 0) file.begunWallMs = null
      }
      return { open, size: there.size }
    }
    const isReplaced = open !== null
    if (open !== null) file.people = fstatSync(open.fd)
    closeFile(file)
    file.open = openAppending(file)
    const { size } = fstatSync(file.open.fd)
    if (isReplaced) forgetLast(file, size)
    return { open: file.open, size }
  } catch (error) {
    file.losses.why = errnoOf(error)
    tell(file, `cannot be opened (${file.losses.why}); output is dropped until it can`)
    return null
  }
}

/** Somebody put another file in its place: the index is not that file's, and its age and size are its own. */
function forgetLast(file: LogFile, size: number): void {
  emptyIndex(file.index)
  file.begunWallMs = size === 0 ? null : file.now()
  file.rotateAtBytes = bytesMaxOf(file.limits)
}

export function openAppending(file: LogFile): Open {
  const { place, path, index, limits } = file
  if (place.isOwn) mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
  // Without O_APPEND, which splice refuses.
  const fd = (file.people === null ? null : makeLike(path, file.people)) ?? openSync(path, appending, modeOf(place))
  const found = fstatSync(fd)
  const { dev, ino, birthtimeMs, size } = found
  file.people = found
  if (size > 0) returnIndex(place)
  loadIndex(index, size)
  file.begunWallMs = begunOf(file, size)
  // An earlier daemon may have died before all was compressed.
  if (size > 0 && limits.compress) file.onRotated({ place, compress: true })
  return { fd, device: dev, inode: ino, bornMs: birthtimeMs, canSplice: true }
}

const appending = constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK

/** Where somebody else's file lies, the umask says who may read it. */
function modeOf({ isOwn }: LogPlace): number {
  return isOwn ? 0o640 : 0o666
}

/** null: there is one by now. */
function makeLike(path: string, people: NonNullable<LogFile['people']>): number | null {
  try {
    const fd = openSync(path, appending | constants.O_EXCL, 0o600)
    giveTo(fd, people)
    return fd
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
    return null
  }
}

/** A time in the future is of a clock that went wrong. */
function begunOf({ index, now }: LogFile, size: number): number | null {
  if (size === 0) return null
  const nowMs = now()
  return index.count === 0 ? nowMs : Math.min(index.firstWallMs, nowMs)
}

export function rotate(file: LogFile, { open, size }: End, nowMs: number): void {
  const { place, limits } = file
  const { backupsMax, compress } = limits
  try {
    if (backupsMax === 0) {
      ftruncateSync(open.fd, 0)
      emptyIndex(file.index)
    } else {
      closeIndex(file.index)
      file.people = fstatSync(open.fd)
      rotateFiles(place, backupsMax)
      closeFile(file)
      file.onRotated({ place, compress })
    }
    file.rotateAtBytes = bytesMaxOf(limits)
    file.begunWallMs = null
  } catch (error) {
    // Writing goes on in the large file, and another attempt follows as much later.
    file.rotateAtBytes = size + bytesMaxOf(limits)
    file.begunWallMs = nowMs
    returnIndex(place)
    loadIndex(file.index, size)
    tell(file, `cannot be rotated (${errnoOf(error)}); it grows beyond its limit`)
  }
}

export function bytesMaxOf({ bytesMax }: Limits): number {
  return bytesMax === 0 ? Number.POSITIVE_INFINITY : bytesMax
}

export function isToRotate({ begunWallMs, limits, rotateAtBytes }: LogFile, { size }: End, nowMs: number): boolean {
  if (size >= rotateAtBytes) return true
  const { ageMaxMs } = limits
  return ageMaxMs > 0 && size > 0 && begunWallMs !== null && nowMs - begunWallMs >= ageMaxMs
}

export function tell(file: LogFile, trouble: string): void {
  if (file.trouble === trouble) return
  file.trouble = trouble
  file.warn(`${file.path}: ${trouble}`)
}

export function closeFile(file: LogFile): void {
  const { open } = file
  file.open = null
  closeIndex(file.index)
  if (open !== null) closeSync(open.fd)
}
