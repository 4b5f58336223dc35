import type { Dependency, State, Unit, UnitId } from './model.ts'
import { neededKey } from './target/units.ts'
import { isSomebody } from './text.ts'
import { type Hindrance, hindrance, isWantedUp, mustEnd, type ServiceIndex } from './unit/wish.ts'

/** Why a unit is not started yet. */
export interface Waiting {
  /** `a/web/1 to start, which waits for a/db/1 to be healthy; a/db/1 has failed: …`: through all that wait themselves. */
  readonly what: string
  /** The service at which it begins: `a/db`. */
  readonly service: string
  /** The unit at which it begins; null: that service has no units. */
  readonly root: Unit | null
}

/** What holds a unit's start back, and who is to blame for it in the end; null: nothing holds it back. */
export function waitingFor(state: State, index: ServiceIndex, unit: Unit): Waiting | null {
  const first = hindrance(state, index, unit)
  if (first === null) return null
  const chain = chainFrom(state, index, unit, first)
  const last = chain.at(-1)!
  const service = neededKey(chain.at(-2)?.late?.app ?? unit.app, last.dependency)
  const links = chain.map(({ dependency, late }) => `${late?.id ?? service} ${conditionTexts[dependency.condition]}`)
  const subject = chain.length === 1 ? 'it' : (last.late?.id ?? service)
  const blame = last.late === null ? 'has no units' : stateText(state, last.late, last.dependency.condition)
  return { what: `${links.join(', which waits for ')}; ${subject} ${blame}`, service, root: last.late }
}

const conditionTexts: Readonly<Record<Dependency['condition'], string>> = {
  started: 'to start',
  healthy: 'to be healthy',
  completed: 'to complete',
}

/** From one that waits to the next. A circle is no valid target; met all the same, it ends where it closes. */
function chainFrom(state: State, index: ServiceIndex, unit: Unit, first: Hindrance): readonly Hindrance[] {
  const chain = [first]
  const seen = new Set<UnitId>([unit.id])
  for (let late = first.late; late !== null && !seen.has(late.id); ) {
    seen.add(late.id)
    const next = late.phase === 'idle' && isWantedUp(state, late) ? hindrance(state, index, late) : null
    if (next === null) return chain
    chain.push(next)
    late = next.late
  }
  return chain
}

/** What is the matter with one that is waited for: `has failed: spawn failed (ENOENT): …`. */
export function stateText(state: State, unit: Unit, condition: Dependency['condition']): string {
  const { phase, reason } = unit
  switch (phase) {
    case 'idle':
      if (isWantedUp(state, unit)) return 'is about to be started'
      if (unit.spec.schedule !== null) return 'runs by its schedule only'
      return isSomebody(unit.want.by) ? `is stopped: ${reason}` : 'is not started by itself'
    case 'preparing':
    case 'starting':
      return 'is being started'
    case 'up':
      if (mustEnd(state, unit)) return 'has to end first'
      return condition === 'completed' ? 'still runs' : healthText(unit)
    case 'stopping':
    case 'finishing':
      return `is being stopped: ${reason}`
    case 'backoff':
      return `is in backoff: ${reason}`
    case 'ended':
      return `has ended: ${reason}`
    case 'failed':
      return `has failed: ${reason}`
    case 'unresolved':
      return `cannot be told from others: ${reason}`
  }
}

function healthText({ health, reason }: Unit): string {
  const check = health?.readiness ?? null
  if (check === null) return 'runs, and nothing checks whether it is healthy'
  if (check.status === 'unhealthy') return `is unhealthy: ${reason}`
  const output = check.results.at(-1)?.output ?? ''
  return `runs, and is not healthy yet${output === '' ? '' : `: ${output}`}`
}
