import { setImmediate } from 'node:timers/promises'
import { compileLinear } from '../../formats/linear-pattern.ts'

/** Looks for patterns in what others print, line by line, in time that grows with its length and never faster. */
export interface Patterns {
  /** Whether a line matches. Others get their turn in between; an aborted search finds nothing. */
  match(pattern: string, text: string, signal: AbortSignal): Promise<'found' | 'none' | { readonly trouble: string }>
}

/** As many as a device has checks; what is beyond is compiled again, which takes a millisecond. */
const compiledMax = 1_000

/** Without a pause. */
const sliceMs = 10

/** Of a longer line pieces of this length are looked at, each beginning in the middle of the one before. */
const pieceCharsMax = 4_096
const pieceCharsMin = 512

/**
 * A match takes time by the length of the pattern times that of the text: up to 60 µs a character for a pattern of 1,000.
 * One match at this is 25 ms at the worst.
 */
const charsTimesPatternMax = 400_000

export function createPatterns(): Patterns {
  const compiled = new Map<string, RegExp | string>()

  function compile(pattern: string): RegExp | string {
    const made = compiled.get(pattern) ?? compileLinear(pattern)
    // Deleted and set again, so that the first is always the one not used for the longest time.
    compiled.delete(pattern)
    compiled.set(pattern, made)
    const [oldest] = compiled.keys()
    if (compiled.size > compiledMax && oldest !== undefined) compiled.delete(oldest)
    return made
  }

  return {
    async match(pattern, text, signal) {
      const expression = compile(pattern)
      if (typeof expression === 'string') return { trouble: `the pattern ${expression}` }
      const pieceChars = Math.max(pieceCharsMin, Math.min(pieceCharsMax, charsTimesPatternMax / pattern.length))
      let sinceMs = performance.now()
      for (const piece of piecesOf(text, Math.floor(pieceChars))) {
        if (expression.test(piece)) return 'found'
        if (performance.now() - sinceMs < sliceMs) continue
        await setImmediate()
        if (signal.aborted) return 'none'
        sinceMs = performance.now()
      }
      return 'none'
    },
  }
}

function* piecesOf(text: string, charsMax: number): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline < 0 ? text.length : newline
    const line = text.slice(start, text[end - 1] === '\r' ? end - 1 : end)
    yield line.slice(0, charsMax)
    const step = Math.ceil(charsMax / 2)
    for (let from = step; from + step < line.length; from += step) yield line.slice(from, from + charsMax)
    start = end + 1
  }
}
