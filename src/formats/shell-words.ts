export type Words =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** `at` is the offset of the character at fault. */
  | { readonly kind: 'error'; readonly message: string; readonly at: number }

/**
 * Splits a command line into words, with quotes and backslashes but without a shell: no variables, no patterns.
 * posix: as Python's shlex.split does (supervisord). compose: as Compose does, where `\n` and `\t` outside single quotes are
 * a newline and a tab, and where an operator of the shell (`|`, `;`, `&`, `<`, `>`, brackets) is an error: Compose itself cuts
 * the command there without a word.
 */
export function splitShellWords(text: string, rules: 'posix' | 'compose'): Words {
  const words: string[] = []
  let word: string | null = null
  let quote: '"' | "'" | null = null
  let quoteAt = 0
  for (let at = 0; at < text.length; at++) {
    const char = text[at]!
    if (char === '\\' && quote !== "'") {
      at++
      if (at >= text.length) return { kind: 'error', message: 'No escaped character', at: at - 1 }
      word = (word ?? '') + escaped(text[at]!, quote, rules)
    } else if (quote !== null) {
      if (char === quote) quote = null
      else word += char
    } else if (char === '"' || char === "'") {
      quote = char
      quoteAt = at
      word ??= ''
    } else if (char === ' ' || char === '\t' || char === '\n' || char === '\r') {
      if (word !== null) words.push(word)
      word = null
    } else if (rules === 'compose' && ';&|<>()'.includes(char)) {
      return { kind: 'error', message: `'${char}' is for a shell, and this command is run without one`, at }
    } else {
      word = (word ?? '') + char
    }
  }
  if (quote !== null) return { kind: 'error', message: 'No closing quotation', at: quoteAt }
  if (word !== null) words.push(word)
  return { kind: 'words', words }
}

/** The command line that splits into these words, under either rules. */
export function printShellWords(words: readonly string[]): string {
  return words.map(printWord).join(' ')
}

function printWord(word: string): string {
  if (/^[A-Za-z0-9_@%+=:,./~^-]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'"'"'`)}'`
}

function escaped(char: string, quote: '"' | null | "'", rules: 'posix' | 'compose'): string {
  if (rules === 'compose') return char === 'n' ? '\n' : char === 't' ? '\t' : char
  return quote === '"' && char !== '"' && char !== '\\' ? `\\${char}` : char
}
