import type { UsageItem, UsageList } from '../../wire/api.ts'

/** One look at what everything uses, with the processes it was of. */
export interface Sample {
  readonly list: UsageList
  /** By unit. A new process starts counting anew. */
  readonly pids: ReadonlyMap<string, number | null>
}

/** What two looks, compared, tell. */
export interface Shares {
  /** By unit; only what runs. */
  readonly units: ReadonlyMap<string, Share>
  /** Of all cores together, from 0 to 1; null: not known yet. */
  readonly hostCpu: number | null
}

export interface Share {
  /** 1 is one core; null: not known yet. */
  readonly cpu: number | null
  readonly memoryBytes: number
}

/** Looks that are closer than this say more about the clock's steps than about the load. */
const spanMsMin = 100

export function sharesOf(before: Sample | null, now: Sample): Shares {
  const earlier = new Map((before?.list.items ?? []).map(({ unit, usage }) => [unit, usage]))
  const spanMs = before === null ? 0 : now.list.bootMs - before.list.bootMs
  const units = new Map<string, Share>()
  for (const { unit, usage } of now.list.items) {
    if (usage === null) continue
    const isSame = before !== null && before.pids.get(unit) === now.pids.get(unit)
    units.set(unit, {
      cpu: isSame ? cpuShare(earlier.get(unit) ?? null, usage, spanMs) : null,
      memoryBytes: usage.rssBytes,
    })
  }
  return { units, hostCpu: before === null ? null : hostShare(before.list, now.list) }
}

/** Whether the two are far enough apart to be compared. */
export function isApart(before: Sample | null, list: UsageList): boolean {
  return before === null || Math.abs(list.bootMs - before.list.bootMs) >= spanMsMin
}

function cpuShare(before: UsageItem | null, now: UsageItem, spanMs: number): number | null {
  if (before === null || before.cpuMs === null || now.cpuMs === null || spanMs < spanMsMin) return null
  // Where processes ended and took their time with them, the sum may shrink.
  return Math.max(0, (now.cpuMs - before.cpuMs) / spanMs)
}

function hostShare(before: UsageList, now: UsageList): number | null {
  const spanMs = now.bootMs - before.bootMs
  if (spanMs < spanMsMin || now.host.cpus < 1) return null
  return Math.min(1, Math.max(0, (now.host.cpuBusyMs - before.host.cpuBusyMs) / (spanMs * now.host.cpus)))
}
