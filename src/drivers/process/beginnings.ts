import type { RunRef, UnitId } from '../../core/model.ts'
import { createRunFiles } from './run-files.ts'

/**
 * What a run's process leaves behind at its very beginning, before its program is loaded: an empty file. Should we die before
 * its pid is stored and it end before we are back, this alone tells that it ran, so that it is not run a second time.
 */
export interface Beginnings {
  /** The file for a new run's process to create; those of the unit's earlier runs go. */
  prepare(unit: UnitId, run: number): string
  /** Whether this run began, or a later one, before which this one must have ended. */
  has(unit: UnitId, run: number): boolean
  forget(unit: UnitId): void
  /** Only of these runs anybody will ask: all other files go. */
  keep(runs: readonly RunRef[]): void
}

export function createBeginnings(folder: string): Beginnings {
  const files = createRunFiles(folder)

  function has(unit: UnitId, run: number): boolean {
    const latest = files.latest(unit)
    return latest >= run && files.has(unit, latest)
  }

  return {
    prepare: files.replace,
    has,
    forget: files.forget,
    keep(runs) {
      const known = new Set(runs.map(({ unit, run }) => `${unit} ${run}`))
      for (const { unit, run } of runs) {
        const latest = files.latest(unit)
        // Of the later one nobody knows, and its number may be used again: the proof goes to the one that is asked about.
        if (latest > run && !known.has(`${unit} ${latest}`)) files.renumber(unit, run)
      }
      files.keep(runs)
    },
  }
}
