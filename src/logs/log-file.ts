import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { boundary } from '../sys/boundary.ts'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { splice } from '../sys/splice.ts'
import {
  closeIndex,
  createIndexFile,
  cutIndex,
  emptyIndex,
  type IndexFile,
  type IndexRecord,
  loadIndex,
  noteInIndex,
} from './log-index.ts'
import type { LogPlace } from './log-name.ts'
import { returnIndex, rotateFiles } from './log-rotation.ts'
import {
  type Drained,
  dropSome,
  type Limits,
  type LogTarget,
  type LogTargetOptions,
  type Losses,
  markerLine,
  type Rotated,
  readSome,
  refusedRetryMs,
  type Writing,
} from './log-target.ts'

/**
 * A log that is a regular file. Bytes go from the pipe to the end of the file within the kernel, so a death at any
 * point loses and doubles none: the end of the file is the only position there is. A file that was renamed or deleted
 * from outside is made anew. Output that cannot be written is dropped and counted. Throws the system's error when it
 * cannot be opened now, unless it is our own: that one is tried again with each output.
 */
export function openLogFile(options: LogTargetOptions): LogTarget {
  const { place, limits, scratch, warn, now, descriptors, onRotated } = options
  const file: LogFile = {
    place,
    path: place.path,
    scratch,
    warn,
    now,
    onRotated,
    limits,
    rotateAtBytes: bytesMaxOf(limits),
    index: createIndexFile(place, descriptors),
    begunWallMs: null,
    open: null,
    losses: { bytes: 0, why: '' },
    trouble: '',
  }
  // Our own is made with the first output: making hundreds of files takes longer than starting what writes them.
  if (!place.isOwn) file.open = openAppending(file)
  return {
    drain: (from, bytesMax, attempt) => drain(file, { from, bytesMax, attempt }),
    write: (writing) => write(file, writing),
    setLimits: (limits) => {
      file.limits = limits
      file.rotateAtBytes = bytesMaxOf(limits)
    },
    close: () => {
      if (file.open === null && file.losses.bytes === 0) return
      const end = endOf(file)
      if (end !== null && file.losses.bytes > 0) writeMarker(file, end)
      close(file)
    },
  }
}

interface LogFile {
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
  losses: Losses
  /** The last trouble told, so that it is told once. */
  trouble: string
}

interface Open {
  readonly fd: number
  readonly device: number
  readonly inode: number
  readonly bornMs: number
  canSplice: boolean
}

/** The open file and its size. */
interface End {
  readonly open: Open
  size: number
}

/**
 * A pipe that gave less than this is left to fill: emptied as fast as it is written to, it would be moved in small pieces,
 * and its writer kept waiting for the lock of the pipe.
 */
const batchBytes = 32 * 1024

interface Draining {
  readonly from: number
  readonly bytesMax: number
  readonly attempt: number | null
}

/** One look at the file serves all that is moved now: a pipe that is emptied costs two calls, and rarely a third for the index. */
function drain(file: LogFile, { from, bytesMax, attempt }: Draining): Drained {
  const nowMs = file.now()
  const end = endOf(file)
  let bytes = 0
  while (bytes < bytesMax) {
    if (end !== null && isToRotate(file, end, nowMs)) {
      rotate(file, end, nowMs)
      // A small file rotates often: the other streams get their turn in between.
      return { bytes, isEmpty: false }
    }
    const offset = end?.size ?? 0
    const moved =
      end === null
        ? dropSome(file.losses, from, file.scratch, file.losses.why)
        : move(file, end, from, bytesMax - bytes)
    if (moved === 'empty') return { bytes, isEmpty: true }
    bytes += moved
    if (end !== null && end.size > offset)
      note(file, { offset, wallMs: nowMs, attempt: attempt ?? file.index.lastAttempt })
    if (moved > 0 && moved < batchBytes) return { bytes, isEmpty: false }
  }
  return { bytes, isEmpty: false }
}

/** What this file has room for; what it cannot take is left to whoever comes with it. */
function write(file: LogFile, { pieces, attempt, announce }: Writing): ReturnType<LogTarget['write']> {
  const nowMs = file.now()
  const end = endToWriteAt(file, nowMs)
  if (end === null) return { bytes: 0, retryMs: refusedRetryMs }
  const all = Buffer.concat(pieces.map(({ bytes }) => bytes))
  const bytes = Math.min(all.length, file.rotateAtBytes - end.size)
  const { fd, device, inode, bornMs } = end.open
  announce({ path: file.path, device, inode, bornMs, offset: end.size, bytes }, bytes)
  boundary('append: announced')
  try {
    writeAll(fd, all.subarray(0, bytes), end.size)
  } catch (error) {
    tell(file, `cannot be written (${errnoOf(error)}); the output of containers waits until it can`)
    return { bytes: 0, retryMs: refusedRetryMs }
  }
  boundary('append: written')
  // What it says of itself may be old, and this file is not.
  file.begunWallMs ??= nowMs
  let offset = end.size
  for (const piece of pieces) {
    if (offset >= end.size + bytes) break
    note(file, { offset, wallMs: piece.wallMs, attempt: attempt ?? file.index.lastAttempt })
    offset += piece.bytes.length
  }
  return { bytes }
}

/** In a file that has room, after what is to be said of losses; null: nothing can be written now. */
function endToWriteAt(file: LogFile, nowMs: number): End | null {
  const full = endOf(file)
  if (full !== null && isToRotate(file, full, nowMs)) rotate(file, full, nowMs)
  const end = full === null ? null : endOf(file)
  if (end === null || file.losses.bytes === 0) return end
  const marked = writeMarker(file, end)
  if (marked !== null) file.losses.bytes = 0
  return marked
}

