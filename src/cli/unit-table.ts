import { durationText } from '../core/text.ts'
import type { UnitItem } from '../wire/api.ts'
import { type Cell, type Column, printTable } from './table.ts'
import { stateText, type Terminal, visible } from './terminal.ts'

/** The table of units, for people. */
export function printUnits(
  items: readonly UnitItem[],
  view: { readonly terminal: Terminal; readonly nowMs: number },
): string {
  const { terminal, nowMs } = view
  const names = shortNames(items)
  const rows = items.map((item): readonly Cell[] => {
    const state = stateText(item.state, { ...terminal, hasColour: false })
    return [
      { text: visible(names.get(item.unit) ?? item.unit) },
      { text: state, paint: (text) => text.replace(state, stateText(item.state, terminal)) },
      { text: item.pid === null ? '-' : String(item.pid) },
      { text: String(item.restarts) },
      { text: durationText(nowMs - Date.parse(item.since)) },
      { text: visible(item.reason) },
    ]
  })
  return printTable({ columns, rows }, terminal.columns, terminal.hasUnicode ? '…' : '...')
}

const columns: readonly Column[] = [
  { title: 'NAME', align: 'left', dropOrder: null, widthMin: null },
  { title: 'STATE', align: 'left', dropOrder: null, widthMin: null },
  { title: 'PID', align: 'right', dropOrder: 3, widthMin: null },
  { title: 'RESTARTS', align: 'right', dropOrder: 2, widthMin: null },
  { title: 'SINCE', align: 'right', dropOrder: 4, widthMin: null },
  { title: 'REASON', align: 'left', dropOrder: 1, widthMin: 16 },
]

/** `app/service` where there is one of it, `app/service/n` where there are several: each works as a name. */
export function shortNames(items: readonly Pick<UnitItem, 'app' | 'service' | 'unit'>[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>()
  const key = (item: Pick<UnitItem, 'app' | 'service'>) => `${item.app}/${item.service}`
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return new Map(items.map((item) => [item.unit, counts.get(key(item)) === 1 ? key(item) : item.unit]))
}
