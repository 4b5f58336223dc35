import type { Run, UnitId } from '../../core/model.ts'
import type { RunFacts } from '../../engine/ports.ts'
import { listPids, readStat } from '../../sys/proc.ts'
import { type ProcessRow, readProcessRow, readProcessTable } from '../../sys/process-table.ts'
import { type ProcessUsage, processUsage } from '../../sys/process-usage.ts'
import type { Cgroups } from './cgroups.ts'
import { takeSurvey } from './survey.ts'

export interface FactsContext {
  readonly bootId: string
  readonly cgroups: Pick<Cgroups, 'members' | 'usage'>
}

/** Of the process, all below it, and what is in its cgroup. null: there is no such process. Never throws. */
export function factsOf(run: Run, unit: UnitId, { bootId, cgroups }: FactsContext): RunFacts | null {
  const { identity } = run
  if (identity === null || identity.bootId !== bootId) return null
  const { pid } = identity
  if (readStat(pid)?.startTicks !== identity.startTicks) return null
  const pids = [...new Set([pid, ...takeSurvey().descendants([pid]), ...cgroups.members(unit)])]
  const usages = pids.flatMap((one) => processUsage(one) ?? [])
  // Not all had their most at the same time, and what they share counts for each: it is at least as much as ever was.
  const rssPeakBytes = sum(usages, (usage) => usage.rssPeakBytes)
  return { ...counted(unit, usages, cgroups), pids, rssPeakBytes }
}

/**
 * The same of many runs by one look at the processes, but for what each had at most: that would be a second file to read of
 * each. What is not alive is left out.
 */
export function factsOfAll(
  runs: readonly { readonly unit: UnitId; readonly run: Run }[],
  { bootId, cgroups }: FactsContext,
): ReadonlyMap<UnitId, RunFacts> {
  const look = lookFor(runs.length)
  return new Map(
    runs.flatMap(({ unit, run: { identity } }) => {
      if (identity === null || identity.bootId !== bootId) return []
      const { pid, startTicks } = identity
      if (look.row(pid)?.startTicks !== startTicks) return []
      const pids = [...new Set([pid, ...look.below(pid), ...cgroups.members(unit)])]
      const usages = pids.flatMap((one) => look.row(one) ?? [])
      return [[unit, { ...counted(unit, usages, cgroups), pids, rssPeakBytes: null }] as const]
    }),
  )
}

type Usage = Pick<ProcessUsage, 'rssBytes' | 'cpuMs'>

function counted(
  unit: UnitId,
  usages: readonly Usage[],
  cgroups: FactsContext['cgroups'],
): Omit<RunFacts, 'pids' | 'rssPeakBytes'> {
  const counts = cgroups.usage(unit)
  return {
    rssBytes: sum(usages, (usage) => usage.rssBytes),
    processes: usages.length,
    // Of processes that nobody reaped, only the cgroup knows.
    cpuMs: Math.round(counts?.cpuMs ?? sum(usages, (usage) => usage.cpuMs)),
    memoryBytes: counts?.memoryBytes ?? null,
    memoryPeakBytes: counts?.memoryPeakBytes ?? null,
    processesPeak: counts?.processesPeak ?? null,
    oomKills: counts?.oomKills ?? null,
  }
}

function sum<T>(all: readonly T[], of: (one: T) => number): number {
  return all.reduce((total, one) => total + of(one), 0)
}

// ---- one look for many ------------------------------------------------------------------------------------------

interface Look {
  /** null: no such process. */
  row(pid: number): ProcessRow | null
  /** All below it. */
  below(pid: number): readonly number[]
}

/** Where most processes of the host are ours, all are read once; else each of ours is asked for its children. */
function lookFor(runs: number): Look {
  const pids = listPids()
  return pids.length <= hostPids + runs * pidsPerRun ? tableLook(pids) : { row: readProcessRow, below }
}

/** So many processes a host has anyway. */
const hostPids = 200

/** Reading this many costs what asking one run for its children does. */
const pidsPerRun = 3

function tableLook(pids: readonly number[]): Look {
  const table = readProcessTable(pids)
  const byParent = Map.groupBy(table.values(), ({ ppid }) => ppid)
  return {
    row: (pid) => table.get(pid) ?? null,
    below: (pid) => gather(pid, (parent) => (byParent.get(parent) ?? []).map((row) => row.pid)),
  }
}

function below(pid: number): readonly number[] {
  return takeSurvey().descendants([pid])
}

function gather(root: number, childrenOf: (pid: number) => readonly number[]): readonly number[] {
  const found = new Set<number>()
  const next = [...childrenOf(root)]
  for (let pid = next.pop(); pid !== undefined; pid = next.pop()) {
    if (found.has(pid)) continue
    found.add(pid)
    next.push(...childrenOf(pid))
  }
  return [...found]
}
