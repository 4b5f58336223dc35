import type { LogAppender, LogPiece } from '../../engine/ports.ts'
import { createAnsiStripper } from '../../formats/ansi-stripper.ts'
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
    /** Terminal sequences are left out. */
    readonly isAnsiStripped: boolean
    /** The wall clock. */
    readonly now: () => number
    readonly onFree: () => void
  },
): LogTail {
  const { attempt, now, onFree } = options
  const stripper = options.isAnsiStripped ? createAnsiStripper() : null
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

  function put(bytes: Uint8Array): void {
    if (bytes.length === 0) return
    waiting = [...waiting, { bytes, wallMs: now() }]
    if (retry === null) flush()
  }

  return {
    // Whoever else gets these bytes gets them whole.
    write: (bytes) => put(stripper?.strip(Buffer.from(bytes)) ?? bytes),
    isStuck: () => retry !== null,
    close() {
      if (stripper !== null) put(stripper.end())
      isClosed = true
      if (retry === null) appender.close()
    },
  }
}
