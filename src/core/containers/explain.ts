import type { Now, State, Unit } from '../model.ts'
import { isWantedUp, mustEnd } from '../unit/wish.ts'
import { belongingsOf, isContainerUnit, unitResource } from './among.ts'
import { containerChange } from './change.ts'
import { compareVolume, differenceText } from './compare.ts'
import { isHandingOver } from './handing-over.ts'
import { mayReplace } from './lock-need.ts'
import { isUnlocked, lockText } from './locks.ts'
import { engineObstacle, missingImages, startObstacle, troubleText } from './obstacle.ts'

/** What there is to say of a unit's container beyond its phase. */
export interface ContainerAccount {
  readonly why: string
  readonly next: string
}

/** null: its phase says it all. */
export function explainContainer(state: State, unit: Unit, now: Now): ContainerAccount | null {
  if (!isContainerUnit(unit)) return null
  const work = state.containerEngine.work.get(unitResource(unit.id))
  if (work !== undefined) return { why: `its container: ${work.step} is under way`, next: 'its outcome follows' }
  if (isHandingOver(state, unit)) {
    return { why: `it hands over to ${unit.container?.handsOverTo}`, next: 'stopped when that has taken over' }
  }
  if (unit.run !== null && mustEnd(state, unit) && !isUnlocked(state, unit)) {
    return { why: `it has to end, and ${lockText(state, unit)}`, next: 'stopped as soon as the lock is free' }
  }
  if (!unit.isDeclared) return undeclared(state, unit, now)
  if (isWantedUp(state, unit) && unit.run === null && (unit.phase === 'idle' || unit.phase === 'backoff')) {
    const obstacle = startObstacle(state, belongingsOf(state), unit, now)
    return obstacle === null ? null : { why: obstacle, next: 'started as soon as that is over' }
  }
  return unit.phase === 'up' ? changing(state, unit, now) : null
}

function undeclared(state: State, unit: Unit, now: Now): ContainerAccount | null {
  if (unit.run !== null) return null
  const why = engineObstacle(state, now) ?? troubleText(state, unitResource(unit.id), now)
  if (why === null && !isUnlocked(state, unit))
    return { why: lockText(state, unit), next: 'removed as soon as the lock is free' }
  return why === null
    ? null
    : { why: `no longer declared; ${why}`, next: 'its container is removed as soon as that is over' }
}

/** What a volume holds is worth more than how it was declared. */
function otherVolume(state: State, unit: Unit): ContainerAccount | null {
  const declared = state.target.apps[unit.app]?.resources?.volumes ?? {}
  for (const mount of unit.spec.container?.settings.mounts ?? []) {
    const spec = mount.kind === 'volume' && mount.volume !== null ? declared[mount.volume] : undefined
    const volume = spec === undefined ? undefined : state.containerEngine.volumes.get(spec.engineName)
    if (spec === undefined || volume === undefined || spec.isExternal || !volume.isOurs) continue
    const differences = compareVolume(spec, volume)
    if (differences.length === 0) continue
    const why = `volume ${spec.engineName} is declared otherwise by now (${differences.map(differenceText).join('; ')})`
    return { why, next: 'nothing: it stays as it is with what it holds; holdfast purge makes it anew, empty' }
  }
  return null
}

/** It runs, and not as it is declared. */
function changing(state: State, unit: Unit, now: Now): ContainerAccount | null {
  const belongings = belongingsOf(state)
  const container = belongings.byUnit.get(unit.id)
  if (container === undefined || mustEnd(state, unit)) return null
  const change = containerChange(state, belongings, unit, container)
  const trouble = troubleText(state, unitResource(unit.id), now)
  switch (change.kind) {
    case 'none':
      return otherVolume(state, unit)
    case 'cannot-match':
      return {
        why: `it runs, and the engine made of its declaration something else (${change.why})`,
        next: 'nothing: made anew it would be the same',
      }
    case 'in-place':
      if (!isUnlocked(state, unit))
        return { why: `${change.why}; ${lockText(state, unit)}`, next: 'changed as soon as the lock is free' }
      return { why: trouble === null ? change.why : `${change.why}; ${trouble}`, next: 'changed in place' }
    case 'recreate': {
      const why = `it runs as before: ${change.why}`
      if (!mayReplace(state, unit)) {
        const waits =
          startObstacle(state, belongings, unit, now) ??
          `images are missing: ${missingImages(state, unit.app).join(', ')}`
        return { why: `${why}; ${waits}`, next: 'made anew as soon as that is over' }
      }
      const lock = isUnlocked(state, unit) ? '' : `; ${lockText(state, unit)}`
      return { why: `${why}${lock}`, next: 'made anew' }
    }
  }
}
