import { readdirSync, unlinkSync } from 'node:fs'
import { errnoOf } from '../sys/errno.ts'
import type { LogDirectory } from './model.ts'

/**
 * After a rotation: deletes the oldest file if there are more than `filesMax`, one at most, and what a processor left half
 * written. Files that wait for their processor (`.u`) neither count nor are deleted, as in Debian's svlogd. Troubles
 * are told, and nothing else.
 */
export function deleteSurplus(directory: LogDirectory): void {
  const { name, config, services, processor } = directory
  let count = 0
  let oldest: string | null = null
  for (const file of oldFiles(directory, 'unable to read directory')) {
    if (processor !== null && file.startsWith(processor.name)) continue
    if (file.endsWith('t')) unlink(directory, file, `unable to unlink processor leftover: ${file}`)
    else if (!file.endsWith('u')) {
      count += 1
      if (oldest === null || file < oldest) oldest = file
    }
  }
  if (config.filesMax === 0 || count <= config.filesMax || oldest === null) return
  services.info?.(`delete: ${name}/${oldest}`)
  unlink(directory, oldest, `unable to unlink oldest logfile: ${name}`)
}

/** On a full disk: deletes the oldest file if there are more than `filesMin`. Answers whether there may be room now. */
export function deleteForRoom(directory: LogDirectory): boolean {
  const { name, config, services, processor } = directory
  if (config.filesMin >= config.filesMax) return false
  const files = oldFiles(directory, 'unable to read directory, want remove old logfile')
  if (files.length <= config.filesMin) return false
  // What is open is not freed by deleting it, and would be missed.
  const idle = files.filter((file) => processor === null || !file.startsWith(processor.name))
  const oldest = idle.reduce<string | null>((least, file) => (least === null || file < least ? file : least), null)
  if (oldest === null) return false
  services.warn(`out of disk space, delete: ${name}/${oldest}`, null)
  return unlink(directory, oldest, `unable to unlink oldest logfile: ${name}`)
}

/** `@`, 24 digits and a suffix like `.s`; svlogd looks at the first character and the length. */
function oldFiles({ name, base, services }: LogDirectory, failure: string): readonly string[] {
  try {
    return readdirSync(base).filter((file) => file.length === oldNameLength && file.startsWith('@'))
  } catch (error) {
    services.warn(`${failure}: ${name}`, errnoOf(error))
    return []
  }
}

const oldNameLength = 27

function unlink({ base, services }: LogDirectory, file: string, failure: string): boolean {
  try {
    unlinkSync(`${base}/${file}`)
    return true
  } catch (error) {
    services.warn(failure, errnoOf(error))
    return false
  }
}
