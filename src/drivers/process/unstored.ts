import type { UnitId } from '../../core/model.ts'
import type { RunHandle } from '../../engine/ports.ts'
import type { ProcessStat } from '../../sys/proc.ts'
import { runMarker, unitMarker } from './markers.ts'
import type { Survey } from './survey.ts'

/** A main process whose run is in no store. */
export interface Unstored {
  readonly unit: UnitId
  readonly run: number
  readonly stat: ProcessStat
}

/**
 * The main processes that carry the mark of a run newer than its unit's handle: they were started while nothing could be
 * stored, or what was stored is lost. At most one for each unit: of its newest run, the one that was there first.
 */
export function findUnstored(
  handles: readonly RunHandle[],
  context: { readonly homeId: string; readonly survey: Survey; readonly excluded: ReadonlySet<number> },
): readonly Unstored[] {
  const known = new Map(handles.map((handle) => [handle.unit, handle.run.n]))
  const newest = new Map<UnitId, Unstored>()
  const [unitPrefix, runPrefix] = [unitMarker(context.homeId, ''), markerName(runMarker(0))]
  for (const { stat, environment } of context.survey.leaders()) {
    const unit = markOf(environment, unitPrefix)
    const run = Number(markOf(environment, runPrefix) ?? Number.NaN)
    if (unit === null || !Number.isSafeInteger(run) || context.excluded.has(stat.pid)) continue
    if (run <= (known.get(unit) ?? 0)) continue
    const other = newest.get(unit)
    const isBetter = other === undefined || run > other.run || (run === other.run && isOlder(stat, other.stat))
    if (isBetter) newest.set(unit, { unit, run, stat })
  }
  return [...newest.values()]
}

function isOlder(a: ProcessStat, b: ProcessStat): boolean {
  return a.startTicks < b.startTicks || (a.startTicks === b.startTicks && a.pid < b.pid)
}

function markOf(environment: readonly string[], prefix: string): string | null {
  return environment.find((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? null
}

function markerName(marker: string): string {
  return marker.slice(0, marker.indexOf('=') + 1)
}
