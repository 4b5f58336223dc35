import { durationText } from '../core/text.ts'
import { byteText } from '../formats/byte-text.ts'
import type { UnitItem, UsageItem, WideUnitItem } from '../wire/api.ts'
import { shellWord } from '../wire/home.ts'
import { type Cell, type Column, printTable } from './table.ts'
import { healthText, stateText, type Terminal, visible } from './terminal.ts'
import { aheadText, nextText } from './time-text.ts'

interface View {
  readonly terminal: Terminal
  readonly nowMs: number
}

/** The table of units, for people. */
export function printUnits(items: readonly UnitItem[], view: View): string {
  return print(items, baseFields(items), view)
}

/** The same with all that is told in one line; `usageOf` null: not known. */
export function printWideUnits(
  items: readonly WideUnitItem[],
  usageOf: (unit: string) => UsageItem | null,
  view: View,
): string {
  return print(items, [...baseFields(items), ...wideFields(items, usageOf)], view)
}

/** One column: what it is called, and what it has of each unit. */
interface Field<T> extends Column {
  readonly cell: (item: T, view: View) => Cell
}

function print<T>(items: readonly T[], fields: readonly Field<T>[], view: View): string {
  const { columns: width, hasUnicode } = view.terminal
  const columns = fields.map((field) => (field.title === 'NAME' ? { ...field, widthMin: nameWidthMin(width) } : field))
  const rows = items.map((item) => fields.map(({ cell }) => cell(item, view)))
  return printTable({ columns, rows }, width, hasUnicode ? '…' : '...')
}

/** One long name must not take the place of all the rest. */
function nameWidthMin(width: number | null): number | null {
  return width === null ? null : Math.max(16, Math.floor(width * 0.4))
}

// ---- columns -------------------------------------------------------------------------------------------------

function baseFields(items: readonly UnitItem[]): readonly Field<UnitItem>[] {
  const names = shortNames(items)
  const isChecked = items.some(({ health }) => health !== null)
  return [
    {
      ...column('NAME'),
      cutAt: 'middle',
      cell: (item) => ({ text: visible(names.get(item.unit) ?? item.unit) }),
    },
    { ...column('STATE'), cell: stateCell },
    ...(isChecked ? [{ ...column('HEALTH', { dropOrder: 5 }), cell: healthCell }] : []),
    { ...number('PID', 2), cell: ({ pid }) => ({ text: pid === null ? '-' : String(pid) }) },
    { ...number('RESTARTS', 1), cell: ({ restarts }) => ({ text: String(restarts) }) },
    {
      ...number('SINCE', 3),
      cell: ({ since }, { nowMs }) => ({ text: durationText(nowMs - Date.parse(since)) }),
    },
    {
      ...column('REASON', { dropOrder: 4, widthMin: 16 }),
      cell: (item, { nowMs }) => ({ text: visible(reasonText(item, nowMs)) }),
    },
  ]
}

function wideFields(
  items: readonly WideUnitItem[],
  usageOf: (unit: string) => UsageItem | null,
): readonly Field<WideUnitItem>[] {
  const ofUsage = (text: (usage: UsageItem) => string | null) => {
    return ({ unit }: WideUnitItem): Cell => {
      const usage = usageOf(unit)
      return { text: (usage === null ? null : text(usage)) ?? '-' }
    }
  }
  const isLabelled = items.some(({ labels }) => Object.keys(labels).length > 0)
  return [
    { ...number('RUN', 1), cell: ({ run }) => ({ text: run === null ? '-' : String(run) }) },
    { ...number('MEMORY', 5), cell: ofUsage(({ memoryBytes, rssBytes }) => byteText(memoryBytes ?? rssBytes)) },
    { ...number('CPU TIME', 3), cell: ofUsage(({ cpuMs }) => (cpuMs === null ? null : durationText(cpuMs))) },
    {
      ...column('NEXT', { dropOrder: 4, widthMin: 20 }),
      cell: (item, { nowMs }) => ({ text: visible(nextText(item, nowMs)) }),
    },
    ...(isLabelled ? [{ ...column('LABELS', { dropOrder: 2, widthMin: 12 }), cell: labelsCell }] : []),
    ...(items.some(({ image }) => image != null)
      ? [{ ...column('IMAGE', { dropOrder: 4, widthMin: 16 }), cell: imageCell }]
      : []),
    {
      ...column('COMMAND', { dropOrder: 4, widthMin: 20 }),
      cell: ({ argv }) => ({ text: visible(argv.map(shellWord).join(' ')) || '-' }),
    },
    {
      ...column('SOURCE', { dropOrder: 0, widthMin: 20 }),
      cutAt: 'middle',
      cell: ({ source }) => ({ text: visible(source ?? '-') }),
    },
  ]
}

function column(title: string, how: Partial<Column> = {}): Column {
  return { title, align: 'left', dropOrder: null, widthMin: null, ...how }
}

function number(title: string, dropOrder: number): Column {
  return { title, align: 'right', dropOrder, widthMin: null }
}

// ---- cells ---------------------------------------------------------------------------------------------------

function stateCell(item: UnitItem, { terminal }: View): Cell {
  const state = stateText(item.state, { ...terminal, hasColour: false })
  return { text: state, paint: (text) => text.replace(state, stateText(item.state, terminal)) }
}

function healthCell({ health }: UnitItem, { terminal }: View): Cell {
  if (health === null) return { text: '-' }
  return { text: health, paint: (text) => text.replace(health, healthText(health, terminal)) }
}

/** Older daemons tell nothing of it. */
function imageCell({ image }: WideUnitItem): Cell {
  return { text: visible(image ?? '-') }
}

function labelsCell({ labels }: WideUnitItem): Cell {
  const text = Object.entries(labels).map(([name, value]) => (value === '' ? name : `${name}=${value}`))
  return { text: text.length === 0 ? '-' : visible(text.join(',')) }
}

/** Of what rests until its schedule starts it, the next time says most. */
function reasonText({ state, reason, nextRunAt }: UnitItem, nowMs: number): string {
  const rests = state === 'stopped' || state === 'exited' || state === 'failed'
  if (nextRunAt === null || !rests) return reason
  const next = `next run ${aheadText(Date.parse(nextRunAt), nowMs)}`
  return state === 'stopped' ? next : `${next}; ${reason}`
}

/** `app/service` where there is one of it, `app/service/n` where there are several: each works as a name. */
export function shortNames(items: readonly Pick<UnitItem, 'app' | 'service' | 'unit'>[]): ReadonlyMap<string, string> {
  const counts = new Map<string, number>()
  const key = (item: Pick<UnitItem, 'app' | 'service'>) => `${item.app}/${item.service}`
  for (const item of items) counts.set(key(item), (counts.get(key(item)) ?? 0) + 1)
  return new Map(items.map((item) => [item.unit, counts.get(key(item)) === 1 ? key(item) : item.unit]))
}
