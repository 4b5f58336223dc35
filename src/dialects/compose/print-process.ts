import { isDeepStrictEqual } from 'node:util'
import type { EnvFile, Instance, LogSpec, ProcessSpec, StdinSpec } from '../../core/model.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { type Logs, logsDefault } from './logs.ts'
import { printNamed, type Style, unlessEmpty, unlessUsual } from './print-value.ts'

export function printEnvFiles(files: readonly EnvFile[], style: Style): YamlValue | undefined {
  if (files.length === 0) return undefined
  return files.map(({ path, required }) => (required && style === 'short' ? path : { path, required }))
}

/** What another unit prints is told by `x-runit`. */
export function printStdin(stdin: StdinSpec, style: Style): YamlValue | undefined {
  if (stdin.kind === 'output') return undefined
  return unlessUsual(style, stdin.kind === 'file' ? { file: stdin.path } : stdin.kind, 'null')
}

// ---- logs ------------------------------------------------------------------------------------------------------

/** The limits of stdout are said of both; stderr says what it has of its own. */
export function printLogs({ stdout, stderr }: Logs, style: Style): YamlRecord | undefined {
  const usual = logsDefault.stdout
  return unlessEmpty({
    stdout: unlessUsual(style, pathText(stdout), 'own'),
    stderr: unlessUsual(style, stderr === 'stdout' ? stderr : printStream(stderr, { ...stdout, path: '' }), 'stdout'),
    ...printLogLimits(stdout, style === 'short' ? usual : null),
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
  const limits = unlessEmpty(printLogLimits(log, usual))
  return limits === undefined ? pathText(log) : { path: pathText(log), ...limits }
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
