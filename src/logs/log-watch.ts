import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

export interface LogWatch extends Disposable {
  /** Resolves when something happened to the log since the last call, or the signal aborts. May be wrong, never late. */
  changed(): Promise<void>
}

/** Watches a log's directory, since the file itself is renamed; where that cannot be watched, looks now and then. */
export function watchLog(path: string, signal: AbortSignal | undefined): LogWatch {
  let watcher: FSWatcher | null = null
  let hasChanged = false
  let wake: (() => void) | null = null

  const ring = (): void => {
    hasChanged = true
    wake?.()
  }
  const stopWatching = (): void => {
    watcher?.close()
    watcher = null
  }
  const startWatching = (): void => {
    try {
      // Every name counts: a log that is rotated shows as other names.
      watcher = watch(dirname(path), ring).on('error', () => {
        stopWatching()
        ring()
      })
    } catch {
      // No such directory yet, or no inotify watches left: the timer below looks instead.
      watcher = null
    }
  }
  startWatching()
  signal?.addEventListener('abort', ring)

  return {
    changed: async () => {
      if (watcher === null) startWatching()
      if (!hasChanged && signal?.aborted !== true) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        const timer = watcher === null ? setTimeout(resolve, pollMs) : null
        await promise
        wake = null
        if (timer !== null) clearTimeout(timer)
      }
      hasChanged = false
    },
    [Symbol.dispose]: () => {
      signal?.removeEventListener('abort', ring)
      stopWatching()
    },
  }
}

const pollMs = 500
