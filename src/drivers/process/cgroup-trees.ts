import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { CgroupLimits } from '../../core/model.ts'
import { hierarchyOf } from '../../sys/abilities.ts'
import { descendsFromUs, findPlace, leafName } from '../../sys/cgroup-place.ts'
import { errnoOf } from '../../sys/errno.ts'
import { findHierarchies, type Hierarchy, processesIn, readCgroupFile, words } from '../../sys/hierarchies.ts'
import { withSpareDescriptor } from '../../sys/spare.ts'
import { writeCgroupFile } from './cgroup-files.ts'
import { type CgroupSetting, controllersOf } from './cgroup-settings.ts'

export interface Tree extends Hierarchy {
  /** Which of the asked for controllers limit here. */
  readonly wanted: readonly CgroupSetting['controller'][]
}

/** Of v1 those that find and freeze a unit's processes, where there is no v2 to do it. */
const v1Finders: readonly string[] = ['freezer', 'pids', 'memory', 'cpu', 'cpuacct', 'blkio']

/** The trees in which the unit gets a cgroup; the first one holds it together. */
export function treesFor(hierarchies: readonly Hierarchy[], limits: CgroupLimits | null): readonly Tree[] {
  const asked = controllersOf(limits)
  const v2 = hierarchies.find((one) => one.version === 'v2')
  const finder = v2 ?? v1Finders.flatMap((name) => hierarchies.find((one) => one.controllers.includes(name)) ?? [])[0]
  // Only there v2 does not tell the time used.
  const counter = v2 ? undefined : hierarchies.find((one) => one.controllers.includes('cpuacct'))
  const limiting = asked.flatMap((controller) => hierarchyOf(hierarchies, controller) ?? [])
  const all = [finder, ...limiting, counter].filter((one) => one !== undefined)
  return [...new Set(all)].map((tree) => ({
    ...tree,
    wanted: asked.filter((controller) => hierarchyOf(hierarchies, controller) === tree),
  }))
}

/** The folder of our cgroups in a tree, or why there is none. `troubles`: it is there, but does not limit all. */
export type Root = { readonly root: string; readonly troubles: readonly string[] } | { readonly why: string }

/** Makes the folder of our cgroups in a tree, able to limit what is wanted. */
export function makeRoot(tree: Tree, name: string): Root {
  return tree.version === 'v1' ? makeFolder(join(tree.own, name)) : makeV2Root(tree, name)
}

function makeV2Root(tree: Tree, name: string): Root {
  let place = findPlace(tree, name, tree.wanted)
  if (!('why' in place) && place.mustBeEmptied) {
    const trouble = moveIntoLeaf(place.folder, join(place.folder, name, leafName))
    if (trouble !== null) return { why: trouble }
    place = findPlace(tree, name, tree.wanted)
    if (!('why' in place) && place.mustBeEmptied) return { why: `${place.folder} does not get empty` }
  }
  // Without its limits it can still be found and killed as a whole.
  const where = 'why' in place ? findPlace(tree, name, []) : place
  if ('why' in where) return where
  const made = makeFolder(join(where.folder, name))
  if ('why' in made) return made
  if ('why' in place) return { root: made.root, troubles: [`limits cannot be enforced: ${place.why}`] }
  const troubles = [where.folder, made.root].flatMap((folder) => enable(folder, tree.wanted))
  return { root: made.root, troubles }
}

/** Moves what is in our own cgroup, ourselves included, into a leaf below it. */
function moveIntoLeaf(from: string, leaf: string): string | null {
  const made = makeFolder(leaf)
  if ('why' in made) return made.why
  // What forks meanwhile is found in the next round.
  for (let round = 0; round < leafRoundsMax && processesIn(from).length > 0; round += 1) {
    for (const pid of processesIn(from).filter(descendsFromUs)) writeCgroupFile(join(leaf, 'cgroup.procs'), String(pid))
  }
  return null
}

const leafRoundsMax = 16

function enable(folder: string, controllers: readonly string[]): readonly string[] {
  const file = 'cgroup.subtree_control'
  const text = readCgroupFile(folder, file)
  const enabled = typeof text === 'string' ? words(text) : []
  return controllers.flatMap((controller) => {
    if (enabled.includes(controller)) return []
    const errno = writeCgroupFile(join(folder, file), `+${controller}`)
    return errno === null ? [] : [`the ${controller} controller cannot be enabled in ${folder} (${errno})`]
  })
}

function makeFolder(folder: string): Root {
  try {
    mkdirSync(folder, { recursive: true })
    return { root: folder, troubles: [] }
  } catch (error) {
    return { why: `the cgroup ${folder} cannot be made (${errnoOf(error)})` }
  }
}

/** None where no path has a folder of this name: most runs have no cgroup of their own, and a look at the mounts is slow. */
/** The cgroups of another process, as we see them; none when it ended. */
export function findHierarchiesOf(pid: number, name: string): readonly Hierarchy[] {
  try {
    const cgroup = withSpareDescriptor(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
    if (!cgroup.includes(`/${name}/`)) return []
    return findHierarchies(cgroup)
  } catch (error) {
    // It ended.
    errnoOf(error)
    return []
  }
}
