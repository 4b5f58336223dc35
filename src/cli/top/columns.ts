/** A column of the table of units. */
export type ColumnName = 'name' | 'state' | 'health' | 'cpu' | 'memory' | 'restarts' | 'since' | 'reason'

export interface PlacedColumn {
  readonly name: ColumnName
  readonly title: string
  readonly align: 'left' | 'right'
  readonly width: number
}

/** Widths that do not follow the values: what changes each second must not move the rest. */
const widths: Readonly<Record<Exclude<ColumnName, 'name' | 'reason'>, number>> = {
  state: 10,
  health: 9,
  cpu: 6,
  memory: 8,
  restarts: 8,
  since: 7,
}

const titles: Readonly<Record<ColumnName, string>> = {
  name: 'NAME',
  state: 'STATE',
  health: 'HEALTH',
  cpu: 'CPU%',
  memory: 'MEM',
  restarts: 'RESTARTS',
  since: 'SINCE',
  reason: 'REASON',
}

const rightAligned: readonly ColumnName[] = ['cpu', 'memory', 'restarts', 'since']

/** The first goes first. The reason of the selected unit stands below the table anyway. */
const dropOrder: readonly ColumnName[] = ['reason', 'restarts', 'since', 'memory', 'cpu', 'health']

/** A name is cut down to this before a column is dropped. */
const nameWidthLeast = 14
const nameWidthMost = 48
/** Less of a reason says nothing. */
const reasonWidthLeast = 18

export const gutter = 2

/** The columns that fit into `columns` cells; with `Infinity` all of them, as wide as they need. */
export function placeColumns(need: {
  readonly columns: number
  /** Of the longest name. */
  readonly nameWidth: number
  readonly reasonWidth: number
  /** Whether any unit has a check. */
  readonly isChecked: boolean
}): readonly PlacedColumn[] {
  const { columns, nameWidth, reasonWidth, isChecked } = need
  const nameLeast = Math.max(titles.name.length, Math.min(nameWidth, nameWidthLeast))
  let kept = (Object.keys(titles) as ColumnName[]).filter((name) => name !== 'health' || isChecked)
  const least = (name: ColumnName): number =>
    name === 'name' ? nameLeast : name === 'reason' ? reasonWidthLeast : widths[name]
  const used = (): number => kept.reduce((sum, name) => sum + least(name), gutter * (kept.length - 1))
  for (const name of dropOrder) {
    if (used() <= columns) break
    kept = kept.filter((each) => each !== name)
  }
  const spare = Math.max(0, columns - used())
  const nameMost = columns === Number.POSITIVE_INFINITY ? nameWidth : Math.min(nameWidth, nameWidthMost)
  const nameMore = Math.min(spare, Math.max(0, nameMost - nameLeast))
  const placedWidth = (name: ColumnName): number => {
    if (name === 'name') return Math.min(columns, nameLeast + nameMore)
    if (name !== 'reason') return widths[name]
    const rest = reasonWidthLeast + spare - nameMore
    return rest === Number.POSITIVE_INFINITY ? reasonWidth : rest
  }
  return kept.map((name) => ({
    name,
    title: titles[name],
    align: rightAligned.includes(name) ? 'right' : 'left',
    width: placedWidth(name),
  }))
}
