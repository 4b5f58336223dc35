import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { type Errno, errnoOf } from './errno.ts'
import { mounts } from './mounts.ts'

/**
 * The block device whose node this is, or on which this file lies, as `major:minor`, the whole one where it is a
 * partition: only whole devices can be limited. `none`: it lies on no block device (tmpfs, overlay, a network).
 */
export function blockDeviceOf(path: string): string | Errno | 'none' {
  try {
    const { dev, rdev, mode } = statSync(path, { bigint: true })
    const isNode = (mode & fileType) === blockDevice
    return wholeDevice(isNode ? deviceNumber(rdev) : deviceNumber(dev)) ?? behindMount(deviceNumber(dev)) ?? 'none'
  } catch (error) {
    return errnoOf(error)
  }
}

/** btrfs and the like show a number of their own: the mount names the device behind it. */
function behindMount(device: string): string | null {
  const source = mounts().find((mount) => mount.device === device)?.source
  if (source === undefined || !source.startsWith('/') || !existsSync(source)) return null
  return wholeDevice(deviceNumber(statSync(source, { bigint: true }).rdev))
}

function wholeDevice(device: string): string | null {
  const entry = `/sys/dev/block/${device}`
  if (!existsSync(entry)) return null
  if (!existsSync(join(entry, 'partition'))) return device
  return readFileSync(join(dirname(realpathSync(entry)), 'dev'), 'latin1').trim()
}

/** As the C library packs the two into one number. */
function deviceNumber(value: bigint): string {
  const major = ((value >> 8n) & 0xfffn) | ((value >> 32n) & ~0xfffn)
  const minor = (value & 0xffn) | ((value >> 12n) & ~0xffn)
  return `${major}:${minor}`
}

const fileType = 0o170000n
const blockDevice = 0o060000n
