import type { App, Service, Target } from '../../core/model.ts'
import { unitSpecs } from '../../core/target/units.ts'
import type { ServiceChange } from '../../wire/api.ts'
import { isHidden, serviceValues } from './service-values.ts'

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

function changedFields(before: Service, after: Service): ServiceChange['fields'] {
  const old = serviceValues(before)
  const fresh = serviceValues(after)
  const isTold = (field: string) => {
    const parent = parentOf(field)
    return parent === null || old.has(parent) === fresh.has(parent)
  }
  return [...new Set([...old.keys(), ...fresh.keys()])]
    .filter((field) => old.get(field) !== fresh.get(field) && isTold(field))
    .map((field) =>
      isHidden(field)
        ? { field, before: null, after: null }
        : { field, before: old.get(field) ?? null, after: fresh.get(field) ?? null },
    )
}

/** What comes and goes with another field is not told by itself. */
function parentOf(field: string): string | null {
  return /^(?:healthcheck|liveness|hooks\.[a-z_]+|schedule)(?=\.)/.exec(field)?.[0] ?? null
}
