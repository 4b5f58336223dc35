import type { Run, UnitId } from '../../core/model.ts'
import type { RunFacts } from '../../engine/ports.ts'
import { readStat } from '../../sys/proc.ts'
import { type ProcessUsage, processUsage } from '../../sys/process-usage.ts'
import type { Cgroups } from './cgroups.ts'
import { type Survey, takeSurvey } from './survey.ts'

export interface FactsContext {
  readonly bootId: string
  readonly cgroups: Pick<Cgroups, 'members' | 'usage'>
}

/** Of the process, all below it, and what is in its cgroup. null: there is no such process. Never throws. */
export function factsOf(run: Run, unit: UnitId, context: FactsContext): RunFacts | null {
  return factsBySurvey(run, unit, { ...context, survey: takeSurvey() })
}

/** The same of many runs by one look at the processes. What is not alive is left out. */
export function factsOfAll(
  runs: readonly { readonly unit: UnitId; readonly run: Run }[],
  context: FactsContext,
): ReadonlyMap<UnitId, RunFacts> {
  const shared = { ...context, survey: takeSurvey() }
  return new Map(
    runs.flatMap(({ unit, run }) => {
      const facts = factsBySurvey(run, unit, shared)
      return facts === null ? [] : [[unit, facts] as const]
    }),
  )
}

function factsBySurvey(
  run: Run,
  unit: UnitId,
  { bootId, cgroups, survey }: FactsContext & { readonly survey: Survey },
): RunFacts | null {
  const { identity } = run
  if (identity === null || identity.bootId !== bootId) return null
  const { pid } = identity
  if (readStat(pid)?.startTicks !== identity.startTicks) return null
  const pids = new Set([pid, ...survey.descendants([pid]), ...cgroups.members(unit)])
  const usages = [...pids].flatMap((one) => processUsage(one) ?? [])
  const counted = cgroups.usage(unit)
  const sum = (of: (usage: ProcessUsage) => number): number => usages.reduce((total, usage) => total + of(usage), 0)
  return {
    rssBytes: sum((usage) => usage.rssBytes),
    // Not all had their most at the same time, and what they share counts for each: it is at least as much as ever was.
    rssPeakBytes: sum((usage) => usage.rssPeakBytes),
    processes: usages.length,
    // Of processes that nobody reaped, only the cgroup knows.
    cpuMs: Math.round(counted?.cpuMs ?? sum((usage) => usage.cpuMs)),
    memoryBytes: counted?.memoryBytes ?? null,
    memoryPeakBytes: counted?.memoryPeakBytes ?? null,
    processesPeak: counted?.processesPeak ?? null,
    oomKills: counted?.oomKills ?? null,
  }
}
