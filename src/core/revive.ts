import { declaredWant, newUnit } from './command.ts'
import type { Now, State, Target, Unit, UnitId, UnitSpec, Want } from './model.ts'
import { unitSpecs } from './target/units.ts'

/** The part of a unit that outlives the daemon; `spec` only where the target no longer has it. */
export type StoredUnit = Omit<Unit, 'spec' | 'want' | 'isDeclared'> & { readonly spec: UnitSpec | null }

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
  /** Every run number below this may have been used. */
  readonly runsReserved: number
}

export const emptyTarget: Target = { apps: {} }

/** The state a daemon starts with: what was stored, or nothing. After a reboot no run lives and no deadline holds. */
export function revive(stored: Stored | null, now: Now): State {
  const target = stored?.target ?? emptyTarget
  return {
    version: 0,
    bootId: now.bootId,
    mode: { kind: 'running' },
    target,
    units: stored === null ? new Map() : revivedUnits(stored, now),
    nextRun: stored?.runsReserved ?? 1,
    nextTransition: 1,
    observe: null,
    found: [],
  }
}

function revivedUnits(stored: Stored, now: Now): ReadonlyMap<UnitId, Unit> {
  const wants = new Map(stored.wants.map(({ unit, want }) => [unit, want]))
  const rows = new Map(stored.units.map((unit) => [unit.id, unit]))
  const isSameBoot = stored.bootId === now.bootId
  const units = new Map<UnitId, Unit>()
  for (const [id, spec] of unitSpecs(stored.target)) {
    const fresh = newUnit(id, spec, now)
    const row = rows.get(id)
    const want = wants.get(id) ?? declaredWant(spec)
    const known: Unit = row === undefined ? fresh : { ...row, spec, isDeclared: true, want }
    units.set(id, isSameBoot ? { ...known, want } : afterReboot({ ...known, want }, now))
  }
  for (const row of stored.units) {
    if (units.has(row.id) || row.spec === null || !isSameBoot) continue
    units.set(row.id, { ...row, spec: row.spec, isDeclared: false, want: wants.get(row.id) ?? declaredWant(row.spec) })
  }
  return units
}

function afterReboot(unit: Unit, now: Now): Unit {
  const fresh = newUnit(unit.id, unit.spec, now)
  const end = unit.run === null ? unit.end : { ...unit.end, kind: 'unknown' as const, run: unit.run.n, exit: null }
  return { ...fresh, want: unit.want, end, reason: 'the host was started' }
}

/** What of a unit has to be stored. */
export function storedUnit(unit: Unit): StoredUnit {
  const { spec, want: _want, isDeclared, ...rest } = unit
  return { ...rest, spec: isDeclared ? null : spec }
}
