import type { OutputHandling } from '../core/model.ts'
import { captureBegin, captureEnd } from './output-handler.ts'

export interface Handled {
  readonly kind: 'logged' | 'captured'
  readonly text: string
}

/** For tests: what becomes of all that a run printed, as simply as it can be said. Characters are bytes. */
export function handledWhole(
  text: string,
  { isAnsiStripped, captureBytesMax }: Pick<OutputHandling, 'isAnsiStripped' | 'captureBytesMax'>,
): readonly Handled[] {
  const strip = (part: string): string => (isAnsiStripped ? part.replace(sequence, '') : part)
  const tail = (part: string): string => part.slice(Math.max(0, part.length - captureBytesMax))
  const handled: Handled[] = []
  const log = (part: string): void => {
    const last = handled.at(-1)
    if (part === '') return
    if (last?.kind === 'logged') handled[handled.length - 1] = { kind: 'logged', text: last.text + part }
    else handled.push({ kind: 'logged', text: part })
  }
  let rest = text
  while (captureBytesMax > 0) {
    const [before = '', ...after] = rest.split(captureBegin)
    if (after.length === 0) break
    log(strip(before))
    const [captured = '', ...further] = after.join(captureBegin).split(captureEnd)
    if (further.length === 0) {
      log(tail(strip(captured)))
      return handled
    }
    handled.push({ kind: 'captured', text: tail(strip(captured)) })
    rest = further.join(captureEnd)
  }
  log(strip(rest))
  return handled
}

const sequence = new RegExp(`${String.fromCharCode(27)}\\[[^HfABCDRsuJKhlpm]*(?:[^]|$)`, 'g')
