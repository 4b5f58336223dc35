import { closeSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { assert } from '../base/assert.ts'
import { type Errno, errnoOf, lastErrno } from './errno.ts'
import { bind } from './libc.ts'
import type { Watcher } from './watcher.ts'

/** Tells of changes in directories, by one descriptor for all of them. */
export interface Inotify {
  /**
   * Calls `changed` with the name of what was made, removed, renamed, written or changed in its mode in this directory
   * (links are followed once, now). null: the directory itself has gone, or changes were missed. Answers why not.
   */
  watch(directory: string, changed: (name: string | null) => void): InotifyWatch | Errno
  close(): void
}

export interface InotifyWatch {
  stop(): void
}

/** Answers why there is none: EMFILE, where the user's limit of instances is reached. */
export function createInotify(watcher: Watcher): Inotify | Errno {
  const fd = inotifyInit(closeOnExec | nonBlocking)
  if (fd < 0) return lastErrno()
  /** Two paths may lead to one directory, which the kernel watches once. */
  const listeners = new Map<number, Set<(name: string | null) => void>>()
  const buffer = Buffer.alloc(bufferBytes)
  const watching = watcher.watch(fd, () => {
    for (const { descriptor, mask, name } of readEvents(fd, buffer)) {
      const isGone = (mask & gone) !== 0
      if ((mask & overflow) !== 0) for (const all of listeners.values()) for (const tell of [...all]) tell(null)
      else for (const tell of [...(listeners.get(descriptor) ?? [])]) tell(isGone ? null : name)
      // The kernel has removed it by itself.
      if ((mask & ignored) !== 0) listeners.delete(descriptor)
    }
    return 'little'
  })
  if (typeof watching === 'string') return watching
  return {
    watch(directory, changed) {
      const descriptor = inotifyAdd(fd, directory, events)
      if (descriptor < 0) return lastErrno()
      const all = listeners.get(descriptor) ?? new Set()
      listeners.set(descriptor, all)
      // The same function may listen by two paths.
      const tell = (name: string | null): void => changed(name)
      all.add(tell)
      return {
        stop() {
          if (!all.delete(tell) || all.size > 0 || listeners.get(descriptor) !== all) return
          listeners.delete(descriptor)
          // EINVAL: the directory has gone, and the news of that is on its way.
          if (inotifyRemove(fd, descriptor) < 0) assert(lastErrno() === 'EINVAL', 'only what is watched is unwatched')
        },
      }
    },
    close() {
      watching.stop()
      closeSync(fd)
    },
  }
}

interface ChangeEvent {
  readonly descriptor: number
  readonly mask: number
  /** Empty: of the directory itself. */
  readonly name: string
}

/** `struct inotify_event` of inotify(7): wd, mask, cookie, len, each of 32 bits in the order of the host, then the name. */
function readEvents(fd: number, buffer: Buffer): readonly ChangeEvent[] {
  let bytes: number
  try {
    bytes = readSync(fd, buffer, 0, buffer.length, null)
  } catch (error) {
    if (errnoOf(error) === 'EAGAIN') return []
    throw error
  }
  const changes: ChangeEvent[] = []
  for (let at = 0; at < bytes; ) {
    const nameBytes = wordAt(buffer, at + 12)
    const end = at + headBytes + nameBytes
    const nul = buffer.indexOf(0, at + headBytes)
    const name = buffer.toString('utf8', at + headBytes, nul < 0 ? end : Math.min(nul, end))
    changes.push({ descriptor: wordAt(buffer, at) | 0, mask: wordAt(buffer, at + 4), name })
    at = end
  }
  return changes
}

function wordAt(buffer: Buffer, at: number): number {
  return isLittle ? buffer.readUInt32LE(at) : buffer.readUInt32BE(at)
}

const isLittle = endianness() === 'LE'

const headBytes = 16
/** Room for some two hundred changes; what is left over is told at once again. */
const bufferBytes = 16 * 1024

const closeOnExec = 0x80000
const nonBlocking = 0x800

// IN_ATTRIB, IN_CLOSE_WRITE, IN_MOVED_FROM, IN_MOVED_TO, IN_CREATE, IN_DELETE, IN_DELETE_SELF, IN_MOVE_SELF; IN_ONLYDIR.
const events = 0x4 | 0x8 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x800 | 0x1000000
// IN_DELETE_SELF, IN_MOVE_SELF, IN_UNMOUNT.
const gone = 0x400 | 0x800 | 0x2000
const overflow = 0x4000
const ignored = 0x8000

const inotifyInit = bind<(flags: number) => number>('int inotify_init1(int)')
const inotifyAdd = bind<(fd: number, path: string, mask: number) => number>('int inotify_add_watch(int, str, uint)')
const inotifyRemove = bind<(fd: number, descriptor: number) => number>('int inotify_rm_watch(int, int)')
