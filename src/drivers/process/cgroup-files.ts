import { closeSync, constants, existsSync, mkdirSync, openSync, readdirSync, rmdirSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { type Errno, errnoOf } from '../../sys/errno.ts'
import { processesIn } from '../../sys/hierarchies.ts'
import { kill } from '../../sys/kill.ts'
import { withSpareDescriptor } from '../../sys/spare.ts'

/** Writes a file that the kernel has put there; null: done. Opened without creating: in other places it would be made. */
export function writeCgroupFile(path: string, text: string): Errno | null {
  try {
    const fd = withSpareDescriptor(() => openSync(path, constants.O_WRONLY))
    try {
      writeSync(fd, text)
      return null
    } finally {
      closeSync(fd)
    }
  } catch (error) {
    return errnoOf(error)
  }
}

/**
 * A cgroup that counts from zero. `kept`: something of the last run still ends in it, so that its counters go on and it has
 * that one's limits.
 */
export function makeFresh(folder: string): 'fresh' | 'kept' | { readonly errno: Errno } {
  removeEmpty(folder)
  try {
    return mkdirSync(folder, { recursive: true }) === undefined ? 'kept' : 'fresh'
  } catch (error) {
    return { errno: errnoOf(error) }
  }
}

/** The processes in a cgroup and those that its processes made below it. */
export function membersBelow(folder: string): readonly number[] {
  return [...processesIn(folder), ...foldersIn(folder).flatMap(membersBelow)]
}

/** Where something still lives or ends it stays, and is reused. */
export function removeEmpty(folder: string): void {
  for (const below of foldersIn(folder)) removeEmpty(below)
  try {
    rmdirSync(folder)
  } catch (error) {
    errnoOf(error)
  }
}

/** More rounds than that are not needed: whoever got the signal makes no more processes. */
const killRoundsMax = 64

/**
 * Kills everything in a cgroup where no file does it: nobody may run while the list is read, if the host can freeze them,
 * and it is read again until it shows nobody new.
 */
export function killMembers(
  folder: string,
  freezer: { readonly path: string; readonly on: string; readonly off: string },
) {
  const told = new Set<number>()
  const canFreeze = existsSync(freezer.path)
  if (canFreeze) writeCgroupFile(freezer.path, freezer.on)
  for (let round = 0; round < killRoundsMax; round += 1) {
    const others = membersBelow(folder).filter((pid) => pid !== process.pid && !told.has(pid))
    if (others.length === 0) break
    for (const pid of others) {
      kill(pid, 9)
      told.add(pid)
    }
  }
  // A frozen process dies only when it may run again.
  if (canFreeze) writeCgroupFile(freezer.path, freezer.off)
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = withSpareDescriptor(() => readdirSync(folder, { withFileTypes: true }))
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  } catch (error) {
    // Gone meanwhile.
    errnoOf(error)
    return []
  }
}
