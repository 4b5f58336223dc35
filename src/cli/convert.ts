import { writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { App } from '../core/model.ts'
import { printApp } from '../dialects/compose/print.ts'
import { type Converted, convertTarget } from '../dialects/convert.ts'
import type { Conversion, Note, Unplaced } from '../dialects/convert-model.ts'
import { remarksOf } from '../dialects/convert-remarks.ts'
import { differencesOf, originalAt } from '../dialects/convert-supervisord.ts'
import { type DecodedWithOrigins, decodeWithOrigins } from '../dialects/decode-sources.ts'
import { onlyAbove } from '../dialects/remarks.ts'
import { convertServices } from '../dialects/runit/convert.ts'
import { type ServicesDirectory, serviceDirectoriesIn } from '../dialects/runit/decode.ts'
import { fileKind, servicesDirectoryAt } from '../dialects/source-kind.ts'
import { diskSourceReader, isFailure, type SourceReader } from '../dialects/source-reader.ts'
import { type Problem, printProblem } from '../formats/format-error.ts'
import type { YamlRecord, YamlValue } from '../formats/yaml-text.ts'
import { errnoOf } from '../sys/errno.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { shellWord, typed } from '../wire/home.ts'
import type { Context } from './command.ts'
import { shownPath } from './shown-path.ts'
import { visible } from './terminal.ts'
import { wrapHanging } from './wrap.ts'

/** `holdfast convert`: what files declare, as one holdfast.yaml that declares the same. */
export async function runConvert(context: Context): Promise<ExitCode> {
  const { operands, options, environment, out, talk, home } = context
  const source = resolve(operands[0]!)
  const from = (options.value('from') ?? null) as From | null
  const reader = readerFor(source, diskSourceReader(environment))
  const directory = from === null || from === 'runit' ? servicesIn(source, reader, from === 'runit') : null
  if (from === 'runit' && directory === null) {
    talk(`holdfast: ${shownPath(source)} is no directory; name one with service directories in it, or one of them\n`)
    return exitCodes.configurationInvalid
  }
  const read =
    directory === null ? await readFiles(context, source, forOtherHosts(reader)) : readServices(directory, reader)
  if (read === null) return exitCodes.configurationInvalid
  const converted = await convertTarget(read.conversion)
  const notes = [...read.notes, ...converted.notes.map(noteText)]
  for (const note of notes) talk(`${visible(note)}\n`)
  if (converted.services === 0) {
    talk('holdfast: nothing of this can be carried over\n')
    return exitCodes.failed
  }
  const text = headOf(source, notes, converted.comments) + converted.text
  const path = options.value('output')
  if (path === undefined) out(text)
  else {
    const failure = write(path, text)
    if (failure !== null) {
      talk(`holdfast: ${failure}\n`)
      return exitCodes.failed
    }
  }
  talk(`${summary(converted, notes.length)}\n`)
  if (directory !== null)
    talk('where runsvdir has these services, end it before you run the file, or each runs twice\n')
  if (path !== undefined) talk(`compare with what runs: ${typed(home, `plan ${shellWord(path)}`)}\n`)
  return exitCodes.ok
}

type From = 'compose' | 'supervisord' | 'runit'

interface Read {
  readonly conversion: Conversion
  readonly notes: readonly string[]
}

/** null: it has errors, which have been told. */
async function readFiles({ options, talk }: Context, source: string, reader: SourceReader): Promise<Read | null> {
  // Not for this host alone: what it can enforce, and how many files it opens, is told by check where it will run.
  const decoded = await decodeWithOrigins([source], reader, {
    lenient: options.isSet('lenient'),
    descriptorsMax: null,
    dialect: (options.value('from') ?? null) as 'compose' | 'supervisord' | null,
  })
  const errors = decoded.problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0) {
    for (const problem of decoded.problems) talk(`${printProblem(problem)}\n`)
    talk(`holdfast: ${count(errors.length, 'error')}; nothing was converted\n`)
    return null
  }
  const { target, origin } = decoded
  const linesOf = linesReader(reader)
  const original = originalAt(source, reader, options.value('from') === 'supervisord')
  return {
    conversion: { target, origin, createRemarks: (printed) => remarksOf(printed, decoded, { original, linesOf }) },
    notes: [
      ...decoded.problems.map(problemText),
      ...variableNotes(decoded),
      ...(original === null ? [] : differencesOf(original).map(noteText)),
    ],
  }
}

// ---- service directories ---------------------------------------------------------------------------------------

/** `isNamedSo`: somebody says that they are there, whatever files there are beside them. */
function servicesIn(source: string, reader: SourceReader, isNamedSo: boolean): ServicesDirectory | null {
  if (!isNamedSo) return servicesDirectoryAt(source, reader, false)
  const names = reader.list(source)
  if (isFailure(names)) return null
  return { path: source, which: serviceDirectoriesIn(source, names, reader) === 'itself' ? 'itself' : 'below' }
}

