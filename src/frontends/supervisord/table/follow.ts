import type { Exit, Phase, Transition, Unit } from '../../../core/model.ts'
import { rungAt } from '../../../core/unit/ladder.ts'
import { isWantedUp } from '../../../core/unit/wish.ts'
import type { Snapshot } from '../../../engine/ports.ts'
import type { ProcessEvent, ProcessState, ProcessView } from '../contract.ts'
import { exitedTooQuickly, exitStatusOf, exitWords, isExpectedExit, spawnErrorWords } from './ended.ts'
import { hasFailedToStart, isAfterEarlyEnd, stateOf } from './state.ts'

/** A process of the table. */
export interface Known {
  readonly view: ProcessView
  /** Its unit, as it was when a turn was last taken into account. */
  readonly unit: Unit
}

/** What a turn told of one process, in order; each event has the view as it is from then on. */
export interface Told {
  readonly events: readonly ProcessEvent[]
  readonly view: ProcessView
}

/** The events of one process under way. */
interface Story {
  readonly events: ProcessEvent[]
  view: ProcessView
  readonly atWallMs: number
}

/**
 * What supervisord would say of a transition. Several in one turn come one after the other, each with the view that the
 * one before left; `after`: the unit as the turn leaves it, undefined where it was forgotten.
 */
export function follow(known: Known, transition: Transition, after: Unit | undefined, snapshot: Snapshot): Told {
  const story: Story = { events: [], view: known.view, atWallMs: transition.atWallMs }
  // Something was told of it that moved it nowhere.
  if (transition.from === transition.to) return story
  switch (transition.to) {
    case 'preparing':
    case 'starting':
      begins(story, after)
      break
    case 'up':
      comesUp(story, transition, after)
      break
    case 'stopping':
    case 'finishing':
      lastsLongEnough(story, transition, after)
      enter(story, 'STOPPING')
      break
    case 'unresolved':
      enter(story, 'UNKNOWN')
      break
    case 'idle':
    case 'backoff':
    case 'ended':
    case 'failed':
      // From where it rests already it moves on in `look`: it may be on its way to the next start.
      if (!restingPhases.has(transition.from)) comesToRest(story, transition, { known, after, snapshot })
  }
  return story
}

/** What is new of a unit without a transition. Of those that are STARTING, are being stopped, or are not where they were. */
export function look(known: Known, unit: Unit, { state, now }: Snapshot): Told {
  const story: Story = { events: [], view: known.view, atWallMs: now.wallMs }
  const isEnding = state.mode.kind === 'stopping'
  if (unit.phase === 'up' && story.view.state === 'STARTING' && stateOf(unit) === 'RUNNING') {
    enter(story, 'RUNNING', { tries: 0 })
  } else if (unit.phase === 'idle' && restingStates.has(story.view.state)) {
    // Until it is started it counts as what it was, and supervisord leaves it so when the daemon ends.
    if (!isEnding && !isWantedUp(state, unit)) enter(story, 'STOPPED')
  }
  if (isEnding && story.view.state === 'BACKOFF') enter(story, 'FATAL', { tries: 0 })
  signals(story, known.unit, unit)
  return story
}

/** Whether `look` may find something new without a transition. */
export function isWatched({ state }: ProcessView, { phase }: Unit): boolean {
  return state === 'STARTING' || phase === 'stopping' || (phase === 'idle' && restingStates.has(state))
}

const restingPhases: ReadonlySet<Phase> = new Set(['idle', 'backoff', 'ended', 'failed'])
const restingStates: ReadonlySet<ProcessState> = new Set(['BACKOFF', 'EXITED', 'FATAL'])

// ---- starts ----------------------------------------------------------------------------------------------------

function begins(story: Story, after: Unit | undefined): void {
  if (story.view.state === 'STARTING') return
  const tries = after?.earlyExits ?? story.view.tries
  enter(story, 'STARTING', { startWallMs: story.atWallMs, spawnError: '', exitStatus: 0, pid: 0, tries })
}

function comesUp(story: Story, { run, from }: Transition, after: Unit | undefined): void {
  const pid = pidOf(run, after)
  if (from === 'unresolved') {
    enter(story, after === undefined ? 'RUNNING' : stateOf(after), { pid })
    return
  }
  // Of a process that was found nobody saw the start.
  begins(story, after)
  story.view = { ...story.view, pid }
  story.events.push({ kind: 'spawned', atWallMs: story.atWallMs, process: story.view, pid })
}

/** Of the run with this number, which may be over by now. */
function pidOf(run: number | null, after: Unit | undefined): number {
  if (after?.run?.n === run) return after?.run?.identity?.pid ?? 0
  return (after?.end.run === run ? after?.end.pid : undefined) ?? 0
}

/** It had become stable in the same turn in which it has to stop. */
function lastsLongEnough(story: Story, { run }: Transition, after: Unit | undefined): void {
  const isStable = after?.run?.n === run && after?.run?.isStable === true
  if (story.view.state === 'STARTING' && isStable) enter(story, 'RUNNING', { tries: 0 })
}

// ---- ends ------------------------------------------------------------------------------------------------------

