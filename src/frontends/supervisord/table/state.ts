import type { End, Unit } from '../../../core/model.ts'
import type { ProcessState } from '../contract.ts'

/** supervisord's state of a unit (docs/lifecycle.md "Projections"), as far as the unit alone tells it. */
export function stateOf(unit: Pick<Unit, 'phase' | 'run' | 'earlyExits' | 'end'>): ProcessState {
  switch (unit.phase) {
    case 'idle':
      return 'STOPPED'
    case 'preparing':
    case 'starting':
      return 'STARTING'
    case 'up':
      return unit.run === null || unit.run.isStable ? 'RUNNING' : 'STARTING'
    case 'stopping':
    case 'finishing':
      return 'STOPPING'
    case 'backoff':
      return isAfterEarlyEnd(unit) ? 'BACKOFF' : 'EXITED'
    case 'ended':
      return 'EXITED'
    case 'failed':
      return 'FATAL'
    case 'unresolved':
      return 'UNKNOWN'
  }
}

/** Of a unit in backoff: its start has failed, other than a run that was well and is followed by the next one. */
export function isAfterEarlyEnd({ earlyExits, end }: Pick<Unit, 'earlyExits' | 'end'>): boolean {
  return earlyExits > 0 || hasFailedToStart(end)
}

/** No main process came of it, which may have been the last try. */
export function hasFailedToStart(end: End | null): end is End {
  if (end === null) return false
  return end.kind === 'spawn-failed' || end.kind === 'hook-failed' || (end.kind === 'gave-up' && end.exit === null)
}
