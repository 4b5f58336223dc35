import { fstatSync, ftruncateSync, readFileSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { errnoOf } from '../sys/errno.ts'
import { lockAgain, lockFile } from '../sys/flock.ts'
import { makeDirectory } from '../sys/make-directory.ts'
import { type ExitCode, exitCodes } from '../wire/exit-codes.ts'
import { type Home, typed } from '../wire/home.ts'

/** Of the file in the run directory that is locked. */
export const lockName = 'daemon.lock'

export type Lock =
  | { readonly kind: 'ours'; readonly fd: number }
  | { readonly kind: 'refused'; readonly message: string; readonly code: ExitCode }

/**
 * Makes the home's directories and takes its lock: one daemon per home, for as long as we live. `carried`: the lock as the
 * image before us held it.
 */
export function takeHome(home: Home, carried: number | null): Lock {
  try {
    makeDirectory(home.stateDirectory, 0o700)
    makeDirectory(home.runDirectory, 0o700)
    makeDirectory(home.logDirectory, 0o750)
    return lock(home, carried)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const remedy = 'name a directory that you may write with --home DIR'
    const isForbidden = error.code === 'EACCES' || error.code === 'EPERM'
    const message = `the home ${home.name} cannot be used (${error.message}); ${remedy}`
    return { kind: 'refused', message, code: isForbidden ? exitCodes.permission : exitCodes.failed }
  }
}

function lock(home: Home, carried: number | null): Lock {
  const path = join(home.runDirectory, lockName)
  if (carried !== null && isOpenAs(carried, path) && lockAgain(carried) === null) return { kind: 'ours', fd: carried }
  const fd = lockFile(path)
  if (typeof fd === 'string') {
    if (fd !== 'EAGAIN') {
      const code = fd === 'EACCES' ? exitCodes.permission : exitCodes.failed
      return { kind: 'refused', message: `${path} cannot be locked (${fd})`, code }
    }
    const pid = readFileSync(path, 'utf8').trim() || 'unknown'
    const remedy = `talk to it with: ${typed(home, 'ps')}; or choose another home with --home DIR`
    const message = `a daemon already runs for ${home.name}: pid ${pid}; ${remedy}`
    return { kind: 'refused', message, code: exitCodes.locked }
  }
  // The descriptor stays open on purpose: the lock lasts as long as this process.
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`, 0)
  return { kind: 'ours', fd }
}

function isOpenAs(fd: number, path: string): boolean {
  try {
    const [open, named] = [fstatSync(fd), statSync(path)]
    return open.dev === named.dev && open.ino === named.ino
  } catch (error) {
    // Not open, or not there: it is taken anew.
    errnoOf(error)
    return false
  }
}
