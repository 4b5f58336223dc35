import { setFlagsFromString } from 'node:v8'
import { patternCharsMax } from '../core/limits.ts'

/**
 * Backtracking takes exponential time on some inputs; this engine of V8's never does, and says so of patterns it cannot run.
 * Not before it is needed: with another option than at the start V8 refuses whatever was compiled ahead.
 */
function useLinearEngine(): void {
  if (isLinearEngineOn) return
  setFlagsFromString('--enable-experimental-regexp-engine')
  isLinearEngineOn = true
}

let isLinearEngineOn = false

/** A pattern that is matched in linear time whatever the input, or why there is none, as a phrase about the pattern. */
export function compileLinear(pattern: string): RegExp | string {
  if (pattern === '') return 'is empty, which matches everything'
  if (pattern.length > patternCharsMax) return `is longer than ${patternCharsMax} characters`
  useLinearEngine()
  try {
    return new RegExp(pattern, 'l')
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return reasonOf(error.message)
  }
}

// As V8 puts it: `Invalid regular expression: /(/l: Unterminated group`.
function reasonOf(message: string): string {
  const reason = message.slice(message.lastIndexOf('/l: ') + 4)
  if (reason !== 'Cannot be executed in linear time') return `is not a pattern: ${reason}`
  return 'cannot be matched in linear time: it has look-ahead, a back-reference, an inline flag or a repetition counted above 16'
}
