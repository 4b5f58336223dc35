import type { UnitId } from '../core/model.ts'
import type { Changes, StoredUnit } from '../engine/ports.ts'

/** The part of changes that only our own death must leave whole. Null: the unit is forgotten. */
export interface UnitChanges {
  readonly bootId: string
  readonly rows: ReadonlyMap<UnitId, StoredUnit | null>
}

export const noUnitChanges: UnitChanges = { bootId: '', rows: new Map() }

/** Exactly `noUnitChanges` when there is nothing to write; `bootId`: the one already stored. */
export function unitChanges(changes: Changes, bootId: string | null): UnitChanges {
  if (changes.put.length === 0 && changes.remove.length === 0 && changes.bootId === bootId) return noUnitChanges
  const rows = new Map<UnitId, StoredUnit | null>()
  for (const unit of changes.put) rows.set(unit.id, unit)
  for (const id of changes.remove) rows.set(id, null)
  return { bootId: changes.bootId, rows }
}

/** `later` after `earlier`, as one. */
export function together(earlier: UnitChanges, later: UnitChanges): UnitChanges {
  if (earlier === noUnitChanges) return later
  if (later === noUnitChanges) return earlier
  return { bootId: later.bootId, rows: new Map([...earlier.rows, ...later.rows]) }
}
