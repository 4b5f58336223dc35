import { fractionOf } from '../../base/hash.ts'
import { type Draft, putUnit, putVolatile, tellChange } from '../draft.ts'
import { probeGraceMs, probeOutputCharsMax, probeResultsKept, probesMax } from '../limits.ts'
import type {
  Check,
  CheckName,
  CheckState,
  Event,
  Health,
  Now,
  ProbeResult,
  Run,
  State,
  Step,
  Unit,
  UnitSpec,
} from '../model.ts'
import { durationText } from '../text.ts'
import { mustEnd } from './wish.ts'

export const checkNames: readonly CheckName[] = ['readiness', 'liveness']

/**
 * What is known of a run that has just begun, was just found, or is checked otherwise than before: nothing. null: nothing is
 * checked.
 */
export function freshHealth(
  unit: Pick<Unit, 'id' | 'spec'>,
  now: Now,
  isNew: boolean,
  before: Health | null = null,
): Health | null {
  const { readiness, liveness } = unit.spec.checks
  if (readiness === null && liveness === null) return null
  // Beyond those of an earlier declaration, whose probes may still be answered.
  const used = [before?.readiness?.nextSeq ?? 0, before?.liveness?.nextSeq ?? 0]
  const nextSeq = Math.max(...used, Math.ceil(now.bootMs) + 1)
  const fresh = (name: CheckName, check: Check | null): CheckState | null => {
    if (check === null) return null
    // What was just started needs a moment; what was found has been there for long.
    const spread = fractionOf(`${unit.id} ${name}`)
    const dueBootMs = Math.round(now.bootMs + check.startIntervalMs * (isNew ? 0.2 + 0.8 * spread : 0.2 * spread))
    return { status: 'starting', failures: 0, dueBootMs, inFlight: null, nextSeq, results: [] }
  }
  return { readiness: fresh('readiness', readiness), liveness: fresh('liveness', liveness) }
}

// ---- probing -------------------------------------------------------------------------------------------------

type ProbeStep = Extract<Step, { kind: 'probe' }>

/** The probes that are due, as many as may be under way together. */
export function planProbes(steps: Step[], state: State, now: Now): void {
  const due: { readonly step: ProbeStep; readonly sinceBootMs: number }[] = []
  let underWay = 0
  for (const unit of state.units.values()) {
    if (unit.health === null || unit.run === null) continue
    for (const check of checkNames) {
      const known = unit.health[check]
      // What nothing declares is of the engine's own probes.
      if (known === null || unit.spec.checks[check] === null) continue
      if (known.inFlight !== null) underWay += 1
      else if (known.dueBootMs <= now.bootMs && isProbed(state, unit))
        due.push({ step: probeStep(unit, unit.run, check, known), sinceBootMs: known.dueBootMs })
    }
  }
  const room = Math.max(0, probesMax - underWay)
  // Who waits longest comes first: slow checks of some must not starve those of the others.
  if (due.length > room) due.sort((a, b) => a.sinceBootMs - b.sinceBootMs)
  for (const { step } of due.slice(0, room)) steps.push(step)
}

/** Liveness and readiness stand still while it is paused, and mean nothing once it must end. */
function isProbed(state: State, unit: Unit): boolean {
  return unit.phase === 'up' && unit.run?.isPaused === false && !mustEnd(state, unit)
}

function probeStep(unit: Unit, run: Run, check: CheckName, known: CheckState): ProbeStep {
  const { probe, timeoutMs } = checkOf(unit.spec, check)
  const seq = known.nextSeq
  const why = `${check} check`
  return {
    kind: 'probe',
    unit: unit.id,
    run,
    attempt: unit.attempt,
    check,
    seq,
    probe,
    timeoutMs,
    spec: unit.spec,
    why,
  }
}

function checkOf(spec: UnitSpec, name: CheckName): Check {
  const check = spec.checks[name]
  if (check === null) throw new Error(`a ${name} check is under way that nothing declares`)
  return check
}

export function beginProbe(draft: Draft, unit: Unit, step: ProbeStep, now: Now): void {
  const known = unit.health?.[step.check]
  if (known == null) return
  const inFlight = { seq: step.seq, dueBootMs: now.bootMs + step.timeoutMs + probeGraceMs }
  putCheck(draft, unit, step.check, { ...known, inFlight, nextSeq: step.seq + 1 })
}

/** The next moment of a unit's checks, in boot ms. A probe that is due and not begun waits for news that will wake us. */
export function nextProbeBootMs(unit: Unit, now: Now): number {
  let next = Number.POSITIVE_INFINITY
  if (unit.health === null) return next
  for (const name of checkNames) {
    const known = unit.health[name]
    if (known === null) continue
    if (known.inFlight !== null) next = Math.min(next, known.inFlight.dueBootMs)
    else if (unit.phase === 'up' && known.dueBootMs > now.bootMs) next = Math.min(next, known.dueBootMs)
  }
  return next
}

// ---- results -------------------------------------------------------------------------------------------------

type Probed = Extract<Event, { kind: 'probed' }>

