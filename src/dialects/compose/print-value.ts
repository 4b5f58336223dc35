import { isDeepStrictEqual } from 'node:util'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'

/** complete: every key that has a value. short: only what is not as it would be without being written. */
export type Style = 'complete' | 'short'

/** The value, unless it would be the same without being written and need not be said. */
export function unlessUsual<T extends YamlValue>(style: Style, value: T, usual: YamlValue): T | undefined {
  return style === 'short' && isDeepStrictEqual(value, usual) ? undefined : value
}

/** The map, unless nothing is in it. */
export function unlessEmpty(record: YamlRecord): YamlRecord | undefined {
  return Object.values(record).every((value) => value === undefined) ? undefined : record
}

/** Names of somebody's choice with their texts: a map, or a list where YAML takes a name for something else. */
export function printNamed(values: Readonly<Record<string, string>>): YamlValue | undefined {
  const entries = Object.entries(values)
  if (entries.length === 0) return undefined
  // A merge key is one however it is quoted.
  const isTaken = entries.some(([name]) => name === '<<')
  return isTaken ? entries.map(([name, value]) => `${name}=${value}`) : Object.fromEntries(entries)
}

/** As the decoder reads it: a dollar sign that is meant is doubled. */
export function escapeVariables(value: YamlValue): YamlValue {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$')
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return value.map(escapeVariables)
  return escapeRecord(value)
}

export function escapeRecord(record: YamlRecord): YamlRecord {
  const entries = Object.entries(record)
  return Object.fromEntries(entries.map(([key, one]) => [key, one === undefined ? one : escapeVariables(one)]))
}

/** Without the keys that say nothing, all the way down. */
export function said(record: YamlRecord): YamlRecord {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries.map(([key, value]) => [key, saidValue(value!)]))
}

function saidValue(value: YamlValue): YamlValue {
  if (typeof value !== 'object' || value === null) return value
  return isList(value) ? value.map(saidValue) : said(value as YamlRecord)
}

function isList(value: YamlValue): value is readonly YamlValue[] {
  return Array.isArray(value)
}
