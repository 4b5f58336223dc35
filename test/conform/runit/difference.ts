/** Where Holdfast is known to differ from the original in what a scenario shows. */
export interface Difference {
  /** `script / scenario` as the tests name them; `*` for either: any, and it need not show. */
  readonly where: string
  /** Neighbouring lines of the transcripts that stand in each other's place; either may be empty. */
  readonly original: readonly Line[]
  readonly ours: readonly Line[]
  readonly reason: string
}

export type Line = string | RegExp

/** A line of the original and the one that we have in its place; null: there is none. */
export type Pair = readonly [original: Line | null, ours: Line | null]

/** Several lines of one scenario that differ for one reason. */
export function pairs(where: string, reason: string, ...all: readonly Pair[]): readonly Difference[] {
  return all.map(([original, ours]) => ({ where, original: linesOf(original), ours: linesOf(ours), reason }))
}

function linesOf(line: Line | null): readonly Line[] {
  return line === null ? [] : [line]
}
