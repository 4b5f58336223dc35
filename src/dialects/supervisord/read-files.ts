import { configBytesMax, configFilesMax, problemsMax } from '../../core/limits.ts'
import type { Problem } from '../../formats/format-error.ts'
import {
  type IniDocument,
  type IniEntry,
  type IniError,
  type IniSection,
  mergeIni,
  parseIni,
} from '../../formats/ini.ts'
import { type Expansions, expandFormat } from '../../formats/python-format.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { below, directoryOf, normalPath } from './paths.ts'
import { report } from './problems.ts'
import type { Notice } from './settings.ts'

/** All files of one source, merged by one parser as supervisord does. */
export interface SupervisordFiles {
  readonly document: IniDocument
  readonly problems: Problem[]
  /** What supervisord writes into its log about them. */
  readonly notices: readonly Notice[]
}

interface Reading {
  readonly reader: SourceReader
  readonly problems: Problem[]
  readonly notices: Notice[]
  readonly budget: { files: number; bytes: number }
}

/**
 * Reads the files in order, each followed by what its `[include]` names; an `[include]` in an included file has no effect.
 * One file with a `[supervisord]` section is a main file; a directory of fragments reads as if a main file included them.
 */
export function readSupervisordFiles(paths: readonly string[], reader: SourceReader): SupervisordFiles {
  const reading: Reading = { reader, problems: [], notices: [], budget: { files: 0, bytes: 0 } }
  const { problems, notices, budget } = reading
  const main = paths.map((path) => readOne(path, reading, true)).filter((one) => one !== null)
  const isHereReplaced = paths.length > 1 || main.some((document) => document.sections.has('include'))
  let merged: IniDocument = { file: paths[0] ?? '', sections: new Map(), defaults: new Map(), errors: [] }
  for (const document of main) {
    merged = add(merged, isHereReplaced ? replaceHere(document) : document, problems)
    const include = document.sections.get('include')
    if (include === undefined) continue
    for (const path of includedPaths(document, include, reading)) {
      if (++budget.files > configFilesMax) {
        const message = `more than ${configFilesMax} files are included`
        report(problems, include, { setting: 'include.files', message, hint: 'narrow the pattern' })
        break
      }
      notices.push({ level: 'info', message: `Included extra file "${path}" during parsing` })
      const included = readOne(path, reading, false)
      if (included !== null) merged = add(merged, replaceHere(included), problems)
    }
  }
  return { document: merged, problems, notices }
}

function readOne(path: string, { reader, problems, budget }: Reading, isRequired: boolean): IniDocument | null {
  const start = { file: path, line: 1, column: 1 }
  const text = reader.read(path)
  if (isFailure(text)) {
    const hint = 'check the path and its permissions'
    if (isRequired) {
      const original = `could not ${text.code === 'ENOENT' ? 'find' : 'read'} config file ${path}`
      return report(problems, start, { setting: '', message: `${original}: ${text.message}`, hint, original })
    }
    // supervisord skips it without a word.
    const message = `the included file is skipped: ${text.message}`
    return report(problems, start, { setting: '', message, hint, severity: 'warning' })
  }
  budget.bytes += text.length
  if (budget.bytes > configBytesMax) {
    const message = `the files of this source are larger than ${configBytesMax} bytes together`
    return report(problems, start, { setting: '', message, hint: 'split them between sources' })
  }
  const document = parseIni(text, path)
  for (const [index, { message, ...at }] of document.errors.entries()) {
    // It tells all of them at once.
    const original = index === 0 ? { original: allErrors(document.errors.slice(0, problemsMax)) } : {}
    report(problems, at, { setting: '', message, hint: '', ...original })
  }
  return document
}

// One text for all bad lines of a file, or that it has no header.
function allErrors(errors: readonly IniError[]): string {
  const messages = errors.map(({ message }) => message)
  const noHeader = messages.find((message) => message.startsWith('File contains no section headers'))
  if (noHeader !== undefined) return noHeader
  const [first = '', ...rest] = messages
  return [first, ...rest.map((message) => message.slice(message.indexOf('\n\t') + 1))].join('\n')
}

function includedPaths(
  document: IniDocument,
  include: IniSection,
  { reader, problems, notices }: Reading,
): readonly string[] {
  const setting = 'include.files'
  const entry = include.entries.get('files') ?? document.defaults.get('files')
  if (entry === undefined) {
    const message = '.ini file has [include] section, but no files setting'
    report(problems, include, { setting, message, hint: "write 'files = conf.d/*.conf'" })
    return []
  }
  const here = directoryOf(document.file)
  const expansions: Expansions = new Map([
    ['here', here],
    ['host_node_name', reader.hostName],
    ...callerExpansions(reader),
  ])
  const files = expandFormat(entry.value, expansions, setting)
  if (files.kind === 'error') {
    report(problems, entry, { setting, message: files.message, hint: "write '%%' for a percent sign" })
    return []
  }
  const found: string[] = []
  for (const pattern of files.value.split(/\s+/).filter((one) => one !== '')) {
    const absolute = below(here, pattern)
    const paths = reader.glob(normalPath(absolute))
    if (paths.length === 0) {
      const message = `No file matches via include "${absolute}"`
      const hint = 'check the pattern; it is relative to this file'
      notices.push({ level: 'warn', message })
      report(problems, entry, { setting, message, hint, severity: 'warning' })
    }
    found.push(...paths)
  }
  return found
}

function add(merged: IniDocument, next: IniDocument, problems: Problem[]): IniDocument {
  for (const section of next.sections.values()) {
    const before = merged.sections.get(section.name)
    if (before === undefined || before.file === section.file || !section.name.includes(':')) continue
    const message = `[${section.name}] stands in ${before.file} as well; where both set a key, this file wins`
    const hint = 'rename one of them if they are different programs'
    report(problems, section, { setting: section.name, message, hint, severity: 'warning' })
  }
  return mergeIni(merged, next)
}

/** `%(here)s` becomes the directory of the file it stands in, before anything else is expanded. */
function replaceHere(document: IniDocument): IniDocument {
  const here = directoryOf(document.file)
  const replace = (entries: ReadonlyMap<string, IniEntry>) =>
    new Map([...entries].map(([key, entry]) => [key, { ...entry, value: entry.value.replaceAll('%(here)s', here) }]))
  const sections = [...document.sections].map(([name, section]): [string, IniSection] => [
    name,
    { ...section, entries: replace(section.entries) },
  ])
  return { ...document, sections: new Map(sections), defaults: replace(document.defaults) }
}

/** Without what only our launcher put there. */
export function callerExpansions({ environment }: SourceReader): readonly [string, string][] {
  return environmentExpansions(environment).filter(([name]) => !launcherNames.has(name))
}

const launcherNames: ReadonlySet<string> = new Set(['ENV_HOLDFAST_COMMAND', 'ENV_HOLDFAST_NOFILE_SOFT'])

export function environmentExpansions(environment: Readonly<Record<string, string>>): readonly [string, string][] {
  return Object.entries(environment).map(([name, value]) => [`ENV_${name}`, value])
}
