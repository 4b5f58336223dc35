import type { RejectionItem } from '../wire/api.ts'
import { type Home, typed } from '../wire/home.ts'
import { paint, type Terminal, visible } from './terminal.ts'
import { pastText } from './time-text.ts'

/** What of the declared does not count, why, and what to do about it. */
export function printRejections(
  rejections: readonly RejectionItem[],
  { terminal, home, nowMs }: { readonly terminal: Terminal; readonly home: Home; readonly nowMs: number },
): string {
  return rejections
    .map(({ app, release, why, at, runs }) => {
      const isTakenBack = runs !== release
      const what = isTakenBack ? 'was rejected' : 'has not proved itself'
      const head = `${visible(app)}  ${paint('red', `release ${visible(release)} ${what}`, terminal)}`
      const next = isTakenBack
        ? `${runs} runs; ${release} is not tried again until something else is declared`
        : 'it stays as it is'
      return [
        `${head}  ${pastText(Date.parse(at), nowMs)}`,
        `  why: ${visible(why)}`,
        `  next: ${visible(next)}`,
        `  change what it declares, then: ${typed(home, 'up')}`,
        '',
      ].join('\n')
    })
    .join('')
}
