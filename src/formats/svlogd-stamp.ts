import { tai64nText } from './tai64.ts'

/** How svlogd marks the time of a line: not at all, `-t`, `-tt`, `-ttt`. */
export type StampForm = 'none' | 'tai64n' | 'text' | 'iso'

export interface StampTime {
  readonly unixSeconds: number
  /** 0..999999999. */
  readonly nanoseconds: number
}

/** What stands before a line, with the space that follows it: always 26 bytes of ASCII, or none. */
export function stampText(form: StampForm, { unixSeconds, nanoseconds }: StampTime): string {
  switch (form) {
    case 'none':
      return ''
    case 'tai64n':
      return `${tai64nText(unixSeconds, nanoseconds)} `
    case 'text':
      return `${dateText(unixSeconds).replace('T', '_')}.${fraction(nanoseconds)} `
    case 'iso':
      return `${dateText(unixSeconds)}.${fraction(nanoseconds)} `
  }
}

/** In UTC, without a fraction and a zone. */
function dateText(unixSeconds: number): string {
  return new Date(unixSeconds * 1000).toISOString().slice(0, 19)
}

/** Five digits, cut off and not rounded. */
function fraction(nanoseconds: number): string {
  return Math.floor(nanoseconds / 10_000)
    .toString()
    .padStart(5, '0')
}
