import { isDeepStrictEqual } from 'node:util'
import type { ContainerSettings, ContainerSpec } from '../../core/containers/model.ts'
import type { App, Backoff, Dependency, RestartPolicy, Service, StopRung } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { normaliseAppName } from './app-name.ts'
import { backoffDefault } from './defaults.ts'
import { printListener } from './listener.ts'
import { printHealthcheck, printHooks, printLiveness, printReadiness, printSchedule } from './print-checks.ts'
import { printContainer, printContainerExtras, printDeploy } from './print-container.ts'
import { printLimits, printOwnLimits } from './print-limits.ts'
import { printEnvFiles, printInstances, printLogs, printStdin, scaleOf } from './print-process.ts'
import { printRelease, printResources } from './print-resources.ts'
import { printRunit } from './print-runit.ts'
import { escapeRecord, printNamed, type Style, said, unlessEmpty, unlessUsual } from './print-value.ts'
import { whenDefault } from './restart.ts'
import { killWaitMs } from './service.ts'

/**
 * One document of `holdfast.yaml` that declares the app: decoded again it gives the same, whatever dialect it came from and
 * wherever the file lies. Values are as they are used; `escapeRecord` makes texts of them that survive being read.
 * What the format cannot say (a command that cannot be split, names it refuses) is left to the reader to notice; what a
 * service directory says beyond it is told by `x-runit`.
 */
export function printApp(app: App, style: Style): YamlRecord {
  const all = Object.values(app.services)
  const services = all.map((service) => [service.name, printService(app, service, style)] as const)
  // What the format does not take for a name is told beside it.
  const name = normaliseAppName(app.name) || 'app'
  const hasContainers = all.some(({ kind }) => kind === 'container')
  return said({
    name,
    'x-holdfast': unlessEmpty({
      name: app.name === name ? undefined : app.name,
      priority: unlessUsual(style, app.priority, plainPriority),
      release: printRelease(app.release, hasContainers, style),
      listener: printListener(app.listener, style),
    }),
    services: Object.fromEntries(services),
    ...printResources(app.name, app.resources, style),
  })
}

export function printAppText(app: App, style: Style): YamlRecord {
  return escapeRecord(printApp(app, style))
}

function printService(app: App, service: Service, style: Style): YamlRecord {
  const { container } = service
  return container === undefined ? printProcess(service, style) : printContained(app, service, container, style)
}

function printContained({ name }: App, service: Service, container: ContainerSpec, style: Style): YamlRecord {
  const { settings } = container
  return {
    ...printContainer(name, service, container, style),
    restart: unlessUsual(style, printContainerRestart(settings), 'no'),
    scale: unlessUsual(style, service.instances.length, 1),
    depends_on: printDependencies(service.dependsOn, style),
    stop_signal: settings.stopSignal ?? undefined,
    stop_grace_period: settings.stopGraceMs === null ? undefined : printDuration(settings.stopGraceMs),
    deploy: printDeploy(settings),
    'x-holdfast': unlessEmpty({
      autostart: unlessUsual(style, service.autostart, true),
      stable_after: unlessUsual(style, printDuration(service.restart.stableMs), '10s'),
      manual_stop: unlessUsual(style, service.manualStop, 'until-started'),
      priority: unlessUsual(style, service.priority, plainPriority),
      readiness: printReadiness(service.checks.readiness, style),
      liveness: printLiveness(service.checks.liveness, style),
      logs: printLogs(service.process, style, 'container'),
      ...printContainerExtras(container, style),
    }),
  }
}

function printContainerRestart({ restart: { name, retriesMax } }: ContainerSettings): string {
  return name === 'on-failure' && retriesMax > 0 ? `${name}:${retriesMax}` : name
}

function printProcess(service: Service, style: Style): YamlRecord {
  const { process } = service
  return {
    command: process.command,
    working_dir: process.workingDir ?? undefined,
    user: process.user ?? undefined,
    environment: printNamed(process.environment),
    env_file: printEnvFiles(process.envFiles, style),
    restart: unlessUsual(style, service.restart.when, whenDefault(service)),
    scale: printScale(service, style),
    depends_on: printDependencies(service.dependsOn, style),
    ...printStop(service.stop, style),
    healthcheck: printHealthcheck(service.checks.readiness, style),
    ...printLimits(process.limits),
    labels: printNamed(service.labels),
    'x-holdfast': printExtras(service, style),
    'x-runit': printRunit(service),
  }
}

