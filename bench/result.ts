import type { Peer, PeerName } from './peer.ts'

/** One figure of one supervisor. */
export interface Figure {
  /** What was measured: the same words for every peer, so that they come into one row. */
  readonly what: string
  readonly peer: PeerName
  /** null: it was tried and failed; `note` says how. */
  readonly value: number | null
  readonly unit: 's' | 'ms' | 'MB' | 'KB' | '%' | '1/s' | 'slices' | '×'
  /** How many single values the median is of. */
  readonly n: number
  /** At most this, or null where the figure is only told. */
  readonly limit: number | null
  readonly note: string
}

/** What a measurement is told. */
export interface Setting {
  readonly peers: readonly Peer[]
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

export function isWithin(figure: Figure): boolean | null {
  return figure.limit === null ? null : figure.value !== null && figure.value <= figure.limit
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
