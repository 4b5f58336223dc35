import type { LogAppender, LogPiece } from '../../engine/ports.ts'
import { without } from '../log-pieces.ts'

/** What a run printed, on its way into its log. */
export interface LogTail {
  write(bytes: Uint8Array): void
  /** The log takes nothing now: what waits for it is in our memory. */
  isStuck(): boolean
  /** What waits is still written. */
  close(): void
}

/** Owns the appender. `onFree`: what waited is written. */
export function createLogTail(
  appender: LogAppender,
  options: {
    /** Of the start that prints it. */
    readonly attempt: number
    /** The wall clock. */
    readonly now: () => number
    readonly onFree: () => void
  },
): LogTail {
  const { attempt, now, onFree } = options
  let waiting: readonly LogPiece[] = []
  let retry: NodeJS.Timeout | null = null
  let isClosed = false
  appender.begin(attempt)

  function flush(): void {
    retry = null
    while (waiting.length > 0) {
      const { bytes, retryMs } = appender.write(waiting, () => {})
      waiting = without(waiting, bytes)
      if (waiting.length > 0 && retryMs !== undefined) {
        retry = setTimeout(() => {
          flush()
          if (retry === null) onFree()
        }, retryMs)
        return
      }
    }
    if (isClosed) appender.close()
  }

  return {
    write(bytes) {
      waiting = [...waiting, { bytes, wallMs: now() }]
      if (retry === null) flush()
    },
    isStuck: () => retry !== null,
    close() {
      isClosed = true
      if (retry === null) appender.close()
    },
  }
}
