/**
 * Where Holdfast is known to differ from the original in what the scripts here can see. docs/compat/runit.md tells a
 * reader the same, with the same reasons; a difference that stands here and no longer shows is a failure.
 */
export interface Difference {
  /** `script / scenario` as the tests name them; `*` for either: any, and it need not show. */
  readonly where: string
  /** Neighbouring lines of the transcripts that stand in each other's place; either may be empty. */
  readonly original: readonly Line[]
  readonly ours: readonly Line[]
  readonly reason: string
}

export type Line = string | RegExp

export const differences: readonly Difference[] = []
