import { unitsMax } from '../../core/limits.ts'
import type { EnvFile, Instance, ProcessLimits, ProcessSpec, Service, StopRung } from '../../core/model.ts'
import { noHooks } from '../../core/target/plain.ts'
import type { YamlEntry } from '../../formats/yaml.ts'
import { readCommand } from './command.ts'
import { decodeDependencies } from './dependencies.ts'
import { decodeExtras, type Extras } from './extras.ts'
import { decodeChecks } from './health.ts'
import { decodeHooks } from './hooks.ts'
import { deployKeys, deployKeysNotYet, serviceKeys, serviceKeysNotYet } from './keys.ts'
import { decodeLimits } from './limits.ts'
import { isKept } from './logs.ts'
import { decodeRestart } from './restart.ts'
import { decodeJob } from './schedule.ts'
import { decodeStdin } from './stdin.ts'
import {
  type Context,
  child,
  error,
  type Keys,
  noKeys,
  optional,
  readBoolean,
  readDuration,
  readEither,
  readInteger,
  readItems,
  readKeys,
  readPath,
  readSignal,
  readText,
  report,
  type Setting,
} from './values.ts'

/** Reads one service. Every problem is in the context; what cannot be understood has its default. */
export function decodeService(context: Context, entry: YamlEntry, setting: Setting): Service {
  const read = readKeys(context, setting, serviceKeys, serviceKeysNotYet)
  const keys = read ?? noKeys(setting)
  const extras = decodeExtras(context, keys)
  const deploy = optional(keys.get('deploy'), (one) => readKeys(context, one, deployKeys, deployKeysNotYet))
  const job = decodeJob(context, extras.keys)
  return {
    name: entry.key,
    kind: 'process',
    process: decodeProcess(context, {
      keys,
      extras,
      resources: deploy?.get('resources') ?? null,
      command: read === null ? null : decodeCommand(context, keys, entry),
    }),
    instances: decodeInstances(context, keys, deploy),
    autostart: job.autostart,
    restart: decodeRestart(context, {
      restart: keys.get('restart'),
      policy: deploy?.get('restart_policy') ?? null,
      extras,
      job,
    }),
    stop: decodeStop(context, keys, extras),
    dependsOn: optional(keys.get('depends_on'), (one) => decodeDependencies(context, one)) ?? [],
    priority: extras.priority ?? 999,
    manualStop: 'until-started',
    checks: decodeChecks(context, {
      healthcheck: keys.get('healthcheck'),
      readiness: extras.keys.get('readiness'),
      liveness: extras.keys.get('liveness'),
      isOutputKept: isKept(extras.logs),
    }),
    hooks: optional(extras.keys.get('hooks'), (one) => decodeHooks(context, one)) ?? noHooks,
    schedule: job.schedule,
    once: job.once,
  }
}

interface ProcessSettings {
  readonly keys: Keys
  readonly extras: Extras
  readonly resources: Setting | null
  readonly command: readonly string[] | null
}

function decodeProcess(context: Context, { keys, extras, resources, command }: ProcessSettings): ProcessSpec {
  const limits = decodeLimits(context, { keys, resources, own: extras.keys.get('limits') })
  return {
    command: command ?? [],
    commandError: null,
    // The file's directory is not inside a new root.
    workingDir:
      optional(keys.get('working_dir'), (one) => readPath(context, one)) ?? (limits?.chroot ? null : context.directory),
    environment: optional(keys.get('environment'), (one) => decodeEnvironment(context, one)) ?? {},
    envFiles: optional(keys.get('env_file'), (one) => decodeEnvFiles(context, one)) ?? [],
    inheritEnvironment: extras.inheritEnvironment ?? false,
    user: optional(keys.get('user'), (one) => decodeUser(context, one)),
    umask: extras.umask,
    stdout: extras.logs.stdout,
    stderr: extras.logs.stderr,
    stdin: decodeStdin(context, keys.get('stdin_open'), extras.keys.get('stdin')),
    limits,
    cgroup: decodeOwnCgroup(context, extras, limits),
  }
}

/** What is limited by a cgroup has one of its own. */
function decodeOwnCgroup(context: Context, extras: Extras, limits: ProcessLimits | null): boolean {
  const isNeeded = limits !== null && limits.cgroup !== null
  const setting = extras.keys.get('cgroup')
  if (extras.cgroup === false && setting !== null && isNeeded)
    error(context, setting, 'the limits of this service are those of a cgroup', 'remove this line, or the limits')
  return isNeeded || extras.cgroup === true
}