/** A driver that never answers must not keep a check from deciding. */
export function giveUpProbes(draft: Draft, unit: Unit, now: Now): void {
  let current = unit
  for (const name of checkNames) {
    const inFlight = current.health?.[name]?.inFlight
    if (inFlight == null || inFlight.dueBootMs > now.bootMs || current.run === null) continue
    const { timeoutMs } = checkOf(current.spec, name)
    const event = { check: name, seq: inFlight.seq, isOk: false, output: 'the probe was never answered' }
    current = foldProbe(draft, current, { ...event, durationMs: timeoutMs + probeGraceMs }, now)
  }
}

/** Answers the unit as it is then. */
export function foldProbe(
  draft: Draft,
  unit: Unit,
  probed: Pick<Probed, 'check' | 'seq' | 'isOk' | 'output' | 'durationMs'>,
  now: Now,
): Unit {
  const known = unit.health?.[probed.check]
  const { run } = unit
  if (known == null || run === null || known.inFlight?.seq !== probed.seq) return unit
  const check = checkOf(unit.spec, probed.check)
  if (run.isPaused && !probed.isOk) {
    // It was stopped meanwhile and could not answer: that tells nothing.
    return putCheck(draft, unit, probed.check, { ...known, inFlight: null, dueBootMs: now.bootMs })
  }
  const result: ProbeResult = {
    atWallMs: now.wallMs,
    isOk: probed.isOk,
    output: probed.output.slice(0, probeOutputCharsMax),
    durationMs: probed.durationMs,
  }
  const livedMs = now.bootMs - run.startedBootMs
  const judged = judge(check, known, probed.isOk, livedMs)
  const next: CheckState = {
    ...known,
    ...judged,
    inFlight: null,
    dueBootMs: now.bootMs + pauseMs(check, known, judged.status, { livedMs, seed: `${unit.id} ${probed.check}` }),
    results: [...known.results, result].slice(-probeResultsKept),
  }
  const put = putCheck(draft, unit, probed.check, next)
  return next.status === known.status ? put : tellStatus(draft, put, probed.check, known.status, next, now)
}

/**
 * A success heals at once; so many failures in a row make it unhealthy. Until it first passed, those in its start period do
 * not count, and nothing is decided before the last of its retries would have come, however often it was probed until then.
 */
function judge(
  check: Check,
  known: CheckState,
  isOk: boolean,
  livedMs: number,
): Pick<CheckState, 'status' | 'failures'> {
  if (isOk) return { status: 'healthy', failures: 0 }
  const isStarting = known.status === 'starting'
  const failures = known.failures + (isStarting && livedMs < check.startPeriodMs ? 0 : 1)
  const isDecided = !isStarting || livedMs >= decidedMs(check)
  return { status: isDecided && failures >= check.retries ? 'unhealthy' : known.status, failures }
}

function decidedMs({ startPeriodMs, retries, intervalMs }: Check): number {
  return startPeriodMs + retries * intervalMs
}

/**
 * Units that became steady together are not probed together for ever after. A run that has been there for long, found by
 * another daemon, gets as much time for its retries as any.
 */
function pauseMs(
  check: Check,
  known: CheckState,
  status: CheckState['status'],
  { livedMs, seed }: { readonly livedMs: number; readonly seed: string },
): number {
  if (status === 'starting') {
    return livedMs < decidedMs(check) ? Math.min(check.startIntervalMs, check.intervalMs) : check.intervalMs
  }
  if (known.status !== 'starting') return check.intervalMs
  return Math.max(1, Math.round(check.intervalMs * fractionOf(seed)))
}

function tellStatus(
  draft: Draft,
  unit: Unit,
  name: CheckName,
  before: CheckState['status'],
  { status, failures, results }: CheckState,
  now: Now,
): Unit {
  const last = results.at(-1)?.output ?? ''
  const failed = `${name} check failed ${failures} ${failures === 1 ? 'time' : 'times'} in a row: ${last}`
  const livedMs = now.bootMs - (unit.run?.startedBootMs ?? now.bootMs)
  const healed = before === 'starting' ? `healthy after ${durationText(livedMs)}` : 'healthy again'
  const reason = status === 'healthy' ? (name === 'liveness' ? `alive: ${healed}` : healed) : failed
  const isCondemned = name === 'liveness' && status === 'unhealthy'
  // A passing liveness check is nothing to tell where readiness says more.
  const isTold = status !== 'healthy' || name === 'readiness' || unit.health?.readiness === null
  const changed: Unit = {
    ...unit,
    reason: isTold ? reason : unit.reason,
    condemned: isCondemned ? (unit.condemned ?? failed) : unit.condemned,
  }
  putUnit(draft, changed)
  if (isTold) tellChange(draft, changed, reason, now)
  return changed
}

function putCheck(draft: Draft, unit: Unit, name: CheckName, state: CheckState): Unit {
  const changed: Unit = { ...unit, health: { readiness: null, liveness: null, ...unit.health, [name]: state } }
  putVolatile(draft, changed)
  return changed
}
