import type { Change, End, Exit, Now, Phase, Run, State, Transition, Unit, UnitId } from './model.ts'

/**
 * One change of the state under way: the core's functions are pure outside, and this is the one place where they
 * write inside. The map of units is copied once per change, at the first write.
 */
export interface Draft {
  state: State
  units: Map<UnitId, Unit> | null
  readonly transitions: Transition[]
  readonly touched: Set<UnitId>
}

export function openDraft(state: State): Draft {
  return { state, units: null, transitions: [], touched: new Set() }
}

export function closeDraft(draft: Draft, before: State): Change {
  const isChanged = draft.units !== null || draft.state !== before
  const state = isChanged
    ? { ...draft.state, units: draft.units ?? draft.state.units, version: before.version + 1 }
    : before
  return { state, transitions: draft.transitions, touched: draft.touched }
}

/** The state as it is so far: to be read before the next write, not to be kept. */
export function peek(draft: Draft): State {
  return draft.units === null ? draft.state : { ...draft.state, units: draft.units }
}

export function unitsOf(draft: Draft): ReadonlyMap<UnitId, Unit> {
  return draft.units ?? draft.state.units
}

export function putUnit(draft: Draft, unit: Unit): void {
  draft.units ??= new Map(draft.state.units)
  draft.units.set(unit.id, unit)
  draft.touched.add(unit.id)
}

/** For facts that are not stored: they are true for the living run only, and change too often. */
export function putVolatile(draft: Draft, unit: Unit): void {
  draft.units ??= new Map(draft.state.units)
  draft.units.set(unit.id, unit)
}

export function removeUnit(draft: Draft, id: UnitId): void {
  draft.units ??= new Map(draft.state.units)
  draft.units.delete(id)
  draft.touched.add(id)
}

/** The facts that may change together with a phase. */
export interface PhaseFacts {
  readonly why: string
  readonly run?: Run | null
  readonly stop?: Unit['stop']
  readonly retryBootMs?: number | null
  readonly end?: End
  readonly exit?: Exit | null
  readonly earlyExits?: number
  readonly restarts?: number
  readonly restartTimesBootMs?: readonly number[]
  readonly want?: Unit['want']
  readonly signals?: readonly string[]
  readonly attempt?: number
  readonly after?: Unit['after']
  readonly lastRun?: number
  readonly stoppedBy?: Unit['stoppedBy']
  readonly condemned?: string | null
  readonly health?: Unit['health']
  readonly job?: Unit['job']
}

/** Of a unit that is to start as if it had never ended. */
export const freshCounters = { earlyExits: 0, restarts: 0, restartTimesBootMs: [] } as const

/** Moves a unit to a phase, with its time and reason, and records the transition. */
export function enterPhase(draft: Draft, unit: Unit, to: Phase, now: Now, facts: PhaseFacts): void {
  const { why, exit = null, ...rest } = facts
  putUnit(draft, {
    ...unit,
    stop: null,
    retryBootMs: null,
    after: null,
    condemned: null,
    stoppedBy: null,
    health: null,
    ...rest,
    phase: to,
    sinceBootMs: now.bootMs,
    sinceWallMs: now.wallMs,
    reason: why,
  })
  tell(draft, { unit, run: unit.run?.n ?? facts.run?.n ?? null, to, why, exit }, now)
}

/** Records something worth telling that moves the unit to no other phase. */
export function tellChange(draft: Draft, unit: Unit, why: string, now: Now): void {
  tell(draft, { unit, run: unit.run?.n ?? null, to: unit.phase, why, exit: null }, now)
}

function tell(
  draft: Draft,
  change: { readonly unit: Unit } & Pick<Transition, 'run' | 'to' | 'why' | 'exit'>,
  now: Now,
): void {
  const { unit, ...rest } = change
  const seq = draft.state.nextTransition
  draft.transitions.push({ seq, atWallMs: now.wallMs, unit: unit.id, from: unit.phase, ...rest })
  draft.state = { ...draft.state, nextTransition: seq + 1 }
}
