import type { Dialect, Now, Phase, Unit } from '../../../core/model.ts'
import type { StreamRef } from '../../../engine/ports.ts'
import type { ProcessView } from '../contract.ts'
import { exitedTooQuickly, exitStatusOf, isExpectedExit, spawnErrorWords } from './ended.ts'
import { hasFailedToStart, stateOf } from './state.ts'

/** What of a process its declaration says. */
export type Declared = Pick<
  ProcessView,
  'unit' | 'group' | 'dialect' | 'name' | 'startsecs' | 'stdoutPath' | 'stderrPath'
>

export function declaredOf(
  { id, app, spec }: Unit,
  { name, dialect }: { readonly name: string; readonly dialect: Dialect },
  logPathOf: (stream: StreamRef) => string | null,
): Declared {
  const { stdout, stderr } = spec.process
  return {
    unit: id,
    group: app,
    dialect,
    name,
    startsecs: spec.restart.stableMs / 1_000,
    stdoutPath: logPathOf({ unit: id, stream: 'stdout', spec: stdout }),
    stderrPath: stderr === 'stdout' ? null : logPathOf({ unit: id, stream: 'stderr', spec: stderr }),
  }
}

/**
 * Of a unit that was there before the table: what its state tells. `phase`: the one it had before the first transition that
 * is still to be followed.
 */
export function firstView(declared: Declared, unit: Unit, { phase, now }: { phase: Phase; now: Now }): ProcessView {
  const { run, end, earlyExits } = unit
  const isRunning = run !== null && run.role === 'main'
  const hasRested = phase === 'backoff' || phase === 'ended' || phase === 'failed'
  const ended = hasRested ? endedFacts(declared, unit) : { spawnError: '', exitStatus: 0 }
  const stopWallMs = hasRested ? end.atWallMs : null
  return {
    ...declared,
    state: stateOf({ ...unit, phase }),
    // When what has ended by now was started, nothing tells: not later than that.
    startWallMs: isRunning ? now.wallMs - (now.bootMs - run.startedBootMs) : stopWallMs,
    stopWallMs,
    ...ended,
    pid: isRunning ? (run.identity?.pid ?? 0) : 0,
    tries: earlyExits,
  }
}

function endedFacts(
  { name }: Declared,
  { end, earlyExits, phase, spec }: Unit,
): Pick<ProcessView, 'spawnError' | 'exitStatus'> {
  const { exit } = end
  if (exit === null) {
    return { spawnError: hasFailedToStart(end) ? spawnErrorWords(end, spec, name) : '', exitStatus: 0 }
  }
  if (phase === 'failed' || earlyExits > 0) return { spawnError: exitedTooQuickly, exitStatus: 0 }
  const exitStatus = exitStatusOf(exit)
  return { spawnError: isExpectedExit(spec, exit) ? '' : `Bad exit code ${exitStatus}`, exitStatus }
}
