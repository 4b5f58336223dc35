import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeAtomically } from '../sys/atomic-write.ts'

/**
 * A third copy of the home id, beside the databases: who lost both could no longer tell which of the running processes
 * are its own, and would start them again.
 */
export interface HomeIdCopy {
  /** null: there is none, or none that can be read. */
  read(): string | null
  /** Throws the system's error. */
  write(homeId: string): void
}

export function homeIdCopy(stateDirectory: string): HomeIdCopy {
  const path = join(stateDirectory, 'home-id')
  return {
    read() {
      try {
        const text = readFileSync(path, 'latin1').trim()
        return /^[0-9a-f]{8,64}$/.test(text) ? text : null
      } catch {
        // It is a copy: without it the databases decide, as they do with it when they are well.
        return null
      }
    },
    write: (homeId) => writeAtomically(path, `${homeId}\n`),
  }
}
