import type { Now, State, Step } from '../model.ts'
import type { Belongings } from './among.ts'

/** One look at the state, for all that is planned from it. */
export interface Planning {
  readonly state: State
  readonly belongings: Belongings
  readonly now: Now
  readonly steps: Step[]
}

/** In flight already, or tried in vain a moment ago. */
export function isFree({ state, now }: Planning, resource: string): boolean {
  const { work, troubles } = state.containerEngine
  if (work.has(resource)) return false
  const trouble = troubles.get(resource)
  return trouble === undefined || trouble.retryBootMs <= now.bootMs
}
