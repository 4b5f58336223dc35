import { writeSync } from 'node:fs'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { errorText } from '../error-text.ts'

/** What svlogd says on standard error. */
export interface Messages {
  readonly info: ((text: string) => void) | null
  warn(text: string, code: Errno | null): void
  pausing(text: string, code: Errno): void
  fatal(text: string): void
}

export function createMessages(isVerbose: boolean): Messages {
  const say = (text: string) => writeError(Buffer.from(`svlogd: ${text}\n`, 'latin1'))
  return {
    info: isVerbose ? (text) => say(`info: ${text}`) : null,
    warn: (text, code) => say(`warning: ${code === null ? text : `${text}: ${errorText(code)}`}`),
    pausing: (text, code) => say(`pausing: ${text}: ${errorText(code)}`),
    fatal: (text) => say(`fatal: ${text}`),
  }
}

/** All of it, however slowly it is taken; a reader that is gone is no reason to stop logging. */
export function writeError(bytes: Uint8Array): void {
  let at = 0
  while (at < bytes.length) {
    try {
      at += writeSync(2, bytes, at)
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return
      Atomics.wait(nothing, 0, 0, fullPauseMs)
    }
  }
}

const nothing = new Int32Array(new SharedArrayBuffer(4))
const fullPauseMs = 10
