import {
  close,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  openSync,
  renameSync,
  type Stats,
  statSync,
  unlinkSync,
} from 'node:fs'
import { errnoOf } from '../sys/errno.ts'
import { compressedPath, generationPath, indexPath, type LogPlace } from './log-name.ts'

/**
 * `file` becomes `file.1`, `file.1` becomes `file.2` and so on, each with its index, up to `backupsMax`; the oldest is
 * dropped. After a death in between, the next one fills the hole. Throws the system's error.
 */
export function rotateFiles(place: LogPlace, backupsMax: number): void {
  let last = 1
  while (last < backupsMax && hasGeneration(place, last)) last++
  if (last === backupsMax) removeGeneration(place, last)
  for (let to = last; to > 0; to--) moveGeneration(place, to - 1, to)
  // Fewer are kept than were once. Of a user's files we touch only those that we made.
  if (place.isOwn)
    for (let beyond = backupsMax + 1; hasGeneration(place, beyond); beyond++) removeGeneration(place, beyond)
}

/**
 * Removes a log with its parts and their indices, and makes it anew, empty and for the same people; where there is none it
 * stays so. What is no regular file is left alone. Throws the system's error.
 */
export function clearFiles(place: LogPlace, backupsMax: number): void {
  const { path } = place
  const there = statSync(path, { throwIfNoEntry: false })
  if (there !== undefined && !there.isFile()) return
  // Of a user's files we touch only those that we made.
  const last = place.isOwn ? Number.POSITIVE_INFINITY : backupsMax
  for (let generation = 1, missing = 0; generation <= last && missing < missingMax; generation++) {
    missing = hasGeneration(place, generation) ? 0 : missing + 1
    removeGeneration(place, generation)
  }
  unlinkIfThere(indexPath(place, 0))
  if (there === undefined) return
  unlinkLarge(path)
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600)
  try {
    giveTo(fd, there)
  } finally {
    closeSync(fd)
  }
}

/** For the same people as one before it. */
export function giveTo(fd: number, { mode, uid, gid }: Pick<Stats, 'mode' | 'uid' | 'gid'>): void {
  if (process.geteuid?.() === 0) fchownSync(fd, uid, gid)
  fchmodSync(fd, mode & 0o7777)
}

/** So many in a row are not there: there are none behind them. A death in the middle of a rotation leaves one out. */
const missingMax = 8

export function removeGeneration(place: LogPlace, generation: number): void {
  unlinkIfThere(indexPath(place, generation))
  unlinkLarge(generationPath(place.path, generation))
  unlinkIfThere(compressedPath(place.path, generation))
}

/**
 * The index goes first. If we die between the two, the file is where its index was and the index where the file will
 * be: the next rotation, or `returnIndex`, brings them together.
 */
function moveGeneration({ path, indexBase }: LogPlace, from: number, to: number): void {
  renameIfPossible(indexPath({ indexBase }, from), indexPath({ indexBase }, to))
  const isPlain = from === 0 || isThere(generationPath(path, from))
  if (isPlain) renameSync(generationPath(path, from), generationPath(path, to))
  if (from > 0 && isThere(compressedPath(path, from))) renameSync(compressedPath(path, from), compressedPath(path, to))
}

/** After a death in mid-rotation: the index of the file that was about to become `.1`. */
export function returnIndex(place: LogPlace): void {
  const [current, first] = [indexPath(place, 0), indexPath(place, 1)]
  if (!isThere(current) && isThere(first) && !hasGeneration(place, 1)) renameIfPossible(first, current)
}

export function hasGeneration({ path }: Pick<LogPlace, 'path'>, generation: number): boolean {
  return isThere(generationPath(path, generation)) || isThere(compressedPath(path, generation))
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined
}

/** Of an index: mostly it is not there, and whatever else is wrong with it must not hold the log back. */
function renameIfPossible(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    errnoOf(error)
  }
}

/** To free the blocks of a large file takes tens of milliseconds: they go with its last descriptor, on another thread. */
function unlinkLarge(path: string): void {
  const fd = openIfPossible(path)
  try {
    unlinkIfThere(path)
  } finally {
    if (fd !== null) close(fd)
  }
}

function openIfPossible(path: string): number | null {
  try {
    // Whatever lies there instead of a log must not make us wait.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (error) {
    errnoOf(error)
    return null
  }
}

export function unlinkIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
}
