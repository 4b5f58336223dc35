import type { ProcessLimits, ProcessSpec, Service, StopRung } from '../../core/model.ts'
import { noHooks, noLabels, plainEnd } from '../../core/target/plain.ts'
import type { YamlEntry } from '../../formats/yaml.ts'
import { readCommand } from './command.ts'
import { decodeDependencies } from './dependencies.ts'
import { decodeEnvFiles, decodeEnvironment } from './environment.ts'
import { decodeExtras, type Extras } from './extras.ts'
import { decodeChecks } from './health.ts'
import { decodeHooks } from './hooks.ts'
import { decodeInstances } from './instances.ts'
import { deployMap, serviceMap } from './keys.ts'
import { decodeLabels } from './labels.ts'
import { decodeLimits } from './limits.ts'
import { isKept } from './logs.ts'
import { decodeRestart } from './restart.ts'
import { decodeJob } from './schedule.ts'
import { decodeStdin } from './stdin.ts'
import {
  type Context,
  error,
  type Keys,
  noKeys,
  optional,
  readDuration,
  readKeys,
  readPath,
  readSignal,
  readText,
  report,
  type Setting,
} from './values.ts'

/** Reads one service. Every problem is in the context; what cannot be understood has its default. */
export function decodeService(context: Context, entry: YamlEntry, setting: Setting): Service {
  const read = readKeys(context, setting, serviceMap)
  const keys = read ?? noKeys(setting)
  const extras = decodeExtras(context, keys)
  const deploy = optional(keys.get('deploy'), (one) => readKeys(context, one, deployMap))
  const job = decodeJob(context, extras.keys)
  const process = decodeProcess(context, {
    keys,
    extras,
    resources: deploy?.get('resources') ?? null,
    command: read === null ? null : decodeCommand(context, keys, entry),
  })
  return {
    name: entry.key,
    kind: 'process',
    ...plainEnd,
    process,
    instances: decodeInstances(context, { keys, deploy, extras, process }),
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
    manualStop: extras.manualStop ?? 'until-started',
    checks: decodeChecks(context, {
      healthcheck: keys.get('healthcheck'),
      readiness: extras.keys.get('readiness'),
      liveness: extras.keys.get('liveness'),
      isOutputKept: isKept(extras.logs),
    }),
    hooks: optional(extras.keys.get('hooks'), (one) => decodeHooks(context, one)) ?? noHooks,
    schedule: job.schedule,
    once: job.once,
    labels: optional(keys.get('labels'), (one) => decodeLabels(context, one)) ?? noLabels,
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
  // The file's directory is not inside a new root.
  const usualDirectory = extras.inheritDirectory === true || limits?.chroot ? null : context.directory
  return {
    command: command ?? [],
    commandError: null,
    workingDir: optional(keys.get('working_dir'), (one) => readPath(context, one)) ?? usualDirectory,
    environment: optional(keys.get('environment'), (one) => decodeEnvironment(context, one)) ?? {},
    envFiles: optional(keys.get('env_file'), (one) => decodeEnvFiles(context, one)) ?? [],
    inheritEnvironment: extras.inheritEnvironment ?? false,
    user: optional(keys.get('user'), (one) => decodeUser(context, one)),
    umask: extras.umask,
    stdout: extras.logs.stdout,
    stderr: extras.logs.stderr,
    stdin: decodeStdin(context, keys.get('stdin_open'), extras.keys.get('stdin')),
    logger: null,
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

function decodeUser(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  if (/^[^\s:]+(?::[^\s:]+)?$/.test(text)) return text
  return error(context, setting, `'${text}' is not a user`, 'write a name, a uid, name:group or uid:gid')
}

export const killWaitMs = 5_000

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
