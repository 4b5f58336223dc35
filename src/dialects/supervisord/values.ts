import { pythonInteger, pythonRepr, pythonStrip } from '../../formats/python-text.ts'
import { parseSignalName } from '../../formats/signal-name.ts'

/** A value, or supervisord's own words about why it is none. */
export type Value<T> =
  | { readonly kind: 'value'; readonly value: T }
  | { readonly kind: 'error'; readonly message: string; readonly hint: string }

export function parseBoolean(text: string): Value<boolean> {
  const word = text.toLowerCase()
  if (['yes', 'true', 'on', '1'].includes(word)) return ok(true)
  if (['no', 'false', 'off', '0'].includes(word)) return ok(false)
  return bad(`not a valid boolean value: ${pythonRepr(text)}`, 'write true or false')
}

export function parseInteger(text: string): Value<number> {
  const value = pythonInteger(text)
  if (value !== null) return ok(value)
  return bad(`invalid literal for int() with base 10: ${pythonRepr(text)}`, 'write a whole number')
}

const suffixes: readonly (readonly [string, number])[] = [
  ['kb', 1024],
  ['mb', 1024 ** 2],
  ['gb', 1024 ** 3],
]

export function parseBytes(text: string): Value<number> {
  const lower = text.toLowerCase()
  const found = suffixes.find(([suffix]) => lower.endsWith(suffix))
  const digits = found === undefined ? lower : lower.slice(0, -found[0].length)
  const count = parseInteger(digits)
  if (count.kind === 'error') return { ...count, hint: 'write a whole number, with KB, MB or GB' }
  const bytes = count.value * (found?.[1] ?? 1)
  return Number.isSafeInteger(bytes)
    ? ok(bytes)
    : bad(`the size ${pythonRepr(text)} is too large`, 'write a smaller one')
}

export function parseOctal(text: string): Value<number> {
  const digits = pythonStrip(text).replace(/^0[oO]/, '')
  if (/^[0-7]{1,4}$/.test(digits)) return ok(Number.parseInt(digits, 8))
  return bad(`${text} can not be converted to an octal type`, "write it as in a shell: '022'")
}

export function parseSignal(text: string): Value<string> {
  const name = parseSignalName(pythonStrip(text))
  if (name !== null) return ok(name)
  const hint = 'write a name such as TERM, INT or QUIT'
  if (pythonInteger(text) !== null) return bad(`value ${pythonRepr(text)} is not a valid signal number`, hint)
  return bad(`value ${pythonRepr(text)} is not a valid signal name`, hint)
}

export function parseExitCodes(text: string): Value<readonly number[]> {
  if (text === '') return ok([])
  const codes = text.split(',').map((one) => pythonInteger(one))
  if (codes.every((code) => code !== null && code >= 0 && code <= 255)) return ok(codes as number[])
  return bad(
    `not a valid list of exit codes: ${pythonRepr(text)}`,
    'write numbers from 0 to 255 with commas between them',
  )
}

export function parseAutoRestart(text: string): Value<'always' | 'no' | 'on-failure'> {
  if (text.toLowerCase() === 'unexpected') return ok('on-failure')
  const value = parseBoolean(text)
  if (value.kind === 'value') return ok(value.value ? 'always' : 'no')
  return bad(`invalid 'autorestart' value ${pythonRepr(text)}`, 'write true, false or unexpected')
}

/** auto: a file in the log directory. none: thrown away. */
export type LogFile =
  | { readonly kind: 'auto' }
  | { readonly kind: 'none' }
  | { readonly kind: 'syslog' }
  | { readonly kind: 'path'; readonly path: string }

/** `~` is the home directory, `here` where relative paths start. */
export function parseLogFile(text: string, here: string, home: string | undefined): LogFile {
  const word = text.toLowerCase()
  if (word === 'none' || word === 'off') return { kind: 'none' }
  if (word === 'auto') return { kind: 'auto' }
  if (word === 'syslog') return { kind: 'syslog' }
  const path = home !== undefined && (text === '~' || text.startsWith('~/')) ? home + text.slice(1) : text
  return { kind: 'path', path: path.startsWith('/') ? path : `${here === '/' ? '' : here}/${path}` }
}

export function parseList(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(pythonStrip)
}

/** A program, group or process name. */
export function parseName(text: string): Value<string> {
  const name = pythonStrip(text)
  const wrong = [' ', ':', '/'].find((char) => name.includes(char))
  if (wrong === undefined) return ok(name)
  return bad(`Invalid name: ${pythonRepr(name)} because of character: ${pythonRepr(wrong)}`, 'leave that character out')
}

export function ok<T>(value: T): Value<T> {
  return { kind: 'value', value }
}

export function bad(message: string, hint: string): Value<never> {
  return { kind: 'error', message, hint }
}
