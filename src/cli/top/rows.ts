import type { ShownState } from '../../core/shown.ts'
import type { UnitItem } from '../../wire/api.ts'
import type { ListView, Model } from './model.ts'
import type { Shares } from './usage.ts'

/** A line of the table. */
export type Row =
  | { readonly kind: 'unit'; readonly item: UnitItem }
  /** Stands above the units of an app. */
  | { readonly kind: 'app'; readonly app: string; readonly units: number; readonly running: number }

/** What the table shows: filtered, sorted, grouped. */
export function rowsOf({ units, shares, list }: Pick<Model, 'units' | 'shares' | 'list'>): readonly Row[] {
  const items = sorted(matching(units, list.filter), list.sort, shares)
  return list.isGrouped ? grouped(items) : items.map((item) => ({ kind: 'unit', item }))
}

/** Units in whose name, state or health every word of the filter is found. */
function matching(units: readonly UnitItem[], filter: string): readonly UnitItem[] {
  const words = filter
    .toLowerCase()
    .split(' ')
    .filter((word) => word !== '')
  if (words.length === 0) return units
  return units.filter(({ unit, state, health }) => {
    const text = `${unit} ${state} ${health ?? ''}`.toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** Equal ones stay as declared. */
function sorted(items: readonly UnitItem[], sort: ListView['sort'], shares: Shares): readonly UnitItem[] {
  switch (sort) {
    case 'declared':
      return items
    case 'name':
      return items.toSorted((a, b) => names.compare(a.unit, b.unit))
    case 'state':
      return items.toSorted((a, b) => urgency[a.state] - urgency[b.state])
    case 'restarts':
      return items.toSorted((a, b) => b.restarts - a.restarts)
    case 'cpu':
      return mostFirst(items, ({ unit }) => shares.units.get(unit)?.cpu ?? -1)
    case 'memory':
      return mostFirst(items, ({ unit }) => shares.units.get(unit)?.memoryBytes ?? -1)
  }
}

/** `web/10` after `web/9`. */
const names = new Intl.Collator('en', { numeric: true })

function mostFirst(items: readonly UnitItem[], of: (item: UnitItem) => number): readonly UnitItem[] {
  return items.toSorted((a, b) => of(b) - of(a))
}

/** What needs somebody comes first. */
export const urgency: Readonly<Record<ShownState, number>> = {
  failed: 0,
  unknown: 1,
  backoff: 2,
  waiting: 3,
  starting: 4,
  stopping: 5,
  paused: 6,
  running: 7,
  exited: 8,
  stopped: 9,
}

function grouped(items: readonly UnitItem[]): readonly Row[] {
  const apps = Map.groupBy(items, ({ app }) => app)
  return [...apps].flatMap(([app, members]): readonly Row[] => [
    {
      kind: 'app',
      app,
      units: members.length,
      running: members.filter(({ state }) => state === 'running').length,
    },
    ...members.map((item): Row => ({ kind: 'unit', item })),
  ])
}
