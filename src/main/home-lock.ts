import { chmodSync, ftruncateSync, mkdirSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { lockFile } from '../sys/flock.ts'
import { type Home, typed } from '../wire/home.ts'

export type Lock = { readonly kind: 'ours' } | { readonly kind: 'refused'; readonly message: string }

/** Makes the home's directories and takes its lock: one daemon per home, for as long as we live. */
export function takeHome(home: Home): Lock {
  try {
    makeDirectory(home.stateDirectory, 0o700)
    makeDirectory(home.runDirectory, 0o700)
    makeDirectory(home.logDirectory, 0o750)
    return lock(home)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const remedy = 'name a directory that you may write with --home DIR'
    return { kind: 'refused', message: `the home ${home.name} cannot be used (${error.message}); ${remedy}` }
  }
}

function lock(home: Home): Lock {
  const path = join(home.runDirectory, 'daemon.lock')
  const fd = lockFile(path)
  if (typeof fd === 'string') {
    if (fd !== 'EAGAIN') return { kind: 'refused', message: `${path} cannot be locked (${fd})` }
    const pid = readFileSync(path, 'utf8').trim() || 'unknown'
    const remedy = `talk to it with: ${typed(home, 'ps')}; or choose another home with --home DIR`
    return { kind: 'refused', message: `a daemon already runs for ${home.name}: pid ${pid}; ${remedy}` }
  }
  // The descriptor stays open on purpose: the lock lasts as long as this process.
  ftruncateSync(fd)
  writeSync(fd, `${process.pid}\n`, 0)
  return { kind: 'ours' }
}

function makeDirectory(path: string, mode: number): void {
  const made = mkdirSync(path, { recursive: true, mode })
  // mkdir's mode is lessened by the umask, and parents get it too, so only what is new is set.
  if (made !== undefined) chmodSync(path, mode)
}
