import { closeSync, openSync, readSync } from 'node:fs'
import { until } from '../observe.ts'

/** What a daemon's activity log tells. */
export interface Activity {
  /** Throws when these words do not stand there so many times in time, or the daemon is gone. */
  until(words: string, count: number, timeoutMs: number): Promise<void>
  count(words: string): number
}

/** `hasEnded`: nothing more will be written. Looks often, so it costs little: it shares two cores with what is measured. */
export function openActivity(path: string, hasEnded: () => boolean): Activity {
  const buffer = Buffer.allocUnsafe(64 * 1024)
  let text = ''
  let bytes = 0
  /** Answers whether there was more. */
  const read = (): boolean => {
    const before = bytes
    for (let more = readFrom(path, bytes, buffer); more > 0; more = readFrom(path, bytes, buffer)) {
      text += buffer.toString('latin1', 0, more)
      bytes += more
    }
    return bytes > before
  }
  const occurrences = (words: string): number => text.split(words).length - 1
  return {
    count(words) {
      read()
      return occurrences(words)
    },
    until(words, wanted, timeoutMs) {
      let found = occurrences(words)
      return until(
        () => {
          if (read()) found = occurrences(words)
          if (found >= wanted) return true
          if (hasEnded()) throw new Error(`the daemon has ended: ${text.slice(-300)}`)
          return false
        },
        `${wanted} times ‘${words}’ in the activity log`,
        timeoutMs,
      )
    },
  }
}

/** How many bytes; 0 where there is no such file yet as well. */
function readFrom(path: string, position: number, buffer: Buffer): number {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return 0
  }
  try {
    return readSync(file, buffer, 0, buffer.length, position)
  } finally {
    closeSync(file)
  }
}
