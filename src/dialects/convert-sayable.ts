import type { App, Dependency, Instance, ProcessSpec, Service } from '../core/model.ts'
import { neededKey } from '../core/target/units.ts'
import type { Conversion, Note } from './convert-model.ts'
import { renamedText, renameServices } from './convert-names.ts'

/** An app as holdfast.yaml can say it. */
export interface Sayable {
  /** What it is called in the original. */
  readonly original: string
  readonly app: App
  /** By the names it has here: as the original calls them. */
  readonly services: ReadonlyMap<string, string>
}

/** The apps of a conversion without what the format has no words for; what that is, is noted. */
export function sayableApps(conversion: Conversion, notes: Note[]): readonly Sayable[] {
  const left: ServiceRef[] = []
  const all = Object.values(conversion.target.apps).map((app): Sayable => {
    const names = renameServices(Object.keys(app.services))
    const services = Object.values(app.services).map((service) => {
      const origin = conversion.origin(app.name, ['services', service.name])
      const name = names.get(service.name)!
      const why = whyNot(service)
      if (why !== null) {
        left.push({ app: app.name, service: name })
        notes.push({ origin, message: `${service.name} is left out: ${why}` })
      } else if (name !== service.name) {
        notes.push({ origin, message: renamedText(service.name, name) })
      }
      if (!mayRestart(service)) {
        const { when } = service.restart
        const message = `${name} has a schedule: it is started again after failures, and not after each end (${when})`
        notes.push({ origin: conversion.origin(app.name, ['services', service.name, 'restart']) ?? origin, message })
      }
      return [name, { ...withCommonEnvironment(endingJob(service)), name }] as const
    })
    const original = new Map([...names].map(([before, name]) => [name, before]))
    return { original: app.name, app: { ...app, services: Object.fromEntries(services) }, services: original }
  })
  return withoutServices(withNewNames(all), left, conversion, notes)
}

/** What is to come to an end is not started again after each. */
function mayRestart({ schedule, restart: { when } }: Service): boolean {
  return schedule === null || when === 'no' || when === 'on-failure'
}

function endingJob(service: Service): Service {
  return mayRestart(service) ? service : { ...service, restart: { ...service.restart, when: 'on-failure' } }
}

function whyNot({ process, container, instances }: Service): string | null {
  if (container !== undefined) return null
  if (instances.length === 0 && process.command.length === 0) return 'it has no processes'
  return process.command.length === 0 ? (process.commandError ?? 'it has no command') : null
}

export interface ServiceRef {
  readonly app: string
  readonly service: string
}

/** What waits for one of them waits no more. Apps with nothing left are left out. */
export function withoutServices(
  apps: readonly Sayable[],
  left: readonly ServiceRef[],
  conversion: Conversion,
  notes: Note[],
): readonly Sayable[] {
  const gone = new Set(left.map(({ app, service }) => `${app}/${service}`))
  if (gone.size === 0) return apps.filter(({ app }) => Object.keys(app.services).length > 0)
  const isGone = (app: App) => (edge: Dependency) => gone.has(neededKey(app.name, edge))
  const rest = apps.map((one): Sayable => {
    const { original, app, services: originals } = one
    const kept = Object.values(app.services).filter(({ name }) => !gone.has(`${app.name}/${name}`))
    const services = kept.map((service) => {
      const missing = service.dependsOn.filter(isGone(app))
      if (missing.length === 0) return [service.name, service] as const
      const origin = conversion.origin(original, ['services', originals.get(service.name)!, 'depends_on'])
      for (const { service: name } of missing)
        notes.push({ origin, message: `${service.name} does not wait for ${name}, which is left out` })
      const dependsOn = service.dependsOn.filter((edge) => !missing.includes(edge))
      return [service.name, { ...service, dependsOn }] as const
    })
    return { ...one, app: { ...app, services: Object.fromEntries(services) } }
  })
  return rest.filter(({ app }) => Object.keys(app.services).length > 0)
}

/** Dependencies by the names that services have now. */
function withNewNames(apps: readonly Sayable[]): readonly Sayable[] {
  const renamed = new Map<string, string>()
  for (const { app, services } of apps)
    for (const [name, original] of services) if (name !== original) renamed.set(`${app.name}/${original}`, name)
  if (renamed.size === 0) return apps
  return apps.map((one): Sayable => {
    const services = Object.values(one.app.services).map((service) => {
      const dependsOn = service.dependsOn.map((edge) => {
        const name = renamed.get(neededKey(one.app.name, edge))
        return name === undefined ? edge : { ...edge, service: name }
      })
      return [service.name, { ...service, dependsOn }] as const
    })
    return { ...one, app: { ...one.app, services: Object.fromEntries(services) } }
  })
}

/** An instance can have variables besides those of its service, and not lack one of them. */
function withCommonEnvironment(service: Service): Service {
  const { process, instances } = service
  const names = Object.keys(process.environment)
  const isLacked = (name: string) =>
    instances.some(({ process: own }) => own?.environment !== undefined && !Object.hasOwn(own.environment, name))
  const lacked = new Set(names.filter(isLacked))
  if (lacked.size === 0) return service
  const common = Object.entries(process.environment).filter(([name]) => !lacked.has(name))
  return {
    ...service,
    process: { ...process, environment: Object.fromEntries(common) },
    instances: instances.map((instance) => withOwnEnvironment(instance, process)),
  }
}

function withOwnEnvironment(instance: Instance, { environment }: ProcessSpec): Instance {
  return { ...instance, process: { environment, ...instance.process } }
}
