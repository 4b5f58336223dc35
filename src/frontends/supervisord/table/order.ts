import type { App, Unit, UnitId } from '../../../core/model.ts'
import { unitId } from '../../../core/target/units.ts'
import type { GroupSettings } from '../../../dialects/supervisord/settings.ts'

/** The units of a group in supervisord's order: as its settings have them, and where there are none as it is declared. */
export function membersOf(app: App, group: GroupSettings | undefined): readonly UnitId[] {
  const declared = Object.values(app.services).flatMap(({ name, instances }) =>
    instances.map(({ n }) => unitId(app.name, name, n)),
  )
  if (group === undefined) return declared
  const ordered = group.processes.map(({ service, n }) => unitId(app.name, service, n))
  const isDeclared = new Set(declared)
  return [...new Set([...ordered.filter((unit) => isDeclared.has(unit)), ...declared])]
}

/** What a unit is called in its group, where nothing else is called so. */
export function processNameOf({ services }: App, { service, n, spec }: Unit): string {
  if (spec.processName !== null) return spec.processName
  const isOneOfMany = (services[service]?.instances.length ?? 1) > 1
  if (!isOneOfMany) return service
  const name = `${service}_${n}`
  return Object.hasOwn(services, name) ? `${service}/${n}` : name
}
