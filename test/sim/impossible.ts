import type { Phase } from '../../src/core/model.ts'
import type { FaultKind } from './faults.ts'
import type { EventWord } from './matrix.ts'

/** Cells of the matrix that cannot be met. A listed cell that is met fails as well: then the reason is wrong. */
export interface Impossible {
  readonly phases: readonly Phase[]
  readonly events: readonly EventWord[]
  /** Only with these; absent: with any. */
  readonly faults?: readonly FaultKind[]
  readonly unlessFaults?: readonly FaultKind[]
  readonly why: string
}

export const impossible: readonly Impossible[] = []
