import type { Unit } from '../model.ts'

/**
 * A run that talked with a daemon before us is followed by another one: its pipes ended with that daemon. However it comes to its
 * end it has not failed, and no restart of it counts. Of any other run nothing changes.
 */
export function talkedBefore(unit: Unit): Unit {
  const { run, spec } = unit
  if (run === null || run.role !== 'main' || spec.process.stdin.kind !== 'events') return unit
  return { ...unit, endRunsUpTo: run.n, endRunsWhy: 'it talked with the daemon before' }
}
