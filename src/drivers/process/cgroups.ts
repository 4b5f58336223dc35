import { existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import type { CgroupLimits, Failure, ProcessSpec, UnitId } from '../../core/model.ts'
import { noCgroupLimits } from '../../core/target/plain.ts'
import { fromOwnUpwards } from '../../sys/cgroup-place.ts'
import { type CgroupUsage, usageIn } from '../../sys/cgroup-usage.ts'
import { findHierarchies, type Hierarchy } from '../../sys/hierarchies.ts'
import { devicesOf, freeDevices } from './cgroup-devices.ts'
import { killMembers, makeFresh, membersBelow, removeEmpty, writeCgroupFile } from './cgroup-files.ts'
import type { CgroupSetting, DeviceLimit } from './cgroup-settings.ts'
import { findHierarchiesOf, makeRoot, type Tree, treesFor } from './cgroup-trees.ts'
import { v1Settings } from './cgroup-v1.ts'
import { v2Settings } from './cgroup-v2.ts'
import { failure } from './failure.ts'
import { unitFileName } from './stream-name.ts'

/**
 * The cgroups of the units that asked for one, below one folder of this home: in the tree of v2 where there is one, so that
 * everything a unit started can be found and killed, and beside it in each v1 tree whose controller limits it.
 */
export interface Cgroups {
  /** Makes the unit's cgroups anew, with its limits; none for a unit that asks for none. */
  prepare(unit: UnitId, spec: Pick<ProcessSpec, 'cgroup' | 'limits'>): PreparedCgroup | Failure
  /** Whoever writes 0 into each of these joins the cgroups that the unit has now. */
  joinFiles(unit: UnitId): readonly string[]
  /** After our own restart: where the cgroups of a living run are. */
  adopt(pid: number): void
  /** The processes in the unit's cgroup; none where it has none. */
  members(unit: UnitId): readonly number[]
  /** Kills every process in it. */
  killAll(unit: UnitId): void
  /** What they counted; null: it has none. */
  usage(unit: UnitId): CgroupUsage | null
  remove(unit: UnitId): void
  /** Removes what nobody lives in. */
  close(): void
}

export interface PreparedCgroup {
  /** Whoever writes 0 into each of these joins. */
  readonly join: readonly string[]
  readonly shortfalls: readonly string[]
}

interface MadeCgroup {
  readonly folder: string | null
  readonly troubles: readonly string[]
}

/** Whether a unit gets a cgroup of its own. */
function wantsCgroup({ cgroup, limits }: Pick<ProcessSpec, 'cgroup' | 'limits'>): boolean {
  return cgroup || (limits !== null && limits.cgroup !== null)
}

/** The folder of all cgroups of a home. */
export function cgroupRootName(homeId: string): string {
  return `holdfast-${homeId}`
}

export function createCgroups(homeId: string, hierarchiesNow: () => readonly Hierarchy[] = findHierarchies): Cgroups {
  const name = cgroupRootName(homeId)
  /** The folders of ours that exist, in whichever tree. */
  let roots: Set<string> | null = null

  /** What the last `prepare` of a unit answered. */
  const joined = new Map<UnitId, readonly string[]>()

  function knownRoots(): Set<string> {
    roots ??= new Set(
      hierarchiesNow()
        .flatMap(({ version, own, mount }) => (version === 'v2' ? fromOwnUpwards(own, mount) : [own]))
        // We may sit in our own leaf.
        .map((folder) => (basename(folder) === name ? folder : join(folder, name)))
        .filter((folder) => existsSync(folder)),
    )
    return roots
  }

  function foldersOf(unit: UnitId): readonly string[] {
    return [...knownRoots()].map((root) => join(root, unitFileName(unit))).filter((folder) => existsSync(folder))
  }

  function removeAll(unit: UnitId): void {
    joined.delete(unit)
    for (const folder of foldersOf(unit)) removeEmpty(folder)
  }

  /** `folder` null: there is none. */
  function makeIn(tree: Tree, unit: UnitId, limits: CgroupLimits, devices: readonly DeviceLimit[]): MadeCgroup {
    const made = makeRoot(tree, name)
    if ('why' in made) return { folder: null, troubles: [made.why] }
    knownRoots().add(made.root)
    const folder = join(made.root, unitFileName(unit))
    const state = makeFresh(folder)
    if (typeof state === 'object') {
      return { folder: null, troubles: [`the cgroup ${folder} cannot be made (${state.errno})`] }
    }
    if (state === 'kept') freeDevices(folder)
    const settings = tree.version === 'v2' ? v2Settings(limits, devices) : v1Settings(limits, devices)
    const here = settings.filter(({ controller, isDefault }) => isDefault || tree.wanted.includes(controller))
    return { folder, troubles: [...made.troubles, ...here.flatMap((one) => apply(folder, one, state) ?? [])] }
  }

  return {
    prepare(unit, spec) {
      if (!wantsCgroup(spec)) {
        removeAll(unit)
        return { join: [], shortfalls: [] }
      }
      const limits = spec.limits?.cgroup ?? null
      const trees = treesFor(hierarchiesNow(), limits)
      const devices = devicesOf(limits)
      const made = trees.map((tree) => makeIn(tree, unit, limits ?? noCgroupLimits, devices.limits))
      const troubles = [...devices.troubles, ...made.flatMap((one) => one.troubles)]
      if (trees.length === 0) troubles.push('a cgroup cannot be made: this host has none mounted')
      const folders = made.flatMap(({ folder }) => folder ?? [])
      // What an earlier run had limited elsewhere.
      for (const old of foldersOf(unit)) if (!folders.includes(old)) removeEmpty(old)
      joined.set(unit, folders.map(procsOf))
      const isRequired = spec.limits?.enforcement !== 'best-effort'
      if (isRequired && troubles.length > 0) return failure('no-cgroup', `${troubles.join('; ')}; ${remedy}`)
      return { join: folders.map(procsOf), shortfalls: troubles }
    },
    joinFiles: (unit) => joined.get(unit) ?? foldersOf(unit).map(procsOf),
    adopt(pid) {
      for (const { own } of findHierarchiesOf(pid, name)) {
        const root = dirname(own)
        if (basename(root) === name) knownRoots().add(root)
      }
    },
    members: (unit) => [...new Set(foldersOf(unit).flatMap(membersBelow))],
    killAll(unit) {
      const folders = foldersOf(unit)
      // Before Linux 5.14, and in v1, there is no such file.
      const killed = folders.filter((folder) => writeCgroupFile(join(folder, 'cgroup.kill'), '1') === null)
      if (killed.length > 0) return
      const freezer = folders.map((folder) => freezerOf(folder)).find((one) => one !== null)
      for (const folder of folders) killMembers(folder, freezer ?? noFreezer)
    },
    usage(unit) {
      const folders = foldersOf(unit)
      return folders.length === 0 ? null : usageIn(folders)
    },
    remove: removeAll,
    close() {
      if (roots === null) return
      // Our own leaf is not empty while we are in it.
      for (const root of roots) removeEmpty(root)
    },
  }
}

const remedy =
  'run the daemon as root or in a cgroup delegated to it, remove the setting, or write `enforcement: best-effort` in `x-holdfast.limits`'

function procsOf(folder: string): string {
  return join(folder, 'cgroup.procs')
}

/** Why a setting could not be written; null: done. */
function apply(folder: string, setting: CgroupSetting, state: 'fresh' | 'kept'): string | null {
  if (setting.isDefault && state === 'fresh') return null
  const choice = setting.choices.find(({ name }) => existsSync(join(folder, name)))
  if (choice === undefined) {
    return setting.isDefault ? null : `this kernel has no ${setting.choices.map(({ name }) => name).join(' or ')}`
  }
  const errno = writeCgroupFile(join(folder, choice.name), choice.text)
  return errno === null || setting.isDefault ? null : `${choice.name} = ${choice.text} was refused (${errno})`
}

const noFreezer = { path: '', on: '', off: '' }

function freezerOf(folder: string): typeof noFreezer | null {
  const v2 = join(folder, 'cgroup.freeze')
  if (existsSync(v2)) return { path: v2, on: '1', off: '0' }
  const v1 = join(folder, 'freezer.state')
  return existsSync(v1) ? { path: v1, on: 'FROZEN', off: 'THAWED' } : null
}