/** After the bytes: if we die in between, they look as old as those before them. */
function note(file: LogFile, record: IndexRecord): void {
  file.begunWallMs ??= record.wallMs
  noteInIndex(file.index, record)
}

function isToRotate({ begunWallMs, limits, rotateAtBytes }: LogFile, { size }: End, nowMs: number): boolean {
  if (size >= rotateAtBytes) return true
  const { ageMaxMs } = limits
  return ageMaxMs > 0 && size > 0 && begunWallMs !== null && nowMs - begunWallMs >= ageMaxMs
}

function move(file: LogFile, end: End, from: number, bytesMax: number): number | 'empty' {
  const { losses, scratch } = file
  const toldBytes = losses.bytes
  // The marker stands only before bytes that follow it: a full disk may have had room just for it.
  const marked = losses.bytes === 0 ? end : writeMarker(file, end)
  if (marked === null) return dropSome(losses, from, scratch, losses.why)
  const moved = append(file, marked, from, Math.min(bytesMax, file.rotateAtBytes - end.size))
  if (typeof moved === 'number' && moved > 0) {
    if (marked !== end) losses.bytes -= toldBytes
    end.size = marked.size
    return moved
  }
  if (marked !== end) ftruncateSync(end.open.fd, end.size)
  if (moved === 0 || moved === 'EAGAIN') return 'empty'
  return moved === 'EINTR' ? 0 : dropSome(losses, from, scratch, `${moved}`)
}

/** Bytes moved from the pipe to the end of the file, or the error, and then nothing was taken. */
function append(file: LogFile, end: End, from: number, bytesMax: number): number | Errno {
  const { open } = end
  if (open.canSplice) {
    const moved = splice(from, open.fd, end.size, bytesMax)
    if (typeof moved === 'number') end.size += moved
    if (moved !== 'EINVAL') return moved
    // Some file systems cannot; there the bytes take the way through our memory.
    open.canSplice = false
  }
  return copy(file, end, from, bytesMax)
}

function copy({ scratch, losses }: LogFile, end: End, from: number, bytesMax: number): number | Errno {
  const bytes = readSome(from, scratch, bytesMax)
  if (bytes === 'empty') return 'EAGAIN'
  try {
    writeAll(end.open.fd, scratch.subarray(0, bytes), end.size)
    end.size += bytes
  } catch (error) {
    losses.bytes += bytes
    losses.why = errnoOf(error)
  }
  return bytes
}

/** Where the bytes go on; opens the file again if it is not the one at the path any more. Null: it cannot be opened. */
function endOf(file: LogFile): End | null {
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
    close(file)
    file.open = openAppending(file)
    // The index is that of the file that was here before.
    if (isReplaced) emptyIndex(index)
    return { open: file.open, size: fstatSync(file.open.fd).size }
  } catch (error) {
    file.losses.why = errnoOf(error)
    tell(file, `cannot be opened (${file.losses.why}); output is dropped until it can`)
    return null
  }
}

function openAppending(file: LogFile): Open {
  const { place, path, index, limits } = file
  if (place.isOwn) mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
  // Without O_APPEND, which splice refuses.
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, 0o640)
  const { dev, ino, birthtimeMs, size } = fstatSync(fd)
  if (size > 0) returnIndex(place)
  loadIndex(index, size)
  file.begunWallMs = begunOf(file, size)
  // An earlier daemon may have died before all was compressed.
  if (size > 0 && limits.compress) file.onRotated({ place, compress: true })
  return { fd, device: dev, inode: ino, bornMs: birthtimeMs, canSplice: true }
}

/** A time in the future is of a clock that went wrong. */
function begunOf({ index, now }: LogFile, size: number): number | null {
  if (size === 0) return null
  const nowMs = now()
  return index.count === 0 ? nowMs : Math.min(index.firstWallMs, nowMs)
}

function rotate(file: LogFile, { open, size }: End, nowMs: number): void {
  const { place, limits } = file
  const { backupsMax, compress } = limits
  try {
    if (backupsMax === 0) {
      ftruncateSync(open.fd, 0)
      emptyIndex(file.index)
    } else {
      closeIndex(file.index)
      rotateFiles(place, backupsMax)
      close(file)
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

function bytesMaxOf({ bytesMax }: Limits): number {
  return bytesMax === 0 ? Number.POSITIVE_INFINITY : bytesMax
}

/** On a line of its own. The new end, or null when the file takes nothing. */
function writeMarker({ path, losses }: LogFile, { open, size }: End): End | null {
  const line = Buffer.from((endsInMidLine(path, size) ? '\n' : '') + markerLine(losses))
  try {
    writeAll(open.fd, line, size)
    return { open, size: size + line.length }
  } catch (error) {
    losses.why = errnoOf(error)
    return null
  }
}

function endsInMidLine(path: string, size: number): boolean {
  if (size === 0) return false
  const fd = openSync(path, constants.O_RDONLY)
  try {
    const last = Buffer.alloc(1)
    readSync(fd, last, 0, 1, size - 1)
    return last.toString() !== '\n'
  } finally {
    closeSync(fd)
  }
}

/** All of it or nothing. Throws the system's error. */
function writeAll(fd: number, bytes: Buffer, position: number): void {
  let written = 0
  try {
    while (written < bytes.length) written += writeSync(fd, bytes, written, bytes.length - written, position + written)
  } catch (error) {
    ftruncateSync(fd, position)
    throw error
  }
}

function tell(file: LogFile, trouble: string): void {
  if (file.trouble === trouble) return
  file.trouble = trouble
  file.warn(`${file.path}: ${trouble}`)
}

function close(file: LogFile): void {
  const { open } = file
  file.open = null
  closeIndex(file.index)
  if (open !== null) closeSync(open.fd)
}
