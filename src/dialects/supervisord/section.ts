import type { EnvironmentRules } from '../../formats/environment-pairs.ts'
import type { Position, Problem } from '../../formats/format-error.ts'
import type { IniDocument, IniEntry, IniSection } from '../../formats/ini.ts'
import { type Expansions, expandFormat } from '../../formats/python-format.ts'
import type { SourceReader } from '../source-reader.ts'
import { report } from './problems.ts'
import type { Notice } from './settings.ts'
import type { Value } from './values.ts'

/** What reading one source carries along. */
export interface Context {
  readonly document: IniDocument
  readonly reader: SourceReader
  /** The directory of the main file: `%(here)s`. */
  readonly here: string
  /** Where relative paths start. */
  readonly base: string
  /** Names for every option of every section: ENV_x. */
  readonly common: Expansions
  /** `[supervisord] environment`, below every program's own. */
  readonly environment: Readonly<Record<string, string>>
  readonly environmentRules: EnvironmentRules
  /** What of the daemon itself shows in its programs. */
  readonly daemon: DaemonTraits
  readonly problems: Problem[]
  /** Told once, however many processes they are about. */
  readonly notices: Map<string, Notice>
  /** Told already: what is wrong with an entry is wrong for every process that has it. */
  readonly failed: Set<IniEntry>
  /** What the processes read so far amount to. */
  readonly totals: { units: number; bytes: number }
}

export interface DaemonTraits {
  /** Absolute; null: not written. */
  readonly childlogdir: string | null
  readonly identifier: string
  readonly isAnsiStripped: boolean
  /** Where its programs find it; null: it listens nowhere. */
  readonly serverUrl: string | null
  /** An event listener of the files starts what says `dependent_startup`. */
  readonly hasStartupListener: boolean
}

/** One section being read; the names it may use grow as it is read. */
export interface Section {
  readonly context: Context
  readonly section: IniSection
  readonly expansions: Expansions
  /** `[program-default]`, of a program. */
  readonly fallback: ReadonlyMap<string, IniEntry> | null
  /** What supervisord puts behind its errors: in which section and file; empty while it does not say so. */
  readonly suffix: string
}

export function beginSection(context: Context, section: IniSection): Section {
  const isProgram = section.name.startsWith('program:')
  const fallback = isProgram ? (context.document.sections.get('program-default')?.entries ?? null) : null
  return { context, section, expansions: context.common, fallback, suffix: '' }
}

/** The entry of a key, from the section itself or from what stands for it. */
export function entryOf({ context, section, fallback }: Section, key: string): IniEntry | null {
  return section.entries.get(key) ?? fallback?.get(key) ?? context.document.defaults.get(key) ?? null
}

/** The expanded text of a key; null where it is not written or, with a problem reported, cannot be expanded. */
export function textOf(section: Section, key: string): string | null {
  const entry = entryOf(section, key)
  return entry === null ? null : expand(section, entry, entry.value, `${section.section.name}.${key}`)
}

export function expand(section: Section, entry: IniEntry, text: string, option: string): string | null {
  if (section.context.failed.has(entry)) return null
  const result = expandFormat(text, section.expansions, option)
  if (result.kind === 'value') return result.value
  return failEntry(section, entry, result.message, "write '%%' for a percent sign")
}

/** The parsed value of a key, or the default where it is not written or wrong (which is reported). */
export function readValue<T>(section: Section, key: string, parse: (text: string) => Value<T>, otherwise: T): T {
  const text = textOf(section, key)
  if (text === null) return otherwise
  const result = parse(text)
  if (result.kind === 'value') return result.value
  failEntry(section, entryOf(section, key)!, result.message, result.hint)
  return otherwise
}

/** Nothing more is said of the entry. */
export function failEntry(section: Section, entry: IniEntry, message: string, hint: string, original?: string): null {
  section.context.failed.add(entry)
  return fail(section, entry, entry.key, message, hint, original)
}

/** `original`: supervisord's words, where they are not the message. */
export function fail(
  section: Section,
  at: Position,
  key: string,
  message: string,
  hint: string,
  original = message,
): null {
  const setting = settingOf(section, key)
  return report(section.context.problems, at, { setting, message, hint, original: original + section.suffix })
}

export function warn(section: Section, at: Position, key: string, message: string, hint: string): null {
  return report(section.context.problems, at, { setting: settingOf(section, key), message, hint, severity: 'warning' })
}

/** A warning that supervisord writes into its log as well. */
export function warnAsOriginal(section: Section, at: Position, key: string, message: string, hint: string): null {
  section.context.notices.set(message, { level: 'warn', message })
  return warn(section, at, key, message, hint)
}

function settingOf({ section }: Section, key: string): string {
  return key === '' ? section.name : `${section.name}.${key}`
}

export function withNames(section: Section, names: Iterable<readonly [string, string | number]>): Section {
  const expansions = new Map(section.expansions)
  for (const [name, value] of names) expansions.set(name, value)
  return { ...section, expansions }
}
