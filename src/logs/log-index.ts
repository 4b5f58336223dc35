import { closeSync, constants, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { errnoOf } from '../sys/errno.ts'
import { indexPath, type LogPlace } from './log-name.ts'

/** From `offset` on, the bytes of a log were taken at that time and printed by that start of the unit. */
export interface IndexRecord {
  readonly offset: number
  readonly wallMs: number
  /** 0: not known. */
  readonly attempt: number
}

/** Offset u48, milliseconds u48, attempt u32, little-endian: torn by a death, a record is shorter and ignored. */
export const recordBytes = 16

export function encodeRecord({ offset, wallMs, attempt }: IndexRecord, into: Buffer): void {
  into.writeUIntLE(offset, 0, 6)
  into.writeUIntLE(Math.min(Math.max(0, Math.floor(wallMs)), 2 ** 48 - 1), 6, 6)
  into.writeUInt32LE(attempt >>> 0, 12)
}

export function decodeRecord(bytes: Buffer, at: number): IndexRecord {
  return { offset: bytes.readUIntLE(at, 6), wallMs: bytes.readUIntLE(at + 6, 6), attempt: bytes.readUInt32LE(at + 12) }
}

/**
 * The index of the file that is written to. It is a help and never a duty: what cannot be written of it is left out,
 * and only times become less precise.
 */
export interface IndexFile {
  readonly place: LogPlace
  readonly descriptors: IndexDescriptors
  fd: number | null
  /** Records that count. 0: whatever the file has is emptied with the first one. */
  count: number
  firstWallMs: number
  lastOffset: number
  lastWallMs: number
  lastAttempt: number
  failedWallMs: number
  /** It is there and cannot be read: it is not overwritten. */
  isUnreadable: boolean
}

/** The open indices, the longest unused first: a unit keeps one descriptor for its log, not two. */
export type IndexDescriptors = Set<IndexFile>

/** More than this many streams writing at the same time open and close their indices in turn. */
const descriptorsMax = 256

/** Two records are at least so far apart, so that a flood costs at most 100 small writes a second. */
const precisionMs = 10

/** An index that could not be written is tried again after this. */
const retryMs = 1_000

const scratch = Buffer.alloc(recordBytes)

export function createIndexFile(place: LogPlace, descriptors: IndexDescriptors): IndexFile {
  return {
    place,
    descriptors,
    fd: null,
    count: 0,
    firstWallMs: 0,
    lastOffset: 0,
    lastWallMs: 0,
    lastAttempt: 0,
    failedWallMs: Number.NEGATIVE_INFINITY,
    isUnreadable: false,
  }
}

/** Says that what stands at `offset` and after was taken now; writes only where that says something new. */
export function noteInIndex(index: IndexFile, record: IndexRecord): void {
  const { wallMs, attempt } = record
  // Clocks jump both ways.
  const isSoon = Math.abs(wallMs - index.lastWallMs) < precisionMs
  if (index.count > 0 && attempt === index.lastAttempt && isSoon) return
  if (index.isUnreadable || Math.abs(wallMs - index.failedWallMs) < retryMs) return
  try {
    const fd = descriptorOf(index)
    encodeRecord(record, scratch)
    // The place is counted, so that half a record of earlier is overwritten.
    if (writeSync(fd, scratch, 0, recordBytes, index.count * recordBytes) < recordBytes) {
      index.failedWallMs = wallMs
      return
    }
    if (index.count === 0) index.firstWallMs = wallMs
    index.count++
    index.lastOffset = record.offset
    index.lastWallMs = wallMs
    index.lastAttempt = attempt
  } catch (error) {
    errnoOf(error)
    index.failedWallMs = wallMs
  }
}

/** Reads where an earlier daemon came to. `logBytes`: the size of the log; what the index says beyond it is wrong. */
export function loadIndex(index: IndexFile, logBytes: number): void {
  emptyIndex(index)
  if (logBytes === 0) return
  try {
    const fd = openSync(indexPath(index.place, 0), constants.O_RDWR)
    keepOpen(index, fd)
    const records = Math.floor(fstatSync(fd).size / recordBytes)
    index.count = countUpTo(fd, records, logBytes)
    if (index.count < records) ftruncateSync(fd, index.count * recordBytes)
    takeEnds(index, fd)
  } catch (error) {
    index.isUnreadable = errnoOf(error) !== 'ENOENT'
  }
}

/** Somebody cut the log. */
export function cutIndex(index: IndexFile, logBytes: number): void {
  closeIndex(index)
  loadIndex(index, logBytes)
}

/** The log begins anew: the next record is the first one. */
export function emptyIndex(index: IndexFile): void {
  closeIndex(index)
  index.count = 0
  index.lastOffset = 0
  index.failedWallMs = Number.NEGATIVE_INFINITY
  index.isUnreadable = false
}

export function closeIndex(index: IndexFile): void {
  if (index.fd === null) return
  index.descriptors.delete(index)
  closeSync(index.fd)
  index.fd = null
}

function descriptorOf(index: IndexFile): number {
  const { fd, descriptors } = index
  if (fd === null) return keepOpen(index, openForWriting(index))
  descriptors.delete(index)
  descriptors.add(index)
  return fd
}

function openForWriting({ place, count }: IndexFile): number {
  const path = indexPath(place, 0)
  const flags = constants.O_WRONLY | constants.O_CREAT | (count === 0 ? constants.O_TRUNC : 0)
  try {
    return openSync(path, flags, 0o640)
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
    return openSync(path, flags, 0o640)
  }
}

function keepOpen(index: IndexFile, fd: number): number {
  const { descriptors } = index
  index.fd = fd
  descriptors.add(index)
  if (descriptors.size > descriptorsMax) {
    const [oldest] = descriptors
    closeIndex(oldest!)
  }
  return fd
}

function takeEnds(index: IndexFile, fd: number): void {
  if (index.count === 0) return
  const last = readRecord(fd, index.count - 1)
  index.firstWallMs = readRecord(fd, 0).wallMs
  index.lastOffset = last.offset
  index.lastWallMs = last.wallMs
  index.lastAttempt = last.attempt
}

/** How many records speak of what is there. Their offsets only grow. */
function countUpTo(fd: number, records: number, logBytes: number): number {
  let low = 0
  let high = records
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    if (readRecord(fd, middle).offset <= logBytes) low = middle + 1
    else high = middle
  }
  return low
}

function readRecord(fd: number, number: number): IndexRecord {
  readSync(fd, scratch, 0, recordBytes, number * recordBytes)
  return decodeRecord(scratch, 0)
}
