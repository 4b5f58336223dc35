import type { Abilities, CgroupController } from '../../base/abilities.ts'
import type { CgroupLimits, ProcessLimits, Ulimit } from '../model.ts'

/** A limit that cannot be enforced. */
export interface Lack {
  /** In the words of the model, below `limits`: `nice`, `ulimits.nofile`, `cgroup.memoryMaxBytes`. */
  readonly setting: string
  /** A sentence without a full stop. */
  readonly message: string
  readonly hint: string
  /** No host could: the value itself is wrong. */
  readonly isImpossible: boolean
}

/** The tools by which limits are set in the process itself, and the package each comes with. */
export const toolPackages: Readonly<Record<string, string>> = {
  prlimit: 'util-linux',
  ionice: 'util-linux',
  taskset: 'util-linux',
  unshare: 'util-linux',
  setpriv: 'util-linux',
  nice: 'coreutils',
}

/** What of these limits a host with these abilities cannot enforce; empty when it can do all. */
export function lacksOf(limits: ProcessLimits, abilities: Abilities): readonly Lack[] {
  return [
    ...ulimitLacks(limits, abilities),
    ...priorityLacks(limits, abilities),
    ...placeLacks(limits, abilities),
    ...(limits.cgroup === null ? [] : cgroupLacks(limits.cgroup, abilities)),
  ]
}

/** The same limits without what is lacking. */
export function withoutLacks(limits: ProcessLimits, lacks: readonly Lack[]): ProcessLimits {
  const lacking = new Set(lacks.map((lack) => lack.setting))
  const keep = <T>(setting: string, value: T): T | null => (lacking.has(setting) ? null : value)
  const { cgroup } = limits
  return {
    ...limits,
    ulimits: Object.fromEntries(Object.entries(limits.ulimits).filter(([name]) => !lacking.has(`ulimits.${name}`))),
    nice: keep('nice', limits.nice),
    ionice: keep('ionice', limits.ionice),
    oomScoreAdj: keep('oomScoreAdj', limits.oomScoreAdj),
    cpuAffinity: keep('cpuAffinity', limits.cpuAffinity),
    chroot: keep('chroot', limits.chroot),
    cgroup: cgroup && {
      memoryMaxBytes: keep('cgroup.memoryMaxBytes', cgroup.memoryMaxBytes),
      memoryHighBytes: keep('cgroup.memoryHighBytes', cgroup.memoryHighBytes),
      memoryLowBytes: keep('cgroup.memoryLowBytes', cgroup.memoryLowBytes),
      swapMaxBytes: keep('cgroup.swapMaxBytes', cgroup.swapMaxBytes),
      cpus: keep('cgroup.cpus', cgroup.cpus),
      cpuWeight: keep('cgroup.cpuWeight', cgroup.cpuWeight),
      pidsMax: keep('cgroup.pidsMax', cgroup.pidsMax),
      ioWeight: keep('cgroup.ioWeight', cgroup.ioWeight),
      io: lacking.has('cgroup.io') ? [] : cgroup.io,
    },
  }
}

// ---- in the process itself

function ulimitLacks(limits: ProcessLimits, abilities: Abilities): readonly Lack[] {
  return Object.entries(limits.ulimits).flatMap(([name, ulimit]) => {
    const setting = `ulimits.${name}`
    const wrong = impossibleUlimit(setting, name, ulimit)
    if (wrong !== null) return [wrong]
    if (abilities.tools.prlimit === undefined) return [toolLack(setting, 'prlimit')]
    const allowed = hardestOf(name, abilities)
    if (!isAbove(ulimit.hard, allowed)) return []
    const has =
      name === 'nofile' && abilities.mayRaiseLimits ? 'the most of this kernel' : "the daemon's own hard limit"
    return [
      lack(
        setting,
        `the hard limit of ${name} cannot be raised to ${ulimit.hard ?? 'unlimited'} here: ${has} is ${allowed}`,
        `lower it, or start the daemon with more (Limit${name.toUpperCase()}= in a systemd unit)`,
      ),
    ]
  })
}

function impossibleUlimit(setting: string, name: string, { soft, hard }: Ulimit): Lack | null {
  if (!isAbove(soft, hard)) return null
  const message = `the soft limit of ${name} (${soft ?? 'unlimited'}) is above the hard one (${hard})`
  return { setting, message, hint: 'lower the soft one or raise the hard one', isImpossible: true }
}

/** The highest hard limit that can be given. */
function hardestOf(name: string, abilities: Abilities): number | null {
  if (!abilities.mayRaiseLimits) return abilities.hardLimits[name] ?? null
  return name === 'nofile' ? abilities.descriptorsMax : null
}

function isAbove(value: number | null, limit: number | null): boolean {
  return limit !== null && (value === null || value > limit)
}

