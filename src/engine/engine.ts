import { assert } from '../base/assert.ts'
import { nextWake } from '../core/advance.ts'
import { isContainerRun } from '../core/containers/among.ts'
import { inboxMax, storeRetryMs, storeRetryMsMax, transitionsKept } from '../core/limits.ts'
import type { Command, Event, Now, State, Transition, UnitId } from '../core/model.ts'
import { revive } from '../core/revive.ts'
import { isSomebody } from '../core/text.ts'
import { nextWallWake } from '../core/unit/job.ts'
import { isLeft } from '../core/unit/wish.ts'
import { changesBetween, isAimChanged } from './changes.ts'
import {
  type Clock,
  type Driver,
  type EnginePort,
  type Listener,
  type Post,
  type Recorder,
  type RunHandle,
  type Snapshot,
  type Store,
  StoreError,
} from './ports.ts'
import { type Turn, turn } from './turn.ts'
import { createWaiters } from './waiters.ts'

export interface Engine extends EnginePort {
  /**
   * Loads what was stored, finds what still runs, takes the first turn. `held`: why the target is not to be touched. `first`:
   * the daemon's own commands that count before anything that was stored is started, from the state as it was stored.
   */
  start(options: {
    readonly held: string | null
    readonly first?: ((state: State) => readonly Command[] | Promise<readonly Command[]>) | undefined
  }): Promise<void>
  /** Resolves when the daemon is to end and nothing lives any more. */
  readonly stopped: Promise<void>
  /**
   * Takes and stores what is known, as the last turn, and closes: what it planned is left to whoever goes on from the store.
   * What was posted and not taken, such as the exit code of a process that is reaped, would be known to nobody any more.
   */
  finish(): void
  close(): void
}

/** What the store owes us since a commit failed. */
interface Unstored {
  readonly message: string
  readonly units: ReadonlySet<UnitId>
  readonly isTargetOwed: boolean
  readonly retryBootMs: number
  readonly delayMs: number
}

export interface EngineParts {
  readonly store: Store
  readonly driver: Driver
  readonly clock: Clock
  readonly recorder: Recorder
  /** One line for the operator: what is wrong, what follows. */
  readonly warn: (text: string) => void
}

