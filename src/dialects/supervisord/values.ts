import { pythonInteger, pythonOctal, pythonRepr, pythonStrip } from '../../formats/python-text.ts'
import { parseSignalName } from '../../formats/signal-name.ts'
import type { LogLevel } from './settings.ts'

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
  const value = pythonOctal(text)
  if (value !== null && value >= 0 && value <= 0o7777) return ok(value)
  return bad(`${text} can not be converted to an octal type`, "write it as in a shell: '022'")
}

/** One signal, or (as the rewrite in Go has it) several that are tried one after the other. */
export function parseSignals(text: string): Value<readonly string[]> {
  const words = text.split(/\s+/).filter((word) => word !== '')
  const names = words.map(parseSignalName)
  if (names.length > 1 && names.every((name) => name !== null)) return ok(names)
  const one = parseSignal(text)
  return one.kind === 'value' ? ok([one.value]) : one
}

function parseSignal(text: string): Value<string> {
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

export function parseAutoRestart(text: string): Value<boolean | 'unexpected'> {
  const word = text.toLowerCase()
  if (word === 'unexpected') return ok(word)
  const value = parseBoolean(word)
  if (value.kind === 'value') return value
  return bad(`invalid 'autorestart' value ${pythonRepr(word)}`, 'write true, false or unexpected')
}

const logLevels: readonly LogLevel[] = ['critical', 'error', 'warn', 'info', 'debug', 'trace', 'blather']

export function parseLogLevel(text: string): Value<LogLevel> {
  const level = logLevels.find((name) => name === text.toLowerCase())
  if (level !== undefined) return ok(level)
  return bad(`bad logging level name ${pythonRepr(text)}`, `write one of ${logLevels.join(', ')}`)
}

export interface InetAddress {
  /** Empty: all of the host. */
  readonly host: string
  readonly port: number
}

export function parseInetAddress(text: string): Value<InetAddress> {
  const hint = 'write host:port, or a port from 1 to 65535'
  const colon = text.lastIndexOf(':')
  const digits = text.slice(colon + 1)
  if (colon !== -1 && digits === '') return bad("no port number specified in ''", hint)
  const port = parsePort(digits)
  // With a trailing blank: so it is printed.
  if (port.kind === 'error') return colon === -1 ? bad(`not a valid port number: ${pythonRepr(text)} `, hint) : port
  const host = text.slice(0, Math.max(colon, 0)).toLowerCase()
  return ok({ host: host === '*' ? '' : host, port: port.value })
}

export function parsePort(text: string): Value<number> {
  const port = parseInteger(text)
  if (port.kind === 'error') return port
  const hint = 'write a port from 1 to 65535'
  if (port.value < 1) return bad(`${port.value} is below lower bound (1)`, hint)
  return port.value > 65_535 ? bad(`${port.value} is above upper bound (65535)`, hint) : port
}

export function parseList(text: string): readonly string[] {
  return text === '' ? [] : text.split(',').map(pythonStrip)
}

/** A program, group or process name. */
export function parseName(text: string): Value<string> {
  const name = pythonStrip(text)
  const wrong = [' ', ':', '/'].find((char) => name.includes(char))
  if (wrong === undefined) return ok(name)
  return bad(`Invalid name: ${pythonRepr(text)} because of character: ${pythonRepr(wrong)}`, 'leave that character out')
}

export function ok<T>(value: T): Value<T> {
  return { kind: 'value', value }
}

export function bad(message: string, hint: string): Value<never> {
  return { kind: 'error', message, hint }
}
