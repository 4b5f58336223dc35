import type { Random } from '../../src/base/prng.ts'
import type { EngineStep } from '../../src/core/containers/model.ts'
import type { Event, Now, State, Step, Transition } from '../../src/core/model.ts'
import { createFakeContainerEngine, type FakeContainerEngine } from '../../src/drivers/fake/container-engine.ts'
import { createFakeDriver } from '../../src/drivers/fake/driver.ts'
import type { Script, World } from '../../src/drivers/fake/world.ts'
import { createEngine, type Engine } from '../../src/engine/engine.ts'
import { type Driver, type Post, type Recorder, type Snapshot, type Store, StoreError } from '../../src/engine/ports.ts'
import type { FaultyStore } from '../../src/store/faulty.ts'
import { type Alarm, createSimClock, type SimTime, type WallAlarm } from './clock.ts'
import { type Dock, home } from './containers/dock.ts'
import { drawTreatment, tellEngineBadly } from './containers/treat.ts'
import type { FaultKind } from './faults.ts'
import { SimulatedCrash } from './violation.ts'

/** Where the daemon dies next. `steps`: how many of the dispatch are done by then. */
export type CrashPlan = (
  | { readonly at: 'before-commit' | 'after-commit' | 'after-dispatch' }
  | { readonly at: 'mid-dispatch'; readonly steps: number }
) & {
  /** It does not die: it becomes another version of itself, with the same children. */
  readonly isUpgrade: boolean
}

export function drawCrash(random: Random): CrashPlan {
  const at = random.pick(['before-commit', 'after-commit', 'after-dispatch', 'mid-dispatch'] as const)
  return at === 'mid-dispatch' ? { at, steps: random.whole(0, 4), isUpgrade: false } : { at, isUpgrade: false }
}

/** What one turn did, kept until it was judged. */
export interface TurnRecord {
  now: Now
  events: readonly Event[]
  before: State
  readonly steps: Step[]
  readonly transitions: Transition[]
  snapshot: Snapshot | null
  isStoreFailing: boolean
  /** Indices of the events that were decided without: refused because they could not be stored. */
  refused: readonly number[]
  /** The daemon died before it was stored: it never happened. */
  isLost: boolean
  /** A commit failed, and what was decided instead is not known yet. */
  isUnsure: boolean
}

/** One daemon from its start to its death, on a store and in a world that outlive it. */
export interface Life {
  readonly engine: Engine
  readonly engineAlarm: Alarm
  readonly wallAlarm: WallAlarm
  readonly driverAlarm: Alarm
  readonly engineDriverAlarm: Alarm
  readonly ready: (() => void)[]
  /** News under way: late, or told twice. */
  /** Steps that left for the driver. */
  readonly asked: Step[]
  readonly underWay: { readonly atBootMs: number; readonly event: Event }[]
  post: Post | null
  crash: CrashPlan | null
  turn: TurnRecord | null
  isStopped: boolean
}

export interface LifeParts {
  readonly random: Random
  readonly time: SimTime
  readonly world: World
  readonly dock: Dock | null
  readonly store: FaultyStore
  /** Which process of the host the daemon is. */
  readonly daemon: number
  readonly isOn: (kind: FaultKind) => boolean
  readonly scriptOf: (step: Extract<Step, { kind: 'spawn' }>) => Script
  readonly onCommit: (changes: Parameters<Store['commit']>[0] | null) => void
  readonly onSpawn: (step: Extract<Step, { kind: 'spawn' }>) => void
  readonly onTurn: (record: TurnRecord) => void
}

export function createLife(parts: LifeParts): Life {
  const { time } = parts
  const own = createSimClock(time)
  const drivers = createSimClock(time)
  const engines = createSimClock(time)
  const { random, world, dock, scriptOf, daemon } = parts
  const seesAdoptedExits = random.chance(0.5)
  const inner = createFakeDriver({ world, clock: drivers.clock, scriptOf, seesAdoptedExits, daemon })
  const life: { -readonly [Key in keyof Life]: Life[Key] } = {
    engine: undefined as unknown as Engine,
    engineAlarm: own.alarm,
    wallAlarm: own.wallAlarm,
    driverAlarm: drivers.alarm,
    engineDriverAlarm: engines.alarm,
    ready: own.ready,
    asked: [],
    underWay: [],
    post: null,
    crash: null,
    turn: null,
    isStopped: false,
  }
  const containers =
    dock === null
      ? null
      : createFakeContainerEngine({
          ...{ world: dock.world, clock: engines.clock, home },
          treat: (step) => drawTreatment(dock, step),
        })
  const recorder = {
    record: ({ now, events, state }: { now: Now; events: readonly Event[]; state: State }) => {
      life.turn = {
        now,
        events,
        before: state,
        steps: [],
        transitions: [],
        snapshot: null,
        isStoreFailing: false,
        refused: [],
        isLost: false,
        isUnsure: false,
      }
      parts.onTurn(life.turn)
    },
    settled: ({ refused }: Parameters<Recorder['settled']>[0]) => {
      if (life.turn === null) return
      life.turn.refused = refused
      life.turn.isUnsure = false
    },
    close: () => {},
  }
  life.engine = createEngine({
    store: crashingStore(parts, life),
    driver: sabotagedDriver(parts, { inner, containers }, life),
    clock: own.clock,
    recorder,
    warn: () => {},
  })
  life.engine.subscribe((_, fresh) => {
    if (life.turn !== null) life.turn.transitions.push(...fresh)
  })
  void life.engine.stopped.then(() => {
    life.isStopped = true
  })
  return life
}

