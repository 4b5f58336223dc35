import { unitsMax } from '../limits.ts'
import type { App, Dependency, Service, Target } from '../model.ts'
import { neededKey } from './units.ts'

/** What is wrong with a target beyond single values. A dialect knows where it was written. */
export interface Fault {
  /** null: the target as a whole. */
  readonly app: string | null
  readonly service: string | null
  /** In the words of the model: `name`, `dependsOn.db`. */
  readonly setting: string
  readonly message: string
  readonly hint: string
}

/** Names become file names and parts of unit ids; this leaves room for what is put around them. */
const nameCharsMax = 128

/** Checks names, dependencies and cycles of one app. Empty when all is well. */
export function validateApp(app: App): readonly Fault[] {
  const faults: Fault[] = []
  const fault = (service: string | null, setting: string, message: string, hint: string) => {
    faults.push({ app: app.name, service, setting, message, hint })
  }
  const appName = nameFault(app.name)
  if (appName !== null) fault(null, 'name', `the app name '${app.name}' ${appName}`, 'choose another name')
  for (const service of Object.values(app.services)) {
    const serviceName = nameFault(service.name)
    if (serviceName !== null)
      fault(service.name, 'name', `the name '${service.name}' ${serviceName}`, 'choose another name')
    for (const { app: otherApp, service: name, required, condition } of service.dependsOn) {
      // Of another app only the whole tells.
      if (otherApp !== undefined && otherApp !== app.name) continue
      const other = Object.hasOwn(app.services, name) ? app.services[name]! : null
      if (other !== null && condition === 'healthy' && !mayBeHealthy(other)) {
        const message = `waits until '${name}' is healthy, and ${name} has no check that could tell`
        fault(service.name, `dependsOn.${name}`, message, `give ${name} a healthcheck, or wait until it is started`)
      }
      if (!required || other !== null) continue
      fault(
        service.name,
        `dependsOn.${name}`,
        `depends on '${name}', which is not a service of ${app.name}`,
        knownServices(app),
      )
    }
    for (const { setting, service: name } of sharedNamespaces(service)) {
      if (!Object.hasOwn(app.services, name) || app.services[name]!.kind === 'container') continue
      const message = `'${name}' is a process of this host, and only containers share their namespaces`
      fault(service.name, setting, message, 'name a service that is a container')
    }
  }
  const isOwn = ({ app: other = app.name, service }: Dependency) =>
    other === app.name && Object.hasOwn(app.services, service)
  const needs = (name: string) => app.services[name]!.dependsOn.filter(isOwn).map(({ service }) => service)
  for (const cycle of findCycles(Object.keys(app.services), needs)) {
    fault(cycle[0]!, `dependsOn.${cycle[1] ?? cycle[0]!}`, cycleText(cycle), 'remove one of these dependencies')
  }
  return faults
}

/** Whether anything could tell that a service is healthy: an image may have a check, unless its service has none of it. */
function mayBeHealthy({ checks, container }: Service): boolean {
  if (checks.readiness !== null) return true
  return container !== undefined && container.settings.healthcheck !== 'none'
}

interface Shared {
  readonly setting: string
  readonly service: string
}

/** The services whose namespaces a container joins. */
function sharedNamespaces({ container }: Service): readonly Shared[] {
  if (container === undefined) return []
  const { networkMode, ipc, pid } = container.settings
  const network = networkMode.kind === 'service' ? `service:${networkMode.service}` : null
  return Object.entries({ networkMode: network, ipc, pid }).flatMap(([field, text]) =>
    text?.startsWith('service:')
      ? [{ setting: `container.settings.${field}`, service: text.slice('service:'.length) }]
      : [],
  )
}

/**
 * Checks what only the whole tells: how many units there are, whether there are descriptors for their streams, and whether
 * the container engine could tell all containers apart.
 */
export function validateCounts(target: Target, descriptorsMax: number | null): readonly Fault[] {
  return [...validateContainerNames(target), ...validateSizes(target, descriptorsMax), ...cyclesBetweenApps(target)]
}

