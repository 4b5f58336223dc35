import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitId } from '../../core/model.ts'
import { unitFileName } from './stream-name.ts'

/** One small file for the latest run of each unit, found again after our own death. */
export interface RunFiles {
  /** Where the file of a new run belongs. What the unit's earlier runs left is removed: their ends are stored. */
  replace(unit: UnitId, run: number): string
  pathOf(unit: UnitId, run: number): string
  has(unit: UnitId, run: number): boolean
  forget(unit: UnitId): void
}

export function createRunFiles(folder: string): RunFiles {
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
    replace(unit, run) {
      forget(unit)
      files.set(unitFileName(unit), pathOf(unit, run))
      return pathOf(unit, run)
    },
    pathOf,
    has: (unit, run) => existsSync(pathOf(unit, run)),
    forget,
  }
}