function crashingStore({ store, onCommit }: LifeParts, life: Life): Store {
  return {
    load: () => store.load(),
    close: () => {},
    commit(changes) {
      if (life.crash?.at === 'before-commit') {
        if (life.turn !== null) life.turn.isLost = true
        throw new SimulatedCrash('before the commit')
      }
      try {
        store.commit(changes)
      } catch (error) {
        if (error instanceof StoreError && life.turn !== null) life.turn.isStoreFailing = life.turn.isUnsure = true
        onCommit(null)
        throw error
      }
      onCommit(changes)
      if (life.turn !== null) life.turn.isStoreFailing = false
      if (life.crash?.at === 'after-commit') throw new SimulatedCrash('after the commit, before the dispatch')
    },
  }
}

/** The driver with the faults of the way between it and the engine. */
function sabotagedDriver(
  parts: LifeParts,
  { inner, containers }: { readonly inner: Driver; readonly containers: FakeContainerEngine | null },
  life: Life,
): Driver {
  const { random, world, dock, time, isOn } = parts
  const wrapped =
    (post: Post): Post =>
    (event) =>
      tellBadly(parts, life, event, post)

  const wrappedEngine =
    (post: Post): Post =>
    (event) => {
      if (dock !== null) tellEngineBadly(dock, life, event, { nowBootMs: time.bootMs, post })
    }

  function performOne(step: Step, post: Post): void {
    if (isOfEngine(step)) {
      containers?.perform([step], wrappedEngine(post))
      return
    }
    if (step.kind === 'spawn') parts.onSpawn(step)
    if (step.kind === 'observe' && isOn('observe-fails') && random.chance(0.4)) {
      post({ kind: 'observe-failed', code: 'EIO', message: 'the driver could not look', retry: true })
      return
    }
    if (step.kind === 'signal' && isOn('signal-finds-nobody') && random.chance(0.3)) {
      for (const process of world.processes.values()) {
        if (process.unit === step.unit && process.run === step.run) world.signal(process, 'KILL', time.bootMs)
      }
    }
    inner.perform([step], wrapped(post))
  }

  return {
    perform(steps, post) {
      const crash = life.crash
      const done = crash?.at === 'mid-dispatch' ? steps.slice(0, crash.steps) : steps
      for (const step of done) {
        life.turn?.steps.push(step)
        life.asked.push(step)
        performOne(step, post)
      }
      if (crash?.at === 'mid-dispatch') throw new SimulatedCrash(`after ${done.length} of ${steps.length} steps`)
      if (crash?.at === 'after-dispatch') throw new SimulatedCrash('before the outcomes were seen')
    },
    recover: (handles) => inner.recover(handles),
    events(post, signal) {
      life.post = post
      inner.events(wrapped(post), signal)
      containers?.events(wrappedEngine(post), signal)
    },
    facts: (run, unit) => inner.facts(run, unit),
    factsOfAll: (runs) => inner.factsOfAll(runs),
  }
}

function isOfEngine(step: Step): step is EngineStep | SignalOfContainer {
  if (step.kind === 'signal') return step.container !== undefined
  return step.kind === 'observe-engine' || 'resource' in step
}

type SignalOfContainer = Extract<Step, { kind: 'signal' }> & { readonly container: string }

const delayable: ReadonlySet<Event['kind']> = new Set([
  'exited',
  'spawned',
  'spawn-failed',
  'signalled',
  'observed',
  'probed',
  'next-due',
])

function tellBadly(parts: LifeParts, life: Life, event: Event, post: Post): void {
  const { random, time, isOn } = parts
  if (event.kind === 'probed' && isOn('probe-answers-badly')) {
    answerBadly(parts, life, event, post)
    return
  }
  if (event.kind === 'next-due' && isOn('schedule-answers-badly')) {
    // Never, late, or twice.
    for (let times = random.whole(0, 2); times > 0; times--)
      life.underWay.push({ atBootMs: time.bootMs + random.whole(0, 4_000), event })
    return
  }
  const isDelayable = delayable.has(event.kind)
  if (isDelayable && isOn('news-late') && random.chance(0.3)) {
    life.underWay.push({ atBootMs: time.bootMs + random.whole(1, 1_500), event })
    return
  }
  post(event)
  if (isDelayable && event.kind !== 'observed' && isOn('news-doubled') && random.chance(0.3)) {
    life.underWay.push({ atBootMs: time.bootMs + random.whole(0, 600), event })
  }
}

/** Never, later than the core waits, twice with another result, or under the number of an earlier one. */
function answerBadly(
  { random, time }: LifeParts,
  life: Life,
  event: Extract<Event, { kind: 'probed' }>,
  post: Post,
): void {
  const other = { ...event, isOk: !event.isOk, output: 'told badly' }
  switch (random.whole(0, 4)) {
    case 0:
      return
    case 1:
      life.underWay.push({ atBootMs: time.bootMs + random.whole(1, 9_000), event })
      return
    case 2:
      post({ ...other, seq: event.seq - 1 })
      post({ ...other, run: event.run - 1 })
      post(event)
      return
    case 3:
      post(event)
      post(other)
      life.underWay.push({ atBootMs: time.bootMs + random.whole(1, 2_000), event: other })
      return
    default:
      post(event)
  }
}
