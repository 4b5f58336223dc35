import { configBytesMax, configFilesMax } from '../../core/limits.ts'
import type { Position, Problem } from '../../formats/format-error.ts'
import { type IniDocument, type IniEntry, type IniSection, mergeIni, parseIni } from '../../formats/ini.ts'
import { type Expansions, expandFormat } from '../../formats/python-format.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'

/** All files of one source, merged by one parser as supervisord does. */
export interface SupervisordFiles {
  readonly document: IniDocument
  /** Whether `%(here)s` was put in already, as text. */
  readonly isHereReplaced: boolean
  readonly problems: Problem[]
}

/**
 * Reads the files in order, each followed by what its `[include]` names; an `[include]` in an included file has no effect.
 * One file with a `[supervisord]` section is a main file; a directory of fragments reads as if a main file included them.
 */
export function readSupervisordFiles(paths: readonly string[], reader: SourceReader): SupervisordFiles {
  const problems: Problem[] = []
  const budget = { files: 0, bytes: 0 }
  const main = paths.map((path) => readOne(path, reader, problems, budget, true)).filter((one) => one !== null)
  const isHereReplaced = paths.length > 1 || main.some((document) => document.sections.has('include'))
  let merged: IniDocument = { file: paths[0] ?? '', sections: new Map(), defaults: new Map(), errors: [] }
  for (const document of main) {
    merged = add(merged, isHereReplaced ? replaceHere(document) : document, problems)
    const include = document.sections.get('include')
    if (include === undefined) continue
    for (const path of includedPaths(document, include, reader, problems)) {
      if (++budget.files > configFilesMax) {
        report(
          problems,
          include,
          'include.files',
          `more than ${configFilesMax} files are included`,
          'narrow the pattern',
        )
        break
      }
      const included = readOne(path, reader, problems, budget, false)
      if (included !== null) merged = add(merged, replaceHere(included), problems)
    }
  }
  return { document: merged, isHereReplaced, problems }
}

export function report(
  problems: Problem[],
  at: Position,
  setting: string,
  message: string,
  hint: string,
  severity: Problem['severity'] = 'error',
): null {
  problems.push({ file: at.file, line: at.line, column: at.column, setting, message, hint, severity })
  return null
}

function readOne(
  path: string,
  reader: SourceReader,
  problems: Problem[],
  budget: { files: number; bytes: number },
  isRequired: boolean,
): IniDocument | null {
  const start = { file: path, line: 1, column: 1 }
  const text = reader.read(path)
  if (isFailure(text)) {
    // supervisord skips an included file that it cannot read without a word.
    const message = isRequired
      ? `could not read config file ${path}: ${text.message}`
      : `the included file is skipped: ${text.message}`
    return report(problems, start, '', message, 'check the path and its permissions', isRequired ? 'error' : 'warning')
  }
  budget.bytes += text.length
  if (budget.bytes > configBytesMax) {
    return report(
      problems,
      start,
      '',
      `the files of this source are larger than ${configBytesMax} bytes together`,
      'split them between sources',
    )
  }
  const document = parseIni(text, path)
  for (const { message, ...at } of document.errors) report(problems, at, '', message, '')
  return document
}

function includedPaths(
  document: IniDocument,
  include: IniSection,
  reader: SourceReader,
  problems: Problem[],
): readonly string[] {
  const entry = include.entries.get('files') ?? document.defaults.get('files')
  if (entry === undefined) {
    report(
      problems,
      include,
      'include.files',
      '.ini file has [include] section, but no files setting',
      "write 'files = conf.d/*.conf'",
    )
    return []
  }
  const here = directoryOf(document.file)
  const expansions: Expansions = new Map([
    ['here', here],
    ['host_node_name', reader.hostName],
    ...environmentExpansions(reader.environment),
  ])
  const files = expandFormat(entry.value, expansions, 'include.files')
  if (files.kind === 'error') {
    report(problems, entry, 'include.files', files.message, "write '%%' for a percent sign")
    return []
  }
  const found: string[] = []
  for (const pattern of files.value.split(/\s+/).filter((one) => one !== '')) {
    const absolute = pattern.startsWith('/') ? pattern : `${here === '/' ? '' : here}/${pattern}`
    const paths = reader.glob(normalise(absolute))
    if (paths.length === 0) {
      report(
        problems,
        entry,
        'include.files',
        `No file matches via include "${absolute}"`,
        'check the pattern; it is relative to this file',
        'warning',
      )
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
    report(problems, section, section.name, message, 'rename one of them if they are different programs', 'warning')
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

export function environmentExpansions(environment: Readonly<Record<string, string>>): readonly [string, string][] {
  return Object.entries(environment).map(([name, value]) => [`ENV_${name}`, value])
}

export function directoryOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/'
}

function normalise(path: string): string {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
