import type { State, UnitId } from '../../core/model.ts'
import { shownState } from '../../core/shown.ts'
import { indexServices } from '../../core/unit/wish.ts'
import type { Snapshot } from '../../engine/ports.ts'
import { apiVersion, type UnitItem, type UnitList } from '../../wire/api.ts'

/** What `holdfast ps` shows, in the target's order. `chosen` null: everything. */
export function unitList({ state, storeTrouble }: Snapshot, chosen: readonly UnitId[] | null): UnitList {
  const index = indexServices(state)
  const wanted = chosen === null ? null : new Set(chosen)
  const items: UnitItem[] = []
  for (const unit of state.units.values()) {
    if (wanted !== null && !wanted.has(unit.id)) continue
    items.push({
      app: unit.app,
      service: unit.service,
      unit: unit.id,
      kind: 'process',
      state: shownState(state, index, unit),
      pid: unit.run?.identity?.pid ?? null,
      health: null,
      restarts: unit.restarts,
      since: new Date(unit.sinceWallMs).toISOString(),
      reason: unit.reason,
    })
  }
  return { apiVersion, kind: 'UnitList', items, warnings: [...heldWarning(state), ...storeWarning(storeTrouble)] }
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
