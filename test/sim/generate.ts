import type { Random } from '../../src/base/prng.ts'
import { service as plainService } from '../../src/core/fixture.ts'
import type {
  App,
  Check,
  Dependency,
  Hook,
  Instance,
  ProcessSpec,
  Schedule,
  Service,
  StopRung,
  Target,
} from '../../src/core/model.ts'
import { noChecks, noHooks, noLabels, plainEnd } from '../../src/core/target/plain.ts'
import { boxName, changeBox } from './containers/declared.ts'
import { changeDirectories } from './directories.ts'

/** What a drawn service is for: it says how its processes behave when nothing goes wrong. */
export type Role = 'server' | 'job'

/** One or two apps, together at least five units, dependencies without a cycle. */
export function drawTarget(random: Random): Target {
  const apps: Record<string, App> = {}
  const appCount = random.chance(0.3) ? 2 : 1
  for (let index = 0; index < appCount; index++) {
    const name = ['shop', 'mail'][index]!
    apps[name] = drawApp(random, name, appCount === 1 ? random.whole(5, 8) : random.whole(3, 5))
  }
  return random.chance(0.06) ? allChecked(random, { apps }) : { apps }
}

/** More checks than may be probed together. */
function allChecked(random: Random, target: Target): Target {
  const apps = Object.values(target.apps).map((app) => {
    const services = Object.values(app.services).map((service) => {
      const isServer = roleOf(service.process.command) === 'server'
      return isServer ? { ...service, instances: instances(3), checks: drawChecks(random, true) } : service
    })
    return { ...app, services: Object.fromEntries(services.map((service) => [service.name, service])) }
  })
  return { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
}

function drawApp(random: Random, name: string, count: number): App {
  const services: Record<string, Service> = {}
  for (let index = 0; index < count; index++) {
    const service = drawService(random, `${name[0]}${index}`, Object.values(services))
    services[service.name] = service
  }
  // The second one sometimes comes first.
  const priority = name === 'mail' && count % 2 === 0 ? 998 : 999
  return { name, source: `/etc/${name}.yaml`, dialect: 'compose', priority, services }
}

/** What every drawn process has in common. */
const plainProcess: ProcessSpec = plainService('plain').process

/** A service that depends only on earlier ones. */
export function drawService(random: Random, name: string, earlier: readonly Service[]): Service {
  const role: Role = random.chance(0.3) ? 'job' : 'server'
  const schedule = role === 'job' && random.chance(0.4) ? drawSchedule(random) : null
  return {
    name,
    kind: 'process',
    ...plainEnd,
    process: { ...plainProcess, command: [role, name] },
    instances: instances(random.chance(0.3) ? random.whole(2, 3) : 1),
    autostart: schedule === null && !random.chance(0.12),
    restart: drawPolicy(random, role),
    stop: drawLadder(random),
    dependsOn: drawDependencies(random, earlier),
    priority: random.chance(0.6) ? 999 : random.whole(1, 4),
    manualStop: random.chance(0.5) ? 'until-started' : 'until-daemon-restart',
    checks: role === 'server' ? drawChecks(random) : noChecks,
    hooks: drawHooks(random),
    schedule,
    once: role === 'job' && schedule === null ? drawOnce(random) : null,
    labels: noLabels,
  }
}

function drawChecks(random: Random, isSlow = false): Service['checks'] {
  const readiness = isSlow || random.chance(0.35) ? drawCheck(random, isSlow) : null
  const liveness = isSlow || random.chance(0.3) ? drawCheck(random, isSlow) : null
  return readiness === null && liveness === null ? noChecks : { readiness, liveness }
}

/** Whoever is given as much time takes it: many such probes are under way together. */
export const slowProbeMs = 6_000

function drawCheck(random: Random, isSlow: boolean): Check {
  return {
    probe: random.chance(0.5) ? { kind: 'exec', command: ['check'] } : { kind: 'tcp', host: '127.0.0.1', port: 80 },
    intervalMs: random.whole(80, 1_200),
    timeoutMs: isSlow ? slowProbeMs : random.whole(100, 800),
    retries: random.pick([1, 1, 2, 3]),
    startPeriodMs: random.pick([0, 0, random.whole(100, 2_000)]),
    startIntervalMs: random.whole(50, 600),
  }
}

function drawHooks(random: Random): Service['hooks'] {
  const preStart = random.chance(0.25) ? drawHook(random, 'pre') : null
  const postStop = random.chance(0.25) ? drawHook(random, 'post') : null
  return preStart === null && postStop === null ? noHooks : { preStart, postStop }
}

function drawHook(random: Random, word: string): Hook {
  return { command: [word], timeoutMs: random.whole(450, 2_500), ignoreFailure: random.chance(0.3) }
}

function drawSchedule(random: Random): Schedule {
  return {
    cron: `*/${random.pick([1, 2, 5, 20])} * * * * *`,
    timeZone: null,
    overlap: random.pick(['skip', 'queue', 'replace']),
    missed: random.pick(['skip', 'run-once']),
  }
}

function drawOnce(random: Random): Service['once'] {
  return random.chance(0.4) ? random.pick(['each-boot', 'ever']) : null
}

export function instances(count: number): readonly Instance[] {
  return Array.from({ length: count }, (_, index) => ({ n: index + 1 }))
}

export function roleOf(command: readonly string[]): Role {
  return command[0] === 'job' ? 'job' : 'server'
}

export function drawPolicy(random: Random, role: Role): Service['restart'] {
  const firstMs = random.whole(50, 400)
  return {
    when:
      role === 'job'
        ? random.pick(['no', 'on-failure'])
        : random.pick(['always', 'unless-stopped', 'on-failure', 'always', 'no']),
    successExits: random.chance(0.2) ? [0, 7] : [0],
    stableMs: random.pick([0, 200, 1_000, 3_000]),
    early: role === 'server' && random.chance(0.25) ? 'always' : 'by-policy',
    backoff: {
      shape: random.pick(['exponential', 'linear']),
      firstMs,
      factor: random.pick([1.5, 2, 3]),
      maxMs: firstMs * random.whole(2, 20),
      jitter: random.pick([0, 0.2, 1]),
      freeRestarts: random.whole(0, 2),
    },
    budget: drawBudget(random),
  }
}

function drawBudget(random: Random): Service['restart']['budget'] {
  if (random.chance(0.4)) return null
  return { restartsMax: random.whole(0, 5), windowMs: random.chance(0.5) ? null : random.whole(500, 8_000) }
}

function drawLadder(random: Random): readonly StopRung[] {
  const waitMs = () => random.whole(50, 3_000)
  const kill: StopRung = { signal: 'KILL', scope: 'tree', waitMs: waitMs() }
  const ladders: readonly (readonly StopRung[])[] = [
    [{ signal: 'TERM', scope: 'main', waitMs: waitMs() }, kill],
    [{ signal: 'TERM', scope: 'group', waitMs: waitMs() }, kill],
    [{ signal: 'INT', scope: 'main', waitMs: waitMs() }, { signal: 'TERM', scope: 'group', waitMs: waitMs() }, kill],
    [{ signal: 'TERM', scope: 'main', waitMs: waitMs() }],
    [kill],
  ]
  return random.pick([...ladders, ladders[0]!, ladders[1]!])
}

function drawDependencies(random: Random, earlier: readonly Service[]): readonly Dependency[] {
  if (earlier.length === 0 || random.chance(0.3)) return []
  const chosen = random.shuffled(earlier).slice(0, random.whole(1, 2))
  return chosen.map((service) => ({
    service: service.name,
    condition: drawCondition(random, service),
    required: random.chance(0.8),
    restart: random.chance(0.3),
  }))
}

function drawCondition(random: Random, { process, checks }: Service): Dependency['condition'] {
  if (checks.readiness !== null && random.chance(0.6)) return 'healthy'
  return roleOf(process.command) === 'job' && random.chance(0.8) ? 'completed' : 'started'
}

/** The same target with one to three things changed; what is not changed stays the same object. */
export function drawChangedTarget(random: Random, target: Target): Target {
  let changed = target
  for (let count = random.whole(1, 3); count > 0; count--) changed = changeOne(random, changed)
  return changed
}

/** The same with one thing changed in its app of containers. */
export function drawChangedBox(random: Random, { apps }: Target): Target {
  const app = apps[boxName]
  return app === undefined ? { apps } : { apps: { ...apps, [boxName]: changeBox(random, app) } }
}

function changeOne(random: Random, target: Target): Target {
  const app = random.pick(Object.values(target.apps))
  if (app.dialect === 'runit') return { apps: { ...target.apps, [app.name]: changeDirectories(random, app) } }
  if (app.name === boxName) return { apps: { ...target.apps, [app.name]: changeBox(random, app) } }
  const services = Object.values(app.services)
  const service = random.pick(services)
  const put = (changed: Service) =>
    withServices(
      target,
      app,
      services.map((one) => (one === service ? changed : one)),
    )
  switch (random.whole(0, 10)) {
    case 0:
      return put({
        ...service,
        process: { ...service.process, command: [...service.process.command.slice(0, 2), String(random.whole(1, 99))] },
      })
    case 1:
      return put({ ...service, restart: drawPolicy(random, roleOf(service.process.command)) })
    case 2:
      return put({ ...service, stop: drawLadder(random) })
    case 3:
      return put({ ...service, autostart: service.schedule === null && !service.autostart })
    case 4:
      return put({ ...service, instances: instances(random.whole(1, 3)) })
    case 5:
      return put({ ...service, dependsOn: drawDependencies(random, services.slice(0, services.indexOf(service))) })
    case 6:
      return services.length <= 3 ? target : withServices(target, app, without(services, service))
    case 7:
      return put(roleOf(service.process.command) === 'server' ? { ...service, checks: drawChecks(random) } : service)
    case 8:
      return put({ ...service, hooks: drawHooks(random) })
    case 9:
      return put(withOtherJob(random, service))
    default: {
      const name = `${app.name[0]}n${random.whole(0, 3)}`
      if (name in app.services && services.length <= 3) return target
      if (name in app.services) return withServices(target, app, without(services, app.services[name]!))
      return withServices(target, app, [...services, drawService(random, name, services)])
    }
  }
}

function withOtherJob(random: Random, service: Service): Service {
  if (roleOf(service.process.command) === 'server') return service
  const schedule = random.chance(0.5) ? drawSchedule(random) : null
  const once = schedule === null ? drawOnce(random) : null
  return { ...service, schedule, autostart: schedule === null, once, restart: drawPolicy(random, 'job') }
}

function without(services: readonly Service[], gone: Service): readonly Service[] {
  return services
    .filter((service) => service !== gone)
    .map((service) => {
      if (!service.dependsOn.some((edge) => edge.service === gone.name)) return service
      return { ...service, dependsOn: service.dependsOn.filter((edge) => edge.service !== gone.name) }
    })
}

function withServices(target: Target, app: App, services: readonly Service[]): Target {
  const keyed = Object.fromEntries(services.map((service) => [service.name, fitting(service, services)]))
  return { apps: { ...target.apps, [app.name]: { ...app, services: keyed } } }
}

/** Nobody waits for the health of what has no check. */
function fitting(service: Service, services: readonly Service[]): Service {
  const isUnknowable = ({ service: name, condition }: Dependency) =>
    condition === 'healthy' && services.find((one) => one.name === name)?.checks.readiness == null
  if (!service.dependsOn.some(isUnknowable)) return service
  const dependsOn = service.dependsOn.map((edge) =>
    isUnknowable(edge) ? { ...edge, condition: 'started' as const } : edge,
  )
  return { ...service, dependsOn }
}
