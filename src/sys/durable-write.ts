import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** Replaces a file at once, and answers when the new one survives a loss of power. Throws what Node throws when it cannot be written. */
export function writeDurably(path: string, text: string, mode = 0o600): void {
  const fresh = `${path}.new`
  writeFileSync(fresh, text, { mode, flush: true })
  renameSync(fresh, path)
  syncDirectory(dirname(path))
}

/** What was made, renamed or removed in a directory survives a loss of power from here on. */
export function syncDirectory(path: string): void {
  const fd = openSync(path, 'r')
  try {
    fsyncSync(fd)
  } finally {
    closeSync(fd)
  }
}
