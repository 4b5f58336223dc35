import type { Hook, LoggerSpec, LogSpec, ProcessSpec, Service, StopRung } from '../../core/model.ts'
import { noChecks, noLabels, nullStdin, plainPriority } from '../../core/target/plain.ts'
import { unitId } from '../../core/target/units.ts'
import { controlSignals } from '../../formats/control-signals.ts'
import type { Problem } from '../../formats/format-error.ts'
import { isFailure, type SourceReader } from '../source-reader.ts'
import { readServiceOptions, type ServiceOptions } from './options.ts'
import { parseSvlogdRun } from './svlogd-run.ts'

/** What all service directories of one directory have in common. */
export interface ServiceContext {
  readonly app: string
  readonly reader: SourceReader
  /**
   * Where output goes that no logger reads. store: into the log directory. inherit: to the daemon's own stdout and stderr, as
   * runsv's children have it.
   */
  readonly unlogged: 'store' | 'inherit'
  /** So that `sv` in a run script finds its neighbours. */
  readonly environment: Readonly<Record<string, string>>
}

/** A service directory as the core knows it: the service, and its logger where that is a process of its own. */
export interface DecodedService {
  readonly services: readonly Service[]
  readonly problems: readonly Problem[]
  /** Whether there is a logger, and which. */
  readonly log: 'none' | 'process' | 'builtin'
}

/**
 * Reads one service directory as runsv does. It looks at names and modes only: whether `run` can be executed is found out by
 * whoever executes it. `loggerName`: what the service of its `log/` is to be called.
 */
export function decodeService(
  directory: { readonly name: string; readonly path: string; readonly loggerName: string },
  context: ServiceContext,
): DecodedService {
  const { name, path, loggerName } = directory
  const { reader, app } = context
  const problems: Problem[] = []
  const options = readServiceOptions(directory, reader, problems)
  const logPath = `${path}/log`
  const hasLog = isDirectory(logPath, reader)
  if (!hasLog && isThere(logPath, reader)) {
    const at = { file: logPath, line: 1, column: 1, setting: `${name}/log` }
    const message = 'is not a directory, so the service has no logger'
    problems.push({ ...at, message, hint: 'make it a directory with a file run, or remove it', severity: 'warning' })
  }
  const builtin = hasLog && options.logger === 'builtin' ? readBuiltin(directory, context, problems) : null
  const unlogged = unloggedOutput(context)
  const logger = hasLog
    ? (builtin ?? { kind: 'unit' as const, unit: unitId(app, loggerName, 1), stderr: errorsOf(context) })
    : null
  const service = serviceOf(directory, { context, options, process: { ...unlogged, logger, stdin: nullStdin } })
  if (!hasLog || builtin !== null) return { services: [service], problems, log: hasLog ? 'builtin' : 'none' }
  const stdin = { kind: 'output' as const, unit: unitId(app, name, 1) }
  const log = loggerOf(
    { name: loggerName, path: logPath },
    { context, options, process: { ...unlogged, logger: null, stdin } },
  )
  return { services: [service, log], problems, log: 'process' }
}

type Output = Pick<ProcessSpec, 'stdout' | 'stderr' | 'logger' | 'stdin'>

interface Parts {
  readonly context: ServiceContext
  readonly options: ServiceOptions
  readonly process: Output
}

function serviceOf({ name, path }: { readonly name: string; readonly path: string }, parts: Parts): Service {
  const { reader } = parts.context
  const control = readControl(path, reader)
  const finish: Hook = { command: ['./finish'], timeoutMs: null, ignoreFailure: true, isFinish: true }
  return {
    ...plainService({ name, path }, parts),
    autostart: !isThere(`${path}/down`, reader),
    stop: ladder({ ...parts.options, term: control.t, last: control.d }),
    retire: control.x === control.d ? null : ladder({ ...parts.options, term: control.t, last: control.x }),
    signalScripts: Object.fromEntries(
      Object.entries(controlSignals).flatMap(([letter, signal]) => {
        const script = control[letter]
        return script === undefined ? [] : [[signal, script]]
      }),
    ),
    priority: plainPriority,
    hooks: {
      preStart: control.u === undefined ? null : { command: control.u, timeoutMs: null, ignoreFailure: true },
      postStop: isThere(`${path}/finish`, reader) ? finish : null,
    },
  }
}

/** It ends with its input, and has neither `finish` nor `control/`. */
function loggerOf({ name, path }: { readonly name: string; readonly path: string }, parts: Parts): Service {
  const { stopTimeoutMs } = parts.options
  const end: StopRung = { signal: 'EOF', scope: 'main', waitMs: stopTimeoutMs ?? 0 }
  return {
    ...plainService({ name, path }, parts),
    autostart: !isThere(`${path}/down`, parts.context.reader),
    stop: ladder({ ...parts.options, term: undefined, last: undefined }),
    retire: stopTimeoutMs === null ? [end] : [end, ...killing],
    priority: plainPriority,
  }
}