/** How the run ended that a transition is about. */
interface Ended {
  /** null: there was no process. */
  readonly exit: Exit | null
  readonly pid: number
  readonly how: string
  readonly isExpected: boolean
  readonly isEarly: boolean
  readonly spawnError: string
  /** What the view shows of it. */
  readonly facts: Partial<ProcessView>
}

interface Around {
  readonly known: Known
  readonly after: Unit | undefined
  readonly snapshot: Snapshot
}

function comesToRest(story: Story, transition: Transition, around: Around): void {
  const ended = endedOf(story, transition, around)
  switch (transition.to) {
    case 'backoff':
      if (ended.isEarly) backsOff(story, ended, around.after)
      else exits(story, ended)
      return
    case 'failed':
      if (ended.isEarly) backsOff(story, ended, undefined)
      else exits(story, ended)
      enter(story, 'FATAL', { tries: 0 })
      return
    case 'ended':
      exits(story, ended)
      return
    default:
      stops(story, ended)
  }
}

function endedOf({ view, atWallMs }: Story, transition: Transition, { known, after, snapshot }: Around): Ended {
  const unit = after ?? known.unit
  // At most one run of a unit ends in a turn, so that the end it has now is the one of this transition.
  const end = after !== undefined && after.end.kind !== 'never' ? after.end : null
  const exit = end === null ? transition.exit : end.exit
  const isEarly = endedEarly(transition, known.unit, unit, snapshot)
  if (exit === null) {
    const spawnError = hasFailedToStart(end) ? spawnErrorWords(end, unit.spec, view.name) : ''
    return { exit, pid: 0, how: '', isExpected: false, isEarly, spawnError, facts: { pid: 0 } }
  }
  const isExpected = isExpectedExit(unit.spec, exit)
  const exitStatus = exitStatusOf(exit)
  const spawnError = isEarly ? exitedTooQuickly : `Bad exit code ${exitStatus}`
  const pid = view.pid === 0 ? (end?.pid ?? 0) : view.pid
  const facts = { pid: 0, stopWallMs: atWallMs, exitStatus }
  return { exit, pid, how: exitWords(exit), isExpected, isEarly, spawnError, facts }
}

/** As the core has it; of a run after which there was another one already, by the same time and the same limit. */
function endedEarly({ run, from }: Transition, before: Unit, after: Unit, { now }: Snapshot): boolean {
  if (after.end.run === run) return after.end.isEarly === true
  if (from === 'unresolved') return false
  // After its hook the time of that says nothing.
  if (before.run?.n === run && before.run.role === 'main')
    return now.bootMs - before.run.startedBootMs < after.spec.restart.stableMs
  return after.phase === 'backoff' && isAfterEarlyEnd(after)
}

function backsOff(story: Story, { facts, pid, how, spawnError }: Ended, after: Unit | undefined): void {
  const tries = after?.phase === 'backoff' ? after.earlyExits : story.view.tries + 1
  // As supervisord has it: what came too early left no exit status.
  enter(story, 'BACKOFF', { ...facts, exitStatus: 0, spawnError, tries }, { pid, how })
}

/** Whoever lived long enough was RUNNING, even where that was noticed only now. */
function exits(story: Story, { facts, pid, how, isExpected, isEarly, spawnError }: Ended): void {
  if (story.view.state === 'STARTING' && !isEarly) enter(story, 'RUNNING', { tries: 0 })
  const error = isExpected ? {} : { spawnError }
  enter(story, 'EXITED', { ...facts, ...error }, { pid, how, isExpected })
}

/** What ends by itself where it was to end anyway counts as stopped. */
function stops(story: Story, ended: Ended): void {
  const { exit, facts, pid, how, isExpected, spawnError } = ended
  if (exit === null && spawnError !== '') backsOff(story, ended, undefined)
  else if (exit !== null && story.view.state !== 'UNKNOWN') enter(story, 'STOPPING')
  enter(story, 'STOPPED', facts, { pid, how, isExpected })
}

/** The rungs of the stop ladder that were sent since. */
function signals(story: Story, before: Unit, unit: Unit): void {
  const { stop, run } = unit
  if (unit.phase !== 'stopping' || stop === null || run === null || run.role !== 'main') return
  const known = before.run?.n === run.n && before.stop?.isForGood === stop.isForGood ? before.stop.rung : 0
  for (let rung = known > stop.rung ? 0 : known; rung < stop.rung; rung++) {
    const { signal, scope } = rungAt(unit, { rung, isForGood: stop.isForGood })
    const about = { signal: `SIG${signal}`, isFirst: rung === 0, isGroup: scope !== 'main' }
    const { view: process, atWallMs } = story
    story.events.push({ kind: 'signalled', atWallMs, process, pid: process.pid, ...about })
  }
}

// ---- in general --------------------------------------------------------------------------------------------------

interface About {
  readonly pid?: number
  readonly how?: string
  readonly isExpected?: boolean
}

function enter(story: Story, state: ProcessState, facts: Partial<ProcessView> = {}, about: About = {}): void {
  const from = story.view.state
  if (from === state) return
  story.view = { ...story.view, ...facts, state }
  const { pid = story.view.pid, how = '', isExpected = false } = about
  story.events.push({ kind: 'state', atWallMs: story.atWallMs, process: story.view, from, isExpected, how, pid })
}
