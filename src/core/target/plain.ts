import { hashData } from '../../base/hash.ts'
import type {
  App,
  CgroupLimits,
  Checks,
  Hooks,
  Labels,
  LogSpec,
  ProcessLimits,
  ProcessSpec,
  Service,
  StdinSpec,
  Target,
  UnitSpec,
} from '../model.ts'

/** What a service has that says nothing of it: each of these is one object, however many units share it. */

export const noChecks: Checks = { readiness: null, liveness: null }

export const noHooks: Hooks = { preStart: null, postStop: null }

export const noLabels: Labels = {}

export const nullStdin: StdinSpec = { kind: 'null' }

/** Ends as it is stopped, with no program of its own to ask first; what it declares counts each time. */
export const plainEnd = { autostartAgain: true, retire: null, signalScripts: {} } as const

/** To be spread over by what is limited. */
export const noProcessLimits: ProcessLimits = {
  ulimits: {},
  nice: null,
  ionice: null,
  oomScoreAdj: null,
  cpuAffinity: null,
  chroot: null,
  cgroup: null,
  enforcement: 'required',
}

/** To be spread over by what is limited. */
export const noCgroupLimits: CgroupLimits = {
  memoryMaxBytes: null,
  memoryHighBytes: null,
  memoryLowBytes: null,
  swapMaxBytes: null,
  cpus: null,
  cpuWeight: null,
  pidsMax: null,
  ioWeight: null,
  io: [],
}

const plainLog: LogSpec = { path: null, bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false }

/**
 * A process nothing is said of. Its values are those that settings had before they existed: what an older version stored
 * is completed by them, and they count for nothing in `runHash`, so that a new setting replaces no running process.
 */
export const plainProcess: ProcessSpec = {
  command: [],
  commandError: null,
  workingDir: null,
  environment: {},
  envFiles: [],
  inheritEnvironment: false,
  user: null,
  umask: null,
  stdout: plainLog,
  stderr: 'stdout',
  stdin: nullStdin,
  logger: null,
  limits: null,
  cgroup: false,
}

/** As supervisord has it, of groups and of programs. */
export const plainPriority = 999

/** As an older version stored it, with what has been added since. */
export function completeTarget(target: Target): Target {
  return { apps: mapValues(target.apps, completeApp) }
}

export function completeApp(app: App): App {
  const services = mapValues(app.services, (service) => completeSettings(service, plainSettings))
  return { ...completed(app, plainApp), services }
}

export function completeSpec(spec: UnitSpec): UnitSpec {
  return completeSettings(spec, { ...plainSettings, appPriority: plainPriority, processName: null })
}

function completeSettings<S extends Service | UnitSpec>(stored: S, plain: Partial<S>): S {
  return { ...completed(stored, plain), process: completeProcess(stored.process) }
}

const plainApp = { priority: plainPriority } as const

const plainSettings = {
  ...plainEnd,
  checks: noChecks,
  hooks: noHooks,
  schedule: null,
  once: null,
  labels: noLabels,
} as const

function completeProcess(stored: ProcessSpec): ProcessSpec {
  const settings = completed(stored, plainProcess)
  const stderr = settings.stderr === 'stdout' ? settings.stderr : completed(settings.stderr, plainLog)
  return { ...settings, stdout: completed(settings.stdout, plainLog), stderr }
}

/** With what it lacks, although its type says that it does not. */
function completed<T>(stored: T, plain: Partial<T>): T {
  return { ...plain, ...stored }
}

function mapValues<T>(record: Readonly<Record<string, T>>, change: (value: T) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
}

/** What of `value` is not as in `plain`, key by key down to what is no record. */
export function beyondPlain(value: object, plain: object): Readonly<Record<string, unknown>> {
  const usual: Readonly<Record<string, unknown>> = { ...plain }
  const own: Record<string, unknown> = {}
  for (const [key, field] of Object.entries(value)) {
    const other = usual[key]
    if (field === other) continue
    if (!isRecord(field) || !isRecord(other)) {
      if (hashData(field) !== hashData(other)) own[key] = field
      continue
    }
    const rest = beyondPlain(field, other)
    if (Object.keys(rest).length > 0) own[key] = rest
  }
  return own
}

function isRecord(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
