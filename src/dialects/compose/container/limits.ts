import type { BlkioRate, ContainerSettings } from '../../../core/containers/model.ts'
import { parseDuration } from '../../../formats/duration.ts'
import { blkioWeightMap } from '../keys-container.ts'
import { blkioMap, bytesMap, operationsMap, reservationMap, resourceLimitMap, resourcesMap } from '../keys-limits.ts'
import { decodeCpuset, finite, readCpus, readMemory } from '../limit-values.ts'
import { decodeUlimits } from '../ulimits.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readBoolean,
  readByteSize,
  readEither,
  readInteger,
  readItems,
  readKeys,
  readText,
  type Setting,
} from '../values.ts'

export type Limits = Pick<
  ContainerSettings,
  | 'ulimits'
  | 'memoryBytes'
  | 'memoryReservationBytes'
  | 'memorySwapBytes'
  | 'memorySwappiness'
  | 'isOomKillDisabled'
  | 'oomScoreAdj'
  | 'pidsMax'
  | 'nanoCpus'
  | 'cpuShares'
  | 'cpuQuotaUs'
  | 'cpuPeriodUs'
  | 'cpuRealtimePeriodUs'
  | 'cpuRealtimeRuntimeUs'
  | 'cpuset'
  | 'shmBytes'
  | 'blkioWeight'
  | 'blkioWeightDevices'
  | 'blkioDeviceReadBps'
  | 'blkioDeviceWriteBps'
  | 'blkioDeviceReadIops'
  | 'blkioDeviceWriteIops'
>

/** What a container may use: keys of the service, and those of deploy.resources that say the same. */
export function decodeContainerLimits(context: Context, keys: Keys, resources: Setting | null): Limits {
  const resourceKeys = optional(resources, (one) => readKeys(context, one, resourcesMap))
  const limits = optional(resourceKeys?.get('limits') ?? null, (one) => readKeys(context, one, resourceLimitMap))
  const reserved = optional(resourceKeys?.get('reservations') ?? null, (one) => readKeys(context, one, reservationMap))
  const either = (key: string, other: Setting | null, read: (context: Context, one: Setting) => number | null) =>
    readEither(context, keys, [keys.get(key), other], (one) => read(context, one))
  const integer = (key: string, min: number, max: number) =>
    optional(keys.get(key), (one) => readInteger(context, one, { min, max }))
  const memory = finite(either('mem_limit', limits?.get('memory') ?? null, readMemory))
  const reservation = finite(either('mem_reservation', reserved?.get('memory') ?? null, readMemory))
  const cpus = finite(either('cpus', limits?.get('cpus') ?? null, readCpus))
  const [cpuQuotaUs, cpuPeriodUs] = [readUs(context, keys.get('cpu_quota')), readUs(context, keys.get('cpu_period'))]
  if (cpus !== null && (cpuQuotaUs !== null || cpuPeriodUs !== null))
    error(
      context,
      keys.get('cpu_quota') ?? keys.get('cpu_period')!,
      'cpus says already how much',
      'write only one of the two',
    )
  if (reservation !== null && memory !== null && reservation > memory)
    error(
      context,
      keys.get('mem_reservation') ?? resources!,
      'this is more than all the memory it may have',
      'make it smaller',
    )
  return {
    ulimits: optional(keys.get('ulimits'), (one) => decodeContainerUlimits(context, one)) ?? {},
    memoryBytes: memory,
    memoryReservationBytes: reservation,
    memorySwapBytes: optional(keys.get('memswap_limit'), (one) => decodeSwap(context, one, memory)),
    memorySwappiness: integer('mem_swappiness', 0, 100),
    isOomKillDisabled: optional(keys.get('oom_kill_disable'), (one) => readBoolean(context, one)) ?? false,
    oomScoreAdj: integer('oom_score_adj', -1_000, 1_000),
    pidsMax: either('pids_limit', limits?.get('pids') ?? null, readPids) || null,
    nanoCpus: cpus === null ? null : Math.round(cpus * 1e9),
    cpuShares: integer('cpu_shares', 0, 262_144) || null,
    cpuQuotaUs,
    cpuPeriodUs,
    cpuRealtimePeriodUs: readUs(context, keys.get('cpu_rt_period')),
    cpuRealtimeRuntimeUs: readUs(context, keys.get('cpu_rt_runtime')),
    cpuset: optional(keys.get('cpuset'), (one) =>
      decodeCpuset(context, one) === null ? null : readText(context, one),
    ),
    shmBytes: optional(keys.get('shm_size'), (one) => readByteSize(context, one)) || null,
    ...decodeBlkio(context, keys.get('blkio_config')),
  }
}

function readPids(context: Context, setting: Setting): number | null {
  return readInteger(context, setting, { min: -1, max: 4_194_304 })
}