function plainService(
  { name, path }: { readonly name: string; readonly path: string },
  { context, options, process }: Parts,
): Omit<Service, 'autostart' | 'stop'> {
  return {
    name,
    kind: 'process',
    process: {
      command: ['./run'],
      commandError: null,
      workingDir: path,
      environment: context.environment,
      envFiles: [],
      inheritEnvironment: true,
      user: null,
      umask: null,
      ...process,
      limits: null,
      cgroup: false,
    },
    instances: oneInstance,
    autostartAgain: false,
    restart: { when: 'always', successExits, stableMs: 1_000, early: 'always', backoff: options.backoff, budget: null },
    retire: null,
    signalScripts: noScripts,
    dependsOn: noDependencies,
    priority: plainPriority,
    manualStop: 'until-daemon-restart',
    checks: noChecks,
    hooks: noHooksHere,
    schedule: null,
    once: null,
    labels: noLabels,
  }
}

// One object each, however many services there are.
const oneInstance: Service['instances'] = [{ n: 1 }]
const successExits = [0]
const noScripts: Service['signalScripts'] = {}
const noDependencies: Service['dependsOn'] = []
const noHooksHere: Service['hooks'] = { preStart: null, postStop: null }

// ---- how it ends ---------------------------------------------------------------------------------------------

const killing: readonly StopRung[] = [{ signal: 'KILL', scope: 'tree', waitMs: 5_000 }]

/** SIGTERM unless control/t has dealt with it, then SIGCONT, then word to control/d or control/x; and nothing more, unless asked for. */
function ladder(parts: {
  readonly stopTimeoutMs: number | null
  readonly term: readonly string[] | undefined
  readonly last: readonly string[] | undefined
}): readonly StopRung[] {
  const { stopTimeoutMs, term, last } = parts
  const script = (command: readonly string[] | undefined) => (command === undefined ? {} : { script: command })
  const rungs: readonly StopRung[] = [
    { signal: 'TERM', scope: 'main', waitMs: 0, ...script(term) },
    { signal: 'CONT', scope: 'main', waitMs: last === undefined ? (stopTimeoutMs ?? 0) : 0 },
    ...(last === undefined
      ? []
      : [{ signal: '0', scope: 'main', waitMs: stopTimeoutMs ?? 0, ...script(last) } as const]),
  ]
  return stopTimeoutMs === null ? rungs : [...rungs, ...killing]
}

/** The scripts in control/ that their owner may execute, by their letter. */
function readControl(path: string, reader: SourceReader): Readonly<Partial<Record<string, readonly string[]>>> {
  const names = reader.list(`${path}/control`)
  if (isFailure(names)) return {}
  const scripts: Record<string, readonly string[]> = {}
  for (const letter of names) {
    if (!/^[tkpchaiq12udx]$/.test(letter)) continue
    const found = reader.look(`${path}/control/${letter}`)
    if (!isFailure(found) && found.kind !== 'dangling' && (found.mode & 0o100) !== 0)
      scripts[letter] = [`control/${letter}`]
  }
  return scripts
}

// ---- where its output goes -----------------------------------------------------------------------------------

const stored: LogSpec = { path: null, bytesMax: 10 * 1024 * 1024, backupsMax: 3, ageMaxMs: 0, compress: false }
const ownStdout: LogSpec = { path: '/dev/stdout', bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }
const ownStderr: LogSpec = { ...ownStdout, path: '/dev/stderr' }

function unloggedOutput({ unlogged }: ServiceContext): Pick<ProcessSpec, 'stdout' | 'stderr'> {
  return unlogged === 'store' ? { stdout: stored, stderr: 'stdout' } : { stdout: ownStdout, stderr: ownStderr }
}

/** What a service says on stderr, where its stdout has a logger. */
function errorsOf({ unlogged }: ServiceContext): LogSpec {
  return unlogged === 'store' ? stored : ownStderr
}

/** null: it cannot be done, and the program of log/run does it. */
function readBuiltin(
  { name, path }: { readonly name: string; readonly path: string },
  context: ServiceContext,
  problems: Problem[],
): LoggerSpec | null {
  const { reader } = context
  const file = `${path}/log/run`
  const script = reader.read(file)
  const svlogd = isFailure(script) ? script.message : parseSvlogdRun(script, `${path}/log`)
  if (typeof svlogd !== 'string') return { kind: 'svlogd', svlogd, stderr: errorsOf(context) }
  const message = `the builtin logger cannot take the place of this script: ${svlogd}; the script is run`
  const hint = "leave nothing in it but 'exec svlogd' with its options and directories, or remove 'logger = builtin'"
  problems.push({ file, line: 1, column: 1, setting: `${name}/log/run`, message, hint, severity: 'warning' })
  return null
}

function isDirectory(path: string, reader: SourceReader): boolean {
  const found = reader.look(path)
  return !isFailure(found) && found.kind === 'directory'
}

function isThere(path: string, reader: SourceReader): boolean {
  const found = reader.look(path)
  return !isFailure(found) && found.kind !== 'dangling'
}
