import { type Draft, enterPhase, freshCounters, peek, putUnit, unitsOf } from '../draft.ts'
import { engineRestartsMs } from '../limits.ts'
import type { Now, State, Unit } from '../model.ts'
import { hindrance, indexServices, isWantedUp } from '../unit/wish.ts'
import { type Belongings, belongingsOf } from './among.ts'
import { containerChange, networkChange } from './change.ts'
import { doubtEngine, engineOf, putEngine } from './fold.ts'
import { advanceHandOver, splitForHandOver } from './hand-over.ts'
import { handsOverTo } from './handing-over.ts'
import { isChangeAhead, mayReplace } from './lock-need.ts'
import { isUnlocked } from './locks.ts'
import type { ContainerSpec, EngineContainer } from './model.ts'

/**
 * Which containers have to be made anew, once nothing forbids it: their living runs are to end, or to hand over. What follows
 * from that is planned as for any unit.
 */
export function decideContainers(draft: Draft, now: Now): void {
  if (!engineOf(draft).isKnown) return
  for (const unit of [...unitsOf(draft).values()])
    if (unit.container?.handsOverTo != null) advanceHandOver(draft, unit, now)
  const state = peek(draft)
  if (state.mode.kind !== 'running') return
  const belongings = belongingsOf(state)
  for (const unit of [...unitsOf(draft).values()]) {
    const container = belongings.byUnit.get(unit.id)
    if (unit.isDeclared && unit.spec.container !== undefined && container !== undefined) {
      decide(draft, { state: peek(draft), belongings, unit, spec: unit.spec.container, container, now })
    }
  }
  endOverrides(draft)
}

interface Scene {
  readonly state: State
  readonly belongings: Belongings
  readonly unit: Unit
  readonly spec: ContainerSpec
  readonly container: EngineContainer
  readonly now: Now
}

function decide(draft: Draft, scene: Scene): void {
  const { state, belongings, unit, container, now } = scene
  const change = containerChange(state, belongings, unit, container)
  if (change.kind === 'cannot-match' && unit.container !== undefined && unit.container.unmatched !== change.unmatched) {
    putUnit(draft, { ...unit, container: { ...unit.container, unmatched: change.unmatched } })
    return
  }
  if (change.kind === 'none' && unit.container?.changed !== undefined) {
    const { changed: _over, ...rest } = unit.container
    putUnit(draft, { ...unit, container: rest })
  }
  if (change.kind !== 'recreate' && container.state === 'restarting') askEngineAgain(draft, unit, now)
  if (change.kind !== 'recreate' || !isWantedUp(state, unit)) return
  if (!mayReplace(state, unit)) {
    reprieve(draft, unit)
    return
  }
  if (unit.run === null) {
    if (unit.phase === 'idle') return
    // What it waits for, or why it gave up, belongs to the container that goes.
    enterPhase(draft, unit, 'idle', now, { ...freshCounters, why: change.why })
  } else if (unit.phase === 'up' && unit.run.n > unit.endRunsUpTo && isUnlocked(state, unit)) {
    if (isHandedOver(scene)) splitForHandOver(draft, unit, change.why, now)
    else replace(draft, unit, unit.run.n, change.why)
  }
}

/** The engine was to start it again, and tells nothing where it could not. */
function askEngineAgain(draft: Draft, unit: Unit, now: Now): void {
  if (unit.phase !== 'backoff' || (unit.retryBootMs ?? 0) > now.bootMs) return
  doubtEngine(draft, `${unit.id}: the engine was to start it again`)
  putUnit(draft, { ...unit, retryBootMs: now.bootMs + engineRestartsMs })
}

function replace(draft: Draft, unit: Unit, run: number, why: string): void {
  const noted = unit.container === undefined ? unit : { ...unit, container: { ...unit.container, replacing: run } }
  putUnit(draft, { ...noted, endRunsUpTo: run, endRunsWhy: why })
}

/** It was to end for a change that is not possible any more, and has not begun to: an image was removed meanwhile. */
function reprieve(draft: Draft, unit: Unit): void {
  const { run, phase, endRunsUpTo, container } = unit
  if (run === null || phase !== 'up' || endRunsUpTo !== run.n || container?.replacing !== run.n) return
  putUnit(draft, { ...unit, endRunsUpTo: run.n - 1 })
}

/** Side by side is possible: one hand-over at a time, and nothing is made anew that both of them need. */
function isHandedOver({ state, unit, spec }: Scene): boolean {
  if (spec.strategy.kind !== 'hand-over' || handsOverTo(state, unit.id) !== null) return false
  const isAroundChanged =
    spec.settings.networks.some(({ engineName }) => networkChange(state, engineName) !== null) ||
    spec.settings.mounts.some(
      (mount) =>
        mount.kind === 'volume' &&
        mount.engineName !== null &&
        state.containerEngine.kept.purges[mount.engineName] !== undefined,
    )
  return !isAroundChanged && hindrance(state, indexServices(state), unit) === null
}

/** An override holds until the changes it was given for are made. */
function endOverrides(draft: Draft): void {
  const engine = engineOf(draft)
  if (engine.overridden.size === 0) return
  const state = peek(draft)
  const belongings = belongingsOf(state)
  const left = [...engine.overridden].filter((app) => isChangeAhead(state, belongings, app))
  if (left.length < engine.overridden.size) putEngine(draft, { ...engine, overridden: new Set(left) })
}