// Docker counts memory and swap together.
function decodeSwap(context: Context, setting: Setting, memory: number | null): number | null {
  const text = readText(context, setting)
  if (text === null || text === '-1') return text === null ? null : -1
  const bytes = readByteSize(context, setting)
  if (bytes === null || bytes === 0) return null
  if (memory === null) {
    const message = 'this counts memory and swap together, and the memory is not limited'
    return error(context, setting, message, 'add mem_limit')
  }
  if (bytes >= memory) return bytes
  const message = 'this counts memory and swap together, and is less than the memory alone'
  return error(context, setting, message, 'write the sum of both; as much as mem_limit is no swap')
}

/** Microseconds: a number, or a duration. 0: nothing is said. */
function readUs(context: Context, setting: Setting | null): number | null {
  if (setting === null) return null
  const text = readText(context, setting)
  if (text === null) return null
  const us = /^\d{1,15}$/.test(text) ? Number(text) : wholeUs(text)
  if (us !== null) return us === 0 ? null : us
  return error(context, setting, `'${text}' is not a time`, 'write microseconds such as 50000, or 50ms')
}

function wholeUs(text: string): number | null {
  const us = /^(\d{1,15})us$/.exec(text)
  if (us !== null) return Number(us[1])
  const ms = parseDuration(text)
  return ms === null ? null : ms * 1_000
}

function decodeContainerUlimits(context: Context, setting: Setting): ContainerSettings['ulimits'] {
  const ulimits = decodeUlimits(context, setting) ?? {}
  if (Object.hasOwn(ulimits, 'as')) error(context, setting, 'containers have no limit as', 'write mem_limit')
  const entries = Object.entries(ulimits).filter(([name]) => name !== 'as')
  return Object.fromEntries(entries.map(([name, { soft, hard }]) => [name, { soft: soft ?? -1, hard: hard ?? -1 }]))
}

// ---- blkio_config ----------------------------------------------------------------------------------------------

type Blkio = Pick<
  ContainerSettings,
  | 'blkioWeight'
  | 'blkioWeightDevices'
  | 'blkioDeviceReadBps'
  | 'blkioDeviceWriteBps'
  | 'blkioDeviceReadIops'
  | 'blkioDeviceWriteIops'
>

const noBlkio: Blkio = {
  blkioWeight: null,
  blkioWeightDevices: [],
  blkioDeviceReadBps: [],
  blkioDeviceWriteBps: [],
  blkioDeviceReadIops: [],
  blkioDeviceWriteIops: [],
}

function decodeBlkio(context: Context, setting: Setting | null): Blkio {
  const keys = optional(setting, (one) => readKeys(context, one, blkioMap))
  if (keys === null) return noBlkio
  const rates = (key: keyof typeof blkioMap.keys) =>
    optional(keys.get(key), (one) => decodeRates(context, one, key.endsWith('bps'))) ?? []
  return {
    blkioWeight: optional(keys.get('weight'), (one) => readInteger(context, one, { min: 10, max: 1_000 })),
    blkioWeightDevices: optional(keys.get('weight_device'), (one) => decodeWeights(context, one)) ?? [],
    blkioDeviceReadBps: rates('device_read_bps'),
    blkioDeviceWriteBps: rates('device_write_bps'),
    blkioDeviceReadIops: rates('device_read_iops'),
    blkioDeviceWriteIops: rates('device_write_iops'),
  }
}

function decodeRates(context: Context, setting: Setting, isBytes: boolean): readonly BlkioRate[] {
  const example = `{path: /dev/sda, rate: ${isBytes ? '10m' : '1000'}}`
  return (readItems(context, setting, `write a list: [${example}]`) ?? []).flatMap((item) => {
    const keys = readKeys(context, item, isBytes ? bytesMap : operationsMap)
    if (keys === null) return []
    const [pathSetting, rateSetting] = [keys.get('path'), keys.get('rate')]
    if (pathSetting === null || rateSetting === null) {
      error(context, item, 'a limit of a device has a path and a rate', `write ${example}`)
      return []
    }
    const path = readText(context, pathSetting)
    const rate = isBytes
      ? readByteSize(context, rateSetting)
      : readInteger(context, rateSetting, { min: 1, max: Number.MAX_SAFE_INTEGER })
    return path === null || rate === null ? [] : [{ path, rate }]
  })
}

function decodeWeights(context: Context, setting: Setting): Blkio['blkioWeightDevices'] {
  return (readItems(context, setting, 'write a list: [{path: /dev/sda, weight: 400}]') ?? []).flatMap((item) => {
    const keys = readKeys(context, item, blkioWeightMap)
    if (keys === null) return []
    const path = optional(keys.get('path'), (one) => readText(context, one))
    const weight = optional(keys.get('weight'), (one) => readInteger(context, one, { min: 10, max: 1_000 }))
    if (keys.get('path') === null || keys.get('weight') === null)
      error(context, item, 'a share of a device has a path and a weight', 'write {path: /dev/sda, weight: 400}')
    return path === null || weight === null ? [] : [{ path, weight }]
  })
}
