import type { ByteText } from '../../sys/byte-text.ts'

/**
 * Decimal digits as runit reads them: modulo 2^64, and none at all are 0. null: something follows the digits.
 */
export function readNumber(text: ByteText): bigint | null {
  return /^[0-9]*$/.test(text) ? BigInt.asUintN(64, BigInt(text)) : null
}

/** A value for a soft limit. 'none': so high that runit takes it for a negative number, and leaves the limit alone. */
export function readLimit(text: ByteText): bigint | null | 'none' | 'bad' {
  const number = readNumber(text)
  if (number === null) return 'bad'
  const signed = BigInt.asIntN(64, number)
  if (signed >= 0n) return signed
  return signed === -1n ? null : 'none'
}

/** With an optional sign, as a C int. */
export function readIncrement(text: ByteText): number | null {
  const sign = text[0] === '-' ? -1n : 1n
  const number = readNumber(/^[-+]/.test(text) ? text.slice(1) : text)
  return number === null ? null : Number(BigInt.asIntN(32, sign * number))
}
