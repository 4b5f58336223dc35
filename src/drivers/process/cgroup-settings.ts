import type { CgroupController } from '../../base/abilities.ts'
import type { CgroupLimits } from '../../core/model.ts'

/** One file of a cgroup to write. */
export interface CgroupSetting {
  readonly controller: CgroupController
  /** In the order of preference: the first that this kernel has is written. */
  readonly choices: readonly { readonly name: string; readonly text: string }[]
  /** It is what a new cgroup has anyway. */
  readonly isDefault: boolean
}

/** A limit of one device, known by its number: `254:0`. */
export interface DeviceLimit {
  readonly device: string
  readonly readBytesPerSecond: number | null
  readonly writeBytesPerSecond: number | null
  readonly readsPerSecond: number | null
  readonly writesPerSecond: number | null
}

/** The controllers by which these limits are enforced. */
export function controllersOf(limits: CgroupLimits | null): readonly CgroupController[] {
  if (limits === null) return []
  const { memoryMaxBytes, memoryHighBytes, memoryLowBytes, swapMaxBytes, cpus, cpuWeight, pidsMax, ioWeight } = limits
  const isAsked = (...values: readonly (number | null)[]): boolean => values.some((value) => value !== null)
  return [
    ...(isAsked(memoryMaxBytes, memoryHighBytes, memoryLowBytes, swapMaxBytes) ? (['memory'] as const) : []),
    ...(isAsked(cpus, cpuWeight) ? (['cpu'] as const) : []),
    ...(isAsked(pidsMax) ? (['pids'] as const) : []),
    ...(isAsked(ioWeight) || limits.io.length > 0 ? (['io'] as const) : []),
  ]
}

/** Of processor time in a second: microseconds of a period. The kernel takes no quota below 1 ms, nor periods above 1 s. */
export function cpuQuota(cpus: number): { readonly quota: number; readonly period: number } {
  const period = cpus < 0.01 ? 1_000_000 : 100_000
  return { quota: Math.max(1_000, Math.round(cpus * period)), period }
}

/** 1..10000 spread over 10..1000, as container runtimes convert them; BFQ counts so in both versions. */
export function blkioWeight(weight: number): number {
  return Math.round(10 + ((weight - 1) * 990) / 9_999)
}