function printExtras(service: Service, style: Style): YamlRecord | undefined {
  const { process, restart } = service
  const isSilent = process.workingDir === null && !process.limits?.chroot
  return unlessEmpty({
    autostart: unlessUsual(style, service.autostart, service.schedule === null),
    schedule: printSchedule(service.schedule, style),
    once: service.once ?? undefined,
    ...printRestart(restart, style),
    stop: isUsualLadder(service.stop) ? undefined : printLadder(service.stop),
    manual_stop: unlessUsual(style, service.manualStop, 'until-started'),
    priority: unlessUsual(style, service.priority, plainPriority),
    instances: printInstances(service.instances, process),
    readiness: printReadiness(service.checks.readiness, style),
    liveness: printLiveness(service.checks.liveness, style),
    hooks: printHooks(service.hooks, style),
    umask: process.umask === null ? undefined : process.umask.toString(8).padStart(3, '0'),
    cgroup: unlessUsual(style, process.cgroup, process.limits !== null && process.limits.cgroup !== null),
    inherit_environment: unlessUsual(style, process.inheritEnvironment, false),
    inherit_directory: unlessUsual(style, isSilent, false),
    stdin: printStdin(process.stdin, style),
    logs: printLogs(process, style, 'process'),
    limits: printOwnLimits(process.limits, style),
  })
}

function printScale({ instances }: Service, style: Style): number | undefined {
  const scale = scaleOf(instances)
  return scale === null ? undefined : unlessUsual(style, scale, 1)
}

function dependencyName({ app, service }: Dependency): string {
  return app === undefined ? service : `${app}/${service}`
}

const conditions = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
} as const

function printDependencies(dependsOn: readonly Dependency[], style: Style): YamlValue | undefined {
  if (dependsOn.length === 0) return undefined
  const isPlain = dependsOn.every((one) => one.condition === 'started' && one.required && !one.restart)
  if (isPlain && style === 'short') return dependsOn.map(dependencyName)
  const entries = dependsOn.map((dependency) => {
    const { condition, required, restart } = dependency
    const more = { required: unlessUsual(style, required, true), restart: unlessUsual(style, restart, false) }
    return [dependencyName(dependency), { condition: conditions[condition], ...more }] as const
  })
  return Object.fromEntries(entries)
}

// ---- restart ---------------------------------------------------------------------------------------------------

function printRestart(restart: RestartPolicy, style: Style): YamlRecord {
  const { budget } = restart
  return {
    success_exit_codes: unlessUsual(style, restart.successExits, [0]),
    stable_after: unlessUsual(style, printDuration(restart.stableMs), '10s'),
    early_exits: unlessUsual(style, restart.early, 'by-policy'),
    backoff: printBackoff(restart.backoff, style),
    restart_budget: budget === null ? undefined : printBudget(budget),
  }
}

function printBudget({ restartsMax, windowMs }: NonNullable<RestartPolicy['budget']>): YamlRecord {
  return { max: restartsMax, within: windowMs === null ? undefined : printDuration(windowMs) }
}

function printBackoff(backoff: Backoff, style: Style): YamlRecord | undefined {
  const usualMaxMs = Math.max(backoffDefault.maxMs, backoff.firstMs)
  return unlessEmpty({
    shape: unlessUsual(style, backoff.shape, backoffDefault.shape),
    initial: unlessUsual(style, printDuration(backoff.firstMs), printDuration(backoffDefault.firstMs)),
    factor: backoff.shape === 'linear' ? undefined : unlessUsual(style, backoff.factor, backoffDefault.factor),
    max: unlessUsual(style, printDuration(backoff.maxMs), printDuration(usualMaxMs)),
    jitter: unlessUsual(style, backoff.jitter, backoffDefault.jitter),
    free_restarts: unlessUsual(style, backoff.freeRestarts, backoffDefault.freeRestarts),
  })
}

// ---- stop ------------------------------------------------------------------------------------------------------

function isUsualLadder([first, second, ...more]: readonly StopRung[]): boolean {
  const kill: StopRung = { signal: 'KILL', scope: 'tree', waitMs: killWaitMs }
  return first?.scope === 'main' && isDeepStrictEqual(second, kill) && more.length === 0
}

/** In the words of Compose, where they can say it. */
function printStop(stop: readonly StopRung[], style: Style): YamlRecord {
  const [first] = stop
  if (first === undefined || !isUsualLadder(stop)) return {}
  return {
    stop_signal: unlessUsual(style, `SIG${first.signal}`, 'SIGTERM'),
    stop_grace_period: unlessUsual(style, printDuration(first.waitMs), '10s'),
  }
}

/** What has no signal is told by `x-runit`; its wait counts with the step before it. */
function printLadder(stop: readonly StopRung[]): readonly YamlRecord[] {
  const sayable: StopRung[] = []
  for (const rung of stop) {
    const last = sayable.at(-1)
    const hasSignal = rung.signal !== 'EOF' && rung.signal !== '0'
    if (hasSignal) sayable.push(rung)
    else if (last !== undefined) sayable.splice(-1, 1, { ...last, waitMs: last.waitMs + rung.waitMs })
  }
  return sayable.map(printRung)
}

function printRung({ signal, scope, waitMs }: StopRung): YamlRecord {
  return { signal, scope, wait: printDuration(waitMs) }
}
