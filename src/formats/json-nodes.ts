import { configBytesMax, configDepthMax, configNodesMax, problemsMax } from '../core/limits.ts'
import { findLines, type Position, type Problem, placeIn } from './format-error.ts'
import type { YamlEntry, YamlMap, YamlNode } from './yaml.ts'

/** What a text of JSON holds, in the words that YAML is read into: plain data that knows where it stands. */
export interface JsonFile {
  /** null: it could not be read. */
  readonly root: YamlNode | null
  readonly problems: readonly Problem[]
}

interface Reading {
  readonly text: string
  readonly file: string
  readonly lines: readonly number[]
  readonly problems: Problem[]
  at: number
  nodes: number
}

/** Ends the reading of a text; its problem is among the others already. */
class Stop extends Error {}

/**
 * Reads JSON as RFC 8259 has it. Never throws for what is in the text: what is no JSON is one problem at its place, a key that is
 * there twice is one each time. Time is linear; depth and number of values are limited.
 */
export function parseJson(text: string, file: string): JsonFile {
  const reading: Reading = { text, file, lines: findLines(text), problems: [], at: 0, nodes: 0 }
  try {
    if (text.length > configBytesMax) stop(reading, `the text is larger than ${configBytesMax} characters`, 'split it')
    // A byte order mark, which some editors put there.
    if (text.startsWith('\uFEFF')) reading.at = 1
    skipBlanks(reading)
    const root = readValue(reading, 0)
    skipBlanks(reading)
    if (reading.at < text.length) stop(reading, `${shown(reading)} stands behind the end of the value`, 'remove it')
    return { root, problems: reading.problems }
  } catch (error) {
    if (!(error instanceof Stop)) throw error
    return { root: null, problems: reading.problems }
  }
}

function readValue(reading: Reading, depth: number): YamlNode {
  const { text, at } = reading
  if (depth > configDepthMax) {
    stop(reading, 'the values are nested too deeply', `nothing here needs more than ${configDepthMax} levels`)
  }
  reading.nodes += 1
  if (reading.nodes > configNodesMax) {
    stop(reading, `there are more than ${configNodesMax} values`, 'split it into several')
  }
  const char = text[at]
  if (char === '{') return readMap(reading, depth)
  if (char === '[') return readList(reading, depth)
  if (char === '"') {
    const value = readText(reading)
    return { kind: 'scalar', value, source: value, ...placeAt(reading, at) }
  }
  for (const [word, value] of words) {
    if (!text.startsWith(word, at)) continue
    reading.at += word.length
    return { kind: 'scalar', value, source: word, ...placeAt(reading, at) }
  }
  number.lastIndex = at
  const source = number.exec(text)?.[0]
  if (source === undefined) stop(reading, `a value is expected here, not ${shown(reading)}`, valueForms)
  reading.at += source.length
  return { kind: 'scalar', value: Number(source), source, ...placeAt(reading, at) }
}

const words = [
  ['true', true],
  ['false', false],
  ['null', null],
] as const

const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y

const valueForms = 'write a text in double quotes, a number, true, false, null, [ or {'

function readMap(reading: Reading, depth: number): YamlMap {
  const place = placeAt(reading, reading.at)
  const entries = new Map<string, YamlEntry>()
  reading.at += 1
  skipBlanks(reading)
  if (taken(reading, '}')) return { kind: 'map', entries, ...place }
  for (;;) {
    const keyPlace = placeAt(reading, reading.at)
    if (reading.text[reading.at] !== '"') {
      stop(reading, `a key in double quotes is expected here, not ${shown(reading)}`, commaHint(reading))
    }
    const key = readText(reading)
    skipBlanks(reading)
    if (!taken(reading, ':'))
      stop(reading, `a colon is expected behind the key, not ${shown(reading)}`, 'write "key": value')
    skipBlanks(reading)
    const value = readValue(reading, depth + 1)
    const first = entries.get(key)
    if (first === undefined) entries.set(key, { key, value, ...keyPlace })
    else reportDouble(reading, key, first, keyPlace)
    skipBlanks(reading)
    if (taken(reading, '}')) return { kind: 'map', entries, ...place }
    if (!taken(reading, ',')) stop(reading, `a comma or } is expected here, not ${shown(reading)}`, missingComma)
    skipBlanks(reading)
  }
}

function readList(reading: Reading, depth: number): YamlNode {
  const place = placeAt(reading, reading.at)
  const items: YamlNode[] = []
  reading.at += 1
  skipBlanks(reading)
  if (taken(reading, ']')) return { kind: 'list', items, ...place }
  for (;;) {
    items.push(readValue(reading, depth + 1))
    skipBlanks(reading)
    if (taken(reading, ']')) return { kind: 'list', items, ...place }
    if (!taken(reading, ',')) stop(reading, `a comma or ] is expected here, not ${shown(reading)}`, missingComma)
    skipBlanks(reading)
  }
}

const missingComma = 'put a comma between values, or close what was opened before'

function commaHint({ text, at }: Reading): string {
  return text[at] === '}' ? 'remove the comma before it' : 'write "key": value'
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
const plainText = /[^"\\\u0000-\u001f]*/y

function readText(reading: Reading): string {
  const { text } = reading
  const start = reading.at
  reading.at += 1
  for (;;) {
    plainText.lastIndex = reading.at
    plainText.exec(text)
    reading.at = plainText.lastIndex
    const char = text[reading.at]
    if (char === '"') break
    if (char === undefined) {
      reading.at = start
      stop(reading, 'the text that begins here has no end', 'close it with a double quote')
    }
    if (char !== '\\')
      stop(reading, 'there is a control character in a text', 'write \\n, \\t or \\u0000 instead of it')
    escapeText.lastIndex = reading.at
    if (!escapeText.test(text)) stop(reading, 'this is no escape that JSON has', 'write \\\\ for a backslash')
    reading.at = escapeText.lastIndex
  }
  reading.at += 1
  return JSON.parse(text.slice(start, reading.at))
}

const escapeText = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y

const blanks = /[ \t\r\n]*/y

function skipBlanks(reading: Reading): void {
  blanks.lastIndex = reading.at
  blanks.exec(reading.text)
  reading.at = blanks.lastIndex
}

function taken(reading: Reading, char: string): boolean {
  if (reading.text[reading.at] !== char) return false
  reading.at += 1
  return true
}

function reportDouble(reading: Reading, key: string, first: Position, place: Position): void {
  if (reading.problems.length >= problemsMax) return
  const message = `the key '${key}' is there already, in line ${first.line}`
  reading.problems.push({ ...place, setting: '', message, hint: 'remove one of them', severity: 'error' })
}

function shown({ text, at }: Reading): string {
  const char = text.codePointAt(at)
  return char === undefined ? 'the end of the text' : `'${String.fromCodePoint(char)}'`
}

function placeAt({ lines, file }: Reading, offset: number): Position {
  return placeIn(lines, offset, file)
}

function stop(reading: Reading, message: string, hint: string): never {
  reading.problems.push({ ...placeAt(reading, reading.at), setting: '', message, hint, severity: 'error' })
  throw new Stop(message)
}
