import { argumentBytesMax } from '../core/limits.ts'
import { pythonRepr } from './python-text.ts'

export type Expansions = ReadonlyMap<string, string | number>

export type Expanded =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'error'; readonly message: string }

interface Conversion {
  readonly flags: string
  readonly width: number
  readonly precision: number | null
  readonly type: string
}

// Beyond this a width is an attack: `%(x)999999999s` would fill the memory.
const widthMax = 1_000

/**
 * Expands `%(name)s` as supervisord does, with Python's `%` formatting: flags, width and precision, `%%` for `%`.
 * `option` is named in the error text, which is supervisord's own.
 */
export function expandFormat(text: string, expansions: Expansions, option: string): Expanded {
  if (!text.includes('%')) return { kind: 'value', value: text }
  let out = ''
  let at = 0
  for (let percent = text.indexOf('%'); percent !== -1; percent = text.indexOf('%', at)) {
    out += text.slice(at, percent)
    const piece = expandOne(text, percent, expansions)
    if (piece.kind === 'missing') return missing(text, expansions, option, piece.name)
    if (piece.kind === 'bad') return badlyFormatted(text, option, piece.message)
    out += piece.value
    at = piece.end
    if (out.length > argumentBytesMax) return badlyFormatted(text, option, 'the result is too long')
  }
  return { kind: 'value', value: out + text.slice(at) }
}

type Piece =
  | { readonly kind: 'value'; readonly value: string; readonly end: number }
  | { readonly kind: 'missing'; readonly name: string }
  | { readonly kind: 'bad'; readonly message: string }

function expandOne(text: string, percent: number, expansions: Expansions): Piece {
  let at = percent + 1
  let name: string | null = null
  if (text[at] === '(') {
    const end = closingParenthesis(text, at)
    if (end === -1) return { kind: 'bad', message: 'incomplete format key' }
    name = text.slice(at + 1, end)
    at = end + 1
    if (!expansions.has(name)) return { kind: 'missing', name }
  }
  const specification = /([#0\- +]*)(\d*)(?:\.(\d*))?[hlL]?/y
  specification.lastIndex = at
  const [matched, flags = '', width = '', precision] = specification.exec(text)!
  at += matched.length
  const type = text[at]
  if (type === undefined) return { kind: 'bad', message: 'incomplete format' }
  if (at === percent + 1 && type === '%') return { kind: 'value', value: '%', end: at + 1 }
  if (!'diouxXeEfFgGcrsa'.includes(type)) {
    const code = text.codePointAt(at)!
    const shown = code > 31 && code < 127 ? type : '?'
    const message = `unsupported format character '${shown}' (0x${code.toString(16)}) at index ${at}`
    return { kind: 'bad', message }
  }
  if (name === null) return { kind: 'bad', message: misfit(type, 'dict') }
  if (Number(width) > widthMax || Number(precision ?? 0) > widthMax) return { kind: 'bad', message: 'width too big' }
  const conversion = {
    flags,
    width: Number(width),
    precision: precision === undefined ? null : Number(precision),
    type,
  }
  const value = convert(conversion, expansions.get(name)!)
  return value.kind === 'value' ? { ...value, end: at + 1 } : value
}

// Brackets inside a name are counted, as Python does.
function closingParenthesis(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at++) {
    if (text[at] === '(') depth++
    else if (text[at] === ')' && --depth === 0) return at
  }
  return -1
}

type Converted = { readonly kind: 'value'; readonly value: string } | { readonly kind: 'bad'; readonly message: string }

function convert(conversion: Conversion, value: string | number): Converted {
  const { type, precision } = conversion
  if (type === 's' || type === 'r' || type === 'a') {
    const text = type === 's' || typeof value === 'number' ? String(value) : pythonRepr(value)
    return { kind: 'value', value: pad(conversion, '', precision === null ? text : text.slice(0, precision), false) }
  }
  if (type === 'c') return convertCharacter(conversion, value)
  if (typeof value === 'string') return { kind: 'bad', message: misfit(type, 'str') }
  if ('eEfFgG'.includes(type)) {
    return { kind: 'bad', message: `the conversion %${type} is not supported here; use %d or %s` }
  }
  const base = type === 'o' ? 8 : type === 'x' || type === 'X' ? 16 : 10
  let digits = Math.abs(value)
    .toString(base)
    .padStart(precision ?? 0, '0')
  if (type === 'X') digits = digits.toUpperCase()
  const prefix = conversion.flags.includes('#') && base !== 10 ? (base === 8 ? '0o' : `0${type}`) : ''
  const sign = value < 0 ? '-' : conversion.flags.includes('+') ? '+' : conversion.flags.includes(' ') ? ' ' : ''
  return { kind: 'value', value: pad(conversion, sign + prefix, digits, true) }
}

/** What Python says of a conversion that is given such a thing. Without a name it is given all names together. */
function misfit(type: string, given: 'dict' | 'str'): string {
  if ('oxX'.includes(type)) return `%${type} format: an integer is required, not ${given}`
  if ('eEfFgG'.includes(type)) return `must be real number, not ${given}`
  if (type === 'c') return '%c requires int or char'
  // It would print all names and values.
  return 'sra'.includes(type)
    ? 'not enough arguments for format string'
    : `%${type} format: a real number is required, not ${given}`
}

function convertCharacter(conversion: Conversion, value: string | number): Converted {
  if (typeof value === 'string') {
    if ([...value].length === 1) return { kind: 'value', value: pad(conversion, '', value, false) }
    return { kind: 'bad', message: '%c requires int or char' }
  }
  if (value < 0 || value > 0x10ffff) return { kind: 'bad', message: '%c arg not in range(0x110000)' }
  return { kind: 'value', value: pad(conversion, '', String.fromCodePoint(value), false) }
}

function pad({ flags, width }: Conversion, prefix: string, text: string, isNumber: boolean): string {
  const room = Math.max(width - prefix.length - text.length, 0)
  if (flags.includes('-')) return prefix + text + ' '.repeat(room)
  if (isNumber && flags.includes('0')) return prefix + '0'.repeat(room) + text
  return ' '.repeat(room) + prefix + text
}

function missing(text: string, expansions: Expansions, option: string, name: string): Expanded {
  const available = [...expansions.keys()].sort().join(', ')
  const message = `Format string ${pythonRepr(text)} for ${pythonRepr(option)} contains names (${pythonRepr(name)}) which cannot be expanded. Available names: ${available}`
  return { kind: 'error', message }
}

function badlyFormatted(text: string, option: string, why: string): Expanded {
  return {
    kind: 'error',
    message: `Format string ${pythonRepr(text)} for ${pythonRepr(option)} is badly formatted: ${why}`,
  }
}
