import type { Now, State, Unit } from '../model.ts'
import { hindrance, indexServices, isWantedUp, mustEnd, type ServiceIndex } from '../unit/wish.ts'
import { type Belongings, lockResource, unitResource } from './among.ts'
import { containerChange, isChangedInVain, isInTheWay } from './change.ts'
import type { EngineContainer } from './model.ts'
import { missingImages } from './obstacle.ts'

/**
 * Whether an app's update lock is needed. take: something is about to be ended, removed or renamed. keep: what was begun under
 * it is not over yet. none: it is to be given back.
 */
export function lockNeed(state: State, belongings: Belongings, app: string): 'take' | 'keep' | 'none' {
  let need: 'keep' | 'none' = 'none'
  const index = indexServices(state)
  for (const unit of state.units.values()) {
    if (unit.app !== app || (unit.spec.container === undefined && unit.container === undefined)) continue
    const one = needOf(state, belongings, index, unit)
    if (one === 'take') return 'take'
    if (one === 'keep') need = 'keep'
  }
  return need
}

/** The file that keeps this unit from being ended or changed, now that it was looked at; null: none does. */
export function lockedBy(state: State, belongings: Belongings, unit: Unit, now: Now): string | null {
  const { locks, work, overridden } = state.containerEngine
  const lock = locks.get(unit.app)
  if (lock?.kind !== 'refused' || lock.retryBootMs <= now.bootMs || work.has(lockResource(unit.app))) return null
  if (unit.spec.container === undefined || overridden.has(unit.app)) return null
  return needOf(state, belongings, indexServices(state), unit) === 'take' ? lock.file : null
}

/** Whether something of an app is still to be changed, now or when its images are there. */
export function isChangeAhead(state: State, belongings: Belongings, app: string): boolean {
  if (lockNeed(state, belongings, app) !== 'none') return true
  for (const unit of state.units.values()) {
    const container = belongings.byUnit.get(unit.id)
    const { container: spec } = unit.spec
    if (unit.app !== app || container === undefined || spec === undefined || !isWantedUp(state, unit)) continue
    if (!state.containerEngine.images.has(spec.image)) return true
    if (containerChange(state, belongings, unit, container).kind === 'recreate') return true
  }
  return false
}

function needOf(state: State, belongings: Belongings, index: ServiceIndex, unit: Unit): 'take' | 'keep' | 'none' {
  const container = belongings.byUnit.get(unit.id)
  if (unit.run !== null && mustEnd(state, unit)) return unit.phase === 'stopping' ? 'keep' : 'take'
  if (unit.phase === 'stopping') return 'keep'
  // Held, nothing is made anew or removed.
  if (state.mode.kind !== 'running') return isOnItsWay(state, unit) ? 'keep' : 'none'
  if (belongings.doubles.some((double) => double.unit === unit.id)) return 'take'
  if (!unit.isDeclared) return container === undefined ? 'none' : 'take'
  if (container?.state === 'dead') return 'take'
  if (container !== undefined && isStoppedBetweenRuns(state, unit, container)) return 'take'
  if (container !== undefined && unit.spec.container !== undefined) {
    const change = containerChange(state, belongings, unit, container)
    const isWanted = isWantedUp(state, unit)
    if (isWanted && change.kind === 'in-place' && !isChangedInVain(unit, change)) return 'take'
    const isFree = unit.run !== null || hindrance(state, index, unit) === null
    const isReady = isWanted && mayReplace(state, unit) && isFree
    if (change.kind === 'recreate' && (isReady || isInTheWay(change))) return 'take'
  }
  return isOnItsWay(state, unit) ? 'keep' : 'none'
}

/** Whoever is idle is started by us, as soon as nothing holds it back. */
export function isStoppedBetweenRuns(state: State, unit: Unit, container: EngineContainer): boolean {
  if (container.state !== 'restarting' || unit.run !== null) return false
  return unit.phase === 'idle' || !isWantedUp(state, unit)
}

/** What waits for something else waits without the lock. */
function isOnItsWay({ containerEngine }: State, { id, phase }: Unit): boolean {
  return phase === 'starting' || containerEngine.work.has(unitResource(id))
}

/** Whether the old one may go, as far as what the new one needs is there. */
export function mayReplace(state: State, unit: Unit): boolean {
  const kind = unit.spec.container?.strategy.kind
  return kind === 'kill-then-download' || kind === 'delete-then-download' || missingImages(state, unit.app).length === 0
}
