import type { Job, State, Unit, UnitId } from '../../core/model.ts'
import { shownState } from '../../core/shown.ts'
import { indexServices, type ServiceIndex } from '../../core/unit/wish.ts'
import type { Snapshot } from '../../engine/ports.ts'
import { apiVersion, type HealthStatus, type UnitItem, type UnitList } from '../../wire/api.ts'

/** What `holdfast ps` shows, in the target's order. `chosen` null: everything. */
export function unitList({ state, storeTrouble }: Snapshot, chosen: readonly UnitId[] | null): UnitList {
  const index = indexServices(state)
  const wanted = chosen === null ? null : new Set(chosen)
  const items: UnitItem[] = []
  for (const unit of state.units.values()) {
    if (wanted === null || wanted.has(unit.id)) items.push(unitItem(state, index, unit))
  }
  return { apiVersion, kind: 'UnitList', items, warnings: daemonWarnings(state, storeTrouble) }
}

export function unitItem(state: State, index: ServiceIndex, unit: Unit): UnitItem {
  return {
    app: unit.app,
    service: unit.service,
    unit: unit.id,
    kind: 'process',
    state: shownState(state, index, unit),
    pid: unit.run?.identity?.pid ?? null,
    health: healthOf(unit),
    restarts: unit.restarts,
    since: new Date(unit.sinceWallMs).toISOString(),
    reason: unit.reason,
    nextRunAt: nextRunAt(unit.job),
  }
}

/** What is wrong with the daemon as a whole. */
export function daemonWarnings(state: State, storeTrouble: string | null): readonly string[] {
  return [...heldWarning(state), ...storeWarning(storeTrouble)]
}

function healthOf({ health }: Unit): HealthStatus | null {
  return (health?.readiness ?? health?.liveness)?.status ?? null
}

export function nextRunAt(job: Job | null): string | null {
  if (job === null || job.due !== 'known' || job.dueWallMs === null) return null
  return new Date(job.dueWallMs).toISOString()
}

function heldWarning({ mode }: State): readonly string[] {
  if (mode.kind !== 'held') return []
  return [`held: ${mode.why}; what runs is kept, nothing new is applied until: holdfast up`]
}

function storeWarning(trouble: string | null): readonly string[] {
  return trouble === null
    ? []
    : [`the state cannot be stored (${trouble}); supervision goes on, storing is tried again`]
}
