import type { Instance, ProcessSpec, Service, Target, UnitSpec } from '../model.ts'
import { unitId, unitSpecs } from './units.ts'

export interface ServiceChange {
  readonly app: string
  readonly service: string
  readonly change: 'added' | 'removed' | 'changed'
  /** Empty unless 'changed'. */
  readonly fields: readonly FieldChange[]
  /** Some unit of it must be replaced to match. */
  readonly restarts: boolean
}

/** Values as JSON; those of environment variables are never shown. */
export interface FieldChange {
  readonly path: string
  readonly before: string
  readonly after: string
}

/** What another target would change, service by service, in the order of `after`, then what it no longer has. */
export function diffTargets(before: Target, after: Target): readonly ServiceChange[] {
  const specs = { before: unitSpecs(before), after: unitSpecs(after) }
  const changes: ServiceChange[] = []
  for (const { app, service, value } of services(after)) {
    const old = serviceOf(before, app, service)
    if (old === null) {
      changes.push({ app, service, change: 'added', fields: [], restarts: false })
      continue
    }
    const replaced = value.instances.filter(({ n }) => isReplaced(specs, unitId(app, service, n)))
    const fields = diffServices(old, value, replaced)
    if (fields.length > 0) changes.push({ app, service, change: 'changed', fields, restarts: replaced.length > 0 })
  }
  for (const { app, service } of services(before)) {
    if (serviceOf(after, app, service) !== null) continue
    changes.push({ app, service, change: 'removed', fields: [], restarts: false })
  }
  return changes
}

interface Specs {
  readonly before: ReadonlyMap<string, UnitSpec>
  readonly after: ReadonlyMap<string, UnitSpec>
}

function isReplaced({ before, after }: Specs, unit: string): boolean {
  const old = before.get(unit)
  return old !== undefined && old.runHash !== after.get(unit)?.runHash
}

function* services(target: Target): Generator<{ app: string; service: string; value: Service }> {
  for (const app of Object.values(target.apps)) {
    for (const value of Object.values(app.services)) yield { app: app.name, service: value.name, value }
  }
}

function serviceOf(target: Target, app: string, service: string): Service | null {
  if (!Object.hasOwn(target.apps, app)) return null
  const { services } = target.apps[app]!
  return Object.hasOwn(services, service) ? services[service]! : null
}

function diffServices(before: Service, after: Service, replaced: readonly Instance[]): readonly FieldChange[] {
  const { instances: instancesBefore, ...restBefore } = before
  const { instances: instancesAfter, ...restAfter } = after
  const fields: FieldChange[] = []
  diffValues(fields, '', restBefore, restAfter)
  const [numbersBefore, numbersAfter] = [numbersOf(instancesBefore), numbersOf(instancesAfter)]
  if (numbersBefore !== numbersAfter) fields.push({ path: 'instances', before: numbersBefore, after: numbersAfter })
  if (fields.some((field) => field.path.startsWith('process.'))) return fields
  // The processes differ only in what single instances override.
  for (const { n } of replaced) {
    diffValues(fields, `instances[${n}].process`, processOf(before, n), processOf(after, n))
  }
  return fields
}

function numbersOf(instances: readonly Instance[]): string {
  return JSON.stringify(instances.map((instance) => instance.n))
}

function processOf(service: Service, n: number): ProcessSpec {
  return { ...service.process, ...service.instances.find((instance) => instance.n === n)?.process }
}

// Goes down into objects; lists are shown whole, because their parts mean little alone.
function diffValues(fields: FieldChange[], path: string, before: unknown, after: unknown): void {
  if (JSON.stringify(before) === JSON.stringify(after)) return
  if (!isRecord(before) || !isRecord(after)) {
    fields.push({ path, before: show(path, before), after: show(path, after) })
    return
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    diffValues(fields, path === '' ? key : `${path}.${key}`, ownValue(before, key), ownValue(after, key))
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function ownValue(record: Readonly<Record<string, unknown>>, key: string): unknown {
  return Object.hasOwn(record, key) ? record[key] : undefined
}

function show(path: string, value: unknown): string {
  if (value === undefined) return '(not set)'
  return /(?:^|\.)(?:process|container\.settings)\.environment\./.test(path) ? '(hidden)' : JSON.stringify(value)
}
