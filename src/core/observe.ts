import { applyCommand } from './command.ts'
import { doubtEngine, foldEngine } from './containers/fold.ts'
import type { EngineEvent } from './containers/model.ts'
import { closeDraft, type Draft, enterPhase, openDraft, putUnit, unitsOf } from './draft.ts'
import type { Change, Event, Now, Run, State, Unit, UnitId } from './model.ts'
import { endRun } from './unit/end.ts'
import { adoptFound, settleTwins } from './unit/found.ts'
import { foldProbe, freshHealth } from './unit/health.ts'
import { foldNextDue } from './unit/job.ts'
import { live, startAgain } from './unit/started.ts'

/** Folds in what we learned, event by event. Decides nothing; news about an older run changes nothing. */
export function observe(state: State, events: readonly Event[], now: Now): Change {
  const draft = openDraft(state)
  observeInto(draft, events, now)
  return closeDraft(draft, state)
}

export function observeInto(draft: Draft, events: readonly Event[], now: Now): void {
  for (const event of events) fold(draft, event, now)
}

function fold(draft: Draft, event: Event, now: Now): void {
  switch (event.kind) {
    case 'command':
      applyCommand(draft, event.command, now)
      return
    case 'observed':
      observed(draft, event, now)
      return
    case 'observe-failed':
      draft.state = { ...draft.state, observe: null }
      return
    case 'found':
      adoptFound(draft, event, now)
      return
    case 'next-due': {
      const unit = unitsOf(draft).get(event.unit)
      if (unit !== undefined) foldNextDue(draft, unit, event)
      return
    }
    case 'exited':
      forgetFound(draft, event)
      withRun(draft, event, (unit, run) => foldRun(draft, unit, run, event, now))
      settleTwins(draft, event.unit, now)
      return
    case 'engine-observed':
    case 'engine-observe-failed':
    case 'engine-news':
    case 'engine-doubt':
    case 'engine-done':
    case 'engine-failed':
    case 'container-died':
    case 'pull-progress':
      foldEngine(draft, event, now)
      return
    default:
      withRun(draft, event, (unit, run) => foldRun(draft, unit, run, event, now))
  }
}

/** A run found for a unit that is not declared ended: whoever declares the unit later must not take it for alive. */
function forgetFound(draft: Draft, event: { readonly unit: UnitId; readonly run: number }): void {
  const { found } = draft.state
  const left = found.filter((one) => one.unit !== event.unit || one.run !== event.run)
  if (left.length < found.length) draft.state = { ...draft.state, found: left }
}

type RunEvent = Exclude<Event, EngineEvent | { kind: 'command' | 'observed' | 'observe-failed' | 'found' | 'next-due' }>

/** Only the run the unit has now matters; anything else is old news. */
function withRun(
  draft: Draft,
  event: { readonly unit: UnitId; readonly run: number },
  act: (unit: Unit, run: Run) => void,
): void {
  const unit = unitsOf(draft).get(event.unit)
  if (unit?.run?.n === event.run) act(unit, unit.run)
}

function spawnedRun(run: Run, event: Extract<Event, { kind: 'spawned' }>): Run {
  const { identity, startedBootMs = run.startedBootMs, shortfalls = [] } = event
  return { ...run, identity, startedBootMs, shortfalls }
}

function foldRun(draft: Draft, unit: Unit, run: Run, event: RunEvent, now: Now): void {
  switch (event.kind) {
    case 'spawned':
      if (run.identity !== null || unit.phase === 'unresolved') return
      live(draft, unit, spawnedRun(run, event), now)
      return
    case 'spawn-failed':
      if (run.identity !== null || unit.phase === 'unresolved') return
      endRun(draft, unit, run, { kind: 'spawn-failed', failure: event }, now)
      return
    case 'exited':
      endRun(draft, unit, run, { kind: 'exit', exit: event.exit, livedMs: event.livedMs ?? null }, now)
      return
    case 'signalled':
      if (event.outcome === 'gone' && run.identity?.container !== undefined) {
        doubtEngine(draft, `${unit.id}: its container was not there to be signalled`)
      } else if (event.outcome === 'gone') {
        draft.state = { ...draft.state, observe: { why: `${unit.id}: nobody there to signal`, inFlight: false } }
      } else if (event.outcome === 'sent' && event.signal === 'TERM' && !run.gotTerm) {
        putUnit(draft, { ...unit, run: { ...run, gotTerm: true } })
      }
      return
    case 'signal-failed':
      putUnit(draft, { ...unit, reason: `SIG${event.signal} failed (${event.code}): ${event.message}` })
      return
    case 'paused':
      putUnit(draft, { ...unit, run: { ...run, isPaused: true } })
      return
    case 'continued':
      putUnit(draft, { ...unit, run: { ...run, isPaused: false } })
      return
    case 'adopted':
      adopted(draft, unit, { ...run, identity: event.identity, isAdopted: event.isChild !== true }, now)
      return
    case 'not-started':
      startAgain(draft, unit, run, now)
      return
    case 'unresolved':
      enterPhase(draft, unit, 'unresolved', now, { after: unit.after, why: event.message })
      return
    case 'probed':
      foldProbe(draft, unit, event, now)
      return
  }
}

function adopted(draft: Draft, unit: Unit, run: Run, now: Now): void {
  switch (unit.phase) {
    case 'preparing':
    case 'starting':
    case 'finishing':
    case 'unresolved':
      live(draft, unit, run, now)
      return
    case 'up':
      putUnit(draft, { ...unit, run, health: freshHealth(unit, now, false) })
      return
    case 'stopping':
      putUnit(draft, { ...unit, run, stop: ladderAgain(unit, now) })
      return
    case 'idle':
    case 'backoff':
    case 'ended':
    case 'failed':
      return
  }
}

/**
 * We may have died between storing a rung and sending its signal, and the ladder may have changed since: it is climbed
 * again from its first rung, so that nothing is killed without having been asked.
 */
function ladderAgain(unit: Unit, now: Now): Unit['stop'] {
  const { why, isForGood } = unit.stop ?? { why: 'stopped', isForGood: false }
  return { rung: 0, dueBootMs: now.bootMs, why, isForGood }
}

function observed(draft: Draft, event: Extract<Event, { kind: 'observed' }>, now: Now): void {
  const alive = new Set(event.alive.map((run) => `${run.unit} ${run.run}`))
  draft.state = { ...draft.state, observe: null }
  for (const unit of [...unitsOf(draft).values()]) {
    const run = unit.run
    const isProcess = run !== null && run.identity !== null && run.identity.container === undefined
    const isOld = isProcess && run.startedBootMs < event.takenBootMs
    if (run === null || !isOld || alive.has(`${unit.id} ${run.n}`)) continue
    endRun(draft, unit, run, lost, now)
    settleTwins(draft, unit.id, now)
  }
}

const lost = { kind: 'exit', exit: { kind: 'unknown' } } as const
