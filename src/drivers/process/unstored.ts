import type { Role, UnitId } from '../../core/model.ts'
import type { RunHandle } from '../../engine/ports.ts'
import type { ProcessStat } from '../../sys/proc.ts'
import { readMarks } from './markers.ts'
import type { Survey } from './survey.ts'

/** The process of a run that is in no store. */
export interface Unstored {
  readonly unit: UnitId
  readonly run: number
  readonly role: Role
  readonly attempt: number
  readonly stat: ProcessStat
}

/**
 * The processes that lead a session and carry the mark of a run newer than its unit's handle: they were started while nothing could be
 * stored, or what was stored is lost. At most one for each unit: of its newest run, the one that was there first.
 */
export function findUnstored(
  handles: readonly RunHandle[],
  context: { readonly homeId: string; readonly survey: Survey; readonly excluded: ReadonlySet<number> },
): readonly Unstored[] {
  const known = new Map(handles.map((handle) => [handle.unit, handle.run.n]))
  const newest = new Map<UnitId, Unstored>()
  for (const { stat, environment } of context.survey.leaders()) {
    const marks = context.excluded.has(stat.pid) ? null : readMarks(context.homeId, environment)
    if (marks === null || marks.run <= (known.get(marks.unit) ?? 0)) continue
    const other = newest.get(marks.unit)
    const isOther = other === undefined || marks.run > other.run
    const isBetter = isOther || (marks.run === other.run && isOlder(stat, other.stat))
    if (isBetter) newest.set(marks.unit, { ...marks, stat })
  }
  return [...newest.values()]
}

function isOlder(a: ProcessStat, b: ProcessStat): boolean {
  return a.startTicks < b.startTicks || (a.startTicks === b.startTicks && a.pid < b.pid)
}
