import type { ContainersPeer } from './containers/peer.ts'
import type { Peer, PeerName } from './peer.ts'

/** One figure of one supervisor. */
export interface Figure {
  /** What was measured: the same words for every peer, so that they come into one row. */
  readonly what: string
  readonly peer: PeerName
  /** null: it was tried and failed; `note` says how. */
  readonly value: number | null
  readonly unit:
    | 's'
    | 'ms'
    | 'MB'
    | 'KB'
    | '%'
    | '1/s'
    | 'MB/s'
    | 'slices'
    | 'services'
    | 'calls'
    | 'ms/MB'
    | 'descriptors'
    | '×'
  /** How many single values the median is of. */
  readonly n: number
  /** The least and the most of them, where it is told. */
  readonly spread?: Spread
  /** At most this, or null where the figure is only told. */
  readonly limit: number | null
  /** The limit is the least that is wanted, as of what is better the more it is. */
  readonly limitIs?: 'least'
  readonly note: string
  /** Its row is in a table of its own, because its peers are others. */
  readonly table?: 'containers' | 'supervisord'
}

export type Spread = readonly [least: number, most: number]

/** What a measurement is told. */
export interface Setting {
  readonly peers: readonly Peer[]
  /** Those that bring up containers. */
  readonly containerPeers: readonly ContainersPeer[]
  /** Where a measurement knows how: one round, and less of it. */
  readonly isQuick: boolean
}

export type Measurement = (setting: Setting) => Promise<readonly Figure[]>

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  return Number.isInteger(middle) ? (sorted[middle - 1]! + sorted[middle]!) / 2 : sorted[Math.floor(middle)]!
}

export function milliseconds(fromNs: bigint, toNs: bigint): number {
  return Number(toNs - fromNs) / 1e6
}

export function spreadOf(values: readonly number[]): Spread {
  return [Math.min(...values), Math.max(...values)]
}

export function isWithin({ value, limit, limitIs }: Figure): boolean | null {
  if (limit === null) return null
  return value !== null && (limitIs === 'least' ? value >= limit : value <= limit)
}

/** The figure, or one that says why there is none: one peer's failure must not hide the others' figures. */
export async function attempt(figure: Omit<Figure, 'value'>, measure: () => Promise<number>): Promise<Figure> {
  try {
    return { ...figure, value: await measure() }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    return { ...figure, value: null, note: message.split('\n').slice(0, 3).join(' ') }
  }
}

/** The same of several values: their median, and how far they spread. */
export async function attemptMany(
  figure: Omit<Figure, 'value' | 'n' | 'spread'>,
  measure: () => Promise<readonly number[]>,
): Promise<Figure> {
  let values: readonly number[] = []
  const { value, note } = await attempt({ ...figure, n: 0 }, async () => {
    values = await measure()
    if (values.length === 0) throw new Error('there is nothing to take the median of')
    return median(values)
  })
  return value === null
    ? { ...figure, n: 0, value, note }
    : { ...figure, n: values.length, value, spread: spreadOf(values) }
}

/** One value after the other, never two at the same time. */
export async function several<T>(count: number, measure: () => Promise<T>): Promise<readonly T[]> {
  const values: T[] = []
  for (let round = 0; round < count; round += 1) values.push(await measure())
  return values
}
