import type { KeptOfEngine } from './containers/model.ts'
import { nothingKept, unknownEngine } from './containers/none.ts'
import type { End, Job, Now, Run, State, Target, Unit, UnitId, UnitSpec, Want } from './model.ts'
import { revivedReleases, type StoredRelease } from './release/stored.ts'
import { completeSpec, completeTarget } from './target/plain.ts'
import { unitSpecs } from './target/units.ts'
import { declaredJob, isDoneOnce, jobEnds } from './unit/job.ts'
import { newUnit } from './unit/new-unit.ts'
import { talkedBefore } from './unit/talked.ts'
import { declaredWant, wantBeyondTheDaemon } from './unit/wish.ts'

/** The part of a unit that outlives the daemon; `spec` only where the target no longer has it. */
export type StoredUnit = Omit<Unit, 'spec' | 'want' | 'isDeclared' | 'health' | 'job'> & {
  readonly spec: UnitSpec | null
}

/** The schedule and the history of a job: what is stored of it survives the machine. */
export interface StoredJob {
  readonly unit: UnitId
  /** When it is due next is asked for anew: the host's time zone or the program may be another one by then. */
  readonly job: Omit<Job, 'due' | 'dueWallMs' | 'asked'>
}

/** A wish somebody spoke; whoever only has the declared one has none stored. */
export interface StoredWant {
  readonly unit: UnitId
  readonly want: Want
}

/** The stored form of the state. */
export interface Stored {
  readonly bootId: string
  readonly target: Target
  readonly units: readonly StoredUnit[]
  readonly wants: readonly StoredWant[]
  readonly jobs: readonly StoredJob[]
  /** Every run number below this may have been used. */
  readonly runsReserved: number
  /** Absent where an older version stored it. */
  readonly releases?: readonly StoredRelease[]
  readonly engineKept?: KeptOfEngine
}

export const emptyTarget: Target = { apps: {} }

/** The state a daemon starts with: what was stored, or nothing. After a reboot no run lives and no deadline holds. */
export function revive(stored: Stored | null, now: Now): State {
  const target = stored === null ? emptyTarget : completeTarget(stored.target)
  return {
    version: 0,
    bootId: now.bootId,
    mode: { kind: 'running' },
    target,
    units: stored === null ? new Map() : revivedUnits({ ...stored, target }, now),
    nextRun: stored?.runsReserved ?? 1,
    nextTransition: 1,
    observe: null,
    found: [],
    containerEngine: unknownEngine({ ...nothingKept, ...stored?.engineKept }),
    releases: revivedReleases(stored?.releases ?? [], { target, isSameBoot: stored?.bootId === now.bootId, now }),
  }
}

function revivedUnits(stored: Stored, now: Now): ReadonlyMap<UnitId, Unit> {
  const wants = new Map(stored.wants.map(({ unit, want }) => [unit, completeWant(want)]))
  const jobs = new Map(stored.jobs.map(({ unit, job }) => [unit, revivedJob(job)]))
  const rows = new Map(stored.units.map((unit) => [unit.id, completeRow(unit)]))
  const isSameBoot = stored.bootId === now.bootId
  const units = new Map<UnitId, Unit>()
  for (const [id, spec] of unitSpecs(stored.target)) {
    const fresh = newUnit(id, spec, now)
    const row = rows.get(id)
    const want = wants.get(id) ?? declaredWant(spec)
    const job = declaredJob(jobs.get(id) ?? null, spec, now)
    const known: Unit = row === undefined ? fresh : { ...fresh, ...row, spec }
    units.set(id, isSameBoot ? talkedBefore({ ...known, want, job }) : afterReboot({ ...known, want, job }, now))
  }
  for (const row of rows.values()) {
    if (units.has(row.id) || row.spec === null || !isSameBoot) continue
    const spec = completeSpec(row.spec)
    const want = wants.get(row.id) ?? declaredWant(spec)
    const job = jobs.get(row.id) ?? null
    units.set(row.id, talkedBefore({ ...newUnit(row.id, spec, now), ...row, spec, isDeclared: false, want, job }))
  }
  return units
}

/** An older version did not keep the number of the newest run, and knew one ladder. */
function completeRow(row: StoredUnit): StoredUnit {
  const lastRun = row.lastRun ?? Math.max(row.run?.n ?? 0, row.end.run ?? 0)
  const stop = row.stop === null ? null : { ...row.stop, isForGood: row.stop.isForGood ?? false }
  return { ...row, run: completeRun(row.run), stop, lastRun }
}

/** An older version knew no hooks and no limits. */
function completeRun(run: Run | null): Run | null {
  if (run === null) return null
  return { ...run, role: run.role ?? 'main', gotTerm: run.gotTerm ?? false, shortfalls: run.shortfalls ?? [] }
}

/** An older version forgot what was wanted before. */
function completeWant(want: Want): Want {
  return want.kind === 'once' ? { ...want, afterwards: want.afterwards ?? null } : want
}

function revivedJob(stored: StoredJob['job']): Job {
  return { ...stored, due: stored.scheduleHash === '' ? 'known' : 'unknown', dueWallMs: null, asked: null }
}

/** A job that was under way is not run again: it may have done half of what it does. */
function afterReboot(unit: Unit, now: Now): Unit {
  const fresh = newUnit(unit.id, unit.spec, now)
  const end = unit.run === null ? unit.end : { ...unit.end, kind: 'unknown' as const, run: unit.run.n, exit: null }
  const why = 'the host was started'
  const job = jobEnds(unit, { kind: 'unknown', exit: null }, 'the host was started again', now)
  // A host that was started again has started the daemon on purpose.
  const want = wantBeyondTheDaemon(unit)
  const revived: Unit = { ...fresh, lastRun: unit.lastRun, want, job, end, reason: why }
  if (!isDoneOnce(unit.spec, job, now.bootId)) return revived
  const done: End = { kind: 'expected', run: null, exit: null, message: '', atWallMs: null }
  return { ...revived, phase: 'ended', end: end.kind === 'expected' ? end : done, reason: 'has run once already' }
}

/** What of a job has to be stored; null: nothing. */
export function storedJob(job: Job | null): StoredJob['job'] | null {
  if (job === null) return null
  const { due: _due, dueWallMs: _dueWallMs, asked: _asked, ...rest } = job
  return rest
}

/** Whether both are stored alike. */
export function isStoredAlike(a: Job | null, b: Job | null): boolean {
  if (a === null || b === null) return a === b
  return (
    a.history === b.history &&
    a.scheduleHash === b.scheduleHash &&
    a.doneWallMs === b.doneWallMs &&
    a.trustedWallMs === b.trustedWallMs &&
    a.isQueued === b.isQueued &&
    a.done === b.done
  )
}

/** What of a unit has to be stored with it. */
export function storedUnit(unit: Unit): StoredUnit {
  const { spec, want: _want, health: _health, job: _job, isDeclared, ...rest } = unit
  return { ...rest, spec: isDeclared ? null : spec }
}
