import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Exit, UnitId } from '../../core/model.ts'
import { errnoOf } from '../../sys/errno.ts'
import { signalName } from '../../sys/signals.ts'
import { unitFileName } from './stream-name.ts'

/**
 * Where recorders write how their run ended: a file for each, empty until then. It is what tells a recorded run from
 * another one, after a death of ours as well.
 */
export interface Endings {
  /**
   * The file for a new run's recorder. What the unit's earlier runs left is removed: their ends are stored. null: it
   * cannot be made, which is no reason not to start.
   */
  prepare(unit: UnitId, run: number): string | null
  isRecorded(unit: UnitId, run: number): boolean
  /** null: nothing is recorded so far. */
  exitOf(unit: UnitId, run: number): Exit | null
  forget(unit: UnitId): void
}

export function createEndings(folder: string): Endings {
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
      const path = pathOf(unit, run)
      try {
        writeFileSync(path, '', { mode: 0o600 })
      } catch (error) {
        errnoOf(error)
        return null
      }
      files.set(unitFileName(unit), path)
      return path
    },
    isRecorded: (unit, run) => existsSync(pathOf(unit, run)),
    exitOf: (unit, run) => readEnding(pathOf(unit, run)),
    forget,
  }
}

/**
 * A shell says 128+n of a command ended by signal n. A command that exits with such a code by itself cannot be told from
 * it; those that do follow the same convention, and mean a signal.
 */
export function exitOfStatus(status: number): Exit {
  if (status <= 128 || status > 128 + signalsMax) return { kind: 'code', code: status }
  return { kind: 'signal', signal: signalName(status - 128), core: false }
}

const signalsMax = 64

function readEnding(path: string): Exit | null {
  try {
    const whole = /^(\d{1,3})\n$/.exec(readFileSync(path, 'latin1'))
    return whole ? exitOfStatus(Number(whole[1])) : null
  } catch (error) {
    errnoOf(error)
    return null
  }
}