function priorityLacks(limits: ProcessLimits, abilities: Abilities): readonly Lack[] {
  const found: Lack[] = []
  const { nice, ionice, oomScoreAdj } = limits
  const asRoot = 'run the daemon as root, or do without'
  if (nice !== null) {
    const isAllowed = abilities.mayRaisePriority || nice >= Math.min(abilities.nice, abilities.niceLowest)
    if (abilities.tools.nice === undefined) found.push(toolLack('nice', 'nice'))
    else if (!isAllowed)
      found.push(lack('nice', `nice ${nice} is not allowed to a daemon without CAP_SYS_NICE`, asRoot))
  }
  if (ionice !== null) {
    const isAllowed = ionice.class !== 'realtime' || abilities.mayRaisePriority
    if (abilities.tools.ionice === undefined) found.push(toolLack('ionice', 'ionice'))
    else if (!isAllowed)
      found.push(lack('ionice', 'the realtime class of I/O is not allowed to a daemon without CAP_SYS_NICE', asRoot))
  }
  if (oomScoreAdj !== null && oomScoreAdj < abilities.oomScoreAdjLowest) {
    const message = `oom_score_adj ${oomScoreAdj} is below ${abilities.oomScoreAdjLowest}, the lowest allowed to a daemon without CAP_SYS_RESOURCE`
    found.push(lack('oomScoreAdj', message, asRoot))
  }
  return found
}

function placeLacks(limits: ProcessLimits, abilities: Abilities): readonly Lack[] {
  const found: Lack[] = []
  const { cpuAffinity, chroot } = limits
  if (cpuAffinity !== null) {
    const absent = cpuAffinity.filter((cpu) => !abilities.cpus.includes(cpu))
    const message = `there is no processor ${absent.join(', ')} here; there are ${abilities.cpus.join(', ')}`
    if (absent.length > 0) found.push(lack('cpuAffinity', message, 'name only processors that are there'))
    else if (abilities.tools.taskset === undefined) found.push(toolLack('cpuAffinity', 'taskset'))
  }
  if (chroot !== null) {
    const message = 'the root directory cannot be changed by a daemon without CAP_SYS_CHROOT'
    if (abilities.tools.unshare === undefined) found.push(toolLack('chroot', 'unshare'))
    else if (!abilities.mayChangeRoot) found.push(lack('chroot', message, 'run the daemon as root'))
  }
  return found
}

function toolLack(setting: string, tool: string): Lack {
  return lack(setting, `${tool} is not installed here`, `install ${toolPackages[tool]}`)
}

// ---- by the unit's cgroup

type CgroupSetting = Exclude<keyof CgroupLimits, 'io'>

const cgroupSettings: Readonly<
  Record<
    CgroupSetting,
    { readonly controller: CgroupController; readonly what: string; readonly needs?: 'swap' | 'quota' | 'weight' }
  >
> = {
  memoryMaxBytes: { controller: 'memory', what: 'memory cannot be limited' },
  memoryHighBytes: { controller: 'memory', what: 'memory cannot be throttled' },
  memoryLowBytes: { controller: 'memory', what: 'memory cannot be protected' },
  swapMaxBytes: { controller: 'memory', what: 'swap cannot be limited', needs: 'swap' },
  cpus: { controller: 'cpu', what: 'processor time cannot be limited', needs: 'quota' },
  cpuWeight: { controller: 'cpu', what: 'processor time cannot be weighted' },
  pidsMax: { controller: 'pids', what: 'the number of processes cannot be limited' },
  ioWeight: { controller: 'io', what: 'I/O cannot be weighted', needs: 'weight' },
}

const withoutWhy = {
  swap: 'this kernel does not account swap',
  quota: 'this kernel has no processor quotas',
  weight: 'this kernel has no weights for I/O',
}

function cgroupLacks(limits: CgroupLimits, abilities: Abilities): readonly Lack[] {
  const asked = (Object.keys(cgroupSettings) as CgroupSetting[]).filter((name) => limits[name] !== null)
  const found = asked.flatMap((name) => {
    const { controller, what, needs } = cgroupSettings[name]
    const why = whyNot(controller, needs ?? null, abilities) ?? v1Gap(name, limits, abilities)
    return why === null ? [] : [lack(`cgroup.${name}`, `${what} here: ${why}`, hintFor(controller, needs ?? null))]
  })
  const whyNotIo = limits.io.length === 0 ? null : whyNot('io', null, abilities)
  if (whyNotIo === null) return found
  return [...found, lack('cgroup.io', `I/O cannot be limited here: ${whyNotIo}`, hintFor('io', null))]
}

function whyNot(
  controller: CgroupController,
  needs: 'swap' | 'quota' | 'weight' | null,
  abilities: Abilities,
): string | null {
  const ability = abilities.cgroup.controllers[controller]
  if (ability.kind === 'unusable') return ability.why
  return needs !== null && ability.without.includes(needs) ? withoutWhy[needs] : null
}

/** What cgroup v1 has no file for. */
function v1Gap(name: CgroupSetting, limits: CgroupLimits, abilities: Abilities): string | null {
  const { memory } = abilities.cgroup.controllers
  if (memory.kind !== 'usable' || memory.version !== 'v1') return null
  if (name === 'memoryHighBytes') return 'cgroup v1 has no such limit'
  if (name === 'swapMaxBytes' && limits.memoryMaxBytes === null)
    return 'cgroup v1 limits swap only together with memory'
  return null
}

function hintFor(controller: CgroupController, needs: 'swap' | 'quota' | 'weight' | null): string {
  const run =
    'run the daemon as root, or in a cgroup of its own that is delegated to it (Delegate=yes in a systemd unit)'
  if (needs !== null) return 'do without, or boot a kernel that has it'
  return controller === 'memory' ? `${run}; some boards need cgroup_enable=memory on the kernel's command line` : run
}

function lack(setting: string, message: string, hint: string): Lack {
  return { setting, message, hint, isImpossible: false }
}
