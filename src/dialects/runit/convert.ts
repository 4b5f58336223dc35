import type { App, Checks, Service, StopRung } from '../../core/model.ts'
import { noChecks, nullStdin, plainEnd, plainPriority } from '../../core/target/plain.ts'
import { readinessIntervalMs } from '../compose/health.ts'
import { logsDefault } from '../compose/logs.ts'
import { killWaitMs } from '../compose/service.ts'
import type { Note } from '../convert-model.ts'
import { renamedText, renameServices } from '../convert-names.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { asksSv, convertDependencies, svLines } from './convert-dependencies.ts'
import { controlNotes, convertHooks } from './convert-hooks.ts'
import { type ConvertedLog, convertLog } from './convert-log.ts'
import { commandsOf, noteAt, quoted } from './convert-script.ts'
import { type DecodedServices, decodeServices, type ServicesDirectory } from './decode.ts'
import { readServiceOptions } from './options.ts'
import { scriptFault } from './script.ts'
import { checkServiceDirectory } from './service-directory.ts'

export interface ConvertedServices {
  /** What the Compose format can say of them. */
  readonly app: App
  /** What it cannot, and what somebody has to look at; service by service. */
  readonly notes: readonly Note[]
  /** What is to stand above a key of the print. */
  remarks(path: readonly string[]): readonly string[]
}

/**
 * Service directories as one app that does the same by the means of Holdfast alone: no `supervise/`, no sv, no logger. Their
 * scripts stay as they are, and are run where they are.
 */
export function convertServices(directory: ServicesDirectory, reader: SourceReader): ConvertedServices {
  const { services, app, problems } = decodeServices(directory, { reader, unlogged: 'store' })
  const names = renameServices(services.map(({ name }) => name))
  const parts = services.map((one) => convertOne(one, names.get(one.name)!, reader))
  const dependencies = convertDependencies(
    parts.map(({ service, path }, index) => ({
      name: service.name,
      directoryName: services[index]!.name,
      path,
      script: textOf(`${path}/run`, reader),
      autostart: service.autostart,
      hasCheck: service.checks.readiness !== null,
    })),
  )
  const converted = parts.map(({ service }) => ({
    ...service,
    dependsOn: dependencies.dependsOn.get(service.name) ?? [],
  }))
  const own = new Set(services.flatMap((one) => one.problems))
  return {
    app: { ...app, services: Object.fromEntries(converted.map((service) => [service.name, service])) },
    notes: [
      ...problems.filter((problem) => !own.has(problem)).map(problemNote),
      ...withoutDoubles(parts.flatMap(({ notes }) => notes).concat(dependencies.notes)).toSorted(byFile),
      ...commonNotes(parts, reader),
    ],
    remarks: ([top, name = '', key, ...more]) =>
      top === 'services' && key === 'depends_on' && more.length === 0 ? (dependencies.remarks.get(name) ?? []) : [],
  }
}

interface Part {
  readonly service: Service
  readonly path: string
  readonly notes: readonly Note[]
}

type Directory = DecodedServices['services'][number]

function convertOne(directory: Directory, name: string, reader: SourceReader): Part {
  const { path, services, log } = directory
  const service = { ...services[0]!, name }
  const isRenamed = name !== directory.name
  const logs: ConvertedLog =
    log === 'none' ? { stdout: logsDefault.stdout, notes: [] } : convertLog({ name, path }, reader)
  const { stopTimeoutMs, backoff } = readServiceOptions(directory, reader, [])
  return {
    path,
    service: {
      ...service,
      ...plainEnd,
      process: {
        ...service.process,
        environment: {},
        ...logsDefault,
        stdout: logs.stdout,
        stdin: nullStdin,
        logger: null,
      },
      // With no more than one length of pause both shapes are the same, and `always` says it of early exits as well.
      restart: { ...service.restart, early: 'by-policy', backoff: { ...backoff, shape: 'exponential', factor: 2 } },
      stop: stopOf(stopTimeoutMs),
      priority: plainPriority,
      checks: checksOf(path, reader),
      hooks: convertHooks(service, path, reader),
    },
    notes: [
      ...(isRenamed ? [noteAt(path, 1, renamedText(directory.name, name))] : []),
      ...directory.problems.filter(({ file }) => !file.startsWith(`${path}/log/`)).map(problemNote),
      ...faultNotes(name, path, reader),
      ...controlNotes(path, reader),
      ...svNotes(path, reader),
      ...logs.notes,
    ],
  }
}

