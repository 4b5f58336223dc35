import { argumentBytesMax, envFileBytesMax } from '../core/limits.ts'
import { FormatError, positionAt } from './format-error.ts'
import { interpolate, type Lookup } from './interpolation.ts'

interface Cursor {
  readonly text: string
  readonly file: string
  readonly values: Map<string, string>
  readonly lookup: Lookup
  at: number
}

/**
 * Reads a file of `KEY=value` lines as Compose reads an env_file: comments, `export`, single quotes (literal), double
 * quotes (escapes and variables), values over several lines, `$VAR` from `lookup` or from earlier lines. A key without
 * `=` takes its value from `lookup`, and is left out when there is none. Throws FormatError.
 */
export function parseEnvFile(text: string, file: string, lookup: Lookup = () => undefined): Record<string, string> {
  if (text.length > envFileBytesMax) {
    throw new FormatError({
      file,
      line: 1,
      column: 1,
      setting: '',
      message: `the file is larger than ${envFileBytesMax} bytes`,
      hint: 'it does not look like an environment file',
      severity: 'error',
    })
  }
  const cursor: Cursor = { text, file, values: new Map(), lookup, at: text.startsWith('\uFEFF') ? 1 : 0 }
  while (skipToStatement(cursor)) readStatement(cursor)
  return Object.fromEntries(cursor.values)
}

function skipToStatement(cursor: Cursor): boolean {
  while (cursor.at < cursor.text.length) {
    const char = cursor.text[cursor.at]!
    if (char === '#') cursor.at = lineEnd(cursor)
    else if (/\s/.test(char)) cursor.at++
    else return true
  }
  return false
}

function readStatement(cursor: Cursor): void {
  const statement = /(?:export[ \t]+)?([^\s=:#'"]*)[ \t]*/y
  statement.lastIndex = cursor.at
  const start = cursor.at
  const [matched, key = ''] = statement.exec(cursor.text)!
  const delimiter = cursor.text[start + matched.length]
  const isKeyAlone = delimiter === undefined || delimiter === '\n' || delimiter === '\r' || delimiter === '#'
  if (key === '') throw problem(cursor, start, '', 'there is no variable name here', 'each line reads NAME=value')
  const wrong = /[^A-Za-z0-9_.[\]-]/u.exec(key)
  if (wrong) {
    const at = start + matched.indexOf(key) + wrong.index
    throw problem(
      cursor,
      at,
      key,
      `unexpected character '${wrong[0]}' in the variable name`,
      'names consist of letters, digits and _',
    )
  }
  cursor.at = start + matched.length
  if (isKeyAlone) {
    cursor.at = lineEnd(cursor)
    const inherited = cursor.lookup(key)
    if (inherited !== undefined) cursor.values.set(key, inherited)
    return
  }
  if (delimiter !== '=' && delimiter !== ':') {
    throw problem(
      cursor,
      cursor.at,
      key,
      `'=' is expected after the variable name, not '${delimiter}'`,
      'each line reads NAME=value',
    )
  }
  cursor.at++
  cursor.values.set(key, readValue(cursor, key))
}

function readValue(cursor: Cursor, key: string): string {
  while (cursor.text[cursor.at] === ' ' || cursor.text[cursor.at] === '\t') cursor.at++
  const start = cursor.at
  const quote = cursor.text[start]
  if (quote === "'" || quote === '"') {
    const raw = readQuoted(cursor, key, quote)
    if (quote === "'") return checkValue(cursor, start, key, raw.replaceAll("\\'", "'"))
    return checkValue(cursor, start, key, putIn(cursor, start, key, unescapeQuoted(raw)))
  }
  cursor.at = lineEnd(cursor)
  const line = cursor.text.slice(start, cursor.at)
  const value = line.startsWith('#') && start > 0 && /\s/.test(cursor.text[start - 1]!) ? '' : line.split(/\s#/, 1)[0]!
  return checkValue(cursor, start, key, putIn(cursor, start, key, value.trimEnd()))
}

function readQuoted(cursor: Cursor, key: string, quote: string): string {
  const start = cursor.at
  const end = closingQuote(cursor.text, start, quote)
  if (end === -1) throw problem(cursor, start, key, 'the quoted value is not closed', `end it with ${quote}`)
  cursor.at = end + 1
  const rest = cursor.text.slice(cursor.at, lineEnd(cursor))
  if (/^\s*[^\s#]/.test(rest)) {
    throw problem(
      cursor,
      cursor.at,
      key,
      'there is text after the closing quote',
      'put the whole value in quotes, or start a comment with #',
    )
  }
  cursor.at = lineEnd(cursor)
  return cursor.text.slice(start + 1, end)
}

function closingQuote(text: string, start: number, quote: string): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === quote) return at
  }
  return -1
}

const escapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
}

function unescapeQuoted(raw: string): string {
  // `\$` stays a dollar sign that is not interpolated.
  return raw.replace(/\\([\s\S])/g, (whole, char: string) => (char === '$' ? '$$' : (escapes[char] ?? whole)))
}

function putIn(cursor: Cursor, at: number, key: string, text: string): string {
  const lookup: Lookup = (name) => cursor.lookup(name) ?? cursor.values.get(name)
  const result = interpolate(text, lookup, argumentBytesMax)
  if (result.kind === 'value') return result.value
  throw problem(
    cursor,
    at,
    key,
    result.message,
    result.hint === '' ? '' : `${result.hint}; in single quotes nothing is replaced`,
  )
}

function checkValue(cursor: Cursor, at: number, key: string, value: string): string {
  if (value.includes('\0'))
    throw problem(cursor, at, key, 'the value contains a NUL character', 'no process can be given one')
  return value
}

function lineEnd(cursor: Cursor): number {
  const end = cursor.text.indexOf('\n', cursor.at)
  return end === -1 ? cursor.text.length : end
}

function problem(cursor: Cursor, offset: number, setting: string, message: string, hint: string): FormatError {
  return new FormatError({ ...positionAt(cursor.text, offset, cursor.file), setting, message, hint, severity: 'error' })
}
