/**
 * A release is one declaration of an app. A change of an app that has a policy is on trial until it has proved itself: the
 * one before it is kept meanwhile, with its images, and comes back when the new one does not.
 */
import type { UnitId } from '../words.ts'

export interface ReleasePolicy {
  /** How people call this release: a commit. null: by its hash. */
  readonly id: string | null
  /** So long every unit must have been well, without a break. */
  readonly minHealthyMs: number
  /** From when its images are there and the first unit may be changed; by then it must have proved itself. */
  readonly deadlineMs: number
  /** false: it stays as it is, and is only told. */
  readonly isReverted: boolean
}

export interface Trial {
  /** null: its images are not all there yet, or nothing is decided at present (held); also once it has failed. */
  readonly deadlineBootMs: number | null
  /** Units that were not well before it: they are not held against it. */
  readonly exempt: readonly UnitId[]
}
