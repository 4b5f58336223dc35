import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { getPriority } from 'node:os'
import { basename, join } from 'node:path'
import type { Abilities, CgroupAbilities, CgroupController, ControllerAbility } from '../base/abilities.ts'
import { findPlace, isWritable } from './cgroup-place.ts'
import { findHierarchies, type Hierarchy, readCgroupFile } from './hierarchies.ts'
import { oomScoreAdj, setOomScoreAdj } from './oom.ts'
import { withSpareDescriptor } from './spare.ts'

/** What this host lets us enforce, as it is now. Costs about a millisecond. `name`: of our tree of cgroups. */
export function readAbilities(name: string): Abilities {
  const status = readText('/proc/self/status')
  const capabilities = BigInt(`0x${field(status, 'CapEff')}`)
  const has = (bit: bigint): boolean => (capabilities & (1n << bit)) !== 0n
  const hierarchies = findHierarchies()
  const limits = readLimits(readText('/proc/self/limits'))
  return {
    uid: process.geteuid?.() ?? 0,
    mayRaiseLimits: has(sysResource),
    mayRaisePriority: has(sysNice),
    mayChangeRoot: has(sysChroot),
    tools: findTools(),
    hardLimits: Object.fromEntries([...limits].map(([resource, { hard }]) => [resource, hard])),
    descriptorsMax: Number(readText('/proc/sys/fs/nr_open')),
    nice: getPriority(),
    niceLowest: 20 - (limits.get('nice')?.soft ?? 40),
    oomScoreAdjLowest: oomScoreAdjLowest(has(sysResource)),
    cpus: usableCpus(hierarchies),
    cgroup: cgroupAbilities(hierarchies, name),
  }
}

function readText(path: string): string {
  return withSpareDescriptor(() => readFileSync(path, 'latin1'))
}

