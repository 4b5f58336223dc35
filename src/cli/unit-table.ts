import { durationText } from '../core/text.ts'
import type { UnitItem } from '../wire/api.ts'
import { type Cell, type Column, printTable } from './table.ts'
import { healthText, stateText, type Terminal, visible } from './terminal.ts'
import { plannedText } from './time-text.ts'

/** The table of units, for people. */
export function printUnits(
  items: readonly UnitItem[],
  view: { readonly terminal: Terminal; readonly nowMs: number },
): string {
  const { terminal, nowMs } = view
  const names = shortNames(items)
  const isChecked = items.some(({ health }) => health !== null)
  const rows = items.map((item): readonly Cell[] => {
    const state = stateText(item.state, { ...terminal, hasColour: false })
    return [
      { text: visible(names.get(item.unit) ?? item.unit) },
      { text: state, paint: (text) => text.replace(state, stateText(item.state, terminal)) },
      ...(isChecked ? [healthCell(item, terminal)] : []),
      { text: item.pid === null ? '-' : String(item.pid) },
      { text: String(item.restarts) },
      { text: durationText(nowMs - Date.parse(item.since)) },
      { text: visible(reasonText(item, nowMs)) },
    ]
  })
  const columns = isChecked ? allColumns : allColumns.filter(({ title }) => title !== 'HEALTH')
  return printTable({ columns, rows }, terminal.columns, terminal.hasUnicode ? '…' : '...')
}

function healthCell({ health }: UnitItem, terminal: Terminal): Cell {
  if (health === null) return { text: '-' }
  return { text: health, paint: (text) => text.replace(health, healthText(health, terminal)) }
}

/** Of what rests until its schedule starts it, the next time says most. */
function reasonText({ state, reason, nextRunAt }: UnitItem, nowMs: number): string {
  const rests = state === 'stopped' || state === 'exited' || state === 'failed'
  if (nextRunAt === null || !rests) return reason
  const next = nextText(nextRunAt, nowMs)
  return state === 'stopped' ? next : `${next}; ${reason}`
}

/** `next run 03:00 (in 4 h)`. */
export function nextText(nextRunAt: string, nowMs: number): string {
  const atMs = Date.parse(nextRunAt)
  return `next run ${plannedText(atMs, nowMs)} (in ${durationText(atMs - nowMs)})`
}

const allColumns: readonly Column[] = [
  { title: 'NAME', align: 'left', dropOrder: null, widthMin: null },
  { title: 'STATE', align: 'left', dropOrder: null, widthMin: null },
  { title: 'HEALTH', align: 'left', dropOrder: 5, widthMin: null },
  { title: 'PID', align: 'right', dropOrder: 3, widthMin: null },
  { title: 'RESTARTS', align: 'right', dropOrder: 1, widthMin: null },
  { title: 'SINCE', align: 'right', dropOrder: 4, widthMin: null },
  { title: 'REASON', align: 'left', dropOrder: 2, widthMin: 24 },
]

/** `app/service` where there is one of it, `app/service/n` where there are several: each works as a name. */
export function shortNames(items: readonly Pick<UnitItem, 'app' | 'service' | 'unit'>[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>()
  const key = (item: Pick<UnitItem, 'app' | 'service'>) => `${item.app}/${item.service}`
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return new Map(items.map((item) => [item.unit, counts.get(key(item)) === 1 ? key(item) : item.unit]))
}
