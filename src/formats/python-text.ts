/** What Python calls whitespace. JavaScript's own set differs: it has U+FEFF, and lacks U+001C to U+001F and U+0085. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these control characters are whitespace there
const space = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/

export function isPythonSpace(char: string | undefined): boolean {
  return char !== undefined && space.test(char)
}

export function pythonStrip(text: string): string {
  return pythonRstrip(text.slice(pythonIndent(text)))
}

export function pythonRstrip(text: string): string {
  let end = text.length
  while (end > 0 && isPythonSpace(text[end - 1])) end--
  return text.slice(0, end)
}

/** How many characters of whitespace a text starts with. */
export function pythonIndent(text: string): number {
  let start = 0
  while (start < text.length && isPythonSpace(text[start])) start++
  return start
}

/** A string as Python's repr() prints it, for error texts that clients know. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  let out = ''
  for (const char of text) out += reprChar(char, quote)
  return quote + out + quote
}

function reprChar(char: string, quote: string): string {
  if (char === quote || char === '\\') return `\\${char}`
  if (char === '\n') return '\\n'
  if (char === '\r') return '\\r'
  if (char === '\t') return '\\t'
  const code = char.codePointAt(0)!
  if (/[^\p{C}\p{Z}]| /u.test(char)) return char
  if (code <= 0xff) return `\\x${hex(code, 2)}`
  return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`
}

function hex(code: number, width: number): string {
  return code.toString(16).padStart(width, '0')
}

/** Python's int() of a text in base 10, as far as a number holds it exactly; null when it is none. */
export function pythonInteger(text: string): number | null {
  const stripped = pythonStrip(text)
  if (!/^[+-]?\d+(?:_\d+)*$/.test(stripped)) return null
  const value = Number(stripped.replaceAll('_', ''))
  return Number.isSafeInteger(value) ? value + 0 : null
}

/** Python's int() of a text in base 8. */
export function pythonOctal(text: string): number | null {
  const matched = /^([+-]?)(?:0[oO]_?)?([0-7]+(?:_[0-7]+)*)$/.exec(pythonStrip(text))
  if (matched === null) return null
  const value = Number.parseInt(matched[2]!.replaceAll('_', ''), 8)
  if (!Number.isSafeInteger(value)) return null
  return matched[1] === '-' ? 0 - value : value
}