/** A paused one is continued with its SIGTERM anyway. */
function stopOf(timeoutMs: number | null): readonly StopRung[] {
  const term: StopRung = { signal: 'TERM', scope: 'main', waitMs: timeoutMs ?? 0 }
  return timeoutMs === null ? [term] : [term, { signal: 'KILL', scope: 'tree', waitMs: killWaitMs }]
}

function checksOf(path: string, reader: SourceReader): Checks {
  const file = `${path}/check`
  if (isFailure(reader.look(file)) || scriptFault(file, reader)?.severity === 'error') return noChecks
  return {
    ...noChecks,
    readiness: {
      probe: { kind: 'exec', command: ['./check'] },
      intervalMs: readinessIntervalMs,
      timeoutMs: 30_000,
      retries: 3,
      startPeriodMs: 0,
      startIntervalMs: 1_000,
    },
  }
}

// ---- notes -----------------------------------------------------------------------------------------------------

/** What is wrong with the files that are still used. */
function faultNotes(name: string, path: string, reader: SourceReader): readonly Note[] {
  const problems: Directory['problems'][number][] = []
  checkServiceDirectory({ name, path }, reader, problems)
  const used = ['run', 'finish', 'check', 'control/u'].map((file) => `${path}/${file}`)
  return problems.filter(({ file }) => used.includes(file)).map(problemNote)
}

function problemNote({ file, line, message, hint }: Directory['problems'][number]): Note {
  return noteAt(file, line, hint === '' ? message : `${message}; ${hint}`)
}

/** `run` is looked at for what it needs. */
function svNotes(path: string, reader: SourceReader): readonly Note[] {
  return ['finish', 'check', 'control/u'].flatMap((file) =>
    svLines(textOf(`${path}/${file}`, reader) ?? '').map(({ line, text }) =>
      noteAt(`${path}/${file}`, line, asksSv(quoted(text))),
    ),
  )
}

/** What is the same for many is told once. */
function commonNotes(parts: readonly Part[], reader: SourceReader): readonly Note[] {
  const checked = parts.filter(({ service }) => service.checks.readiness !== null)
  const changing = parts.filter(({ path }) =>
    commandsOf(textOf(`${path}/run`, reader) ?? '').some(({ text }) => /(?:^|[\s/])chpst\s/.test(text)),
  )
  return [
    ...about(checked, 'check is run by itself now, where only sv ran it; how often, healthcheck.interval says (30s)'),
    ...about(changing, 'chpst is called, which comes with runit; without that, put a link chpst to holdfast into PATH'),
  ]
}

function about(parts: readonly Part[], message: string): readonly Note[] {
  if (parts.length === 0) return []
  return [{ origin: null, message: `${parts.map(({ service }) => service.name).join(', ')}: ${message}` }]
}

/** One line may ask sv twice. */
function withoutDoubles(notes: readonly Note[]): readonly Note[] {
  return [...new Map(notes.map((note) => [`${note.origin?.file}:${note.origin?.line}:${note.message}`, note])).values()]
}

function byFile({ origin: a }: Note, { origin: b }: Note): number {
  if (a === null || b === null || (a.file === b.file && a.line === b.line)) return 0
  return a.file < b.file || (a.file === b.file && a.line < b.line) ? -1 : 1
}

function textOf(file: string, reader: SourceReader): string | null {
  const text = reader.read(file)
  return isFailure(text) ? null : text
}
