import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { type Errno, errnoOf } from '../sys/errno.ts'
import { splice } from '../sys/splice.ts'
import { generationPath } from './log-name.ts'
import {
  type Drained,
  dropSome,
  type Limits,
  type LogTarget,
  type LogTargetOptions,
  type Losses,
  markerLine,
  readSome,
} from './log-target.ts'

/**
 * A log that is a regular file. Bytes go from the pipe to the end of the file within the kernel, so a death at any
 * point loses and doubles none: the end of the file is the only position there is. A file that was renamed or deleted
 * from outside is made anew. Output that cannot be written is dropped and counted. Throws the system's error when it
 * cannot be opened now, unless it is our own: that one is tried again with each output.
 */
export function openLogFile({ path, limits, scratch, warn, isOwn }: LogTargetOptions): LogTarget {
  const file: LogFile = {
    path,
    scratch,
    warn,
    backupsMax: limits.backupsMax,
    bytesMax: bytesMaxOf(limits),
    rotateAtBytes: bytesMaxOf(limits),
    isOwn,
    open: null,
    losses: { bytes: 0, why: '' },
    trouble: '',
  }
  // Our own is made with the first output: making hundreds of files takes longer than starting what writes them.
  if (!isOwn) file.open = openAppending(file)
  return {
    drain: (from, bytesMax) => drain(file, from, bytesMax),
    setLimits: (limits) => {
      file.backupsMax = limits.backupsMax
      file.bytesMax = bytesMaxOf(limits)
      file.rotateAtBytes = file.bytesMax
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
  readonly path: string
  readonly scratch: Buffer
  readonly warn: (message: string) => void
  readonly isOwn: boolean
  bytesMax: number
  backupsMax: number
  /** Later than the limit only after rotating failed. */
  rotateAtBytes: number
  open: Open | null
  losses: Losses
  /** The last trouble told, so that it is told once. */
  trouble: string
}

interface Open {
  readonly fd: number
  readonly device: number
  readonly inode: number
  canSplice: boolean
}

/** The open file and its size. */
interface End {
  readonly open: Open
  readonly size: number
}

function drain(file: LogFile, from: number, bytesMax: number): Drained {
  let bytes = 0
  while (bytes < bytesMax) {
    const end = endOf(file)
    if (end !== null && end.size >= file.rotateAtBytes) {
      rotate(file, end)
      // A small file rotates often: the other streams get their turn in between.
      return { bytes, isEmpty: false }
    }
    const moved =
      end === null
        ? dropSome(file.losses, from, file.scratch, file.losses.why)
        : move(file, end, from, bytesMax - bytes)
    if (moved === 'empty') return { bytes, isEmpty: true }
    bytes += moved
  }
  return { bytes, isEmpty: false }
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
    return moved
  }
  if (marked !== end) ftruncateSync(end.open.fd, end.size)
  if (moved === 0 || moved === 'EAGAIN') return 'empty'
  return moved === 'EINTR' ? 0 : dropSome(losses, from, scratch, `${moved}`)
}

/** Bytes moved from the pipe to the end of the file, or the error, and then nothing was taken. */
function append(file: LogFile, { open, size }: End, from: number, bytesMax: number): number | Errno {
  if (open.canSplice) {
    const moved = splice(from, open.fd, size, bytesMax)
    if (moved !== 'EINVAL') return moved
    // Some file systems cannot; there the bytes take the way through our memory.
    open.canSplice = false
  }
  return copy(file, { open, size }, from, bytesMax)
}

function copy({ scratch, losses }: LogFile, { open, size }: End, from: number, bytesMax: number): number | Errno {
  const bytes = readSome(from, scratch, bytesMax)
  if (bytes === 'empty') return 'EAGAIN'
  try {
    writeAll(open.fd, scratch.subarray(0, bytes), size)
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
    const { open } = file
    if (open !== null && there !== undefined && there.ino === open.inode && there.dev === open.device) {
      return { open, size: there.size }
    }
    close(file)
    file.open = openAppending(file)
    return { open: file.open, size: fstatSync(file.open.fd).size }
  } catch (error) {
    file.losses.why = errnoOf(error)
    tell(file, `cannot be opened (${file.losses.why}); output is dropped until it can`)
    return null
  }
}

function openAppending({ path, isOwn }: LogFile): Open {
  if (isOwn) mkdirSync(dirname(path), { recursive: true, mode: 0o750 })
  // Without O_APPEND, which splice refuses.
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_NONBLOCK, 0o640)
  const { dev, ino } = fstatSync(fd)
  return { fd, device: dev, inode: ino, canSplice: true }
}

/** `file` becomes `file.1`, `file.1` becomes `file.2` and so on. After a death in between, the next one fills the hole. */
function rotate(file: LogFile, { open, size }: End): void {
  const { path, backupsMax } = file
  try {
    if (backupsMax === 0) {
      ftruncateSync(open.fd, 0)
    } else {
      let last = 1
      while (last < backupsMax && statSync(generationPath(path, last), { throwIfNoEntry: false })) last++
      for (let to = last; to > 0; to--) renameSync(generationPath(path, to - 1), generationPath(path, to))
    }
    file.rotateAtBytes = file.bytesMax
  } catch (error) {
    // Writing goes on in the large file, and another attempt follows as much later.
    file.rotateAtBytes = size + file.bytesMax
    tell(file, `cannot be rotated (${errnoOf(error)}); it grows beyond ${file.bytesMax} bytes`)
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
  if (open !== null) closeSync(open.fd)
}
