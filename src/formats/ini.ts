import type { Position } from './format-error.ts'
import { isPythonSpace, pythonIndent, pythonRepr, pythonRstrip, pythonStrip } from './python-text.ts'

/** One key. The position is the key's own; the value begins at `valueLine`, `valueColumn`. */
export interface IniEntry extends Position {
  readonly key: string
  readonly value: string
  readonly valueLine: number
  readonly valueColumn: number
}

export interface IniSection extends Position {
  readonly name: string
  readonly entries: ReadonlyMap<string, IniEntry>
}

export interface IniDocument {
  readonly file: string
  /** In the order of their first appearance, without `[DEFAULT]`. */
  readonly sections: ReadonlyMap<string, IniSection>
  /** `[DEFAULT]`: values for every section that has none of its own. */
  readonly defaults: ReadonlyMap<string, IniEntry>
  readonly errors: readonly IniError[]
}

export interface IniError extends Position {
  readonly message: string
}

interface OpenEntry extends Omit<IniEntry, 'value'> {
  readonly lines: string[]
}

interface OpenSection extends Position {
  readonly name: string
  readonly entries: Map<string, OpenEntry>
}

interface Reading {
  readonly file: string
  readonly sections: Map<string, OpenSection>
  readonly defaults: OpenSection
  readonly errors: IniError[]
  section: OpenSection | null
  entry: OpenEntry | null
  indent: number
}

/**
 * Reads the INI that supervisord reads: Python's RawConfigParser with strict=False and inline comments by `;` and `#`.
 * Never throws; every bad line is in `errors`, with the text Python has for it.
 */
export function parseIni(text: string, file: string): IniDocument {
  const reading: Reading = {
    file,
    sections: new Map(),
    defaults: { name: 'DEFAULT', file, line: 1, column: 1, entries: new Map() },
    errors: [],
    section: null,
    entry: null,
    indent: 0,
  }
  const lines = text.split(/\r\n|\r|\n/)
  for (const [index, line] of lines.entries()) {
    const isLast = index === lines.length - 1
    if (isLast && line === '') break
    if (!readLine(reading, line, index + 1, isLast ? '' : '\n')) break
  }
  const sections = new Map<string, IniSection>()
  for (const [name, section] of reading.sections) sections.set(name, { ...section, entries: closeEntries(section) })
  return { file, sections, defaults: closeEntries(reading.defaults), errors: reading.errors }
}

/** Later keys override earlier ones, as when one parser reads several files; a section keeps its first place and position. */
export function mergeIni(first: IniDocument, second: IniDocument): IniDocument {
  const sections = new Map(first.sections)
  for (const [name, section] of second.sections) {
    const before = sections.get(name)
    sections.set(name, before ? { ...before, entries: new Map([...before.entries, ...section.entries]) } : section)
  }
  return {
    file: first.file,
    sections,
    defaults: new Map([...first.defaults, ...second.defaults]),
    errors: [...first.errors, ...second.errors],
  }
}

// Returns false when the rest of the file cannot be read.
function readLine(reading: Reading, line: string, lineNumber: number, lineEnd: string): boolean {
  const commentAt = findComment(line)
  const value = pythonStrip(commentAt === -1 ? line : line.slice(0, commentAt))
  if (value === '') {
    // An empty line may belong to a value that goes on; a line with only a comment is dropped.
    if (commentAt === -1) reading.entry?.lines.push('')
    return true
  }
  const indent = pythonIndent(line)
  if (reading.entry !== null && indent > reading.indent) {
    reading.entry.lines.push(value)
    return true
  }
  reading.indent = indent
  const at = { file: reading.file, line: lineNumber, column: indent + 1 }
  const sectionName = readSectionName(value)
  if (sectionName !== null) {
    openSection(reading, sectionName, at)
    return true
  }
  if (reading.section === null) {
    const shown = pythonRepr(line + lineEnd)
    const message = `File contains no section headers.\nfile: ${pythonRepr(reading.file)}, line: ${lineNumber}\n${shown}`
    reading.errors.push({ ...at, message })
    return false
  }
  readEntry(reading, value, at, pythonRepr(line + lineEnd))
  return true
}

/** The earliest of `;` and `#` that stands at the start or after whitespace; 0 where nothing is before it; -1: none. */
export function findComment(line: string): number {
  const indent = pythonIndent(line)
  if (line[indent] === ';' || line[indent] === '#') return 0
  for (let at = 0; at < line.length; at++) {
    if ((line[at] === ';' || line[at] === '#') && (at === 0 || isPythonSpace(line[at - 1]))) return at
  }
  return -1
}

/** Up to the last bracket; what follows it is ignored. */
export function readSectionName(value: string): string | null {
  const end = value.lastIndexOf(']')
  return value.startsWith('[') && end > 1 ? value.slice(1, end) : null
}

function openSection(reading: Reading, name: string, at: Position): void {
  reading.entry = null
  const known = name === 'DEFAULT' ? reading.defaults : reading.sections.get(name)
  reading.section = known ?? { ...at, name, entries: new Map() }
  if (known === undefined) reading.sections.set(name, reading.section)
}

function readEntry(reading: Reading, value: string, at: Position, shown: string): void {
  const delimiterAt = value.search(/[=:]/)
  const key = pythonRstrip(value.slice(0, Math.max(delimiterAt, 0))).toLowerCase()
  if (delimiterAt === -1 || key === '') {
    const message = `Source contains parsing errors: ${pythonRepr(reading.file)}\n\t[line ${String(at.line).padStart(2)}]: ${shown}`
    reading.errors.push({ ...at, message })
    if (delimiterAt !== -1) reading.entry = null
    return
  }
  const rest = value.slice(delimiterAt + 1)
  const valueColumn = at.column + delimiterAt + 1 + pythonIndent(rest)
  const entry: OpenEntry = { ...at, key, lines: [pythonStrip(rest)], valueLine: at.line, valueColumn }
  reading.section!.entries.set(key, entry)
  reading.entry = entry
}

function closeEntries(section: OpenSection): ReadonlyMap<string, IniEntry> {
  const entries = new Map<string, IniEntry>()
  for (const [key, { lines, ...entry }] of section.entries) {
    entries.set(key, { ...entry, value: pythonRstrip(lines.join('\n')) })
  }
  return entries
}
