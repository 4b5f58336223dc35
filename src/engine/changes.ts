import { runBlock } from '../core/limits.ts'
import type { State, Unit, UnitId } from '../core/model.ts'
import { areStoredAlike, storedRelease } from '../core/release/stored.ts'
import { isStoredAlike, storedJob, storedUnit } from '../core/revive.ts'
import type { Changes } from './ports.ts'

/** Run numbers below this are reserved in the store when `nextRun` is used up to there. */
export function reserveFor(nextRun: number, reserved: number): number {
  return nextRun < reserved ? reserved : nextRun + runBlock
}

/** What one turn has to store, or null when nothing of it is stored. */
export function changesBetween(options: {
  readonly before: State
  readonly after: State
  readonly touched: ReadonlySet<UnitId>
  /** Units whose stored form is not that of `before`: all of theirs is stored. */
  readonly owed: ReadonlySet<UnitId>
  readonly reserved: number
  /** What is aimed at, with its releases and what is kept of the engine, could not be stored earlier. */
  readonly isTargetOwed: boolean
}): Changes | null {
  const { before, after, touched, owed, reserved, isTargetOwed } = options
  const put: Changes['put'][number][] = []
  const remove: UnitId[] = []
  const wants: Changes['wants'][number][] = []
  const jobs: Changes['jobs'][number][] = []
  for (const id of new Set([...owed, ...touched])) {
    const unit = after.units.get(id)
    const old = before.units.get(id)
    if (unit === undefined) remove.push(id)
    else put.push(storedUnit(unit))
    const wish = wishOf(unit)
    if (owed.has(id) || wish !== wishOf(old)) wants.push({ unit: id, want: wish })
    const job = unit?.job ?? null
    if (owed.has(id) || !isStoredAlike(job, old?.job ?? null)) jobs.push({ unit: id, job: storedJob(job) })
  }
  const runsReserved = reserveFor(after.nextRun, reserved)
  const aim = aimChanges(before, after, isTargetOwed)
  const count = put.length + remove.length + wants.length + jobs.length + Object.keys(aim).length
  if (count === 0 && runsReserved === reserved) return null
  return {
    bootId: after.bootId,
    put,
    remove,
    wants,
    jobs,
    ...aim,
    ...(runsReserved === reserved ? {} : { runsReserved }),
  }
}

/** Of what is not told unit by unit. */
function aimChanges(before: State, after: State, isOwed: boolean): Pick<Changes, 'target' | 'releases' | 'engineKept'> {
  const isTargetNew = isOwed || after.target !== before.target
  const areReleasesNew = isOwed || !areStoredAlike(after.releases, before.releases)
  const { kept } = after.containerEngine
  return {
    ...(isTargetNew ? { target: after.target } : {}),
    ...(areReleasesNew ? { releases: [...after.releases.values()].map(storedRelease) } : {}),
    ...(isOwed || kept !== before.containerEngine.kept ? { engineKept: kept } : {}),
  }
}

/** Whether more than units changed of what has to be stored. */
export function isAimChanged(before: State, after: State): boolean {
  return Object.keys(aimChanges(before, after, false)).length > 0
}

/** The wish to remember: the declared one is not. */
function wishOf(unit: Unit | undefined): Unit['want'] | null {
  return unit === undefined || unit.want.by.kind === 'declared' ? null : unit.want
}
