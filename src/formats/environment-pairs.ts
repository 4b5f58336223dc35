export type EnvironmentRules = 'posix' | 'legacy'

export type Pairs =
  | { readonly kind: 'pairs'; readonly values: Readonly<Record<string, string>>; readonly cut: readonly string[] }
  | { readonly kind: 'error'; readonly message: string }

/**
 * Reads supervisord's `environment=` value: `KEY=value` pairs with any one punctuation character between them, unquoted
 * values only of letters, digits and `_/.+-():`. posix: quotes and backslashes work as in a POSIX shell (supervisor after 4.3).
 * legacy: as before; a quote counts at the start of a word only, backslashes stay, and quotes at both ends of a value go.
 * `cut` names the keys whose value supervisord silently ends early: in `A=$HOME` it sees `$`.
 */
export function parseEnvironmentPairs(text: string, rules: EnvironmentRules = 'posix'): Pairs {
  const result = tokenize(text, rules === 'posix' ? readPosix : readLegacy)
  if (typeof result === 'string') return { kind: 'error', message: result }
  const values = new Map<string, string>()
  const cut: string[] = []
  for (let at = 0; at < result.length; at += 4) {
    const [key, equals, value, separator] = result.slice(at, at + 4)
    if (key === undefined || equals?.text !== '=' || value === undefined) {
      return { kind: 'error', message: `Unexpected end of key/value pairs in value '${text}'` }
    }
    values.set(key.text, rules === 'posix' ? value.text : value.text.replace(/^['"]+|['"]+$/g, ''))
    const isSeparated = separator === undefined || separator.text === ',' || separator.text === ';'
    if (!isSeparated || value.isPunctuation) cut.push(key.text)
  }
  return { kind: 'pairs', values: Object.fromEntries(values), cut }
}

interface Token {
  readonly text: string
  /** One character that is no part of a word. */
  readonly isPunctuation: boolean
}

// Python's shlex in POSIX mode with `/.+-():` as further word characters; the letters include Latin-1's.
const wordPattern = /[A-Za-z0-9_/.+():\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff-]/

/** A word with where it ends; a text: what is wrong with it. */
type Word = { readonly text: string; readonly end: number } | string

/** `readAt`: the word that begins there; null: none does. */
function tokenize(text: string, readAt: (text: string, at: number) => Word | null): readonly Token[] | string {
  const tokens: Token[] = []
  let at = 0
  while (at < text.length) {
    const char = text[at]!
    if (isBlank(char)) at++
    else if (char === '#') at = lineEnd(text, at)
    else {
      const word = readAt(text, at)
      if (typeof word === 'string') return word
      // One code point, as Python counts characters.
      const token = word?.text ?? String.fromCodePoint(text.codePointAt(at)!)
      tokens.push({ text: token, isPunctuation: word === null })
      at = word?.end ?? at + token.length
    }
  }
  return tokens
}

function readPosix(text: string, at: number): Word | null {
  return wordPattern.test(text[at]!) || `"'\\`.includes(text[at]!) ? readWord(text, at) : null
}

function readWord(text: string, start: number): Word {
  let word = ''
  let at = start
  while (at < text.length) {
    const char = text[at]!
    if (char === '\\') {
      if (at + 1 >= text.length) return 'No escaped character'
      word += text[at + 1]
      at += 2
    } else if (char === "'") {
      const end = text.indexOf("'", at + 1)
      if (end === -1) return 'No closing quotation'
      word += text.slice(at + 1, end)
      at = end + 1
    } else if (char === '"') {
      const quoted = readDoubleQuoted(text, at + 1)
      if (typeof quoted === 'string') return quoted
      word += quoted.text
      at = quoted.end
    } else if (wordPattern.test(char)) {
      word += char
      at++
    } else {
      break
    }
  }
  return { text: word, end: at }
}

function readDoubleQuoted(text: string, start: number): Word {
  let word = ''
  for (let at = start; at < text.length; at++) {
    const char = text[at]!
    if (char === '"') return { text: word, end: at + 1 }
    if (char === '\\') {
      const next = text[++at]
      if (next === undefined) return 'No escaped character'
      word += next === '"' || next === '\\' ? next : `\\${next}`
    } else {
      word += char
    }
  }
  return 'No closing quotation'
}

// ---- before POSIX rules ------------------------------------------------------------------------------------------

const legacyWordPattern = /[A-Za-z0-9_/.+():-]/

function readLegacy(text: string, at: number): Word | null {
  const char = text[at]!
  if (char !== '"' && char !== "'") return legacyWordPattern.test(char) ? readLegacyWord(text, at) : null
  const end = text.indexOf(char, at + 1)
  return end === -1 ? 'No closing quotation' : { text: text.slice(at, end + 1), end: end + 1 }
}

// A comment within a word is left out together with the end of its line, and the word goes on in the next one.
function readLegacyWord(text: string, start: number): { readonly text: string; readonly end: number } {
  let word = ''
  let at = start
  while (at < text.length) {
    const char = text[at]!
    if (char === '#') {
      at = lineEnd(text, at) + 1
    } else if (legacyWordPattern.test(char) || char === '"' || char === "'") {
      word += char
      at++
    } else {
      break
    }
  }
  return { text: word, end: at }
}

function isBlank(char: string): boolean {
  return char === ' ' || char === '\t' || char === '\r' || char === '\n'
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end === -1 ? text.length : end
}
