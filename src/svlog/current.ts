import { closeSync, constants, fchmodSync, openSync, renameSync, type Stats, statSync } from 'node:fs'
import type { StampTime } from '../formats/svlogd-stamp.ts'
import { tai64nText } from '../formats/tai64.ts'
import { type Errno, errnoOf } from '../sys/errno.ts'
import type { LogDirectory } from './model.ts'
import { deleteSurplus } from './old-files.ts'

/**
 * Opens `current` for appending, if it is not open. One that was not closed in an orderly way (it has bytes, and its owner's
 * execute bit is missing) is set aside as `@….u`. False: not now, see `trouble`; calling it again goes on where it
 * failed.
 */
export function openCurrent(directory: LogDirectory): boolean {
  if (directory.fd !== -1) return true
  const { name, base, services } = directory
  const path = `${base}/current`
  const found = attempt(directory, 'unable to stat current', () => statSync(path, { throwIfNoEntry: false }) ?? null)
  if (found === failed) return false
  const isUnclean = found !== null && found.size > 0 && (found.mode & constants.S_IXUSR) === 0
  if (isUnclean) {
    const old = `${base}/${nextOldName(directory, 'u')}`
    if (attempt(directory, 'unable to rename current', () => renameSync(path, old)) === failed) return false
    deleteSurplus(directory)
  }
  if (!openNew(directory, 'unable to open current')) return false
  directory.bytes = isUnclean || found === null ? 0 : found.size
  services.info?.(`${isUnclean || found === null ? 'new' : 'append'}: ${name}/current`)
  return true
}

/** As `openCurrent`, of what is known to be new: after a rotation. */
export function openNew(directory: LogDirectory, doing: string): boolean {
  const flags = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK
  const path = `${directory.base}/current`
  const fd = attempt(directory, doing, () => openSync(path, flags, 0o600))
  if (fd === failed) return false
  // Without the execute bit: not closed yet.
  if (attempt(directory, 'unable to set mode of current', () => fchmodSync(fd, 0o644)) === failed) {
    closeSync(fd)
    return false
  }
  directory.fd = fd
  directory.bytes = 0
  return true
}

/** A name for `current` that sorts after those given before: `@….s`. */
export function nextOldName(directory: LogDirectory, suffix: 's' | 'u'): string {
  let time = later(directory.services.now(), directory.lastRotation)
  for (;;) {
    const name = `${tai64nText(time.unixSeconds, time.nanoseconds)}.${suffix}`
    if (statOrNull(`${directory.base}/${name}`) === null) {
      directory.lastRotation = time
      return name
    }
    time = next(time)
  }
}

/** Does one thing that the system may refuse; then it is the directory's trouble. */
export function attempt<T>(directory: LogDirectory, doing: string, act: () => T): T | typeof failed {
  try {
    return act()
  } catch (error) {
    directory.trouble = { kind: 'failed', doing, code: errnoOf(error) satisfies Errno }
    return failed
  }
}

export const failed = Symbol('failed')

/** A clock that stands still or was set back a little must not make two files change places. */
function later(now: StampTime, last: StampTime): StampTime {
  const aheadSeconds = last.unixSeconds - now.unixSeconds
  if (aheadSeconds > 1 || aheadSeconds < 0) return now
  return aheadSeconds === 0 && now.nanoseconds > last.nanoseconds ? now : next(last)
}

function next({ unixSeconds, nanoseconds }: StampTime): StampTime {
  return nanoseconds === 999_999_999
    ? { unixSeconds: unixSeconds + 1, nanoseconds: 0 }
    : { unixSeconds, nanoseconds: nanoseconds + 1 }
}

function statOrNull(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}
