import { argumentBytesMax, unitsMax } from '../../core/limits.ts'
import type { Dependency, EnvFile, Instance, Service, StopRung } from '../../core/model.ts'
import { splitShellWords } from '../../formats/shell-words.ts'
import type { YamlEntry } from '../../formats/yaml.ts'
import { decodeExtras, type Extras } from './extras.ts'
import { deployKeys, deployKeysNotYet, serviceKeys, serviceKeysNotYet } from './keys.ts'
import { decodeRestart } from './restart.ts'
import {
  type Context,
  child,
  error,
  type Keys,
  readBoolean,
  readChoice,
  readDuration,
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
  const extras = decodeExtras(context, keys.get('x-holdfast'))
  const deploy = optional(keys.get('deploy'), (one) => readKeys(context, one, deployKeys, deployKeysNotYet))
  const command = read === null ? null : decodeCommand(context, keys, entry)
  return {
    name: entry.key,
    kind: 'process',
    process: {
      command: command ?? [],
      commandError: null,
      workingDir: optional(keys.get('working_dir'), (one) => readPath(context, one)) ?? context.directory,
      environment: optional(keys.get('environment'), (one) => decodeEnvironment(context, one)) ?? {},
      envFiles: optional(keys.get('env_file'), (one) => decodeEnvFiles(context, one)) ?? [],
      inheritEnvironment: extras.inheritEnvironment ?? false,
      user: optional(keys.get('user'), (one) => decodeUser(context, one)),
      umask: extras.umask,
      stdout: extras.stdout,
      stderr: extras.stderr,
      cgroup: extras.cgroup ?? false,
    },
    instances: decodeInstances(context, keys, deploy),
    autostart: extras.autostart ?? true,
    restart: decodeRestart(context, keys.get('restart'), deploy?.get('restart_policy') ?? null, extras),
    stop: decodeStop(context, keys, extras),
    dependsOn: optional(keys.get('depends_on'), (one) => decodeDependencies(context, one)) ?? [],
    priority: extras.priority ?? 999,
    manualStop: 'until-started',
  }
}

function noKeys({ path, node }: Setting): Keys {
  return { path, node: { ...node, kind: 'map', entries: new Map() }, get: () => null }
}

function optional<T>(setting: Setting | null, read: (setting: Setting) => T | null): T | null {
  return setting === null ? null : read(setting)
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
  const words = setting.node.kind === 'list' ? readWords(context, setting) : splitCommand(context, setting)
  if (words === null) return null
  if (words.length === 0 || words[0] === '')
    return error(context, setting, 'the command is empty', 'write the program to run and its arguments')
  const tooLong = words.find((word) => Buffer.byteLength(word) >= argumentBytesMax)
  if (tooLong !== undefined)
    return error(
      context,
      setting,
      `one argument is longer than ${argumentBytesMax} bytes`,
      'Linux refuses to start it; put the text into a file',
    )
  return words
}

function readWords(context: Context, setting: Setting): readonly string[] | null {
  const items = readItems(context, setting, '') ?? []
  const words = items.map((item) => readText(context, item))
  return words.every((word) => word !== null) ? words : null
}

function splitCommand(context: Context, setting: Setting): readonly string[] | null {
  const text = readText(context, setting)
  if (text === null) return null
  const result = splitShellWords(text, 'compose')
  if (result.kind === 'words') return result.words
  const isShell = result.message.includes('shell')
  return error(
    context,
    setting,
    result.message,
    isShell ? 'put the word in quotes, or write ["sh", "-c", "…"]' : 'close the quote, or write the command as a list',
  )
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
  const read = (one: Setting) => readInteger(context, one, { min: 0, max: unitsMax })
  const scale = keys.get('scale')
  const replicas = deploy?.get('replicas') ?? null
  const scaled = optional(scale, read)
  const replicated = optional(replicas, read)
  if (scale !== null && scaled !== null && replicated !== null && scaled !== replicated) {
    error(context, scale, `scale is ${scaled}, and deploy.replicas is ${replicated}`, 'write only one of the two')
  }
  return Array.from({ length: scaled ?? replicated ?? 1 }, (_, index) => ({ n: index + 1 }))
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

const conditions = ['service_started', 'service_completed_successfully', 'service_healthy'] as const

function decodeDependencies(context: Context, setting: Setting): readonly Dependency[] | null {
  if (setting.node.kind === 'map') {
    const entries = [...setting.node.entries.values()]
    return entries.map((entry) => decodeDependency(context, entry, child(setting, entry))).filter((one) => one !== null)
  }
  const items = readItems(context, setting, 'write a list of services, or a map with a condition for each')
  const names = new Set<string>()
  for (const item of items ?? []) {
    const name = readText(context, item)
    if (name !== null) names.add(name)
  }
  return [...names].map((service) => ({ service, condition: 'started', required: true, restart: false }))
}

function decodeDependency(context: Context, entry: YamlEntry, setting: Setting): Dependency | null {
  const keys = readKeys(context, setting, ['condition', 'required', 'restart'])
  if (keys === null) return null
  const conditionSetting = keys.get('condition')
  if (conditionSetting === null) {
    return report(
      context,
      entry,
      `${setting.path}.condition`,
      'the dependency has no condition',
      `write 'condition: ${conditions[0]}' or ${conditions[1]}`,
    )
  }
  const condition = readChoice(context, conditionSetting, conditions)
  if (condition === 'service_healthy') {
    return error(
      context,
      conditionSetting,
      "this version of Holdfast cannot do 'service_healthy'",
      `use ${conditions[0]}, or ${conditions[1]} for a job`,
    )
  }
  if (condition === null) return null
  return {
    service: entry.key,
    condition: condition === 'service_started' ? 'started' : 'completed',
    required: optional(keys.get('required'), (one) => readBoolean(context, one)) ?? true,
    restart: optional(keys.get('restart'), (one) => readBoolean(context, one)) ?? false,
  }
}
