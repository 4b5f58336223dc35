import {
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { hashText } from '../base/hash.ts'
import { boundary } from '../sys/boundary.ts'
import { errnoOf } from '../sys/errno.ts'
import { splice } from '../sys/splice.ts'
import { unlinkIfThere } from './log-rotation.ts'
import { takeFrom } from './svlog-pipe.ts'

/**
 * What left the pipe of a stream and is undecided, as it was printed: it outlives us in a file, which is there only
 * meanwhile. Where that cannot be written it is in our memory alone.
 */
export interface HeldFile {
  /** What an earlier writer left. */
  left(): Buffer
  /**
   * Takes bytes out of the pipe that were handled: at any point they are in the log, in the pipe or in the file. From
   * `from` on they are undecided; -1: what is in the file is as well.
   */
  take(pipe: number, taken: { readonly bytes: number; readonly from: number; readonly undecided: () => Buffer }): void
  /** Nothing but this is undecided. */
  replace(undecided: Buffer): void
  /** Answers whether all that is undecided is in the file. */
  close(): boolean
}

/** What writers have left in a folder. */
export interface Leftovers {
  /** Where the writer of this stream may leave something; null: nowhere. */
  pathOf(key: string): string | null
  /** Gives what was left to a writer that holds nothing back. */
  take(key: string, give: (bytes: Buffer) => void): void
}

/** Looked into once, with the first stream that is opened: hardly any has something there. */
export function createLeftovers(folder: string | null): Leftovers {
  let names: Set<string> | null = null

  function all(inFolder: string): Set<string> {
    try {
      names ??= new Set(readdirSync(inFolder))
    } catch (error) {
      errnoOf(error)
      names = new Set()
    }
    return names
  }

  return {
    pathOf(key) {
      if (folder === null) return null
      const name = hashText(key)
      all(folder).add(name)
      return join(folder, name)
    },
    take(key, give) {
      const name = hashText(key)
      if (folder === null || !all(folder).delete(name)) return
      const held = createHeldFile(join(folder, name), 0)
      const left = held.left()
      if (left.length > 0) give(left)
      held.replace(Buffer.alloc(0))
    },
  }
}

/** `path` null: nothing outlives us. `bytesMax`: where it is larger, what does not count any more is left out of it. */
export function createHeldFile(path: string | null, bytesMax: number): HeldFile {
  let fd: number | null = null
  let size = 0
  let isUndecided = false

  function open(): number | null {
    if (path === null) return null
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      size = 0
      // Not for appending, which splice refuses.
      return openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600)
    } catch (error) {
      errnoOf(error)
      return null
    }
  }

  function drop(): void {
    if (fd !== null) closeSync(fd)
    fd = null
    try {
      if (path !== null) unlinkIfThere(path)
    } catch (error) {
      errnoOf(error)
    }
  }

  /** Where the file takes less it is no use: the bytes are in our memory. */
  function move(pipe: number, bytes: number): void {
    for (let left = bytes; left > 0; ) {
      const moved = fd === null ? 0 : splice(pipe, fd, size, left)
      if (typeof moved === 'number' && moved > 0) {
        size += moved
        left -= moved
      } else if (moved !== 'EINTR') {
        drop()
        takeFrom(pipe, left)
        return
      }
    }
  }

  function replace(undecided: Buffer): void {
    isUndecided = undecided.length > 0
    if (!isUndecided) {
      drop()
      return
    }
    if (path === null) return
    const fresh = `${path}.new`
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      writeFileSync(fresh, undecided, { mode: 0o600 })
      renameSync(fresh, path)
      if (fd !== null) closeSync(fd)
      fd = openSync(path, constants.O_WRONLY)
      size = undecided.length
    } catch (error) {
      errnoOf(error)
      drop()
    }
  }

  return {
    left() {
      if (path === null) return Buffer.alloc(0)
      try {
        return readFileSync(path)
      } catch (error) {
        errnoOf(error)
        return Buffer.alloc(0)
      }
    },
    take(pipe, { bytes, from, undecided }) {
      const isNew = fd === null && from >= 0
      if (isNew && from < bytes) fd = open()
      if (isNew) takeFrom(pipe, from)
      boundary('output: decided taken')
      move(pipe, isNew ? bytes - from : bytes)
      boundary('output: undecided taken')
      isUndecided = from < bytes
      if (fd === null) return
      if (!isUndecided) drop()
      else if (!isNew && (from >= 0 || size > bytesMax)) replace(undecided())
    },
    replace,
    close() {
      const isKept = !isUndecided || fd !== null
      if (fd !== null) closeSync(fd)
      fd = null
      return isKept
    },
  }
}
