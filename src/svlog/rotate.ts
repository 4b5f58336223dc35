import { fchmodSync, renameSync } from 'node:fs'
import type { StampTime } from '../formats/svlogd-stamp.ts'
import { attempt, failed, nextOldName, openCurrent, openNew } from './current.ts'
import type { LogDirectory } from './model.ts'
import { deleteSurplus } from './old-files.ts'
import { startProcessor } from './processor.ts'

/**
 * Renames `current` to `@….s`, or `@….u` for a processor, unless it is empty; begins a new one, deletes the oldest file
 * beyond the limit, starts the processor. False: it is still due, see `trouble`; it is made up for by the next call that
 * writes or rotates.
 */
export function rotateLog(directory: LogDirectory): boolean {
  directory.trouble = null
  return rotateCurrent(directory)
}

/** Rotates if `current` is older than it may be; empty or not, the next time is then counted from now. */
export function rotateOld(directory: LogDirectory, now: StampTime): boolean {
  directory.trouble = null
  if (now.unixSeconds < directory.ageDueUnixSeconds) return true
  return rotateCurrent(directory)
}

/** The same within a call that has begun. */
export function rotateCurrent(directory: LogDirectory): boolean {
  const { name, config, services } = directory
  directory.isRotationDue = true
  if (directory.processor !== null) {
    directory.trouble = { kind: 'processor' }
    return false
  }
  if (!openCurrent(directory)) return false
  const now = services.now()
  if (directory.ageDueUnixSeconds <= now.unixSeconds) {
    directory.ageDueUnixSeconds = now.unixSeconds + config.ageMaxSeconds
  }
  if (directory.bytes === 0) {
    directory.isRotationDue = false
    return true
  }
  const old = setAside(directory, config.processor === null ? 's' : 'u')
  if (old === null) return false
  services.info?.(`rename: ${name}/current ${old} ${directory.bytes}`)
  services.closeFile(directory.fd)
  directory.fd = -1
  directory.isRotationDue = false
  const isOpen = openNew(directory, 'unable to create new current')
  deleteSurplus(directory)
  if (config.processor !== null) startProcessor(directory, old)
  return isOpen
}

/** The new name of what was `current`; null: it still is. */
function setAside(directory: LogDirectory, suffix: 's' | 'u'): string | null {
  const { base, fd, services } = directory
  if (attempt(directory, 'unable to fsync current logfile', () => services.syncFile(fd)) === failed) return null
  // The execute bit says that it is complete.
  if (attempt(directory, 'unable to set mode of current', () => fchmodSync(fd, 0o744)) === failed) return null
  const old = nextOldName(directory, suffix)
  const move = () => renameSync(`${base}/current`, `${base}/${old}`)
  return attempt(directory, 'unable to rename current', move) === failed ? null : old
}
