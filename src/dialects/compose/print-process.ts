import { isDeepStrictEqual } from 'node:util'
import type { EnvFile, Instance, ListenSocket, LogSpec, ProcessSpec, Service, StdinSpec } from '../../core/model.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { noHandling, printHandling, sharedHandling, withHandling } from './handling.ts'
import { type Logs, logsDefault } from './logs.ts'
import { printTcp } from './print-checks.ts'
import { printNamed, type Style, unlessEmpty, unlessUsual } from './print-value.ts'
import { socketMode } from './stdin.ts'

export function printEnvFiles(files: readonly EnvFile[], style: Style): YamlValue | undefined {
  if (files.length === 0) return undefined
  return files.map(({ path, required }) => (required && style === 'short' ? path : { path, required }))
}

/** What another unit prints is told by `x-runit`. */
export function printStdin(stdin: StdinSpec, style: Style): YamlValue | undefined {
  if (stdin.kind === 'output') return undefined
  if (stdin.kind === 'file') return { file: stdin.path }
  if (stdin.kind === 'socket') return { socket: printSocket(stdin.socket, style) }
  return unlessUsual(style, stdin.kind, 'null')
}

function printSocket({ address, backlog }: ListenSocket, style: Style): YamlRecord {
  const more = { backlog: backlog ?? undefined }
  if (address.kind === 'tcp') return { tcp: printTcp(address), ...more }
  const { path, mode, owner } = address
  return { unix: path, mode: unlessUsual(style, octal(mode), octal(socketMode)), owner: owner ?? undefined, ...more }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}

// ---- logs ------------------------------------------------------------------------------------------------------

/** The limits of stdout, and what is done with both streams, are said once; each says what it has of its own. */
export function printLogs({ stdout, stderr }: Logs, style: Style, kind: Service['kind']): YamlRecord | undefined {
  const shared = withHandling({ ...stdout, path: null }, sharedHandling(stdout, stderr === 'stdout' ? stdout : stderr))
  const own = (log: LogSpec) => printStream(log, shared)
  return unlessEmpty({
    stdout: unlessUsual(style, own(stdout), 'own'),
    stderr: unlessUsual(style, stderr === 'stdout' ? stderr : own(stderr), 'stdout'),
    ...printLogLimits(shared, style === 'short' ? logsDefault.stdout : null),
    ...(kind === 'container' ? {} : printHandling(shared.handling, style === 'short' ? noHandling : null)),
  })
}

/** What differs from the logs of the service. */
function printOwnLogs({ stdout, stderr }: Logs, usual: Logs): YamlRecord | undefined {
  const own = usual.stderr === 'stdout' ? { ...usual.stdout, path: null } : usual.stderr
  const isJoined = stderr === 'stdout'
  return unlessEmpty({
    stdout: isDeepStrictEqual(stdout, usual.stdout) ? undefined : printStream(stdout, usual.stdout),
    stderr: isDeepStrictEqual(stderr, usual.stderr) ? undefined : isJoined ? stderr : printStream(stderr, own),
  })
}

function printStream(log: LogSpec, usual: LogSpec): YamlValue {
  const settings = unlessEmpty({
    ...printLogLimits(log, usual),
    ...printHandling(log.handling, usual.handling ?? noHandling),
  })
  return settings === undefined ? pathText(log) : { path: pathText(log), ...settings }
}

/** `usual`: what need not be said; null: everything is said. */
function printLogLimits(log: LogSpec, usual: LogSpec | null): YamlRecord {
  const age = (ageMs: number | undefined) => (ageMs === undefined ? undefined : printDuration(ageMs))
  return {
    max_size: log.bytesMax === usual?.bytesMax ? undefined : printByteSize(log.bytesMax),
    max_files: log.backupsMax === usual?.backupsMax ? undefined : log.backupsMax + 1,
    max_age: log.ageMaxMs === usual?.ageMaxMs ? undefined : age(log.ageMaxMs),
    compress: log.compress === usual?.compress ? undefined : log.compress,
  }
}

function pathText({ path }: LogSpec): string {
  return path ?? 'own'
}

// ---- instances -------------------------------------------------------------------------------------------------

/** `scale`, where units are numbered from 1 and have nothing of their own; else null. */
export function scaleOf(instances: readonly Instance[]): number | null {
  const isPlain = instances.every(
    ({ n, process, processName }, index) => n === index + 1 && process === undefined && processName === undefined,
  )
  return isPlain ? instances.length : null
}

export function printInstances(instances: readonly Instance[], service: ProcessSpec): YamlValue | undefined {
  if (scaleOf(instances) !== null) return undefined
  return instances.map(({ n, process, processName }) => ({
    n,
    name: processName,
    ...(process === undefined ? {} : printOverrides({ ...service, ...process }, service)),
  }))
}

function printOverrides(process: ProcessSpec, service: ProcessSpec): YamlRecord {
  const differs = (key: keyof ProcessSpec) => !isDeepStrictEqual(process[key], service[key])
  const environment = Object.entries(process.environment).filter(([name, value]) => service.environment[name] !== value)
  return {
    command: differs('command') ? process.command : undefined,
    working_dir: differs('workingDir') ? (process.workingDir ?? undefined) : undefined,
    environment: printNamed(Object.fromEntries(environment)),
    logs: printOwnLogs(process, service),
  }
}
