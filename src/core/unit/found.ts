import { type Draft, enterPhase, unitsOf } from '../draft.ts'
import type { FoundRun, Now, Phase, Role, Run, Unit, UnitId } from '../model.ts'
import { freshHealth } from './health.ts'

/** Where a unit is while a run of this role lives. */
export const livingPhase: Readonly<Record<Role, Phase>> = { pre: 'preparing', main: 'up', post: 'finishing' }

/**
 * A live run nobody had stored. It is its unit's, unless another run of the unit lives as well; until the unit is declared it
 * is remembered.
 */
export function adoptFound(draft: Draft, found: FoundRun, now: Now): void {
  const { state } = draft
  draft.state = { ...state, nextRun: Math.max(state.nextRun, found.run + 1) }
  const unit = unitsOf(draft).get(found.unit)
  if (unit === undefined) {
    draft.state = { ...draft.state, found: [...state.found, found] }
  } else if (unit.run === null && found.run <= (unit.end.run ?? 0)) {
    // Left behind by a run that ended: its mark alone does not make it the unit's.
    return
  } else if (unit.run === null) {
    const why = `running as pid ${found.identity.pid}, found after a restart of the daemon`
    const facts = { run: foundRun(unit, found, now), attempt: found.run, health: freshHealth(unit, now, false) }
    enterPhase(draft, unit, 'up', now, { ...facts, why })
  } else if (unit.run.n < found.run) {
    const why = `pid ${found.identity.pid} (run ${found.run}) lives beside run ${unit.run.n}: end one of them`
    draft.state = { ...draft.state, found: [...draft.state.found, found] }
    enterPhase(draft, unit, 'unresolved', now, { after: unit.after, why })
  }
}

/** One of two live runs of a unit ended: the one that is left is the unit's, and nothing is started beside it. */
export function settleTwins(draft: Draft, id: UnitId, now: Now): void {
  const unit = unitsOf(draft).get(id)
  const twin = draft.state.found.find((found) => found.unit === id)
  if (unit === undefined) return
  if (twin !== undefined && unit.run === null) {
    draft.state = { ...draft.state, found: draft.state.found.filter((found) => found !== twin) }
    adoptFound(draft, twin, now)
  } else if (twin === undefined && unit.phase === 'unresolved' && unit.run?.identity != null) {
    const why = `running as pid ${unit.run.identity.pid}, its double has ended`
    const health = unit.run.role === 'main' ? freshHealth(unit, now, false) : null
    enterPhase(draft, unit, livingPhase[unit.run.role], now, { after: unit.after, health, why })
  }
}

/** Adopts what was found before its units were declared. */
export function adoptDeclared(draft: Draft, now: Now): void {
  const waiting = draft.state.found
  draft.state = { ...draft.state, found: [] }
  for (const found of waiting) adoptFound(draft, found, now)
}

function foundRun(unit: Unit, found: FoundRun, now: Now): Run {
  return {
    n: found.run,
    // What a mark does not tell; a hook so found ends like a short run.
    role: 'main',
    runHash: unit.spec.runHash,
    startedBootMs: now.bootMs,
    identity: found.identity,
    isAdopted: true,
    isPaused: false,
    isStable: false,
    shortfalls: [],
  }
}