function decodeCommand(context: Context, keys: Keys, entry: YamlEntry): readonly string[] | null {
  const setting = keys.get('command')
  if (setting === null) {
    // The missing command of a container is explained by its image already.
    if (keys.get('image') !== null || keys.get('build') !== null) return null
    return report(
      context,
      entry,
      `${keys.path}.command`,
      'the service has no command',
      "write 'command:' with the program to run and its arguments",
    )
  }
  return readCommand(context, setting)
}

function decodeEnvironment(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  const values = new Map<string, string>()
  if (setting.node.kind === 'map') {
    for (const entry of setting.node.entries.values()) addVariable(context, values, entry.key, child(setting, entry))
    return Object.fromEntries(values)
  }
  const items = readItems(context, setting, "write 'NAME: value' lines, or a list of NAME=value")
  for (const item of items ?? []) {
    const text = readText(context, item)
    if (text === null) continue
    const equals = text.indexOf('=')
    if (equals === -1) passThrough(context, values, text)
    else if (checkName(context, item, text.slice(0, equals))) values.set(text.slice(0, equals), text.slice(equals + 1))
  }
  return Object.fromEntries(values)
}

function addVariable(context: Context, values: Map<string, string>, name: string, setting: Setting): void {
  if (!checkName(context, setting, name)) return
  const { node } = setting
  if (node.kind === 'scalar' && node.value === null) {
    passThrough(context, values, name)
    return
  }
  const text = readText(context, setting)
  if (text === null) return
  if (node.kind === 'scalar' && typeof node.value === 'number' && String(node.value) !== text) {
    report(
      context,
      node,
      setting.path,
      `this number is passed on as it is written, '${text}'`,
      `Compose might pass '${node.value}': put it in quotes`,
      'warning',
    )
  }
  values.set(name, text)
}

// A name without a value takes the daemon's own, and is left out when it has none.
function passThrough(context: Context, values: Map<string, string>, name: string): void {
  const value = context.lookup(name)
  if (value !== undefined) values.set(name, value)
}

function checkName(context: Context, setting: Setting, name: string): boolean {
  if (name !== '' && !/[=\0]/.test(name)) return true
  error(context, setting, `'${name}' cannot be the name of a variable`, 'names consist of letters, digits and _')
  return false
}

function decodeEnvFiles(context: Context, setting: Setting): readonly EnvFile[] | null {
  if (setting.node.kind === 'scalar') {
    const path = readPath(context, setting)
    return path === null ? null : [{ path, required: true }]
  }
  const items = readItems(context, setting, 'write a path, or a list of paths') ?? []
  return items.map((item) => decodeEnvFile(context, item)).filter((file) => file !== null)
}

function decodeEnvFile(context: Context, setting: Setting): EnvFile | null {
  if (setting.node.kind !== 'map') {
    const path = readPath(context, setting)
    return path === null ? null : { path, required: true }
  }
  const keys = readKeys(context, setting, ['path', 'required'], new Set(['format']))
  const path = optional(keys?.get('path') ?? null, (one) => readPath(context, one))
  const required = optional(keys?.get('required') ?? null, (one) => readBoolean(context, one))
  if (path !== null) return { path, required: required ?? true }
  return keys?.get('path')
    ? null
    : error(context, setting, 'the file has no path', "write 'path:' with the path of the file")
}

function decodeUser(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  if (/^[^\s:]+(?::[^\s:]+)?$/.test(text)) return text
  return error(context, setting, `'${text}' is not a user`, 'write a name, a uid, name:group or uid:gid')
}

function decodeInstances(context: Context, keys: Keys, deploy: Keys | null): readonly Instance[] {
  const either = [keys.get('scale'), deploy?.get('replicas') ?? null] as const
  const count = readEither(context, keys, either, (one) => readInteger(context, one, { min: 0, max: unitsMax }))
  return Array.from({ length: count ?? 1 }, (_, index) => ({ n: index + 1 }))
}

const killWaitMs = 5_000

function decodeStop(context: Context, keys: Keys, extras: Extras): readonly StopRung[] {
  const signalSetting = keys.get('stop_signal')
  const graceSetting = keys.get('stop_grace_period')
  const signal = optional(signalSetting, (one) => readSignal(context, one)) ?? 'TERM'
  const waitMs = optional(graceSetting, (one) => readDuration(context, one)) ?? 10_000
  if (extras.stop === null) {
    return [
      { signal, scope: 'main', waitMs },
      { signal: 'KILL', scope: 'tree', waitMs: killWaitMs },
    ]
  }
  const other = signalSetting ?? graceSetting
  if (other !== null) error(context, other, 'x-holdfast.stop says already how to stop', 'write only one of the two')
  return extras.stop
}
