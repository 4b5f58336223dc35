import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Failure, UnitId } from '../../core/model.ts'
import { errnoOf } from '../../sys/errno.ts'
import { failure, isFailure } from './failure.ts'
import { unitFileName } from './stream-name.ts'

/** One cgroup per unit that asked for it, below one of this home, where cgroup v2 is writable. */
export interface Cgroups {
  /** Makes the unit's cgroup and answers its path. */
  prepare(unit: UnitId): string | Failure
  /** The processes in the unit's cgroup; none where it has none. */
  members(unit: UnitId): readonly number[]
  /** Kills every process in it. */
  killAll(unit: UnitId): void
  remove(unit: UnitId): void
  /** Removes what nobody lives in. */
  close(): void
}

export function createCgroups(homeId: string): Cgroups {
  let root: string | Failure | null = null

  function findRoot(): string | Failure {
    // The second is the hybrid layout, where the older controllers stand beside it.
    const mount = ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].find((path) => existsSync(join(path, 'cgroup.procs')))
    if (mount === undefined) {
      return failure('no-cgroup', 'this host has no cgroup v2; remove `cgroup`, or boot with the unified hierarchy')
    }
    const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '/'
    return join(mount, own, `holdfast-${homeId}`)
  }

  function folderOf(unit: UnitId): string | Failure {
    root ??= findRoot()
    return isFolder(root) ? join(root, unitFileName(unit)) : root
  }

  /** Its path if it exists. */
  function existing(unit: UnitId): string | null {
    const folder = folderOf(unit)
    return isFolder(folder) && existsSync(folder) ? folder : null
  }

  return {
    prepare(unit) {
      const folder = folderOf(unit)
      if (!isFolder(folder)) return folder
      try {
        mkdirSync(folder, { recursive: true })
        return folder
      } catch (error) {
        const why = `the cgroup ${folder} cannot be made (${errnoOf(error)})`
        return failure('no-cgroup', `${why}; remove \`cgroup\`, or delegate the cgroup to this user`)
      }
    },
    members(unit) {
      const folder = existing(unit)
      if (folder === null) return []
      return readFileSync(join(folder, 'cgroup.procs'), 'latin1').split('\n').filter(Boolean).map(Number)
    },
    killAll(unit) {
      const folder = existing(unit)
      // Before Linux 5.14 there is no such file; then the caller's signals to each member must do.
      if (folder !== null && existsSync(join(folder, 'cgroup.kill'))) writeFileSync(join(folder, 'cgroup.kill'), '1')
    },
    remove(unit) {
      const folder = existing(unit)
      if (folder !== null) removeEmpty(folder)
    },
    close() {
      if (root === null || !isFolder(root) || !existsSync(root)) return
      for (const entry of readdirSync(root, { withFileTypes: true })) {
        if (entry.isDirectory()) removeEmpty(join(root, entry.name))
      }
      removeEmpty(root)
    },
  }
}

/** Where something still lives or ends it stays, and is reused. */
function removeEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    errnoOf(error)
  }
}

function isFolder(value: string | Failure): value is string {
  return typeof value === 'string' || !isFailure(value)
}
