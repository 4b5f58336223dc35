import { parseByteSize } from '../../formats/byte-size.ts'
import { parsePairText } from '../../formats/compose-values/small-texts.ts'
import { parseDuration } from '../../formats/duration.ts'
import type { Position, Problem } from '../../formats/format-error.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../formats/yaml.ts'

/** What reading one state carries along. */
export interface Reading {
  readonly file: string
  readonly problems: Problem[]
}

/** A value with the path of keys that leads to it. */
export interface Setting {
  readonly path: string
  readonly node: YamlNode
}

export function fail(reading: Reading, { path, node }: Setting, message: string, hint: string): null {
  reading.problems.push({ ...placeOf(reading, node), setting: path, message, hint, severity: 'error' })
  return null
}

export function warn(reading: Reading, { path, node }: Setting, message: string, hint = ''): void {
  reading.problems.push({ ...placeOf(reading, node), setting: path, message, hint, severity: 'warning' })
}

function placeOf({ file }: Reading, { line, column }: Position): Position {
  return { file, line, column }
}

/** Keys that need no quotes are joined by dots: `apps.1234.services["my.web"].image`. */
export function pathTo(path: string, key: string): string {
  if (!/^[A-Za-z0-9_-]+$/.test(key)) return `${path}[${JSON.stringify(key)}]`
  return path === '' ? key : `${path}.${key}`
}

export function settingOf(parent: string, entry: YamlEntry): Setting {
  return { path: pathTo(parent, entry.key), node: entry.value }
}

/** The values of a map that are not null, by key. */
export interface Fields {
  readonly path: string
  readonly node: YamlMap
  readonly entries: readonly YamlEntry[]
  /** null: it is not there, or null. */
  get(key: string): Setting | null
}

/** null: it is no map, which is told. */
export function readFields(reading: Reading, setting: Setting, expected: string): Fields | null {
  const { path, node } = setting
  if (node.kind !== 'map') {
    return fail(reading, setting, `an object is expected here, not ${described(node)}`, `write ${expected}`)
  }
  return fieldsOf(path, node)
}

export function isNull({ node }: Pick<Setting, 'node'>): boolean {
  return node.kind === 'scalar' && node.value === null
}

function fieldsOf(path: string, node: YamlMap): Fields {
  const isThere = ({ value }: YamlEntry) => !isNull({ node: value })
  return {
    path,
    node,
    entries: [...node.entries.values()].filter(isThere),
    get(key) {
      const entry = node.entries.get(key)
      return entry === undefined || !isThere(entry) ? null : settingOf(path, entry)
    },
  }
}

/** The same of what need not be there. */
export function optionalFields(reading: Reading, parent: Fields, key: string, expected: string): Fields {
  const setting = parent.get(key)
  const fields = setting === null ? null : readFields(reading, setting, expected)
  return fields ?? fieldsOf(pathTo(parent.path, key), { ...parent.node, entries: new Map() })
}

export function optional<T>(setting: Setting | null, read: (setting: Setting) => T | null): T | null {
  return setting === null ? null : read(setting)
}

/** Says that a field is missing, at the object that should have it. */
export function failMissing(
  reading: Reading,
  { path, node }: Pick<Fields, 'path' | 'node'>,
  key: string,
  expected: string,
): null {
  return fail(reading, { path: pathTo(path, key), node }, 'this is missing', `write ${expected}`)
}

// ---- scalars -------------------------------------------------------------------------------------------------

/** A text and nothing else. */
export function readText(reading: Reading, setting: Setting, expected: string): string | null {
  const { node } = setting
  if (node.kind === 'scalar' && typeof node.value === 'string') return withoutNul(reading, setting, node.value)
  return fail(reading, setting, `a text is expected here, not ${described(node)}`, `write ${expected}`)
}

/** A text, or a number or a boolean taken as the text that is written. */
export function readWord(reading: Reading, setting: Setting, expected: string): string | null {
  const { node } = setting
  if (node.kind === 'scalar' && node.value !== null) return withoutNul(reading, setting, node.source)
  return fail(reading, setting, `a text is expected here, not ${described(node)}`, `write ${expected}`)
}

function withoutNul(reading: Reading, setting: Setting, text: string): string | null {
  if (!text.includes('\0')) return text
  return fail(reading, setting, 'there is a NUL character in this text', 'remove it: nothing can be given one')
}

/** Also as a text of digits. */
export function readInteger(
  reading: Reading,
  setting: Setting,
  range: { readonly min: number; readonly max?: number },
): number | null {
  const { min, max = Number.MAX_SAFE_INTEGER } = range
  const { node } = setting
  const text = node.kind === 'scalar' && typeof node.value !== 'boolean' ? node.source.trim() : ''
  const value = /^[+-]?\d+(?:\.0+)?$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value
  const upTo = range.max === undefined ? `of at least ${min}` : `from ${min} to ${max}`
  return fail(
    reading,
    setting,
    `${described(node)} is not a whole number ${upTo}`,
    `write a number such as ${Math.max(min, 1)}`,
  )
}

