import type { Phase, State, Unit } from './model.ts'
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

const everyState: Readonly<Record<ShownState, true>> = {
  waiting: true,
  stopped: true,
  starting: true,
  running: true,
  paused: true,
  stopping: true,
  backoff: true,
  exited: true,
  failed: true,
  unknown: true,
}

export const shownStates = Object.keys(everyState) as readonly ShownState[]

/** A phase alone, as the history and the daemon's terminal tell it: those that `ps` has no word for have their own. */
export const phaseWords = {
  idle: 'stopped',
  preparing: 'preparing',
  starting: 'starting',
  up: 'running',
  stopping: 'stopping',
  finishing: 'finishing',
  backoff: 'backoff',
  ended: 'exited',
  failed: 'failed',
  unresolved: 'unknown',
} as const satisfies Readonly<Record<Phase, string>>

/** What `ps` shows for a word of `phaseWords`; of what is no such word, `unknown`. */
export function shownAs(word: string): ShownState {
  if (word === 'preparing') return 'starting'
  if (word === 'finishing') return 'stopping'
  return shownStates.find((state) => state === word) ?? 'unknown'
}

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
