import type { CgroupLimits } from '../../core/model.ts'
import { blkioWeight, type CgroupSetting, cpuQuota, type DeviceLimit } from './cgroup-settings.ts'

/** The files of v1 cgroups for these limits, in the order they are to be written. */
export function v1Settings(limits: CgroupLimits, devices: readonly DeviceLimit[]): readonly CgroupSetting[] {
  const { memoryMaxBytes, swapMaxBytes, cpuWeight, ioWeight } = limits
  // Here it counts memory and swap together, and may never be below the other.
  const both = memoryMaxBytes === null || swapMaxBytes === null ? null : memoryMaxBytes + swapMaxBytes
  const quota = limits.cpus === null ? { quota: -1, period: 100_000 } : cpuQuota(limits.cpus)
  return [
    one('memory', 'memory.memsw.limit_in_bytes', null, -1),
    one('memory', 'memory.limit_in_bytes', memoryMaxBytes, -1),
    one('memory', 'memory.memsw.limit_in_bytes', both, -1),
    one('memory', 'memory.soft_limit_in_bytes', limits.memoryLowBytes, -1),
    one('cpu', 'cpu.cfs_period_us', limits.cpus === null ? null : quota.period, quota.period),
    one('cpu', 'cpu.cfs_quota_us', limits.cpus === null ? null : quota.quota, quota.quota),
    one('cpu', 'cpu.shares', cpuWeight === null ? null : sharesOf(cpuWeight), 1_024),
    { controller: 'pids', isDefault: limits.pidsMax === null, choices: [pidsMax(limits.pidsMax)] },
    {
      controller: 'io',
      isDefault: ioWeight === null,
      choices: [
        { name: 'blkio.weight', text: String(ioWeight === null ? 500 : blkioWeight(ioWeight)) },
        { name: 'blkio.bfq.weight', text: String(ioWeight === null ? 100 : blkioWeight(ioWeight)) },
      ],
    },
    ...devices.flatMap(throttles),
  ]
}

/** Where device limits stand, each line a device and its limit; 0 frees it. */
export const v1DeviceFiles: readonly string[] = [
  'blkio.throttle.read_bps_device',
  'blkio.throttle.write_bps_device',
  'blkio.throttle.read_iops_device',
  'blkio.throttle.write_iops_device',
]

/** 1..10000 spread over 2..262144, as container runtimes convert them: what was written as shares is those again. */
function sharesOf(weight: number): number {
  return Math.round(2 + ((weight - 1) * 262_142) / 9_999)
}

function throttles(limit: DeviceLimit): readonly CgroupSetting[] {
  const values = [limit.readBytesPerSecond, limit.writeBytesPerSecond, limit.readsPerSecond, limit.writesPerSecond]
  return values.flatMap((value, index) => {
    if (value === null) return []
    const choice = { name: v1DeviceFiles[index]!, text: `${limit.device} ${value}` }
    return [{ controller: 'io' as const, isDefault: false, choices: [choice] }]
  })
}

function pidsMax(value: number | null): { readonly name: string; readonly text: string } {
  return { name: 'pids.max', text: value === null ? 'max' : String(value) }
}

function one(
  controller: CgroupSetting['controller'],
  name: string,
  value: number | null,
  byDefault: number,
): CgroupSetting {
  return { controller, choices: [{ name, text: String(value ?? byDefault) }], isDefault: value === null }
}
