import type { Random } from '../../src/base/prng.ts'
import type { App, Dependency, Service, Target } from '../../src/core/model.ts'
import { boxName, changeBox } from './containers/declared.ts'
import { changeDirectories } from './directories.ts'
import {
  drawChecks,
  drawDependencies,
  drawHooks,
  drawLadder,
  drawOnce,
  drawPolicy,
  drawSchedule,
  drawService,
  instances,
  roleOf,
} from './services.ts'

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
