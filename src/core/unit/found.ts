import { type Draft, enterPhase, unitsOf } from '../draft.ts'
import type { After, FoundRun, Now, Phase, Role, Run, Unit, UnitId } from '../model.ts'
import { endUnseen } from './end.ts'
import { freshHealth } from './health.ts'
import { withFoundJob } from './job.ts'
import { talkedBefore } from './talked.ts'

/** Where a unit is while a run of this role lives. */
export const livingPhase: Readonly<Record<Role, Phase>> = { pre: 'preparing', main: 'up', post: 'finishing' }

/**
 * A live run nobody had stored. It is its unit's, as the hook or the main run it was started as, unless another run of the
 * unit lives as well; until the unit is declared it is remembered.
 */
export function adoptFound(draft: Draft, found: FoundRun, now: Now): void {
  const { state } = draft
  draft.state = { ...state, nextRun: Math.max(state.nextRun, found.run + 1) }
  const unit = unitsOf(draft).get(found.unit)
  if (unit === undefined) {
    draft.state = { ...draft.state, found: [...state.found, found] }
  } else if (unit.run === null && found.run <= unit.lastRun) {
    // Left behind by a run that ended: its mark alone does not make it the unit's.
    return
  } else if (unit.run === null) {
    takeFound(draft, unit, found, now)
  } else if (unit.run.n < found.run) {
    const why = `pid ${found.identity.pid} (run ${found.run}) lives beside run ${unit.run.n}: end one of them`
    draft.state = { ...draft.state, found: [...draft.state.found, found] }
    enterPhase(draft, unit, 'unresolved', now, { after: unit.after, why })
  }
}

function takeFound(draft: Draft, unit: Unit, found: FoundRun, now: Now): void {
  const run = foundRun(unit, found, now)
  const facts = { run, attempt: found.attempt, lastRun: found.run }
  const as = `as pid ${found.identity.pid}, found after a restart of the daemon`
  switch (found.role) {
    case 'pre':
      enterPhase(draft, withFoundJob(draft, unit, run.n, now), 'preparing', now, {
        ...facts,
        why: `its pre_start hook runs ${as}`,
      })
      return
    case 'main': {
      const health = freshHealth(unit, now, false)
      const taken = talkedBefore({ ...withFoundJob(draft, unit, run.n, now), run })
      enterPhase(draft, taken, 'up', now, { ...facts, health, why: `running ${as}` })
      return
    }
    case 'post': {
      const { left, after } = leftByItsMain(draft, unit, run, found.attempt, now)
      enterPhase(draft, left, 'finishing', now, { ...facts, after, why: `its post_stop hook runs ${as}` })
      return
    }
  }
}

/** What follows a post_stop hook was decided already, or is now: the main run before it has ended unseen. */
function leftByItsMain(
  draft: Draft,
  unit: Unit,
  hook: Run,
  attempt: number,
  now: Now,
): { readonly left: Unit; readonly after: After } {
  if (unit.after !== null && unit.attempt === attempt) return { left: unit, after: unit.after }
  const main: Run = { ...hook, n: attempt, role: 'main' }
  return endUnseen(draft, withFoundJob(draft, unit, main.n, now), main, now)
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
    role: found.role,
    runHash: unit.spec.runHash,
    startedBootMs: now.bootMs,
    identity: found.identity,
    isAdopted: !found.isChild,
    isPaused: false,
    isStable: false,
    gotTerm: false,
    shortfalls: [],
  }
}
