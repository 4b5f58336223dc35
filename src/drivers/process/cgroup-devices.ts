import { join } from 'node:path'
import type { CgroupLimits } from '../../core/model.ts'
import { blockDeviceOf } from '../../sys/block-device.ts'
import { readCgroupFile } from '../../sys/hierarchies.ts'
import { writeCgroupFile } from './cgroup-files.ts'
import type { DeviceLimit } from './cgroup-settings.ts'
import { v1DeviceFiles } from './cgroup-v1.ts'
import { v2Unlimited } from './cgroup-v2.ts'

/** The limits of devices of a cgroup that is used again. */
export function freeDevices(folder: string): void {
  const devicesIn = (name: string): readonly string[] => {
    const text = readCgroupFile(folder, name)
    return typeof text === 'string' ? text.split('\n').flatMap((line) => line.split(' ')[0] || []) : []
  }
  for (const device of devicesIn('io.max')) writeCgroupFile(join(folder, 'io.max'), v2Unlimited(device))
  for (const file of v1DeviceFiles) {
    for (const device of devicesIn(file)) writeCgroupFile(join(folder, file), `${device} 0`)
  }
}

/** The devices behind the paths that are limited, and those that could not be found. */
export function devicesOf(limits: CgroupLimits | null): {
  readonly limits: readonly DeviceLimit[]
  readonly troubles: readonly string[]
} {
  const found = (limits?.io ?? []).map(({ path, ...limit }) => ({ path, limit, device: blockDeviceOf(path) }))
  const isDevice = (device: string): boolean => device.includes(':')
  return {
    limits: found.filter(({ device }) => isDevice(device)).map(({ device, limit }) => ({ ...limit, device })),
    troubles: found.filter(({ device }) => !isDevice(device)).map(({ path, device }) => noDevice(path, device)),
  }
}

function noDevice(path: string, trouble: string): string {
  if (trouble !== 'none') return `I/O on ${path} cannot be limited: it cannot be looked at (${trouble})`
  return `I/O on ${path} cannot be limited: it lies on no block device; name the device's node, such as /dev/sda`
}