/** The only thing with state: events go in, one synchronous turn at a time decides, steps go out after the commit. */
export function createEngine(parts: EngineParts): Engine {
  const { store, driver, clock, recorder, warn } = parts
  const waiters = createWaiters()
  const listeners = new Set<Listener>()
  const acknowledgements = new Map<number, { resolve(snapshot: Snapshot): void; reject(error: Error): void }>()
  const abort = new AbortController()
  const stopped = Promise.withResolvers<void>()

  let state: State = revive(null, clock.now())
  let snapshot: Snapshot = { state, now: clock.now(), storeTrouble: null }
  let inbox: Event[] = []
  let transitions: Transition[] = []
  let reserved = 0
  let nextCommand = 1
  let unstored: Unstored | null = null
  /** Units whose stored form is of another boot of the host: stored anew with the first commit of this one. */
  let outdated: ReadonlySet<UnitId> = new Set()
  let isScheduled = false
  let isBusy = false
  let isOpen = false

  const post: Post = (event) => {
    inbox.push(event)
    schedule()
  }

  /** What the dispatch itself posts waits until waiting input was looked at, or a mass start would starve it. */
  function schedule(): void {
    if (isScheduled || !isOpen) return
    isScheduled = true
    clock.soon(takeTurn, isBusy ? 'after-io' : 'at-once')
  }

  function takeTurn(): void {
    isScheduled = false
    if (isOpen) decideNow('act')
  }

  function decideNow(then: 'act' | 'leave it'): void {
    assert(!isBusy, 'a turn never runs inside another')
    isBusy = true
    const now = clock.now()
    const events = inbox
    inbox = []
    recorder.record({ now, events, state })
    const before = state
    const { result, error } = commit(decide(events, now), now)
    account(result.turn, error)
    state = result.turn.state
    recorder.settled({
      version: state.version,
      steps: result.turn.steps.length,
      transitions: result.turn.transitions.length,
      refused: leftOut(events, result.events),
    })
    if (then === 'act' && result.turn.steps.length > 0) driver.perform(result.turn.steps, post)
    publish(before, result, now)
    acknowledge(result.events)
    arm(now)
    isBusy = false
    if (inbox.length > 0) schedule()
    if (state.mode.kind === 'stopping' && isAllDown(state)) stopped.resolve()
  }

  interface Decided {
    readonly events: readonly Event[]
    readonly turn: Turn
  }

  function decide(events: readonly Event[], now: Now): Decided {
    if (state.mode.kind !== 'held') return { events, turn: turn(state, events, now) }
    return decideHeld(events, now)
  }

  /** After repeated deaths an event that makes the core fail is set aside, and the rest goes on. */
  function decideHeld(events: readonly Event[], now: Now): Decided {
    try {
      return { events, turn: turn(state, events, now) }
    } catch (cause) {
      if (events.length === 0) {
        warn(`held: nothing can be planned (${String(cause)}); what runs is left alone`)
        return { events, turn: { state, steps: [], transitions: [], touched: new Set() } }
      }
      return decideHeld(withoutFailing(events, now), now)
    }
  }

  function withoutFailing(events: readonly Event[], now: Now): readonly Event[] {
    const good: Event[] = []
    for (const event of events) {
      try {
        turn(state, [...good, event], now)
        good.push(event)
      } catch (cause) {
        warn(`held: an event was set aside, because it fails (${String(cause)}): ${JSON.stringify(event)}`)
        if (event.kind === 'command') refuse(event.id, new Error(`held: the command fails: ${String(cause)}`))
      }
    }
    return good
  }

  /**
   * Stores the turn before anything leaves. A user's command that cannot be stored is refused, and the turn decided again
   * without it; the daemon's own and the run state go on unstored, because supervision comes first.
   */
  function commit(decided: Decided, now: Now): { readonly result: Decided; readonly error: StoreError | null } {
    const error = tryCommit(decided.turn)
    if (error === null) return { result: decided, error }
    const refused = decided.events.filter((event) => event.kind === 'command' && isSomebody(event.command.by))
    if (refused.length === 0) return { result: decided, error }
    for (const event of refused) if (event.kind === 'command') refuse(event.id, error)
    const rest = decided.events.filter((event) => !refused.includes(event))
    const result = decide(rest, now)
    return { result, error: tryCommit(result.turn) }
  }

  function tryCommit(decided: Turn): StoreError | null {
    const owed = new Set([...outdated, ...(unstored?.units ?? [])])
    const isTargetOwed = unstored?.isTargetOwed ?? false
    const { touched } = decided
    const changes = changesBetween({ before: state, after: decided.state, touched, owed, reserved, isTargetOwed })
    if (changes === null) return null
    try {
      store.commit(changes)
    } catch (error) {
      if (error instanceof StoreError) return error
      throw error
    }
    reserved = changes.runsReserved ?? reserved
    outdated = new Set()
    return null
  }

  /** Remembers what is owed to the store, and when to try again. */
  function account(decided: Turn, error: StoreError | null): void {
    if (error === null) {
      if (unstored !== null) warn('the state is stored again')
      unstored = null
      return
    }
    if (unstored === null) {
      warn(`the state cannot be stored (${error.code}: ${error.message}); supervision goes on, storing is tried again`)
    }
    const delayMs = unstored === null ? storeRetryMs : Math.min(unstored.delayMs * 2, storeRetryMsMax)
    unstored = {
      message: error.message,
      units: new Set([...(unstored?.units ?? []), ...decided.touched]),
      isTargetOwed: (unstored?.isTargetOwed ?? false) || isAimChanged(state, decided.state),
      retryBootMs: clock.now().bootMs + delayMs,
      delayMs,
    }
  }

  function publish(before: State, { events, turn: { transitions: fresh } }: Decided, now: Now): void {
    const told = snapshot.storeTrouble
    snapshot = { state, now, storeTrouble: unstored?.message ?? null }
    const commands = events.flatMap((event) => (event.kind === 'command' ? event.command : []))
    if (fresh.length > 0) {
      transitions.push(...fresh)
      if (transitions.length > 2 * transitionsKept) transitions = transitions.slice(-transitionsKept)
    }
    if (state === before && commands.length === 0 && snapshot.storeTrouble === told) return
    for (const listener of listeners) listener(snapshot, fresh, commands)
    waiters.look(snapshot)
  }

  function acknowledge(events: readonly Event[]): void {
    for (const event of events) {
      if (event.kind !== 'command') continue
      acknowledgements.get(event.id)?.resolve(snapshot)
      acknowledgements.delete(event.id)
    }
  }

  function refuse(id: number, error: Error): void {
    acknowledgements.get(id)?.reject(error)
    acknowledgements.delete(id)
  }

  function arm(now: Now): void {
    const wakes = [nextWake(state, now), unstored?.retryBootMs ?? null].filter((wake) => wake !== null)
    clock.arm(wakes.length === 0 ? null : Math.min(...wakes), schedule)
    clock.armWall(nextWallWake(state), schedule)
  }

  const start: Engine['start'] = async ({ held, first }) => {
    const { stored, warnings } = store.load()
    for (const warning of warnings) warn(warning)
    const now = clock.now()
    state = revive(stored, now)
    if (held !== null) state = { ...state, mode: { kind: 'held', why: held } }
    reserved = stored?.runsReserved ?? 0
    if (stored !== null && stored.bootId !== now.bootId) {
      const rows = [...stored.units.map(({ id }) => id), ...[...stored.wants, ...stored.jobs].map(({ unit }) => unit)]
      outdated = new Set([...rows, ...state.units.keys()])
    }
    snapshot = { state, now, storeTrouble: null }
    const events = await driver.recover(handlesOf(state))
    const commands = (await first?.(state)) ?? []
    isOpen = true
    driver.events(post, abort.signal)
    inbox.push(...events)
    for (const asked of commands) inbox.push(commandEvent(asked))
    takeTurn()
  }

  function command(asked: Command): Promise<Snapshot> {
    if (inbox.length >= inboxMax) return Promise.reject(new Error('too much is waiting to be decided; try again'))
    const event = commandEvent(asked)
    return new Promise((resolve, reject) => {
      acknowledgements.set(event.id, { resolve, reject })
      post(event)
    })
  }

  function commandEvent(asked: Command): Extract<Event, { kind: 'command' }> {
    const id = nextCommand
    nextCommand += 1
    return { kind: 'command', id, command: asked }
  }

  function close(): void {
    isOpen = false
    abort.abort()
    clock.arm(null, schedule)
    clock.armWall(null, schedule)
    waiters.close()
  }

  return {
    start,
    command,
    close,
    finish() {
      decideNow('leave it')
      close()
    },
    stopped: stopped.promise,
    snapshot: () => snapshot,
    until: (predicate, timeoutMs) => waiters.until(snapshot, predicate, timeoutMs),
    transitionsSince(seq) {
      const kept = transitions.slice(-transitionsKept)
      const oldest = kept[0]?.seq ?? state.nextTransition
      return { transitions: kept.filter((transition) => transition.seq > seq), gap: seq + 1 < oldest }
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function handlesOf(state: State): readonly RunHandle[] {
  const handles: RunHandle[] = []
  for (const unit of state.units.values()) {
    const { id, run, attempt, spec } = unit
    // What became of a container its engine tells.
    if (run !== null && !isContainerRun(run)) handles.push({ unit: id, run, attempt, spec })
  }
  return handles
}

/** Nothing lives that could be ended: what cannot be told is left alone, unless a look at it is under way. */
function isAllDown(state: State): boolean {
  if (state.observe !== null) return false
  for (const unit of state.units.values()) {
    const { run, phase, after } = unit
    if (isLeft(state, unit)) continue
    if (after !== null || (run !== null && phase !== 'unresolved')) return false
  }
  return true
}

/** Indices of those that were not decided on. */
function leftOut(events: readonly Event[], decided: readonly Event[]): readonly number[] {
  if (decided === events) return []
  const kept = new Set(decided)
  return events.flatMap((event, index) => (kept.has(event) ? [] : index))
}
