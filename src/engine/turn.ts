import { advance } from '../core/advance.ts'
import { begin } from '../core/begin.ts'
import type { Event, Now, State, Step, Transition, UnitId } from '../core/model.ts'
import { observe } from '../core/observe.ts'
import { plan } from '../core/plan.ts'

export interface Turn {
  readonly state: State
  /** To be handed to the driver after the state was committed. */
  readonly steps: readonly Step[]
  readonly transitions: readonly Transition[]
  readonly touched: ReadonlySet<UnitId>
}

/** One turn of the engine as a pure function: observe, advance, plan, begin. Replay and simulation use the same one. */
export function turn(state: State, events: readonly Event[], now: Now): Turn {
  const observed = observe(state, events, now)
  const advanced = advance(observed.state, now)
  const steps = plan(advanced.state, now)
  const begun = begin(advanced.state, steps, now)
  return {
    state: begun.state,
    steps,
    transitions: [...observed.transitions, ...advanced.transitions, ...begun.transitions],
    touched: new Set([...observed.touched, ...advanced.touched, ...begun.touched]),
  }
}
