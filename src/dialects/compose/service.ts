import type { ProcessLimits, ProcessSpec, Service, StopRung } from '../../core/model.ts'
import { noHooks, noLabels, plainEnd, plainProcess } from '../../core/target/plain.ts'
import type { YamlEntry } from '../../formats/yaml.ts'
import { readCommand } from './command.ts'
import { decodeContainer, decodeLinks, impliedDependencies } from './container/container.ts'
import type { Scene } from './container/scene.ts'
import { decodeDependencies } from './dependencies.ts'
import { decodeEnvFiles, decodeEnvironment } from './environment.ts'
import { decodeExtras, type Extras } from './extras.ts'
import { decodeChecks } from './health.ts'
import { decodeHooks } from './hooks.ts'
import { decodeInstances, decodeScale } from './instances.ts'
import { deployMap, serviceMap } from './keys.ts'
import { decodeLabels, selectableLabels } from './labels.ts'
import { decodeLimits } from './limits.ts'
import { isKept } from './logs.ts'
import { decodeContainerRestart, decodeRestart } from './restart.ts'
import { decodeJob } from './schedule.ts'
import { decodeStdin } from './stdin.ts'
import {
  type Context,
  directoryAt,
  error,
  type Keys,
  noKeys,
  optional,
  readDuration,
  readKeys,
  readPath,
  readSignal,
  readUser,
  report,
  type Setting,
} from './values.ts'

/** Reads one service. Every problem is in the context; what cannot be understood has its default. */
export function decodeService(context: Context, entry: YamlEntry, setting: Setting, scene: Scene): Service {
  const kind = kindOf(setting)
  // Of what extends something that could not be read, nobody knows what it would have been.
  const isWhole = setting.node.kind !== 'map' || !setting.node.entries.has('extends')
  const own: Context = { ...context, kind: isWhole ? kind : null }
  return kind === 'container' ? decodeContained(own, entry, setting, scene) : decodeProcessed(own, entry, setting)
}

/** What has an image, or would have if it were built, is a container. */
function kindOf({ node }: Setting): Service['kind'] {
  if (node.kind !== 'map') return 'process'
  return node.entries.has('image') || node.entries.has('build') ? 'container' : 'process'
}

function decodeProcessed(context: Context, entry: YamlEntry, setting: Setting): Service {
  const read = readKeys(context, setting, serviceMap)
  const keys = read ?? noKeys(setting)
  warnOfNothing(context, keys)
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

function decodeContained(context: Context, entry: YamlEntry, setting: Setting, scene: Scene): Service {
  const keys = readKeys(context, setting, serviceMap) ?? noKeys(setting)
  warnOfNothing(context, keys)
  const extras = decodeExtras(context, keys)
  const deploy = optional(keys.get('deploy'), (one) => readKeys(context, one, deployMap))
  const policy = deploy?.get('restart_policy') ?? null
  const restart = decodeContainerRestart(context, { restart: keys.get('restart'), policy, extras })
  if (!keys.node.entries.has('image')) tellBuild(context, keys)
  const resources = deploy?.get('resources') ?? null
  const container = decodeContainer(context, { name: entry.key, keys, resources, extras, restart }, scene)
  const said = optional(keys.get('depends_on'), (one) => decodeDependencies(context, one)) ?? []
  const links = optional(keys.get('links'), (one) => decodeLinks(context, one, entry.key, scene)) ?? []
  const implied = impliedDependencies(container.settings, links)
  const { healthcheck } = container.settings
  const [healthSetting, readiness] = [keys.get('healthcheck'), extras.keys.get('readiness')]
  if (healthSetting !== null && readiness !== null && healthcheck !== 'none')
    error(context, readiness, 'healthcheck is a readiness check as well', 'write only one of the two')
  const instances = decodeScale(context, keys, deploy)
  const fixedName = keys.get('container_name')
  if (fixedName !== null && instances.length > 1)
    error(
      context,
      fixedName,
      `there are ${instances.length} of this service, and a name is that of one`,
      'remove it, or scale',
    )
  return {
    name: entry.key,
    kind: 'container',
    ...plainEnd,
    process: { ...plainProcess, stdout: extras.logs.stdout, stderr: extras.logs.stderr },
    container,
    instances,
    autostart: decodeJob(context, extras.keys).autostart,
    restart,
    stop: decodeStop(context, keys, extras),
    dependsOn: [
      ...said,
      ...implied.filter((one) => !said.some(({ app, service }) => app === undefined && service === one.service)),
    ],
    priority: extras.priority ?? 999,
    manualStop: extras.manualStop ?? 'until-started',
    checks: decodeChecks(context, {
      healthcheck: null,
      readiness,
      liveness: extras.keys.get('liveness'),
      isOutputKept: isKept(extras.logs),
    }),
    hooks: noHooks,
    schedule: null,
    once: null,
    labels: selectableLabels(container.settings.labels),
  }
}

function tellBuild(context: Context, keys: Keys): void {
  const build = keys.get('build')
  if (build === null) return
  error(
    context,
    build,
    'images are not built here',
    "build it with another tool, and write 'image:' with what it is called",
  )
}

function warnOfNothing(context: Context, keys: Keys): void {
  for (const key of ['attach', 'develop']) {
    const setting = keys.get(key)
    if (setting !== null)
      report(context, setting.node, setting.path, `'${key}' has no effect`, 'remove this line', 'warning')
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
  const usualDirectory = extras.inheritDirectory === true || limits?.chroot ? null : directoryAt(context, keys.node)
  return {
    command: command ?? [],
    commandError: null,
    workingDir: optional(keys.get('working_dir'), (one) => readPath(context, one)) ?? usualDirectory,
    environment: optional(keys.get('environment'), (one) => decodeEnvironment(context, one)) ?? {},
    envFiles: optional(keys.get('env_file'), (one) => decodeEnvFiles(context, one)) ?? [],
    inheritEnvironment: extras.inheritEnvironment ?? false,
    user: optional(keys.get('user'), (one) => readUser(context, one)),
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
    if (keys.get('extends') !== null) return null
    return report(
      context,
      entry,
      `${keys.path}.command`,
      'the service has neither a command nor an image',
      "write 'command:' with a program of this host and its arguments, or 'image:' for a container",
    )
  }
  return readCommand(context, setting)
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
