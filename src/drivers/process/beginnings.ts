import type { UnitId } from '../../core/model.ts'
import { createRunFiles } from './run-files.ts'

/**
 * What a run's process leaves behind at its very beginning, before its program is loaded: an empty file. Should we die before
 * its pid is stored and it end before we are back, this alone tells that it ran, so that it is not run a second time.
 */
export interface Beginnings {
  /** The file for a new run's process to create; those of the unit's earlier runs go. */
  prepare(unit: UnitId, run: number): string
  has(unit: UnitId, run: number): boolean
  forget(unit: UnitId): void
}

export function createBeginnings(folder: string): Beginnings {
  const { replace: prepare, has, forget } = createRunFiles(folder)
  return { prepare, has, forget }
}