/** Circles of services of several apps; those within one app its own check tells. */
function cyclesBetweenApps(target: Target): readonly Fault[] {
  const needs = new Map<string, readonly string[]>()
  let isAnyBetween = false
  for (const app of Object.values(target.apps)) {
    for (const { name, dependsOn } of Object.values(app.services)) {
      needs.set(
        `${app.name}/${name}`,
        dependsOn.map((edge) => neededKey(app.name, edge)),
      )
      isAnyBetween ||= dependsOn.some(({ app: other }) => other !== undefined && other !== app.name)
    }
  }
  if (!isAnyBetween) return []
  const cycles = findCycles([...needs.keys()], (key) => needs.get(key)!.filter((other) => needs.has(other)))
  const appOf = (key: string) => key.slice(0, key.indexOf('/'))
  return cycles.flatMap((cycle): readonly Fault[] => {
    const [first = '', next = first] = cycle
    if (cycle.every((key) => appOf(key) === appOf(first))) return []
    const service = first.slice(first.indexOf('/') + 1)
    const hint = 'remove one of these dependencies'
    return [{ app: appOf(first), service, setting: `dependsOn.${next}`, message: cycleText(cycle), hint }]
  })
}

function cycleText(cycle: readonly string[]): string {
  return `these services wait for each other, so none could ever start: ${[...cycle, cycle[0]!].join(' → ')}`
}

function validateContainerNames(target: Target): readonly Fault[] {
  const first = new Map<string, string>()
  return Object.values(target.apps).flatMap((app) =>
    Object.values(app.services).flatMap(({ name: service, container, instances }) => {
      if (container === undefined) return []
      return instances.flatMap(({ n, container: own }): readonly Fault[] => {
        const { containerName: name } = { ...container, ...own }
        const unit = `${app.name}/${service}/${n}`
        const other = first.get(name)
        if (other === undefined) first.set(name, unit)
        if (other === undefined) return []
        const message = `the container of ${unit} and that of ${other} are both called ${name}`
        const hint = 'give one of them another container_name'
        return [{ app: app.name, service, setting: 'container.containerName', message, hint }]
      })
    }),
  )
}

function validateSizes(target: Target, descriptorsMax: number | null): readonly Fault[] {
  const whole = { app: null, service: null }
  const units = countUnits(target, () => 1)
  if (units > unitsMax) {
    const message = `${units} units are declared, and ${unitsMax} is the most one daemon supervises`
    return [
      { ...whole, setting: '', message, hint: 'lower replicas or numprocs, or split the declaration between daemons' },
    ]
  }
  const needed = countUnits(target, streamsOf) + descriptorsReserved
  if (descriptorsMax === null || needed <= descriptorsMax) return []
  const message = `${units} units need about ${needed} file descriptors, and the limit here is ${descriptorsMax}`
  const hint = `raise the hard limit (LimitNOFILE= in a systemd unit, ulimit -Hn in a shell) to at least ${needed}, or log stderr together with stdout`
  return [{ ...whole, setting: '', message, hint }]
}

/** What the daemon itself has open: store, recorder, lock, sockets, clients. */
const descriptorsReserved = 48

function countUnits(target: Target, weight: (service: Service) => number): number {
  let count = 0
  for (const app of Object.values(target.apps)) {
    for (const service of Object.values(app.services)) count += service.instances.length * weight(service)
  }
  return count
}

// For each stream that is kept: the read end of its pipe, and its log file.
function streamsOf(service: Service): number {
  const { stdout, stderr } = service.process
  const isOwn = stderr !== 'stdout' && stderr.path !== 'none'
  return (stdout.path === 'none' ? 0 : 2) + (isOwn ? 2 : 0)
}

function nameFault(name: string): string | null {
  if (name === '') return 'is empty'
  if (name === '.' || name === '..' || name === '__proto__') return 'is reserved'
  if (name.length > nameCharsMax) return `is longer than ${nameCharsMax} characters`
  if (/[/\p{Cc}]/u.test(name)) return 'contains a slash or a control character'
  return null
}

function knownServices(app: App): string {
  const names = Object.keys(app.services)
  return `its services are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ', …' : ''}`
}

/** Cycles of dependencies, member by member; each service is named in one cycle at most. */
function findCycles(
  names: readonly string[],
  needs: (name: string) => readonly string[],
): readonly (readonly string[])[] {
  const cycles: string[][] = []
  const state = new Map<string, 'open' | 'done'>()
  for (const root of names) {
    const path: { readonly name: string; readonly needs: readonly string[]; next: number }[] = []
    const open = (name: string) => {
      state.set(name, 'open')
      path.push({ name, needs: needs(name), next: 0 })
    }
    if (!state.has(root)) open(root)
    while (path.length > 0) {
      const top = path.at(-1)!
      const needed = top.needs[top.next++]
      if (needed === undefined) {
        state.set(top.name, 'done')
        path.pop()
      } else {
        const found = state.get(needed)
        if (found === undefined) open(needed)
        if (found === 'open')
          cycles.push(path.slice(path.findIndex((step) => step.name === needed)).map((step) => step.name))
      }
    }
  }
  return cycles
}
