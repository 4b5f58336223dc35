import type { Check, Dependency, Hook, Service, Target } from '../../src/core/model.ts'
import { decodeSources } from '../../src/dialects/decode-sources.ts'
import { memorySourceReader } from '../../src/dialects/memory-source-reader.ts'
import { hold } from './violation.ts'

const invariant = 'a target survives its text'

/**
 * The target as somebody would write it down, read by the real decoders: what every eighth scenario starts with. The
 * decoded one differs where a dialect cannot say what was drawn; that it declares the same units is checked here.
 */
export async function throughText(target: Target, dialect: 'compose' | 'supervisord'): Promise<Target> {
  const files = Object.fromEntries(
    dialect === 'compose' ? Object.values(target.apps).map((app) => composeFile(app)) : [supervisordFile(target)],
  )
  const paths = Object.keys(files)
  const reader = memorySourceReader({ files })
  const { target: decoded, problems } = await decodeSources(paths, reader, { lenient: false, descriptorsMax: null })
  const errors = problems.filter((problem) => problem.severity === 'error')
  hold(errors.length === 0, invariant, () => JSON.stringify(errors))
  const drawn = Object.values(target.apps).flatMap((app) => Object.values(app.services))
  const read = Object.values(decoded.apps).flatMap((app) => Object.values(app.services))
  hold(unitCount(read) === unitCount(drawn), invariant, () => `${unitCount(drawn)} units, decoded ${unitCount(read)}`)
  if (dialect === 'compose')
    for (const service of drawn)
      isSaid(
        service,
        read.find((one) => one.name === service.name),
      )
  return decoded
}

function unitCount(services: readonly Service[]): number {
  return services.reduce((count, service) => count + service.instances.length, 0)
}

function isSaid(drawn: Service, read: Service | undefined): void {
  const said = ({ autostart, stop, priority, dependsOn, restart, ...service }: Service) => {
    const edges = dependsOn.map(({ service, condition, required }) => `${service} ${condition} ${required}`).sort()
    const { when, successExits, stableMs, budget } = restart
    const { checks, hooks, schedule, once } = service
    const job = { checks, hooks, schedule, once }
    return JSON.stringify({ autostart, stop, priority, edges, when, successExits, stableMs, budget, ...job })
  }
  const isSame = read !== undefined && said(read) === said(drawn)
  hold(isSame, invariant, () => `${drawn.name}: ${read === undefined ? 'is missing' : said(read)} from ${said(drawn)}`)
}

const conditions: Readonly<Record<Dependency['condition'], string>> = {
  started: 'service_started',
  healthy: 'service_healthy',
  completed: 'service_completed_successfully',
}

/** JSON is YAML too. */
function composeFile(app: Target['apps'][string]): readonly [string, string] {
  const services = Object.fromEntries(
    Object.values(app.services).map((service) => [service.name, composeService(service)]),
  )
  return [`/etc/${app.name}/holdfast.yaml`, JSON.stringify({ name: app.name, services }, null, 2)]
}

function composeService({ process, restart, instances, dependsOn, stop, ...service }: Service): object {
  const { backoff, budget } = restart
  const edges = dependsOn.map(({ service: name, condition, required, restart }) => {
    return [name, { condition: conditions[condition], required, restart }] as const
  })
  return {
    command: process.command,
    scale: instances.length,
    restart: restart.when,
    ...(edges.length === 0 ? {} : { depends_on: Object.fromEntries(edges) }),
    'x-holdfast': {
      ...extras(service),
      priority: service.priority,
      success_exit_codes: restart.successExits,
      stable_after: `${restart.stableMs}ms`,
      backoff: {
        initial: `${backoff.firstMs}ms`,
        factor: backoff.factor,
        max: `${backoff.maxMs}ms`,
        jitter: backoff.jitter,
      },
      ...(budget === null ? {} : { restart_budget: { max: budget.restartsMax, ...within(budget.windowMs) } }),
      stop: stop.map(({ signal, scope, waitMs }) => ({ signal, scope, wait: `${waitMs}ms` })),
    },
  }
}

type Extras = Pick<Service, 'autostart' | 'checks' | 'hooks' | 'schedule' | 'once'>

function extras({ autostart, checks, hooks, schedule, once }: Extras): object {
  const { readiness, liveness } = checks
  const { preStart, postStop } = hooks
  return {
    autostart,
    ...(readiness === null ? {} : { readiness: checkText(readiness) }),
    ...(liveness === null ? {} : { liveness: checkText(liveness) }),
    hooks: {
      ...(preStart === null ? {} : { pre_start: hookText(preStart) }),
      ...(postStop === null ? {} : { post_stop: hookText(postStop) }),
    },
    ...(schedule === null ? {} : { schedule: { ...schedule, timeZone: undefined } }),
    ...(once === null ? {} : { once }),
  }
}

function checkText({ probe, ...timing }: Check): object {
  return {
    ...(probe.kind === 'exec' ? { exec: probe.command } : { tcp: '127.0.0.1:80' }),
    interval: `${timing.intervalMs}ms`,
    timeout: `${timing.timeoutMs}ms`,
    retries: timing.retries,
    start_period: `${timing.startPeriodMs}ms`,
    start_interval: `${timing.startIntervalMs}ms`,
  }
}

function hookText({ command, timeoutMs, ignoreFailure }: Hook): object {
  return { command, timeout: `${timeoutMs}ms`, ignore_failure: ignoreFailure }
}

function within(windowMs: number | null): object {
  return windowMs === null ? {} : { within: `${windowMs}ms` }
}

/** supervisord knows no dependencies, and seconds only. */
function supervisordFile(target: Target): readonly [string, string] {
  const groups = Object.values(target.apps).map((app) => {
    const names = Object.keys(app.services)
    return [`[group:${app.name}]`, `programs=${names.join(',')}`, ...Object.values(app.services).map(programText)].join(
      '\n',
    )
  })
  return ['/etc/supervisord.conf', groups.join('\n')]
}

function programText({ name, process, instances, autostart, priority, restart, stop }: Service): string {
  const answers = { always: 'true', 'unless-stopped': 'true', 'on-failure': 'unexpected', no: 'false' } as const
  return [
    `[program:${name}]`,
    `command=${process.command.join(' ')}`,
    `numprocs=${instances.length}`,
    'process_name=%(program_name)s_%(process_num)d',
    `autostart=${autostart}`,
    `autorestart=${answers[restart.when]}`,
    `exitcodes=${restart.successExits.join(',')}`,
    `startsecs=${Math.round(restart.stableMs / 1_000)}`,
    `startretries=${restart.budget?.restartsMax ?? 3}`,
    `stopsignal=${stop[0]?.signal}`,
    `stopwaitsecs=${Math.ceil((stop[0]?.waitMs ?? 1_000) / 1_000)}`,
    `priority=${priority}`,
  ].join('\n')
}