export function readNumber(reading: Reading, setting: Setting): number | null {
  const { node } = setting
  const text = node.kind === 'scalar' && typeof node.value !== 'boolean' ? node.source.trim() : ''
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN
  if (Number.isFinite(value)) return value
  return fail(reading, setting, `${described(node)} is not a number of at least 0`, 'write a number such as 0.5')
}

/** true, 1, "1", "true", "on", "yes" and their opposites. */
export function readBoolean(reading: Reading, setting: Setting): boolean | null {
  const { node } = setting
  const text = node.kind === 'scalar' ? node.source.trim() : ''
  if (isTruthy(text)) return true
  if (/^(?:0|false|off|no)$/i.test(text)) return false
  return fail(reading, setting, `${described(node)} is neither true nor false`, 'write true or false')
}

/** What the original agent takes for yes in labels and variables. */
export function isTruthy(text: string | undefined): boolean {
  return text !== undefined && /^(?:1|true|on|yes)$/i.test(text)
}

/** Null where nothing is limited: zero. */
export function readByteSize(reading: Reading, setting: Setting): number | null {
  const text = readWord(reading, setting, sizeForms)
  if (text === null) return null
  const bytes = parseByteSize(text.trim())
  if (bytes === null) return fail(reading, setting, `'${text}' is not a size`, `write ${sizeForms}`)
  return bytes === 0 ? null : bytes
}

const sizeForms = 'a number with its unit, such as 512k, 64m or 1.5g'

/** Milliseconds; a number alone is `unitMs` each. */
export function readDuration(reading: Reading, setting: Setting, unitMs = 1_000): number | null {
  const text = readWord(reading, setting, durationForms)?.trim() ?? null
  if (text === null) return null
  const plain = /^\d{1,12}(?:\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * unitMs) : null
  const durationMs = plain ?? parseDuration(text)
  if (durationMs === null) return fail(reading, setting, `'${text}' is not a duration`, `write ${durationForms}`)
  if (durationMs <= durationMsMax) return durationMs
  return fail(reading, setting, `'${text}' is longer than 1000 days`, 'write a shorter duration')
}

const durationForms = 'a number with its unit, such as 500ms, 10s or 1m30s'

/** 1000 days: a longer one is a slip. */
const durationMsMax = 1_000 * 86_400_000

// ---- lists and maps ------------------------------------------------------------------------------------------

/** The items of a list; one scalar stands for a list of it. */
export function readItems(reading: Reading, setting: Setting, expected: string): readonly Setting[] {
  const { path, node } = setting
  if (node.kind === 'list') return node.items.map((item, index) => ({ path: `${path}[${index}]`, node: item }))
  if (node.kind === 'scalar') return [setting]
  fail(reading, setting, `a list is expected here, not ${described(node)}`, `write a list of ${expected}`)
  return []
}

export function readWords(reading: Reading, setting: Setting, expected: string): readonly string[] {
  return readItems(reading, setting, expected).flatMap((item) => readWord(reading, item, expected) ?? [])
}

export interface Pair {
  readonly key: string
  /** null: none is written. */
  readonly value: string | null
  readonly setting: Setting
}

/** A map of texts, or a list of `KEY=value`. */
export function readPairs(reading: Reading, setting: Setting, expected: string): readonly Pair[] {
  const { path, node } = setting
  if (node.kind === 'map') {
    return [...node.entries.values()].flatMap((entry): readonly Pair[] => {
      const one = settingOf(path, entry)
      if (isNull(one)) return [{ key: entry.key, value: null, setting: one }]
      const value = readWord(reading, one, expected)
      return value === null ? [] : [{ key: entry.key, value, setting: one }]
    })
  }
  return readItems(reading, setting, `${expected} as KEY=value`).flatMap((item): readonly Pair[] => {
    const text = readWord(reading, item, `${expected} as KEY=value`)
    const pair = text === null ? null : parsePairText(text)
    if (pair !== null) return [{ ...pair, setting: item }]
    if (text !== null) fail(reading, item, `'${text}' has no name before the =`, 'write KEY=value')
    return []
  })
}

export function textsOf(pairs: readonly Pair[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.map(({ key, value }) => [key, value ?? '']))
}

export function described(node: YamlNode): string {
  if (node.kind === 'map') return 'an object'
  if (node.kind === 'list') return 'a list'
  if (node.value === null) return 'null'
  return typeof node.value === 'string' ? `'${shortened(node.value)}'` : node.source
}

function shortened(text: string): string {
  return text.length <= 60 ? text : `${text.slice(0, 60)}…`
}
