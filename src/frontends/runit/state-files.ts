import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { decodeStatus, encodeStatus, type SuperviseStatus, statText } from '../../formats/supervise-status.ts'
import { errnoOf } from '../../sys/errno.ts'
import { isSameStatus } from './status.ts'

/**
 * Replaces what has changed of `pid`, `stat` and `status`, in this order; each at once, so that readers see the old or the
 * new one. `before` null: all of them. Throws what Node throws.
 */
export function writeStatus(supervise: string, status: SuperviseStatus, before: SuperviseStatus | null): void {
  if (before !== null && isSameStatus(before, status)) return
  if (before?.pid !== status.pid) replacePid(supervise, status)
  const text = statText(status)
  if (before === null || statText(before) !== text) replace(`${supervise}/stat`, text)
  replace(`${supervise}/status`, encodeStatus(status))
}

/** All of them. `isNew`: no pid is told where there never was one, as runsv does it for loggers. */
export function writeFirstStatus(supervise: string, status: SuperviseStatus, isNew: boolean): void {
  if (!isNew || existsSync(`${supervise}/pid`)) replacePid(supervise, status)
  replace(`${supervise}/stat`, statText(status))
  replace(`${supervise}/status`, encodeStatus(status))
}

/** null: there is none, or none that can be read. */
export function readStatus(supervise: string): SuperviseStatus | null {
  try {
    return decodeStatus(readFileSync(`${supervise}/status`))
  } catch (error) {
    errnoOf(error)
    return null
  }
}

function replacePid(supervise: string, { pid }: SuperviseStatus): void {
  replace(`${supervise}/pid`, pid === 0 ? '' : `${pid}\n`)
}

function replace(path: string, content: string | Uint8Array): void {
  const fresh = `${path}.new`
  writeFileSync(fresh, content, { mode: 0o644 })
  renameSync(fresh, path)
}
