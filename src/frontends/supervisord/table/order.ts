import type { App, Target, UnitId } from '../../../core/model.ts'
import { unitId } from '../../../core/target/units.ts'
import type { GroupSettings } from '../../../dialects/supervisord/settings.ts'

/** The apps of this dialect, as supervisord orders its groups: by priority and name. */
export function groupsOf(target: Target): readonly App[] {
  return Object.values(target.apps)
    .filter(({ dialect }) => dialect === 'supervisord')
    .toSorted(compareGroups)
}

function compareGroups(a: App, b: App): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}

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
