import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { RunRef, UnitId } from '../../core/model.ts'
import { errnoOf } from '../../sys/errno.ts'
import { unitFileName } from './stream-name.ts'

/** One small file for the latest run of each unit, found again after our own death. */
export interface RunFiles {
  /** Where the file of a new run belongs. What the unit's earlier runs left is removed: their ends are stored. */
  replace(unit: UnitId, run: number): string
  pathOf(unit: UnitId, run: number): string
  has(unit: UnitId, run: number): boolean
  /** The run whose file there may be; 0: there is none. */
  latest(unit: UnitId): number
  /** The file of the latest run becomes that of this one. */
  renumber(unit: UnitId, run: number): void
  forget(unit: UnitId): void
  /**
   * The files of all other runs go. Numbers that were used while nothing could be stored may be used again: whoever gets one
   * must not meet what another run left.
   */
  keep(runs: readonly RunRef[]): void
}

export function createRunFiles(folder: string): RunFiles {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  /** By the name of the unit's file. */
  const latest = new Map<string, number>()
  for (const file of readdirSync(folder)) {
    const dot = file.lastIndexOf('.')
    const [name, run] = [file.slice(0, dot), Number(file.slice(dot + 1))]
    const other = latest.get(name)
    // Each unit has one; what is too much we died over removing.
    if (other !== undefined) remove(name, Math.min(other, run))
    latest.set(name, Math.max(other ?? 0, run))
  }

  function fileOf(name: string, run: number): string {
    return join(folder, `${name}.${run}`)
  }

  function remove(name: string, run: number): void {
    rmSync(fileOf(name, run), { force: true })
    latest.delete(name)
  }

  function forget(unit: UnitId): void {
    const name = unitFileName(unit)
    const run = latest.get(name)
    if (run !== undefined) remove(name, run)
  }

  const pathOf = (unit: UnitId, run: number): string => fileOf(unitFileName(unit), run)
  return {
    replace(unit, run) {
      forget(unit)
      latest.set(unitFileName(unit), run)
      return pathOf(unit, run)
    },
    pathOf,
    has: (unit, run) => existsSync(pathOf(unit, run)),
    latest: (unit) => latest.get(unitFileName(unit)) ?? 0,
    renumber(unit, run) {
      const name = unitFileName(unit)
      try {
        renameSync(fileOf(name, latest.get(name) ?? 0), fileOf(name, run))
        latest.set(name, run)
      } catch (error) {
        errnoOf(error)
      }
    },
    forget,
    keep(runs) {
      const kept = new Set(runs.map(({ unit, run }) => `${unitFileName(unit)}.${run}`))
      for (const [name, run] of latest) if (!kept.has(`${name}.${run}`)) remove(name, run)
    },
  }
}
