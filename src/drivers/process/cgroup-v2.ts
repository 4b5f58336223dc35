import type { CgroupLimits } from '../../core/model.ts'
import { blkioWeight, type CgroupSetting, cpuQuota, type DeviceLimit } from './cgroup-settings.ts'

/** The files of a v2 cgroup for these limits, in the order they are to be written. */
export function v2Settings(limits: CgroupLimits, devices: readonly DeviceLimit[]): readonly CgroupSetting[] {
  const { cpus, cpuWeight, ioWeight } = limits
  return [
    bytes('memory.low', limits.memoryLowBytes, '0'),
    bytes('memory.high', limits.memoryHighBytes, 'max'),
    bytes('memory.swap.max', limits.swapMaxBytes, 'max'),
    // A unit without one of its processes is in no state that its program expects: they end together.
    setting('memory', 'memory.oom.group', limits.memoryMaxBytes === null ? null : '1', '0'),
    bytes('memory.max', limits.memoryMaxBytes, 'max'),
    setting('cpu', 'cpu.max', cpus === null ? null : quotaText(cpus), 'max'),
    setting('cpu', 'cpu.weight', textOf(cpuWeight), '100'),
    setting('pids', 'pids.max', textOf(limits.pidsMax), 'max'),
    {
      controller: 'io',
      isDefault: ioWeight === null,
      choices: [
        { name: 'io.weight', text: `default ${ioWeight ?? 100}` },
        { name: 'io.bfq.weight', text: `default ${ioWeight === null ? 100 : blkioWeight(ioWeight)}` },
      ],
    },
    ...devices.map((one) => setting('io', 'io.max', deviceText(one), '')),
  ]
}

/** What frees a device that `io.max` limits. */
export function v2Unlimited(device: string): string {
  return `${device} rbps=max wbps=max riops=max wiops=max`
}

function bytes(name: string, value: number | null, unlimited: string): CgroupSetting {
  return setting('memory', name, textOf(value), unlimited)
}

function setting(
  controller: CgroupSetting['controller'],
  name: string,
  text: string | null,
  byDefault: string,
): CgroupSetting {
  return { controller, choices: [{ name, text: text ?? byDefault }], isDefault: text === null }
}

function textOf(value: number | null): string | null {
  return value === null ? null : String(value)
}

function quotaText(cpus: number): string {
  const { quota, period } = cpuQuota(cpus)
  return `${quota} ${period}`
}

function deviceText(limit: DeviceLimit): string {
  const values = {
    rbps: limit.readBytesPerSecond,
    wbps: limit.writeBytesPerSecond,
    riops: limit.readsPerSecond,
    wiops: limit.writesPerSecond,
  }
  return [limit.device, ...Object.entries(values).map(([name, value]) => `${name}=${value ?? 'max'}`)].join(' ')
}
