import { readFileSync } from 'node:fs'
import type { Run, UnitId } from '../../core/model.ts'
import type { RunFacts } from '../../engine/ports.ts'
import { usageIn } from '../../sys/cgroup-usage.ts'
import { errnoOf } from '../../sys/errno.ts'
import { findHierarchies, processesIn } from '../../sys/hierarchies.ts'
import { type Mount, mounts } from '../../sys/mounts.ts'
import { type ProcessRow, readProcessTable } from '../../sys/process-table.ts'
import { processUsage } from '../../sys/process-usage.ts'
import { withSpareDescriptor } from '../../sys/spare.ts'

/**
 * What a container uses, by its process and its cgroups as this host sees them. null: it does not, because the engine is on
 * another one, or the process is gone. Never throws.
 */
export function containerFacts(run: Run, look: ContainerLook = hostLook()): RunFacts | null {
  const found = factsWithoutPeak(run, look)
  if (found === null) return null
  const peaks = found.pids.flatMap((pid) => look.usage(pid)?.rssPeakBytes ?? [])
  return { ...found, rssPeakBytes: peaks.reduce((sum, bytes) => sum + bytes, 0) }
}

/** The same of many, without `rssPeakBytes`: that would be one more file to read of each process. */
export function containerFactsOfAll(
  runs: readonly { readonly unit: UnitId; readonly run: Run }[],
  look: () => ContainerLook = hostLook,
): ReadonlyMap<UnitId, RunFacts> {
  const all = new Map<UnitId, RunFacts>()
  if (runs.length === 0) return all
  const one = look()
  for (const { unit, run } of runs) {
    const found = factsWithoutPeak(run, one)
    if (found !== null) all.set(unit, found)
  }
  return all
}

/** What is read of this host. */
export interface ContainerLook {
  /** /proc/PID/cgroup; null: no such process. */
  cgroupOf(pid: number): string | null
  readonly mounts: readonly Mount[]
  readonly rows: (pids: readonly number[]) => ReadonlyMap<number, ProcessRow>
  readonly usage: typeof processUsage
}

function hostLook(): ContainerLook {
  return { cgroupOf, mounts: mounts(), rows: readProcessTable, usage: processUsage }
}

function factsWithoutPeak({ identity }: Run, { cgroupOf, mounts, rows }: ContainerLook): RunFacts | null {
  const container = identity?.container
  if (identity === null || container === undefined || identity.pid === 0) return null
  const { pid } = identity
  const cgroup = cgroupOf(pid)
  // Whatever the engine's way of naming them is, the id is in it; without it that pid is somebody else by now, or elsewhere.
  if (cgroup === null || !cgroup.includes(container.id)) return null
  const folders = findHierarchies(cgroup, mounts).flatMap(({ own }) => (own.includes(container.id) ? [own] : []))
  const counts = usageIn(folders)
  const pids = [...new Set([pid, ...folders.flatMap(processesIn)])]
  const table = rows(pids)
  const living = pids.flatMap((one) => table.get(one) ?? [])
  if (living.length === 0) return null
  return {
    pids: living.map((one) => one.pid),
    rssBytes: living.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    rssPeakBytes: null,
    processes: living.length,
    cpuMs: Math.round(counts.cpuMs ?? living.reduce((sum, { cpuMs }) => sum + cpuMs, 0)),
    memoryBytes: counts.memoryBytes,
    memoryPeakBytes: counts.memoryPeakBytes,
    processesPeak: counts.processesPeak,
    oomKills: counts.oomKills,
  }
}

function cgroupOf(pid: number): string | null {
  try {
    return withSpareDescriptor(() => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
  } catch (error) {
    errnoOf(error)
    return null
  }
}
