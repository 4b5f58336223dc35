import { hashData } from '../../base/hash.ts'
import type { App, ProcessSpec, Service, Target } from '../../core/model.ts'
import { unitSpecs } from '../../core/target/units.ts'
import type { ServiceChange } from '../../wire/api.ts'
import { shellWord } from '../../wire/home.ts'

export interface Differences {
  readonly changes: readonly ServiceChange[]
  /** Services that stay as they are. */
  readonly unchanged: number
}

/** What applying `after` in place of `before` changes, service by service, in the order of `after`. */
export function differences(before: Target, after: Target): Differences {
  const old = servicesOf(before)
  const fresh = servicesOf(after)
  const changes: ServiceChange[] = []
  let unchanged = 0
  for (const [key, { app, service }] of fresh) {
    const known = old.get(key)
    if (known === undefined) {
      changes.push(change(app, service, 'added', service.autostart ? 'start' : 'none', []))
      continue
    }
    const fields = changedFields(known.service, service)
    if (fields.length === 0) unchanged += 1
    else changes.push(change(app, service, 'changed', effectOf(known, { app, service }), fields))
  }
  for (const [key, { app, service }] of old) {
    if (!fresh.has(key)) changes.push(change(app, service, 'removed', 'stop', []))
  }
  return { changes, unchanged }
}

interface Declared {
  readonly app: App
  readonly service: Service
}

function servicesOf(target: Target): ReadonlyMap<string, Declared> {
  const services = new Map<string, Declared>()
  for (const app of Object.values(target.apps)) {
    for (const service of Object.values(app.services)) services.set(`${app.name}/${service.name}`, { app, service })
  }
  return services
}

function change(
  app: App,
  service: Service,
  kind: ServiceChange['change'],
  effect: ServiceChange['effect'],
  fields: ServiceChange['fields'],
): ServiceChange {
  return { app: app.name, service: service.name, change: kind, effect, fields }
}

/** Whether any unit that stays has to be replaced: the same test as the core's. */
function effectOf(before: Declared, after: Declared): ServiceChange['effect'] {
  const old = runHashes(before)
  const fresh = runHashes(after)
  for (const [unit, hash] of fresh) if (old.has(unit) && old.get(unit) !== hash) return 'replace'
  return 'in-place'
}

function runHashes({ app, service }: Declared): ReadonlyMap<string, string> {
  const specs = unitSpecs({ apps: { [app.name]: { ...app, services: { [service.name]: service } } } })
  return new Map([...specs].map(([unit, spec]) => [unit, spec.runHash]))
}

// ---- fields --------------------------------------------------------------------------------------------------

type Values = ReadonlyMap<string, string>

function changedFields(before: Service, after: Service): ServiceChange['fields'] {
  const old = valuesOf(before)
  const fresh = valuesOf(after)
  const names = new Set([...old.keys(), ...fresh.keys()])
  return [...names]
    .filter((field) => old.get(field) !== fresh.get(field))
    .map((field) =>
      // What an environment holds may be secret, so only its name is told.
      field.startsWith('environment.') || field === 'instances'
        ? { field, before: null, after: null }
        : { field, before: old.get(field) ?? null, after: fresh.get(field) ?? null },
    )
}

function valuesOf(service: Service): Values {
  const { process, instances, name: _name, ...rest } = service
  const values = new Map<string, string>(processValues(process))
  values.set('replicas', String(instances.length))
  values.set('instances', hashData(instances))
  for (const [field, text] of flat('', rest)) values.set(field, text)
  // Where only the number of them differs, the number says it all.
  if (instances.every(({ process: own }) => own === undefined)) values.delete('instances')
  return values
}

function* processValues(process: ProcessSpec): Iterable<readonly [string, string]> {
  const { command, environment, ...rest } = process
  yield ['command', command.map(shellWord).join(' ')]
  for (const [name, value] of Object.entries(environment)) yield [`environment.${name}`, value]
  yield* flat('', rest)
}

/** `restart.backoff.maxMs` → `10000`: each value of nested settings by its path. Lists count as one value. */
function* flat(path: string, settings: object): Iterable<readonly [string, string]> {
  for (const [name, value] of Object.entries(settings)) {
    const field = path === '' ? name : `${path}.${name}`
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) yield* flat(field, value)
    else yield [field, typeof value === 'string' ? value : JSON.stringify(value)]
  }
}
