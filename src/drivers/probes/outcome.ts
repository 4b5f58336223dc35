import { probeOutputCharsMax } from '../../core/limits.ts'
import type { Event, Step } from '../../core/model.ts'

export type ProbeStep = Extract<Step, { kind: 'probe' }>

/** What a probe found. */
export interface Finding {
  readonly isOk: boolean
  readonly output: string
}

/** The one event that answers a probe. `durationMs`: how long it took. */
export function probed(step: ProbeStep, outcome: Finding & { readonly durationMs: number }): Event {
  const { unit, run, check, seq } = step
  const { isOk, output, durationMs } = outcome
  return {
    ...{ kind: 'probed', unit, run: run.n, check, seq },
    ...{ isOk, output: tellable(output), durationMs: Math.round(durationMs) },
  }
}

/** What others said, fit to be shown: well-formed, without control characters but tab and end of line, short. */
export function tellable(text: string): string {
  const plain = text.toWellFormed().replace(controls, '').trim()
  if (plain.length <= probeOutputCharsMax) return plain
  return `${plain.slice(0, probeOutputCharsMax - 1).toWellFormed()}…`
}

const controls = /[^\P{Cc}\n\t]/gu

/** A timer for longer than this goes off at once. */
export const timerMsMax = 2 ** 31 - 1
