import type { CgroupLimits, ProcessLimits } from '../../core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../core/target/plain.ts'
import { decodeBlkio } from './blkio.ts'
import { ioniceMap, ownLimitsMap, reservationMap, resourceLimitMap, resourcesMap } from './keys-limits.ts'
import { decodeCpuset, finite, readCpus, readMemory, readPids, unlimited } from './limit-values.ts'
import { decodeUlimits } from './ulimits.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readChoice,
  readEither,
  readInteger,
  readKeys,
  readPath,
  readText,
  type Setting,
} from './values.ts'

export interface LimitSettings {
  /** Of the service. */
  readonly keys: Keys
  readonly resources: Setting | null
  /** `x-holdfast.limits` */
  readonly own: Setting | null
}

/** Merges Compose's limits with its deploy.resources and what x-holdfast adds. null: nothing is limited. */
export function decodeLimits(context: Context, { keys, resources, own }: LimitSettings): ProcessLimits | null {
  const resourceKeys = optional(resources, (one) => readKeys(context, one, resourcesMap))
  const extra = optional(own, (one) => decodeOwn(context, one)) ?? noOwn
  const get = (key: string) => keys.get(key)
  const limits: ProcessLimits = {
    ulimits: optional(get('ulimits'), (one) => decodeUlimits(context, one)) ?? noProcessLimits.ulimits,
    nice: extra.nice,
    ionice: extra.ionice,
    oomScoreAdj: optional(get('oom_score_adj'), (one) => readInteger(context, one, { min: -1_000, max: 1_000 })),
    cpuAffinity: optional(get('cpuset'), (one) => decodeCpuset(context, one)),
    chroot: extra.chroot,
    cgroup: decodeCgroup(context, keys, resourceKeys, extra),
    enforcement: extra.enforcement,
  }
  return isNothing(limits) ? null : limits
}

function isNothing({ enforcement: _, ulimits, ...others }: ProcessLimits): boolean {
  return Object.keys(ulimits).length === 0 && Object.values(others).every((value) => value === null)
}

// ---- cgroup ----------------------------------------------------------------------------------------------------

function decodeCgroup(context: Context, keys: Keys, resources: Keys | null, own: Own): CgroupLimits | null {
  const limits = optional(resources?.get('limits') ?? null, (one) => readKeys(context, one, resourceLimitMap))
  const reservations = optional(resources?.get('reservations') ?? null, (one) => readKeys(context, one, reservationMap))
  const either = (key: string, other: Setting | null, read: (context: Context, one: Setting) => number | null) =>
    readEither(context, keys, [keys.get(key), other], (one) => read(context, one))
  const memory = either('mem_limit', limits?.get('memory') ?? null, readMemory)
  const reserved = either('mem_reservation', reservations?.get('memory') ?? null, readMemory)
  const memorySetting = keys.get('mem_limit') ?? limits?.get('memory') ?? null
  checkOrder(context, keys.get('mem_reservation') ?? reservations?.get('memory') ?? null, reserved, memory)
  checkOrder(context, own.memoryHighSetting, own.memoryHighBytes, memory)
  const cgroup: CgroupLimits = {
    memoryMaxBytes: finite(memory),
    memoryHighBytes: own.memoryHighBytes,
    memoryLowBytes: finite(reserved),
    swapMaxBytes: decodeSwap(context, keys.get('memswap_limit'), memorySetting, memory),
    cpus: finite(either('cpus', limits?.get('cpus') ?? null, readCpus)),
    cpuWeight: optional(keys.get('cpu_shares'), (one) => readShares(context, one)),
    pidsMax: finite(either('pids_limit', limits?.get('pids') ?? null, readPids)),
    ...(optional(keys.get('blkio_config'), (one) => decodeBlkio(context, one)) ?? {
      ioWeight: null,
      io: noCgroupLimits.io,
    }),
  }
  const { io, ...single } = cgroup
  return io.length === 0 && Object.values(single).every((value) => value === null) ? null : cgroup
}

// As container runtimes convert the shares of cgroup v1 (2..262144) to weights.
function readShares(context: Context, setting: Setting): number | null {
  const shares = readInteger(context, setting, { min: 0, max: 262_144 })
  return shares === null || shares === 0 ? null : 1 + Math.floor(((Math.max(shares, 2) - 2) * 9_999) / 262_142)
}

