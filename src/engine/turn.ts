import { advanceInto } from '../core/advance.ts'
import { beginInto } from '../core/begin.ts'
import { closeDraft, openDraft, peek } from '../core/draft.ts'
import type { Change, Event, Now, State, Step } from '../core/model.ts'
import { observeInto } from '../core/observe.ts'
import { plan } from '../core/plan.ts'

export interface Turn extends Change {
  /** To be handed to the driver after the state was committed. */
  readonly steps: readonly Step[]
}

/**
 * One turn of the engine as a pure function: observe, advance, plan, begin, over one draft, because copying the units is
 * what costs at thousands of them. Replay and simulation use the same function.
 */
export function turn(state: State, events: readonly Event[], now: Now): Turn {
  const draft = openDraft(state)
  observeInto(draft, events, now)
  advanceInto(draft, now)
  const steps = plan(peek(draft), now)
  beginInto(draft, steps, now)
  return { ...closeDraft(draft, state), steps }
}
