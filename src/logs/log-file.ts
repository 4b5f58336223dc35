import { ftruncateSync } from 'node:fs'
import { boundary } from '../sys/boundary.ts'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { isEmptyPipe } from '../sys/pipe.ts'
import { splice } from '../sys/splice.ts'
import {
  bytesMaxOf,
  closeFile,
  type End,
  endOf,
  isToRotate,
  type LogFile,
  openAppending,
  rotate,
  tell,
} from './log-file-end.ts'
import { writeAll, writeMarker } from './log-file-write.ts'
import { createIndexFile, type IndexRecord, noteInIndex } from './log-index.ts'
import {
  type Drained,
  dropSome,
  type LogTarget,
  type LogTargetOptions,
  readSome,
  refusedRetryMs,
  type Writing,
} from './log-target.ts'

/**
 * A log that is a regular file. Bytes go from the pipe to the end of the file within the kernel, so a death at any
 * point loses and doubles none: the end of the file is the only position there is. A file that was renamed or deleted
 * from outside is made anew. Output that cannot be written is dropped and counted. Throws the system's error when it
 * cannot be opened now, unless it is our own: that one is tried again with each output. Without output no descriptor of
 * it stays open.
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
    people: null,
    losses: { bytes: 0, why: '' },
    trouble: '',
  }
  // Our own is made with the first output: making hundreds of files takes longer than starting what writes them.
  if (!place.isOwn) {
    file.open = openAppending(file)
    closeFile(file)
  }
  let isSilent = true
  return {
    drain(from, bytesMax, attempt) {
      if (isSilent && isEmptyPipe(from)) return { bytes: 0, isEmpty: true }
      isSilent = false
      return drain(file, { from, bytesMax, attempt })
    },
    write: (writing) => write(file, writing),
    restMs: () => null,
    put: (bytes, attempt) => put(file, bytes, attempt),
    reopen: () => {
      const isOpen = file.open !== null
      // Our own that had no output yet is made with the first.
      if (isOpen || !place.isOwn) endOf(file)
      if (!isOpen) closeFile(file)
    },
    setLimits: (limits) => {
      file.limits = limits
      file.rotateAtBytes = bytesMaxOf(limits)
    },
    close: () => {
      if (file.open === null && file.losses.bytes === 0) return
      const end = endOf(file)
      if (end !== null && file.losses.bytes > 0) writeMarker(file.path, file.losses, end)
      closeFile(file)
    },
  }
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

/** Piece by piece, as far as each file has room. */
function put(file: LogFile, bytes: Buffer, attempt: number | null): void {
  const nowMs = file.now()
  for (let at = 0; at < bytes.length; ) {
    const end = endWithRoom(file, nowMs)
    const piece =
      end === null ? bytes.subarray(at) : bytes.subarray(at, at + Math.max(1, file.rotateAtBytes - end.size))
    at += piece.length
    if (end === null || !writePiece(file, end, piece)) file.losses.bytes += piece.length
    else note(file, { offset: end.size, wallMs: nowMs, attempt: attempt ?? file.index.lastAttempt })
  }
}

/** After what is to be said of losses, or neither. */
function writePiece({ path, losses }: LogFile, end: End, piece: Buffer): boolean {
  const toldBytes = losses.bytes
  const marked = toldBytes === 0 ? end : writeMarker(path, losses, end)
  if (marked === null) return false
  try {
    writeAll(end.open.fd, piece, marked.size)
  } catch (error) {
    losses.why = errnoOf(error)
    if (marked !== end) ftruncateSync(end.open.fd, end.size)
    return false
  }
  losses.bytes -= toldBytes
  return true
}

/** In a file that has room, after what is to be said of losses; null: nothing can be written now. */
function endToWriteAt(file: LogFile, nowMs: number): End | null {
  const end = endWithRoom(file, nowMs)
  if (end === null || file.losses.bytes === 0) return end
  const marked = writeMarker(file.path, file.losses, end)
  if (marked !== null) file.losses.bytes = 0
  return marked
}

function endWithRoom(file: LogFile, nowMs: number): End | null {
  const end = endOf(file)
  if (end === null || !isToRotate(file, end, nowMs)) return end
  rotate(file, end, nowMs)
  return endOf(file)
}

/** After the bytes: if we die in between, they look as old as those before them. */
function note(file: LogFile, record: IndexRecord): void {
  file.begunWallMs ??= record.wallMs
  noteInIndex(file.index, record)
}

function move(file: LogFile, end: End, from: number, bytesMax: number): number | 'empty' {
  const { losses, scratch } = file
  const toldBytes = losses.bytes
  // The marker stands only before bytes that follow it: a full disk may have had room just for it.
  const marked = losses.bytes === 0 ? end : writeMarker(file.path, losses, end)
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