function checkOrder(context: Context, setting: Setting | null, bytes: number | null, memory: number | null): void {
  if (setting === null || bytes === null || memory === null || bytes === unlimited || bytes <= memory) return
  error(context, setting, 'this is more than all the memory it may have', 'make it smaller than the limit of memory')
}

// Docker counts memory and swap together, the kernel each by itself.
function decodeSwap(
  context: Context,
  setting: Setting | null,
  memorySetting: Setting | null,
  memory: number | null,
): number | null {
  const text = optional(setting, (one) => readText(context, one))
  if (setting === null || text === null || text === '-1') return null
  const both = readMemory(context, setting)
  if (both === null || both === unlimited) return null
  if (memorySetting === null) {
    return error(
      context,
      setting,
      'this counts memory and swap together, and the memory is not limited',
      'add mem_limit',
    )
  }
  if (memory === null) return null
  if (both >= memory) return both - memory
  return error(
    context,
    setting,
    'this counts memory and swap together, and is less than the memory alone',
    'write the sum of both; as much as mem_limit is no swap',
  )
}

// ---- x-holdfast.limits -----------------------------------------------------------------------------------------

interface Own extends Pick<ProcessLimits, 'nice' | 'ionice' | 'chroot' | 'enforcement'> {
  readonly memoryHighBytes: number | null
  readonly memoryHighSetting: Setting | null
}

const noOwn: Own = {
  nice: null,
  ionice: null,
  chroot: null,
  enforcement: 'required',
  memoryHighBytes: null,
  memoryHighSetting: null,
}

function decodeOwn(context: Context, setting: Setting): Own | null {
  const readEnforcement = (one: Setting) => readChoice(context, one, ['required', 'best-effort'])
  if (setting.node.kind === 'scalar' && setting.node.value !== null) {
    return { ...noOwn, enforcement: readEnforcement(setting) ?? noOwn.enforcement }
  }
  const keys = readKeys(context, setting, ownLimitsMap)
  if (keys === null) return null
  return {
    nice: optional(keys.get('nice'), (one) => readInteger(context, one, { min: -20, max: 19 })),
    ionice: optional(keys.get('ionice'), (one) => decodeIonice(context, one)),
    chroot: optional(keys.get('chroot'), (one) => readPath(context, one)),
    enforcement: optional(keys.get('enforcement'), readEnforcement) ?? noOwn.enforcement,
    memoryHighBytes: finite(optional(keys.get('memory_high'), (one) => readMemory(context, one))),
    memoryHighSetting: keys.get('memory_high'),
  }
}

const ioClasses = ['realtime', 'best-effort', 'idle'] as const

/** The kernel's own in the middle. */
const ioLevelDefault = 4

function decodeIonice(context: Context, setting: Setting): ProcessLimits['ionice'] {
  if (setting.node.kind === 'map') {
    const keys = readKeys(context, setting, ioniceMap)
    if (keys === null) return null
    const [classSetting, levelSetting] = [keys.get('class'), keys.get('level')]
    if (classSetting === null)
      return error(context, setting, 'ionice says no class', 'write class: realtime, best-effort or idle')
    const ioClass = readChoice(context, classSetting, ioClasses)
    const level = optional(levelSetting, (one) => readInteger(context, one, { min: 0, max: 7 }))
    return ioClass === null ? null : ioniceOf(context, levelSetting ?? setting, ioClass, level)
  }
  const text = readText(context, setting)
  if (text === null) return null
  const match = /^([a-z-]+)(?::([0-7]))?$/.exec(text)
  const ioClass = ioClasses.find((one) => one === match?.[1])
  if (ioClass !== undefined)
    return ioniceOf(context, setting, ioClass, match?.[2] === undefined ? null : Number(match[2]))
  const hint = 'write idle, best-effort:N or realtime:N, with N from 0 (first) to 7 (last)'
  return error(context, setting, `'${text}' is not a class of input and output`, hint)
}

function ioniceOf(
  context: Context,
  setting: Setting,
  ioClass: (typeof ioClasses)[number],
  level: number | null,
): ProcessLimits['ionice'] {
  if (ioClass !== 'idle') return { class: ioClass, level: level ?? ioLevelDefault }
  if (level === null) return { class: ioClass, level }
  return error(context, setting, 'the class idle has no levels', 'leave the level out')
}
