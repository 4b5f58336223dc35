import { explain } from '../../src/core/explain.ts'
import type { Now, State, Unit } from '../../src/core/model.ts'
import type { Process, World } from '../../src/drivers/fake/world.ts'
import { hold } from './violation.ts'

const name = 'without faults it converges or is explained'

/** Faults are off and nothing is left to do: each unit is where it belongs, or rests for a reason that is one. */
export function checkConverged(state: State, now: Now, world: World): void {
  const told = new Map(explain(state, now).map((explanation) => [explanation.unit, explanation]))
  for (const unit of state.units.values()) {
    const isLegitimate = isAtRest(state, unit, new Set())
    hold(
      isLegitimate,
      name,
      () =>
        `${unit.id} (want ${unit.want.kind}, ${unit.end.kind}) rests in ${unit.phase}: ${unit.reason}; told: ${JSON.stringify(told.get(unit.id))}`,
    )
    const lives = [...world.processes.values()].filter((process) => process.unit === unit.id && !process.isImpostor)
    const isReal = unit.run === null ? lives.length === 0 : lives.length === 1 && lives[0]?.run === unit.run.n
    hold(
      isReal,
      name,
      () => `${unit.id} is ${unit.phase} with run ${unit.run?.n}; alive: ${lives.map((one) => one.run)}`,
    )
  }
}

function isAtRest(state: State, unit: Unit, seen: Set<Unit>): boolean {
  if (!unit.isDeclared) return false
  const isWanted = state.mode.kind !== 'stopping' && unit.want.kind !== 'down'
  switch (unit.phase) {
    case 'idle':
      return !isWanted || isWaiting(state, unit, seen)
    case 'up':
      return isWanted
    case 'ended':
      return isWanted && wasEndedByPolicy(unit)
    case 'failed':
      return unit.end.kind === 'gave-up' || unit.end.kind === 'spawn-failed'
    case 'backoff':
      return isWaiting(state, unit, seen)
    case 'stopping':
    case 'starting':
    case 'unresolved':
      return false
  }
}

/** By the policy of the time it ended: a changed one does not start again what has ended. */
function wasEndedByPolicy({ end, reason, spec }: Unit): boolean {
  const when = /restart policy (\S+)$/.exec(reason)?.[1] ?? spec.restart.when
  if (end.kind === 'expected') return when === 'no' || when === 'on-failure'
  return when === 'no' || (when === 'on-failure' && end.kind === 'unknown')
}

/** It waits for another one that itself rests for a reason and does not fulfil the condition. */
function isWaiting(state: State, unit: Unit, seen: Set<Unit>): boolean {
  if (seen.has(unit)) return false
  seen.add(unit)
  return unit.spec.dependsOn.some(({ service, condition, required }) => {
    const others = [...state.units.values()].filter(
      (one) => one.app === unit.app && one.service === service && one.isDeclared,
    )
    if (others.length === 0) return required
    return others.some((other) => {
      const isMet =
        condition === 'started' ? other.phase === 'up' : other.phase === 'ended' && other.end.kind === 'expected'
      return !isMet && isAtRest(state, other, seen)
    })
  })
}

/** Its ladder is over, and it is paused, deaf to its signals, or they were refused: only a person can end it. */
export function isStuck(unit: Unit, process: Process | undefined): boolean {
  if (process === undefined || unit.phase !== 'stopping' || unit.stop?.dueBootMs !== null) return false
  const { isPaused, script } = process
  return isPaused || script.isForbidden || unit.spec.stop.every((rung) => script.ignores.includes(rung.signal))
}