const sysChroot = 18n
const sysNice = 23n
const sysResource = 24n

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s+(\\S+)`, 'm').exec(status)?.[1] ?? '0'
}

const resourceNames: readonly (readonly [start: string, name: string])[] = [
  ['Max cpu time', 'cpu'],
  ['Max file size', 'fsize'],
  ['Max data size', 'data'],
  ['Max stack size', 'stack'],
  ['Max core file size', 'core'],
  ['Max resident set', 'rss'],
  ['Max processes', 'nproc'],
  ['Max open files', 'nofile'],
  ['Max locked memory', 'memlock'],
  ['Max address space', 'as'],
  ['Max file locks', 'locks'],
  ['Max pending signals', 'sigpending'],
  ['Max msgqueue size', 'msgqueue'],
  ['Max nice priority', 'nice'],
  ['Max realtime priority', 'rtprio'],
  ['Max realtime timeout', 'rttime'],
]

/** Parses /proc/PID/limits. */
export function readLimits(
  text: string,
): ReadonlyMap<string, { readonly soft: number | null; readonly hard: number | null }> {
  return new Map(
    text.split('\n').flatMap((line) => {
      const known = resourceNames.find(([start]) => line.startsWith(`${start} `))
      if (known === undefined) return []
      const [soft, hard] = line.slice(known[0].length).trim().split(/\s+/)
      return [[known[1], { soft: decode(soft), hard: decode(hard) }] as const]
    }),
  )
}

function decode(value: string | undefined): number | null {
  return value === undefined || value === 'unlimited' ? null : Number(value)
}

/**
 * Without privileges nothing goes below what a privileged process once set, which stands nowhere: where we are above 0,
 * setting it for a moment tells.
 */
function oomScoreAdjLowest(isPrivileged: boolean): number {
  if (isPrivileged) return -1000
  const own = oomScoreAdj()
  if (own <= 0) return own
  const errno = setOomScoreAdj(process.pid, 0)
  if (errno !== null) return own
  setOomScoreAdj(process.pid, own)
  return 0
}

/** Not those of PATH: what they are called with must not depend on somebody's environment. */
const toolFolders = ['/usr/bin', '/bin', '/usr/sbin', '/sbin', '/usr/local/bin']

/** BusyBox has some of them with fewer options. */
const tools: readonly { readonly name: string; readonly isEnoughOfBusybox: boolean }[] = [
  { name: 'prlimit', isEnoughOfBusybox: false },
  { name: 'nice', isEnoughOfBusybox: true },
  { name: 'ionice', isEnoughOfBusybox: true },
  { name: 'taskset', isEnoughOfBusybox: true },
  { name: 'unshare', isEnoughOfBusybox: false },
  { name: 'setpriv', isEnoughOfBusybox: false },
]

export function findTools(folders = toolFolders): Readonly<Record<string, string>> {
  return Object.fromEntries(
    tools.flatMap(({ name, isEnoughOfBusybox }) => {
      const isFit = (file: string): boolean =>
        existsSync(file) && (isEnoughOfBusybox || basename(realpathSync(file)) !== 'busybox')
      const path = folders.map((folder) => join(folder, name)).find(isFit)
      return path === undefined ? [] : [[name, path] as const]
    }),
  )
}

/** Those of our cpuset; where none tells, all that are online. */
function usableCpus(hierarchies: readonly Hierarchy[]): readonly number[] {
  const files = hierarchies.flatMap(({ version, controllers, own }) => {
    if (!controllers.includes('cpuset')) return []
    return readCgroupFile(own, version === 'v2' ? 'cpuset.cpus.effective' : 'cpuset.effective_cpus')
  })
  const told = files.find((text) => typeof text === 'string' && text.trim() !== '')
  return parseCpuList(typeof told === 'string' ? told : readText('/sys/devices/system/cpu/online'))
}

/** `0-2,5` */
export function parseCpuList(text: string): readonly number[] {
  return text
    .trim()
    .split(',')
    .filter(Boolean)
    .flatMap((range) => {
      const [first = 0, last = first] = range.split('-').map(Number)
      return Array.from({ length: last - first + 1 }, (_, index) => first + index)
    })
}

export function cgroupAbilities(hierarchies: readonly Hierarchy[], name: string): CgroupAbilities {
  const controllers = {
    memory: controllerAbility(hierarchies, name, 'memory'),
    cpu: controllerAbility(hierarchies, name, 'cpu'),
    pids: controllerAbility(hierarchies, name, 'pids'),
    io: controllerAbility(hierarchies, name, 'io'),
  }
  const versions = Object.values(controllers).flatMap((one) => (one.kind === 'usable' ? [one.version] : []))
  return { version: versions.includes('v2') ? 'v2' : (versions[0] ?? null), controllers }
}

function controllerAbility(
  hierarchies: readonly Hierarchy[],
  name: string,
  controller: CgroupController,
): ControllerAbility {
  const tree = hierarchyOf(hierarchies, controller)
  if (tree === null) return { kind: 'unusable', why: whyAbsent(hierarchies, controller) }
  if (tree.version === 'v1') {
    if (!isWritable(tree.own)) return { kind: 'unusable', why: `this user may not write ${tree.own}` }
    return { kind: 'usable', version: 'v1', without: absent(tree.own, [...v1Files[controller]]) }
  }
  const place = findPlace(tree, name, [controller])
  if ('why' in place) return { kind: 'unusable', why: place.why }
  // The outermost cgroup has none of the files, so that it tells nothing; then making one does.
  const isTelling = existsSync(join(tree.own, `${controller}.${controller === 'cpu' ? 'weight' : 'max'}`))
  return { kind: 'usable', version: 'v2', without: isTelling ? absent(tree.own, [...v2Files[controller]]) : [] }
}

/** The tree in which this controller limits: of a host that has both, each controller is in one of them. */
export function hierarchyOf(hierarchies: readonly Hierarchy[], controller: CgroupController): Hierarchy | null {
  const v2 = hierarchies.find((one) => one.version === 'v2' && one.controllers.includes(controller))
  const v1Name = controller === 'io' ? 'blkio' : controller
  return v2 ?? hierarchies.find((one) => one.version === 'v1' && one.controllers.includes(v1Name)) ?? null
}

function whyAbsent(hierarchies: readonly Hierarchy[], controller: CgroupController): string {
  if (hierarchies.length === 0) return 'this host has no cgroups mounted'
  return `the ${controller} controller is not there: this kernel lacks it, or nobody handed it to the daemon's cgroup`
}

type Files = Readonly<Record<CgroupController, ReadonlyMap<'swap' | 'quota' | 'weight', readonly string[]>>>

const v2Files: Files = {
  memory: new Map([['swap', ['memory.swap.max']]]),
  cpu: new Map([['quota', ['cpu.max']]]),
  pids: new Map(),
  io: new Map([['weight', ['io.weight', 'io.bfq.weight']]]),
}

// The weight of I/O is left out: the outermost cgroup lacks its file also where others have it.
const v1Files: Files = {
  memory: new Map([['swap', ['memory.memsw.limit_in_bytes']]]),
  cpu: new Map([['quota', ['cpu.cfs_quota_us']]]),
  pids: new Map(),
  io: new Map(),
}

function absent<T>(folder: string, files: readonly (readonly [what: T, names: readonly string[]])[]): readonly T[] {
  return files.flatMap(([what, names]) => (names.some((name) => existsSync(join(folder, name))) ? [] : [what]))
}
