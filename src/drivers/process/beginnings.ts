import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitId } from '../../core/model.ts'
import { unitFileName } from './stream-name.ts'

/**
 * What a run's process leaves behind at its very beginning, before its program is loaded: an empty file. Should we die before
 * its pid is stored and it end before we are back, this alone tells that it ran, so that it is not run a second time.
 */
export interface Beginnings {
  /** The file for a new run's process to create. What the unit's earlier runs left is removed: their ends are stored. */
  prepare(unit: UnitId, run: number): string
  has(unit: UnitId, run: number): boolean
  forget(unit: UnitId): void
}

export function createBeginnings(folder: string): Beginnings {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const files = new Map<string, string>()
  for (const name of readdirSync(folder)) files.set(name.slice(0, name.lastIndexOf('.')), join(folder, name))

  const pathOf = (unit: UnitId, run: number): string => join(folder, `${unitFileName(unit)}.${run}`)
  const forget = (unit: UnitId): void => {
    const path = files.get(unitFileName(unit))
    if (path === undefined) return
    rmSync(path, { force: true })
    files.delete(unitFileName(unit))
  }
  return {
    prepare(unit, run) {
      forget(unit)
      files.set(unitFileName(unit), pathOf(unit, run))
      return pathOf(unit, run)
    },
    has: (unit, run) => existsSync(pathOf(unit, run)),
    forget,
  }
}
