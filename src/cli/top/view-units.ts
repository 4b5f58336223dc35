import { durationText } from '../../core/text.ts'
import { byteText } from '../../formats/byte-text.ts'
import type { UnitItem } from '../../wire/api.ts'
import { cutText, displayWidth } from '../table.ts'
import { healthText, stateText, visible } from '../terminal.ts'
import { shortNames } from '../unit-table.ts'
import { type ColumnName, gutter, type PlacedColumn, placeColumns } from './columns.ts'
import type { Model } from './model.ts'
import { type Row, rowsOf } from './rows.ts'
import { selectedIndex } from './selection.ts'
import { ellipsisOf, type Line, lineWidth, parseStyled, type Span, span } from './spans.ts'

/** The titles, and of the rows those that fit into `body`; `body` null: all of them, and none is marked. */
export function tableLines(
  model: Model,
  place: { readonly columns: number; readonly body: number | null },
): { readonly titles: Line; readonly rows: readonly Line[] } {
  const { list, units } = model
  const names = shortNames(units)
  const rows = rowsOf(model)
  const nameOfRow = (item: UnitItem): string => rowName(item, names, list.isGrouped)
  const columns = placeColumns({
    columns: place.columns,
    // Of all units: what is filtered or scrolled away must not move the columns.
    nameWidth: widest(units, nameOfRow),
    reasonWidth: widest(units, ({ reason }) => visible(reason)),
    isChecked: units.some(({ health }) => health !== null),
  })
  const selected = place.body === null ? -1 : selectedIndex(rows, list.selected)
  const first = place.body === null ? 0 : list.offset
  const shown = rows.slice(first, place.body === null ? undefined : first + place.body)
  return {
    titles: columns.flatMap((column, at) => cell([span(column.title, '1')], column, at === columns.length - 1)),
    rows: shown.map((row, at) => {
      const line = rowLine(row, columns, { model, nameOfRow })
      return first + at === selected ? marked(line, place.columns) : line
    }),
  }
}

function widest(units: readonly UnitItem[], text: (item: UnitItem) => string): number {
  return units.reduce((most, item) => Math.max(most, displayWidth(text(item))), 0)
}

/** Below the heading of its app a unit needs no more than the rest of its name. */
function rowName({ app, unit }: UnitItem, names: ReadonlyMap<string, string>, isGrouped: boolean): string {
  const name = visible(names.get(unit) ?? unit)
  return isGrouped ? `  ${name.slice(visible(app).length + 1)}` : name
}

interface RowView {
  readonly model: Model
  readonly nameOfRow: (item: UnitItem) => string
}

function rowLine(row: Row, columns: readonly PlacedColumn[], view: RowView): Line {
  if (row.kind === 'app') {
    return [span(visible(row.app), '1'), span(`  ${row.running} of ${row.units} running`, '2')]
  }
  const ellipsis = ellipsisOf(view.model.look)
  return columns.flatMap((column, at) => {
    const spans = cellSpans(column.name, row.item, view)
    const cut = spans.map(({ text, style }) => span(cutText(text, column.width, ellipsis), style))
    return cell(cut, column, at === columns.length - 1)
  })
}

function cellSpans(column: ColumnName, item: UnitItem, { model, nameOfRow }: RowView): readonly Span[] {
  const { look, nowMs, shares } = model
  const share = shares.units.get(item.unit)
  const terminal = { ...look, columns: null }
  switch (column) {
    case 'name':
      return [span(nameOfRow(item))]
    case 'state':
      return parseStyled(stateText(item.state, terminal), look.hasColour)
    case 'health':
      return item.health === null ? [span('-')] : parseStyled(healthText(item.health, terminal), look.hasColour)
    case 'cpu':
      return [span(share?.cpu == null ? '-' : (share.cpu * 100).toFixed(1))]
    case 'memory':
      return [span(share === undefined ? '-' : memoryText(share.memoryBytes))]
    case 'restarts':
      return [span(String(item.restarts), item.restarts > 0 && look.hasColour ? '33' : '')]
    case 'since':
      return [span(ageText(nowMs - Date.parse(item.since)))]
    case 'reason':
      return [span(visible(item.reason))]
  }
}

/** In whole seconds: what is true for longer than it is read. */
export function ageText(ms: number): string {
  return ms < 1_000 ? '0 s' : durationText(Math.floor(ms / 1_000) * 1_000)
}

/** From 100 on without decimals: `1023 MiB` is as wide as the column. */
export function memoryText(bytes: number): string {
  return byteText(bytes).replace(/^(\d{3,})\.\d/, '$1')
}

/** Padded to its column, with the gutter to the next. */
function cell(spans: readonly Span[], { align, width }: PlacedColumn, isLast: boolean): Line {
  const space = ' '.repeat(Math.max(0, width - lineWidth(spans)))
  const padded = align === 'left' ? [...spans, span(isLast ? '' : space)] : [span(space), ...spans]
  return (isLast ? padded : [...padded, span(' '.repeat(gutter))]).filter(({ text }) => text !== '')
}

/** The selected row, as wide as the screen. Colours of states are left out: not every terminal can turn them over well. */
function marked(line: Line, columns: number): Line {
  const text = line.map((each) => each.text).join('')
  return [span(text + ' '.repeat(Math.max(0, columns - displayWidth(text))), '7')]
}
