/** One option as it was given; `value` null: it takes none. */
export interface ShortOption {
  readonly letter: string
  readonly value: string | null
}

export type ParsedOptions =
  | { readonly kind: 'parsed'; readonly options: readonly ShortOption[]; readonly operands: readonly string[] }
  /** `message`: as runit's programs say it, without their name. */
  | { readonly kind: 'bad'; readonly message: string }

/**
 * Reads options as runit's programs do (`sgetopt`): single letters, bundled, a value in the same word or the next one, up to
 * the first operand or a word that begins with `--`. `letters` as for getopt(3): `vw:` is v without and w with a value.
 */
export function parseShortOptions(args: readonly string[], letters: string): ParsedOptions {
  const options: ShortOption[] = []
  for (let at = 0; at < args.length; at += 1) {
    const word = args[at]!
    // As there, whatever follows the two dashes.
    if (word.startsWith('--')) return { kind: 'parsed', options, operands: args.slice(at + 1) }
    if (!word.startsWith('-') || word === '-') return { kind: 'parsed', options, operands: args.slice(at) }
    for (let index = 1; index < word.length; index += 1) {
      const letter = word[index]!
      const known = letter === ':' ? -1 : letters.indexOf(letter)
      if (known < 0) return { kind: 'bad', message: `illegal option -- ${letter}` }
      if (letters[known + 1] !== ':') {
        options.push({ letter, value: null })
        continue
      }
      const isInWord = index + 1 < word.length
      const value = isInWord ? word.slice(index + 1) : args[at + 1]
      if (value === undefined) return { kind: 'bad', message: `option requires an argument -- ${letter}` }
      if (!isInWord) at += 1
      options.push({ letter, value })
      break
    }
  }
  return { kind: 'parsed', options, operands: [] }
}
