import { readFileSync, writeFileSync } from 'node:fs'
import type { Exit, RunRef, UnitId } from '../../core/model.ts'
import { errnoOf } from '../../sys/errno.ts'
import { signalName } from '../../sys/signals.ts'
import { createRunFiles } from './run-files.ts'

/**
 * Where recorders write how their run ended: a file for each, empty until then. It is what tells a recorded run from
 * another one, after a death of ours as well.
 */
export interface Endings {
  /**
   * The file for a new run's recorder; those of the unit's earlier runs go. null: it cannot be made, which is no reason not
   * to start.
   */
  prepare(unit: UnitId, run: number): string | null
  isRecorded(unit: UnitId, run: number): boolean
  /** null: nothing is recorded so far. */
  exitOf(unit: UnitId, run: number): Exit | null
  forget(unit: UnitId): void
  /** The files of all other runs go. */
  keep(runs: readonly RunRef[]): void
}

export function createEndings(folder: string): Endings {
  const files = createRunFiles(folder)
  return {
    prepare(unit, run) {
      const path = files.replace(unit, run)
      try {
        writeFileSync(path, '', { mode: 0o600 })
        return path
      } catch (error) {
        errnoOf(error)
        return null
      }
    },
    isRecorded: files.has,
    exitOf: (unit, run) => readEnding(files.pathOf(unit, run)),
    forget: files.forget,
    keep: files.keep,
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
