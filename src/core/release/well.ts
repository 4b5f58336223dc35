import { isAsDeclared } from '../containers/as-declared.ts'
import type { State, Unit, UnitId } from '../model.ts'
import { durationText } from '../text.ts'
import { hindrance, indexServices, mustEnd, type ServiceIndex } from '../unit/wish.ts'
import { stateText, waitingFor } from '../waiting.ts'

/** Wanted up for good: what runs by a schedule, was asked for once, or is stopped says nothing of a release. */
export function isJudged({ isDeclared, spec, want }: Unit): boolean {
  return isDeclared && spec.schedule === null && want.kind === 'up'
}

/** As declared, and working as far as anything tells. What runs once is well when it has done so. */
export function isWell(state: State, unit: Unit): boolean {
  if (unit.phase === 'ended') return unit.end.kind === 'expected'
  if (unit.phase !== 'up' || unit.spec.once !== null) return false
  return unit.run?.isPaused === false && isPresent(state, unit) && isReady(unit)
}

/** Nothing brings it up by itself any more. */
export function hasGivenUp({ phase, end }: Unit): boolean {
  return phase === 'failed' || (phase === 'ended' && end.kind !== 'expected')
}

/** What keeps a unit from being well: `shop/web/1 is in backoff: exit code 1 after 200 ms; …`. */
export function lackText(state: State, index: ServiceIndex, unit: Unit): string {
  const waiting = unit.phase === 'idle' ? waitingFor(state, index, unit) : null
  if (waiting !== null) return `${unit.id} waits for ${waiting.what}`
  if (unit.phase === 'up' && unit.run?.isPaused === true) return `${unit.id} is paused`
  if (unit.phase === 'up' && !isPresent(state, unit)) return `${unit.id} still runs as it was declared before`
  if (unit.phase === 'up' && unit.spec.once !== null) return `${unit.id} has not done yet what it runs once for`
  return `${unit.id} ${stateText(state, unit, 'healthy')}`
}

/** What is well, and has not been so for long enough: `shop/web/1 was started 1.2 s ago, after exit code 1`. */
export function youngText(unit: Unit, nowBootMs: number): string {
  const sinceMs = nowBootMs - (unit.run?.startedBootMs ?? unit.sinceBootMs)
  return `${unit.id} ${unit.run === null ? 'ended' : 'was started'} ${durationText(sinceMs)} ago`
}

/** Those of an app that are unwell by themselves, not because something is just being changed; and those that wait for them. */
export function sickUnits(state: State, app: string): readonly UnitId[] {
  const judged = [...state.units.values()].filter((unit) => unit.app === app && isJudged(unit))
  const sick = new Set(judged.filter((unit) => isSick(state, unit)).map(({ id }) => id))
  if (sick.size === 0 && !judged.some(({ phase }) => phase === 'idle')) return []
  const index = indexServices(state)
  const waiting = judged.filter(({ phase }) => phase === 'idle')
  for (let size = -1; size !== sick.size; ) {
    size = sick.size
    for (const unit of waiting) {
      const first = hindrance(state, index, unit)
      if (first !== null && (first.late === null || sick.has(first.late.id))) sick.add(unit.id)
    }
  }
  return judged.filter(({ id }) => sick.has(id)).map(({ id }) => id)
}

function isSick(state: State, unit: Unit): boolean {
  switch (unit.phase) {
    case 'backoff':
    case 'failed':
    case 'unresolved':
      return true
    case 'ended':
      return unit.end.kind !== 'expected'
    case 'up':
      return isPresent(state, unit) && (unit.run?.isPaused === true || unit.health?.readiness?.status === 'unhealthy')
    case 'idle':
    case 'preparing':
    case 'starting':
    case 'stopping':
    case 'finishing':
      return false
  }
}

/** Its run is to go on, and is what is declared now. */
function isPresent(state: State, unit: Unit): boolean {
  return !mustEnd(state, unit) && isAsDeclared(state, unit)
}

/** By what is checked of it; an image may have a check that nothing declares. */
function isReady({ spec, health }: Unit): boolean {
  if (health?.liveness?.status === 'unhealthy') return false
  const status = health?.readiness?.status
  return status === undefined ? spec.checks.readiness === null : status === 'healthy'
}
