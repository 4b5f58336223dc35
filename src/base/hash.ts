/**
 * A 64-bit digest of plain data as 16 hex digits, the same for equal data whatever the order of its keys.
 * Not for secrets or adversaries: it tells a changed setting from an unchanged one.
 */
export function hashData(value: unknown): string {
  return hashText(canonical(value))
}

/** FNV-1a with two different 32-bit offsets: 64 bits without BigInt. */
export function hashText(text: string): string {
  let low = 0x811c9dc5
  let high = 0xcbf29ce4
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code ^ (low >>> 15), 0x01000193)
  }
  return hex(high) + hex(low)
}

/** A number in 0..1 that is always the same for the same text: spreads deadlines without randomness. */
export function fractionOf(text: string): number {
  return Number.parseInt(hashText(text).slice(8), 16) / 0xffff_ffff
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`
}
