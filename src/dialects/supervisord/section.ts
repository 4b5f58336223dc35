import type { Position, Problem } from '../../formats/format-error.ts'
import type { IniDocument, IniEntry, IniSection } from '../../formats/ini.ts'
import { type Expansions, expandFormat } from '../../formats/python-format.ts'
import type { SourceReader } from '../source-reader.ts'
import { report } from './read-files.ts'
import type { Value } from './values.ts'

/** What reading one source carries along. */
export interface Context {
  readonly document: IniDocument
  readonly reader: SourceReader
  /** The directory of the main file: `%(here)s`, and where relative log paths start. */
  readonly here: string
  /** Names for every option of every section: ENV_x. */
  readonly common: Expansions
  /** `[supervisord] environment`, below every program's own. */
  readonly environment: Readonly<Record<string, string>>
  readonly problems: Problem[]
  /** What the processes read so far amount to. */
  readonly totals: { units: number; bytes: number }
}

/** One section being read; the names it may use grow as it is read. */
export interface Section {
  readonly context: Context
  readonly section: IniSection
  readonly expansions: Expansions
}

/** The entry of a key, from the section itself or from `[DEFAULT]`. */
export function entryOf({ context, section }: Section, key: string): IniEntry | null {
  return section.entries.get(key) ?? context.document.defaults.get(key) ?? null
}

/** The expanded text of a key; null where it is not written or, with a problem reported, cannot be expanded. */
export function textOf(section: Section, key: string): string | null {
  const entry = entryOf(section, key)
  return entry === null ? null : expand(section, entry, entry.value, `${section.section.name}.${key}`)
}

export function expand(
  section: Section,
  at: Position & { readonly key: string },
  text: string,
  option: string,
): string | null {
  const result = expandFormat(text, section.expansions, option)
  if (result.kind === 'value') return result.value
  return fail(section, at, at.key, result.message, "write '%%' for a percent sign")
}

/** The parsed value of a key, or the default where it is not written or wrong (which is reported). */
export function readValue<T>(section: Section, key: string, parse: (text: string) => Value<T>, otherwise: T): T {
  const text = textOf(section, key)
  if (text === null) return otherwise
  const result = parse(text)
  if (result.kind === 'value') return result.value
  fail(section, entryOf(section, key)!, key, result.message, result.hint)
  return otherwise
}

export function fail(section: Section, at: Position, key: string, message: string, hint: string): null {
  return report(section.context.problems, at, settingOf(section, key), message, hint)
}

export function warn(section: Section, at: Position, key: string, message: string, hint: string): null {
  return report(section.context.problems, at, settingOf(section, key), message, hint, 'warning')
}

function settingOf({ section }: Section, key: string): string {
  return key === '' ? section.name : `${section.name}.${key}`
}

export function withNames(section: Section, names: Iterable<readonly [string, string | number]>): Section {
  return { ...section, expansions: new Map([...section.expansions, ...names]) }
}
