import type { CgroupLimits, IoLimit } from '../../core/model.ts'
import { blkioMap, bytesMap, operationsMap } from './keys-limits.ts'
import {
  type Context,
  error,
  optional,
  readByteSize,
  readInteger,
  readItems,
  readKeys,
  readPath,
  type Setting,
} from './values.ts'

type Rate = Exclude<keyof IoLimit, 'path'>

export const rates = {
  device_read_bps: 'readBytesPerSecond',
  device_write_bps: 'writeBytesPerSecond',
  device_read_iops: 'readsPerSecond',
  device_write_iops: 'writesPerSecond',
} as const satisfies Readonly<Record<string, Rate>>

const rateKeys = Object.keys(rates) as (keyof typeof rates)[]

export function decodeBlkio(context: Context, setting: Setting): Pick<CgroupLimits, 'ioWeight' | 'io'> | null {
  const keys = readKeys(context, setting, blkioMap)
  if (keys === null) return null
  const devices = new Map<string, IoLimit>()
  for (const key of rateKeys) {
    const list = keys.get(key)
    if (list !== null) addRates(context, list, rates[key], devices)
  }
  const weight = optional(keys.get('weight'), (one) => readInteger(context, one, { min: 10, max: 1_000 }))
  return { ioWeight: weight === null ? null : ioWeightOf(weight), io: [...devices.values()] }
}

// As container runtimes convert the weights of cgroup v1 (10..1000).
function ioWeightOf(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9_999) / 990)
}

const noRates: Omit<IoLimit, 'path'> = {
  readBytesPerSecond: null,
  writeBytesPerSecond: null,
  readsPerSecond: null,
  writesPerSecond: null,
}

function addRates(context: Context, list: Setting, rate: Rate, devices: Map<string, IoLimit>): void {
  const isBytes = rate.endsWith('BytesPerSecond')
  const example = isBytes ? '10m' : '1000'
  for (const item of readItems(context, list, `write a list: [{path: /dev/sda, rate: ${example}}]`) ?? []) {
    const keys = readKeys(context, item, isBytes ? bytesMap : operationsMap)
    if (keys === null) continue
    const [pathSetting, rateSetting] = [keys.get('path'), keys.get('rate')]
    if (pathSetting === null || rateSetting === null) {
      error(context, item, 'a limit of a device has a path and a rate', `write {path: /dev/sda, rate: ${example}}`)
      continue
    }
    const path = readPath(context, pathSetting)
    const value = readRate(context, rateSetting, rate)
    if (path === null || value === null) continue
    const known = devices.get(path) ?? { path, ...noRates }
    if (known[rate] !== null)
      error(context, item, `there is such a limit for ${path} already`, 'write each device once in a list')
    devices.set(path, { ...known, [rate]: value })
  }
}

function readRate(context: Context, setting: Setting, rate: Rate): number | null {
  if (!rate.endsWith('BytesPerSecond')) return readInteger(context, setting, { min: 1, max: Number.MAX_SAFE_INTEGER })
  const bytes = readByteSize(context, setting)
  return bytes === 0 ? error(context, setting, 'a device without any rate cannot be used', 'write at least 1') : bytes
}
