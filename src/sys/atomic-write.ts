import { renameSync, writeFileSync } from 'node:fs'

/**
 * Replaces a file at once: readers see the old or the new one. Survives our death, not the machine's (nothing is
 * flushed to the disk). Throws what Node throws when it cannot be written.
 */
export function writeAtomically(path: string, text: string, mode = 0o600): void {
  const fresh = `${path}.new`
  writeFileSync(fresh, text, { mode })
  renameSync(fresh, path)
}
