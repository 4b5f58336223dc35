import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { type Errno, errnoOf } from '../../../sys/errno.ts'

export interface LogFileOptions {
  /** Absolute. */
  readonly path: string
  /** 0: never rotated. */
  readonly bytesMax: number
  /** 0: what is full is emptied. */
  readonly backupsMax: number
  /** Told once for each trouble: what cannot be written is dropped. */
  readonly warn: (text: string) => void
}

/** A file that is appended to and rotated by size, as supervisord does: `.1` is the newest of those before it. */
export interface LogFile {
  write(text: string): void
  /** Answers why it cannot be removed; null: it is. What is written next goes nowhere until it is opened again. */
  remove(): string | null
  /** Opens what its path is by now. */
  reopen(): void
  close(): void
}

/** Nothing of it throws. */
export function openLogFile({ path, bytesMax, backupsMax, warn }: LogFileOptions): LogFile {
  let fd: number | null = null
  /** It can be moved and removed. */
  let isFile = false
  let told: string | null = null
  let isClosed = false

  open('append')

  function open(how: 'append' | 'anew'): void {
    try {
      fd = openTarget(path, how)
      isFile = !isStreamPath(path) && fstatSync(fd).isFile()
    } catch (error) {
      trouble(`cannot be opened (${errnoOf(error)})`)
    }
  }

  function shut(): void {
    if (fd !== null && fd > 2) closeSync(fd)
    fd = null
  }

  function write(text: string): void {
    // Its folder may have been made meanwhile.
    if (fd === null && !isClosed) open('append')
    if (fd === null) return
    try {
      const bytes = Buffer.from(text)
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done)
    } catch (error) {
      trouble(`cannot be written (${errnoOf(error)})`)
      return
    }
    if (isFile && bytesMax > 0 && fstatSync(fd).size >= bytesMax) rotate()
    else told = null
  }

  function rotate(): void {
    try {
      if (backupsMax > 0) {
        for (let n = backupsMax - 1; n >= 1; n--) move(`${path}.${n}`, `${path}.${n + 1}`)
        move(path, `${path}.1`)
      }
    } catch (error) {
      trouble(`cannot be rotated (${errnoOf(error)}), and grows`)
      return
    }
    shut()
    open('anew')
  }

  function trouble(what: string): void {
    if (told === what) return
    told = what
    warn(`the log ${path} ${what}`)
  }

  return {
    write,
    remove() {
      if (isStreamPath(path) || (fd !== null && !isFile)) return `${path} is not a regular file`
      try {
        rmSync(path)
        return null
      } catch (error) {
        return `${path} cannot be removed (${errnoOf(error)})`
      }
    },
    reopen() {
      shut()
      open('append')
    },
    close() {
      isClosed = true
      shut()
    },
  }
}

/** A pipe that nobody reads, or that is full, keeps nobody waiting, and a terminal does not become ours. */
function openTarget(path: string, how: 'append' | 'anew'): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOCTTY | constants.O_NONBLOCK
  try {
    return openSync(path, flags | (how === 'anew' ? constants.O_TRUNC : 0) | constants.O_APPEND, 0o666)
  } catch (error) {
    // Ours may be a socket, or another user's: then it is used as it is.
    const own = ownStreams[path]
    if (own === undefined) throw error
    return own
  }
}

const ownStreams: Readonly<Record<string, number>> = { '/dev/stdout': 1, '/dev/stderr': 2 }

/** A name for a descriptor or a device, whatever is behind it: moved away, it would be missed. */
function isStreamPath(path: string): boolean {
  return path.startsWith('/dev/') || path.startsWith('/proc/')
}

/** What is not there need not be moved. */
function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    const errno: Errno = errnoOf(error)
    if (errno !== 'ENOENT') throw error
  }
}
