/**
 * TAI64 and TAI64N labels as daemontools and runit write them: 2^62 + 10 + Unix seconds, without a table of leap seconds.
 * Source: cr.yp.to/libtai/tai64.html; the constant 10 as in runit's `taia_now`.
 */
const tai64Base = 2n ** 62n + 10n

/** The label's 8 bytes of seconds, as a number. */
export function tai64Seconds(unixSeconds: number): bigint {
  return tai64Base + BigInt(unixSeconds)
}

export function unixSecondsOfTai64(label: bigint): number {
  return Number(label - tai64Base)
}

/** `@` and 24 hexadecimal digits; `nanoseconds` 0..999999999. */
export function tai64nText(unixSeconds: number, nanoseconds: number): string {
  return `@${tai64Seconds(unixSeconds).toString(16)}${nanoseconds.toString(16).padStart(8, '0')}`
}

/** What `tai64nText` writes, without what follows it; null: it does not begin with a label. */
export function parseTai64n(text: string): { readonly unixSeconds: number; readonly nanoseconds: number } | null {
  const digits = /^@([0-9a-f]{24})/.exec(text)?.[1]
  if (digits === undefined) return null
  return {
    unixSeconds: unixSecondsOfTai64(BigInt(`0x${digits.slice(0, 16)}`)),
    nanoseconds: Number.parseInt(digits.slice(16), 16),
  }
}
