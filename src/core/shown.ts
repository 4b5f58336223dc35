import type { State, Unit } from './model.ts'
import { hindrance, type ServiceIndex } from './unit/wish.ts'

/** The words of `holdfast ps`, by docs/lifecycle.md "Projections". */
export type ShownState =
  | 'waiting'
  | 'stopped'
  | 'starting'
  | 'running'
  | 'paused'
  | 'stopping'
  | 'backoff'
  | 'exited'
  | 'failed'
  | 'unknown'

export function shownState(state: State, index: ServiceIndex, unit: Unit): ShownState {
  switch (unit.phase) {
    case 'idle':
      if (unit.want.kind === 'down' || !unit.isDeclared || state.mode.kind === 'stopping') return 'stopped'
      return hindrance(state, index, unit) === null ? 'starting' : 'waiting'
    case 'preparing':
    case 'starting':
      return 'starting'
    case 'up':
      return unit.run?.isPaused ? 'paused' : 'running'
    case 'stopping':
    case 'finishing':
      return 'stopping'
    case 'backoff':
      return 'backoff'
    case 'ended':
      return 'exited'
    case 'failed':
      return 'failed'
    case 'unresolved':
      return 'unknown'
  }
}
