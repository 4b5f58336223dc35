import type { ContainerSettings } from '../../core/containers/model.ts'

/** The limits that can be changed in place too, in the words of the engine. What is not said is undefined. */
export function limitsBody(limits: Partial<ContainerSettings>): object {
  return {
    Memory: limits.memoryBytes ?? undefined,
    MemoryReservation: limits.memoryReservationBytes ?? undefined,
    MemorySwap: limits.memorySwapBytes ?? undefined,
    NanoCpus: limits.nanoCpus ?? undefined,
    CpuShares: limits.cpuShares ?? undefined,
    CpuQuota: limits.cpuQuotaUs ?? undefined,
    CpuPeriod: limits.cpuPeriodUs ?? undefined,
    CpusetCpus: limits.cpuset ?? undefined,
    PidsLimit: limits.pidsMax ?? undefined,
    BlkioWeight: limits.blkioWeight ?? undefined,
  }
}

/** The engine refuses a count of retries that does not count. */
export function restartBody({ name, retriesMax }: ContainerSettings['restart']): object {
  return { Name: name, MaximumRetryCount: name === 'on-failure' ? retriesMax : 0 }
}
