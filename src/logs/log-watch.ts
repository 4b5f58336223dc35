import { type FSWatcher, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Rings for everyone who waits for one of several things. */
export interface Bell {
  ring(): void
  /** Resolves when it rang since the last call. */
  rung(): Promise<void>
}

export function createBell(): Bell {
  let hasRung = false
  let wake: (() => void) | null = null
  return {
    ring() {
      hasRung = true
      wake?.()
    },
    async rung() {
      if (!hasRung) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await promise
        wake = null
      }
      hasRung = false
    },
  }
}

export interface LogWatch {
  /** Did something happen to the log since the last call? May be wrong, never late. */
  hasChanged(): boolean
  close(): void
}

/** Watches a log's directory, since the file itself is renamed; where that cannot be watched, looks now and then. */
export function watchLog(path: string, bell: Bell): LogWatch {
  let watcher: FSWatcher | null = null
  let timer: NodeJS.Timeout | null = null
  let hasChanged = false
  const name = basename(path)

  const ring = (): void => {
    hasChanged = true
    bell.ring()
  }
  const stopWatching = (): void => {
    watcher?.close()
    watcher = null
  }
  const lookNowAndThen = (): void => {
    timer = setTimeout(() => {
      startWatching()
      // What happened until now was not seen.
      ring()
    }, pollMs)
  }
  const startWatching = (): void => {
    try {
      // A log that is rotated shows as other names, which begin alike.
      watcher = watch(dirname(path), (_, changed) => {
        if (changed === null || (changed.startsWith(name) && !changed.endsWith('.idx'))) ring()
      }).on('error', () => {
        stopWatching()
        lookNowAndThen()
        ring()
      })
    } catch {
      // No such directory yet, or no inotify watches left.
      lookNowAndThen()
    }
  }
  startWatching()

  return {
    hasChanged() {
      const changed = hasChanged
      hasChanged = false
      return changed
    },
    close() {
      stopWatching()
      if (timer !== null) clearTimeout(timer)
    },
  }
}

const pollMs = 500
