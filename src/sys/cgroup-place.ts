import { accessSync, constants, existsSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { errnoOf } from './errno.ts'
import { type Hierarchy, processesIn, readCgroupFile, words } from './hierarchies.ts'
import { readStat } from './proc.ts'
import { extendedAttribute } from './xattr.ts'

/** Where cgroups of our own can be made in the tree of cgroup v2. */
export interface Place {
  readonly folder: string
  /** The processes in it, all of them ours, have to move into a leaf below it first. */
  readonly mustBeEmptied: boolean
}

/** The leaf that our own processes move to: below the tree of our cgroups, so that there is one folder of ours. */
export const leafName = 'daemon'

/**
 * Finds where a tree named `name` can be put so that its cgroups can have these controllers, or says why nowhere.
 *
 * The kernel gives controllers only to children of a cgroup that holds no processes itself (but for the outermost one of
 * the machine), and we sit in our own one. So in this order, nearest first, since what is near keeps the limits that
 * somebody set on the levels above:
 *
 * 1. Below our own cgroup, when nothing has to be enabled there or nobody is in it.
 * 2. The same, after we moved into a leaf below it: only where the cgroup was handed to us (delegated) and everybody in it
 *    descends from us. We never move a process that somebody else started.
 * 3. Beside our own cgroup: below the nearest one above it where that works, such as the slice of a systemd unit. A daemon
 *    without privileges may write there only if it was told so.
 */
export function findPlace(
  tree: Pick<Hierarchy, 'mount' | 'own'>,
  name: string,
  wanted: readonly string[],
): Place | { readonly why: string } {
  const own = leftLeaf(tree.own, name)
  let why: string | null = null
  for (const folder of fromOwnUpwards(own, tree.mount)) {
    const found = examine(folder, wanted, folder === own && isHandedOver(folder, tree.mount))
    if (typeof found !== 'string') return found
    // The first reason is about our own cgroup: that is where a remedy begins.
    why ??= found
  }
  return { why: why ?? `${tree.mount} is no cgroup` }
}

/** Our own cgroup as it was before we moved into a leaf of it. */
function leftLeaf(own: string, name: string): string {
  return basename(own) === leafName && basename(dirname(own)) === name ? dirname(dirname(own)) : own
}

export function fromOwnUpwards(own: string, mount: string): readonly string[] {
  const folders = [own]
  for (let folder = own; folder !== mount && folder.startsWith(mount); folder = dirname(folder)) {
    folders.push(dirname(folder))
  }
  return folders
}

function examine(folder: string, wanted: readonly string[], isOurs: boolean): Place | string {
  if (!isWritable(folder) || !isWritable(join(folder, 'cgroup.procs'))) return `this user may not write ${folder}`
  const available = list(folder, 'cgroup.controllers')
  const missing = wanted.find((controller) => !available.includes(controller))
  if (missing !== undefined) return `${folder} has no ${missing} controller`
  const enabled = list(folder, 'cgroup.subtree_control')
  if (wanted.every((controller) => enabled.includes(controller))) return { folder, mustBeEmptied: false }
  if (!isWritable(join(folder, 'cgroup.subtree_control'))) return `this user may not enable controllers in ${folder}`
  // The outermost cgroup of the machine, and only that, has no type.
  if (!existsSync(join(folder, 'cgroup.type'))) return { folder, mustBeEmptied: false }
  const processes = processesIn(folder)
  if (processes.length === 0) return { folder, mustBeEmptied: false }
  if (!isOurs) return `${folder} has processes in it, and the kernel limits no cgroup beside processes`
  const foreign = processes.find((pid) => !descendsFromUs(pid))
  if (foreign === undefined) return { folder, mustBeEmptied: true }
  return `process ${foreign}, which is not the daemon's, is in ${folder}, and the kernel limits no cgroup beside processes`
}

/**
 * systemd marks what it delegates. A user who may write a cgroup was handed it. The outermost one of a container is
 * the container's.
 */
function isHandedOver(folder: string, mount: string): boolean {
  if (process.geteuid?.() !== 0 || folder === mount) return true
  return ['user.delegate', 'trusted.delegate'].some((name) => extendedAttribute(folder, name) === '1')
}

/** Orphans of ours come back to us, so that this reaches all we started. */
export function descendsFromUs(pid: number): boolean {
  for (let at = pid; at > 0; at = readStat(at)?.ppid ?? 0) if (at === process.pid) return true
  return false
}

function list(folder: string, name: string): readonly string[] {
  const text = readCgroupFile(folder, name)
  return typeof text === 'string' ? words(text) : []
}

export function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK)
    return true
  } catch (error) {
    errnoOf(error)
    return false
  }
}
