import { explain } from '../../src/core/explain.ts'
import { clockBelievableWallMs } from '../../src/core/limits.ts'
import type { EndKind, JobRun, Now, State, StopRung, Unit } from '../../src/core/model.ts'
import type { Process, World } from '../../src/drivers/fake/world.ts'
import { hasToEnd } from './invariants.ts'
import { isContainer } from './scene.ts'
import { hold } from './violation.ts'

const name = 'without faults it converges or is explained'

/** Faults are off and nothing is left to do: each unit is where it belongs, or rests for a reason that is one. */
export function checkConverged(state: State, now: Now, world: World): void {
  const told = new Map(explain(state, now).map((explanation) => [explanation.unit, explanation]))
  for (const unit of state.units.values()) {
    const isLegitimate = isAtRest(state, unit, new Set())
    hold(
      isLegitimate,
      name,
      () =>
        `${unit.id} (want ${unit.want.kind}, ${unit.end.kind}) rests in ${unit.phase}: ${unit.reason}; told: ${JSON.stringify(told.get(unit.id))}`,
    )
    if (isContainer(unit)) continue
    const lives = [...world.processes.values()].filter((process) => process.unit === unit.id && !process.isImpostor)
    const isReal = unit.run === null ? lives.length === 0 : lives.length === 1 && lives[0]?.run === unit.run.n
    hold(
      isReal,
      name,
      () => `${unit.id} is ${unit.phase} with run ${unit.run?.n}; alive: ${lives.map((one) => one.run)}`,
    )
  }
}

function isAtRest(state: State, unit: Unit, seen: Set<Unit>): boolean {
  // Nothing is made or removed while the daemon is held: what the engine does not do by itself waits.
  if (state.mode.kind === 'held' && isContainer(unit) && unit.run === null) return true
  if (!unit.isDeclared) return false
  const isWanted = state.mode.kind !== 'stopping' && unit.want.kind !== 'down'
  switch (unit.phase) {
    case 'idle':
      return !isWanted || isWaiting(state, unit, seen)
    case 'up':
      return isWanted && isChecked(unit)
    case 'ended':
      return !isWanted || wasEndedByPolicy(unit)
    case 'failed':
      return failures.has(unit.end.kind)
    case 'backoff':
      return isWaiting(state, unit, seen)
    case 'preparing':
    case 'stopping':
    case 'finishing':
    case 'starting':
    case 'unresolved':
      return false
  }
}

const failures: ReadonlySet<EndKind> = new Set(['gave-up', 'spawn-failed', 'hook-failed'])

/** Every process that is checked passes by now; a paused one is not asked. */
function isChecked({ health, run }: Unit): boolean {
  return (
    run?.isPaused || [health?.readiness, health?.liveness].every((check) => check == null || check.status === 'healthy')
  )
}

/** By the policy of the time it ended: a changed one does not start again what has ended. One run by hand asks for none. */
function wasEndedByPolicy({ end, reason }: Unit): boolean {
  const when = /restart policy ([a-z-]+)/.exec(reason)?.[1] ?? 'no'
  if (end.kind === 'expected') return when === 'no' || when === 'on-failure'
  return when === 'no' || (when === 'on-failure' && end.kind === 'unknown')
}

/** It waits for another one that itself rests for a reason and does not fulfil the condition. */
function isWaiting(state: State, unit: Unit, seen: Set<Unit>): boolean {
  if (seen.has(unit)) return false
  seen.add(unit)
  if (isLent(state, unit, seen)) return true
  return unit.spec.dependsOn.some(({ service, condition, required }) => {
    const others = [...state.units.values()].filter(
      (one) => one.app === unit.app && one.service === service && one.isDeclared,
    )
    if (others.length === 0) return required
    return others.some((other) => {
      const isMet =
        condition === 'completed'
          ? other.phase === 'ended' && other.end.kind === 'expected'
          : other.phase === 'up' && (condition === 'started' || other.health?.readiness?.status === 'healthy')
      return !isMet && isAtRest(state, other, seen)
    })
  })
}

/** It shares the network of one that rests and does not run. */
function isLent(state: State, { app, spec }: Unit, seen: Set<Unit>): boolean {
  const mode = spec.container?.settings.networkMode
  const other = mode?.kind === 'service' ? state.units.get(`${app}/${mode.service}/1`) : undefined
  return other !== undefined && other.phase !== 'up' && isAtRest(state, other, seen)
}

/** Its ladder is over, and it is paused, deaf to its signals, or they were refused: only a person can end it. */
export function isStuck(unit: Unit, process: Process | undefined): boolean {
  if (process === undefined) return false
  const { isPaused, script } = process
  if (isPatient(unit)) return process.endsBootMs === null || isPaused
  if (unit.phase !== 'stopping' || unit.stop?.dueBootMs !== null) return false
  const ladder = (unit.stop.isForGood ? unit.spec.retire : null) ?? unit.spec.stop
  // What it did not obey may have been declared otherwise by then.
  const isObstinate = process.endsBootMs === null && (script.handles?.length ?? 0) + script.ignores.length > 0
  return isPaused || script.isForbidden || isObstinate || ladder.every((rung) => isDeaf(process, rung))
}

/** A hook that may take as long as it likes, or so long that nobody waits for it here: it is not declared any more. */
function isPatient({ phase, run, spec }: Unit): boolean {
  if (run === null || (phase !== 'preparing' && phase !== 'finishing')) return false
  return (run.role === 'pre' ? spec.hooks.preStart : spec.hooks.postStop)?.timeoutMs == null
}

function isDeaf({ script, role }: Process, { signal, script: asked }: StopRung): boolean {
  if (signal === 'CONT' || signal === '0' || script.ignores.includes(signal)) return true
  return role === 'main' && asked !== undefined && script.handles?.includes(signal) === true
}

/** Something of it is still to come by itself, or its checks have not said all yet. */
export function isWaitedFor(state: State, unit: Unit, now: Now): boolean {
  const { phase, run, retryBootMs, stop, job } = unit
  if (run !== null && run.identity === null) return true
  if (stop?.dueBootMs != null) return true
  if ((phase === 'preparing' || phase === 'finishing') && !isPatient(unit)) return true
  // What waits for another one to end first is not probed any more.
  const isSettled = isChecked(unit) || hasToEnd(state, unit)
  if (phase === 'up' && (run?.isStable === false || !isSettled)) return true
  return (retryBootMs !== null && retryBootMs > now.bootMs) || job?.due === 'asked'
}

/** What was due by its schedule has run, or waits to. */
export function checkScheduled(before: State, after: State): void {
  for (const { id, job, isDeclared } of before.units.values()) {
    const unit = after.units.get(id)
    if (!isDeclared || job?.dueWallMs == null || unit?.job == null) continue
    // Of a time before the clock was set for the first time, or set right again, nothing is told.
    if (job.dueWallMs < Math.max(clockBelievableWallMs, job.trustedWallMs)) continue
    const { dueWallMs, history, isQueued } = unit.job
    hold(dueWallMs !== null && dueWallMs > job.dueWallMs, name, () => `${id}: its next time is ${dueWallMs}`)
    // One that was queued stands for however many times.
    const stands = (one: JobRun) =>
      one.dueWallMs === (one.dueWallMs === null ? null : job.dueWallMs) && !job.history.includes(one)
    hold(isQueued || history.some(stands), name, () => `${id}: nothing came of ${job.dueWallMs}`)
  }
}