function readServices(directory: ServicesDirectory, reader: SourceReader): Read {
  const { app, notes, remarks } = convertServices(directory, reader)
  return {
    conversion: {
      target: { apps: { [app.name]: app } },
      origin: () => null,
      createRemarks: () => onlyAbove((_, path) => remarks(path)),
    },
    notes: notes.map(noteText),
  }
}

// A directory of logs need not be here: the file may be for another host.
function readerFor(source: string, reader: SourceReader): SourceReader {
  return {
    ...reader,
    list: (path) => {
      const names = reader.list(path)
      return isFailure(names) && path !== source && names.code === 'ENOENT' ? [] : names
    },
  }
}

/** Nor need those that files of supervisord name. */
function forOtherHosts(reader: SourceReader): SourceReader {
  return {
    ...reader,
    look: (path) => {
      const found = reader.look(path)
      const isMissing = isFailure(found) && (found.code === 'ENOENT' || found.code === 'ENOTDIR')
      // Files of Compose are looked for.
      return isMissing && fileKind(path) === null ? { kind: 'directory', mode: 0o755, identity: path } : found
    },
  }
}

function write(path: string, text: string): string | null {
  try {
    writeFileSync(path, text, { flag: 'wx' })
    return null
  } catch (error) {
    const errno = errnoOf(error)
    if (errno === 'EEXIST') return `${path} exists; name another file, or remove it`
    return `${path} cannot be written (${errno}); check the path and its permissions`
  }
}

function linesReader(reader: SourceReader): (file: string) => readonly string[] | null {
  const known = new Map<string, readonly string[] | null>()
  return (file) => {
    if (!known.has(file)) {
      const text = reader.read(file)
      known.set(file, isFailure(text) ? null : text.split(/\r\n|\r|\n/))
    }
    return known.get(file) ?? null
  }
}

// ---- notes -----------------------------------------------------------------------------------------------------

function headOf(source: string, notes: readonly string[], { head, others }: Unplaced): string {
  const wrapped = notes.flatMap((note) => wrapHanging(visible(note), { columns: 118, indent: 2, hang: 4 }))
  const parts = [
    [`Written by holdfast convert from ${shownPath(source)}.`],
    ...(head.length === 0 ? [] : [head]),
    ...(notes.length === 0 ? [] : [['What was not carried over, or needs a look:', ...wrapped]]),
    ...(others.length === 0
      ? []
      : [['Comments of the original that have no place below:', ...others.map((line) => `  ${line}`)]]),
  ]
  const lines = parts.flatMap((part, index) => (index === 0 ? part : ['', ...part]))
  return `${lines.map((line) => `# ${visible(line)}`.trimEnd()).join('\n')}\n\n`
}

function problemText({ file, line, setting, message, hint }: Problem): string {
  const what = setting === '' ? '' : `${setting}: `
  return `${shownPath(file)}:${line}: ${what}${message}${hint === '' ? '' : `; ${hint}`}`
}

function noteText({ origin, message }: Note): string {
  return origin === null ? message : `${shownPath(origin.file)}:${origin.line}: ${message}`
}

/** Values that are those of this shell: elsewhere they may be others. */
function variableNotes(decoded: DecodedWithOrigins): readonly string[] {
  return Object.values(decoded.target.apps).flatMap((app) => {
    const notes = new Set<string>()
    const visit = (record: YamlRecord, path: readonly string[]): void => {
      for (const [key, value] of Object.entries(record)) {
        const here = [...path, key]
        if (isRecord(value)) visit(value, here)
        else if (value !== undefined) {
          const origin = decoded.origin(app.name, here)
          const written = origin?.written ?? null
          if (origin !== null && written !== null && /\$|%\((?:ENV_|host_node_name)/.test(written))
            notes.add(noteText({ origin, message: `${settingOf(here, app)}: ${written} was put in as it is here` }))
        }
      }
    }
    visit(printApp(app, 'short'), [])
    return [...notes]
  })
}

/** supervisord has all variables of a program in one option. */
function settingOf(path: readonly string[], { dialect }: App): string {
  const end = dialect === 'supervisord' ? path.indexOf('environment') : -1
  return path.slice(0, end === -1 ? path.length : end + 1).join('.')
}

function isRecord(value: YamlValue | undefined): value is YamlRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function summary({ services, apps }: Converted, notes: number): string {
  const said = `converted ${count(services, 'service')} of ${count(apps, 'app')}`
  return notes === 0 ? said : `${said}; ${count(notes, 'note')} at the top of the file`
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`
}
