import type { Now, Unit, UnitId, UnitSpec } from '../model.ts'
import { unitParts } from '../target/units.ts'
import { declaredJob } from './job.ts'
import { declaredWant } from './wish.ts'

/** A unit that was never there before, wanted as declared. */
export function newUnit(id: UnitId, spec: UnitSpec, now: Now): Unit {
  return {
    ...unitParts(id),
    id,
    spec,
    isDeclared: true,
    want: declaredWant(spec),
    phase: 'idle',
    sinceBootMs: now.bootMs,
    sinceWallMs: now.wallMs,
    reason: 'declared',
    run: null,
    attempt: 0,
    lastRun: 0,
    stop: null,
    condemned: null,
    after: null,
    retryBootMs: null,
    end: { kind: 'never', run: null, exit: null, message: '', atWallMs: null },
    earlyExits: 0,
    restartTimesBootMs: [],
    restarts: 0,
    endRunsUpTo: 0,
    endRunsWhy: '',
    stoppedBy: null,
    signals: [],
    health: null,
    job: declaredJob(null, spec, now),
  }
}
