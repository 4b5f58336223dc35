/**
 * Whether a line matches an svlogd pattern as a whole. `*` takes everything up to the first occurrence of the byte that
 * follows it in the pattern (at the end: all the rest) and never tries a later one; `+` takes the byte that follows it
 * once or more; any other byte is itself. Source: svlogd(8), and Debian's svlogd as observed where the page is silent:
 * after `*` also `*` and `+` stand for themselves as what is looked for, and are then read once more as what they mean; a
 * line that ends within what a `+` takes matches, whatever the pattern still has.
 */
export function matchesPattern(pattern: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  let at = start
  let next = 0
  while (next < pattern.length) {
    const byte = pattern[next++]!
    if (byte === star) {
      if (next === pattern.length) return true
      const wanted = pattern[next]!
      while (at < end && bytes[at] !== wanted) at += 1
      if (at === end) return false
    } else if (byte === plus) {
      if (next === pattern.length) return false
      const wanted = pattern[next++]!
      if (at === end || bytes[at] !== wanted) return false
      while (at < end && bytes[at] === wanted) at += 1
      if (at === end) return true
    } else {
      if (at === end || bytes[at] !== byte) return false
      at += 1
    }
  }
  return at === end
}

const star = 0x2a
const plus = 0x2b
