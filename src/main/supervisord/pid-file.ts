import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { errnoOf } from '../../sys/errno.ts'

/** Writes it as supervisord does: no lock, whatever was there. Answers why it could not be written; null: done. */
export function writePidFile(path: string): string | null {
  try {
    writeFileSync(path, `${process.pid}\n`)
    return null
  } catch (error) {
    return errnoOf(error)
  }
}

/** Unless another daemon has written it meanwhile. */
export function removePidFile(path: string): void {
  try {
    if (Number(readFileSync(path, 'utf8')) === process.pid) rmSync(path)
  } catch (error) {
    // Gone, or not ours to look at: nobody counts on it any more.
    errnoOf(error)
  }
}
