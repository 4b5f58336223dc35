import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Errno, errnoOf } from './errno.ts'
import { type Mount, mounts } from './mounts.ts'
import { withSpareDescriptor } from './spare.ts'

/** One tree of cgroups, as we see it. Of v2 there is one with all its controllers, of v1 one for each group of them. */
export interface Hierarchy {
  readonly version: 'v2' | 'v1'
  /** v1: those mounted here. v2: those our own cgroup could hand on. */
  readonly controllers: readonly string[]
  /** Where its outermost cgroup that we can see is mounted. */
  readonly mount: string
  /** Our own cgroup in it, a folder. */
  readonly own: string
}

/** The trees of cgroups that are mounted. `cgroup`: /proc/PID/cgroup of whom `own` is about, ourselves if left out. */
export function findHierarchies(cgroup = readText('/proc/self/cgroup'), mounted = mounts()): readonly Hierarchy[] {
  const lines = cgroup.split('\n').filter(Boolean)
  return lines.flatMap((line) => {
    const [id = '', names = '', ...rest] = line.split(':')
    const path = rest.join(':')
    const controllers = names.split(',').filter(Boolean)
    const version = id === '0' ? 'v2' : 'v1'
    const mount = mounted.find((one) =>
      version === 'v2'
        ? one.type === 'cgroup2'
        : one.type === 'cgroup' && controllers.every((name) => one.options.includes(name)),
    )
    if (mount === undefined) return []
    const own = ownFolder(mount, path)
    return [{ version, mount: mount.folder, own, controllers: version === 'v2' ? handable(own) : controllers }]
  })
}

/** In a container the path may count from a cgroup that is not mounted here: then ours is the outermost we see. */
function ownFolder(mount: Mount, path: string): string {
  const root = mount.root === '/' ? '' : mount.root
  const isBelow = path.startsWith(`${root}/`) && path !== '/' && !path.includes('/..')
  return isBelow ? join(mount.folder, path.slice(root.length)) : mount.folder
}

function handable(folder: string): readonly string[] {
  const text = readCgroupFile(folder, 'cgroup.controllers')
  return typeof text === 'string' ? words(text) : []
}

/** What a file of a cgroup says, or the error: it has no such file (ENOENT), or is gone (ENODEV). */
export function readCgroupFile(folder: string, name: string): string | { readonly errno: Errno } {
  try {
    return readText(join(folder, name))
  } catch (error) {
    return { errno: errnoOf(error) }
  }
}

export function words(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean)
}

/** The processes in a cgroup itself; none where it is gone. */
export function processesIn(folder: string): readonly number[] {
  const text = readCgroupFile(folder, 'cgroup.procs')
  return typeof text === 'string' ? words(text).map(Number) : []
}

function readText(path: string): string {
  return withSpareDescriptor(() => readFileSync(path, 'utf8'))
}
