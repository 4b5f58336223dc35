import type { UnitItem } from '../../wire/api.ts'
import { shortNames } from '../unit-table.ts'
import { layoutOf } from './layout.ts'
import type { Model } from './model.ts'
import { type Row, rowsOf } from './rows.ts'

/** The unit that keys mean; null: the table is empty. */
export function selectedUnit(model: Model): UnitItem | null {
  const rows = rowsOf(model)
  const row = rows[selectedIndex(rows, model.list.selected)]
  return row?.kind === 'unit' ? row.item : null
}

/** Nobody has chosen, or what was chosen is not shown: the first unit. -1: there is none. */
export function selectedIndex(rows: readonly Row[], selected: string | null): number {
  const found = selected === null ? -1 : rows.findIndex((row) => row.kind === 'unit' && row.item.unit === selected)
  return found === -1 ? rows.findIndex(({ kind }) => kind === 'unit') : found
}

/**
 * Moves the selection by so many units. At the first unit nobody has chosen any more: the top stays selected, whichever
 * unit sorting puts there.
 */
export function moveSelection(model: Model, by: number): Model {
  const rows = rowsOf(model)
  const units = rows.flatMap((row) => (row.kind === 'unit' ? [row.item.unit] : []))
  const chosen = rows[selectedIndex(rows, model.list.selected)]
  const from = chosen?.kind === 'unit' ? units.indexOf(chosen.item.unit) : 0
  const to = Math.max(0, Math.min(units.length - 1, from + by))
  const selected = to === 0 ? null : (units[to] ?? null)
  return keepVisible({ ...model, list: { ...model.list, selected } })
}

/** Scrolls as little as shows the selected row, and never past the end. */
export function keepVisible(model: Model): Model {
  const { list } = model
  const rows = rowsOf(model)
  const body = layoutOf({ ...model, page: { kind: 'units' } }).body
  const at = selectedIndex(rows, list.selected)
  // The heading of an app is shown with its first unit.
  const first = rows[at - 1]?.kind === 'app' ? at - 1 : at
  let offset = Math.min(list.offset, Math.max(0, rows.length - body))
  if (first < offset) offset = Math.max(0, first)
  if (at >= offset + body) offset = at - body + 1
  return offset === list.offset ? model : { ...model, list: { ...list, offset } }
}

/** As short as is still a name. */
export function nameOf(units: readonly UnitItem[], unit: string): string {
  return shortNames(units).get(unit) ?? unit
}
