import { configDepthMax } from '../core/limits.ts'

export type Lookup = (name: string) => string | undefined

export type Interpolated =
  | { readonly kind: 'value'; readonly value: string; readonly unset: readonly string[] }
  /** `at` is the offset of the `$` that is at fault. */
  | { readonly kind: 'error'; readonly message: string; readonly hint: string; readonly at: number }

interface Cursor {
  readonly text: string
  readonly lookup: Lookup
  readonly lengthMax: number
  readonly unset: Set<string>
  at: number
  error: { readonly message: string; readonly hint: string; readonly at: number } | null
}

/**
 * Replaces variables as Compose does: `$VAR`, `${VAR}`, `:-` `-` default, `:?` `?` required, `:+` `+` instead, `$$` for `$`;
 * what follows an operator may contain variables itself. Not set means empty, and is listed in `unset`.
 * A result longer than `lengthMax` characters is an error, so that doubling variables cannot fill the memory.
 */
export function interpolate(text: string, lookup: Lookup, lengthMax: number): Interpolated {
  if (!text.includes('$')) return { kind: 'value', value: text, unset: [] }
  const cursor: Cursor = { text, lookup, lengthMax, unset: new Set(), at: 0, error: null }
  const value = readText(cursor, 0, true)
  if (cursor.error !== null) return { kind: 'error', ...cursor.error }
  return { kind: 'value', value, unset: [...cursor.unset] }
}

// Reads up to the end, or inside braces up to the `}` that closes them. `isUsed`: an operand that is not taken
// is read over without its variables being required.
function readText(cursor: Cursor, depth: number, isUsed: boolean): string {
  let out = ''
  while (cursor.at < cursor.text.length && cursor.error === null) {
    const char = cursor.text[cursor.at]!
    if (char === '}' && depth > 0) break
    if (char !== '$') {
      const end = nextSpecial(cursor.text, cursor.at, depth > 0)
      out += cursor.text.slice(cursor.at, end)
      cursor.at = end
    } else {
      out += readVariable(cursor, depth, isUsed)
    }
    if (out.length > cursor.lengthMax) {
      fail(cursor, cursor.at, `it is longer than ${cursor.lengthMax} characters once its variables are put in`, '')
    }
  }
  return out
}

function nextSpecial(text: string, from: number, inBraces: boolean): number {
  const dollar = text.indexOf('$', from)
  const end = dollar === -1 ? text.length : dollar
  if (!inBraces) return end
  const brace = text.indexOf('}', from)
  return brace === -1 || brace > end ? end : brace
}

function readVariable(cursor: Cursor, depth: number, isUsed: boolean): string {
  const start = cursor.at
  const next = cursor.text[start + 1]
  if (next === '$') {
    cursor.at = start + 2
    return '$'
  }
  if (next === '{') return readBraced(cursor, depth, isUsed)
  const name = readName(cursor, start + 1)
  if (name === '') {
    return fail(cursor, start, `'$' is not followed by a variable name`, "write '$$' for a dollar sign")
  }
  return currentValue(cursor, name, isUsed)
}

function readBraced(cursor: Cursor, depth: number, isUsed: boolean): string {
  const start = cursor.at
  if (depth >= configDepthMax) {
    return fail(
      cursor,
      start,
      `variables are nested deeper than ${configDepthMax}`,
      'give the inner ones names of their own',
    )
  }
  const name = readName(cursor, start + 2)
  if (name === '') {
    return fail(cursor, start, "'${' is not followed by a variable name", "write '$${' for these characters themselves")
  }
  const operator = /^(?::[-?+]|[-?+])?/.exec(cursor.text.slice(cursor.at, cursor.at + 2))![0]
  cursor.at += operator.length
  const current = cursor.lookup(name)
  const isPresent = current !== undefined && !(operator.startsWith(':') && current === '')
  const kind = operator.at(-1)
  const takesOperand = kind === '+' ? isPresent : !isPresent
  const operand = kind === undefined ? '' : readText(cursor, depth + 1, isUsed && takesOperand)
  if (cursor.error !== null) return ''
  if (cursor.text[cursor.at] !== '}') {
    const isCutShort = cursor.at >= cursor.text.length
    return fail(
      cursor,
      start,
      isCutShort ? `'\${${name}' is not closed` : `'\${${name}' is followed by '${cursor.text[cursor.at]}'`,
      `the forms are \${NAME}, \${NAME:-default}, \${NAME:?message} and \${NAME:+instead}`,
    )
  }
  cursor.at++
  if (kind === undefined) return currentValue(cursor, name, isUsed)
  if (kind === '?' && !isPresent && isUsed) {
    const message =
      operand === ''
        ? `required variable ${name} is missing a value`
        : `required variable ${name} is missing a value: ${operand}`
    return fail(cursor, start, message, `set ${name} in the environment or in the .env file beside this file`)
  }
  return takesOperand ? operand : kind === '+' ? '' : current!
}

function readName(cursor: Cursor, from: number): string {
  const name = namePattern(cursor.text, from)
  cursor.at = from + name.length
  return name
}

function namePattern(text: string, from: number): string {
  const pattern = /[A-Za-z_][A-Za-z0-9_]*/y
  pattern.lastIndex = from
  return pattern.exec(text)?.[0] ?? ''
}

function currentValue(cursor: Cursor, name: string, isUsed: boolean): string {
  const value = cursor.lookup(name)
  if (value === undefined && isUsed) cursor.unset.add(name)
  return value ?? ''
}

function fail(cursor: Cursor, at: number, message: string, hint: string): '' {
  cursor.error ??= { message, hint, at }
  return ''
}
