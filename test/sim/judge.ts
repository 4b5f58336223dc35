import type { State } from '../../src/core/model.ts'
import { turn as takeTurn } from '../../src/engine/turn.ts'
import { checkState, checkTransitions, deepFreeze, encodes, storedFormRoundTrips, wakesAreAhead } from './invariants.ts'
import { drawCrash, type TurnRecord } from './life.ts'
import { countEvents } from './matrix.ts'
import { isOfPresentRun, type Scene } from './scene.ts'
import type { Scenario } from './stage.ts'
import { hold } from './violation.ts'

export function recordTurn(scenario: Scenario, record: TurnRecord): void {
  const { mix, matrix, trace, time } = scenario
  scenario.turns += 1
  if (scenario.turns === scenario.crashAtTurn && scenario.isFaulty) scenario.life.crash = drawCrash(scenario.random)
  for (const event of record.events) trace.add(scenario.turns, time.bootMs, { kind: 'event', event })
  if (scenario.isFaulty) countEvents(matrix, record.events, record.before, mix)
  if (scenario.mix.has('crash-loop') && scenario.looping.size < 2) {
    for (const id of record.before.units.keys())
      if (scenario.looping.size < 2 && scenario.random.chance(0.1)) scenario.looping.add(id)
  }
}

export function judge(scenario: Scenario): void {
  const { life, world, time, trace, store } = scenario
  const record = life.turn
  if (record === null) return
  life.turn = null
  const snapshot = life.engine.snapshot()
  const { state } = snapshot
  scenario.lastSeq = checkTransitions(record.transitions, scenario.lastSeq)
  judgeSteps(scenario, record, state, false)
  for (const transition of record.transitions)
    trace.add(scenario.turns, time.bootMs, { kind: 'transition', transition })
  checkState(record.before, state, record.now, world)
  if (snapshot.storeTrouble === null) {
    wakesAreAhead(state, record.now, { boot: life.engineAlarm.bootMs, wall: life.wallAlarm.wallMs })
  }
  scenario.oracle.follow(state.units)
  // Costs as much as deciding the turn.
  if (scenario.turns % 4 === 0) encodes(snapshot)
  if (scenario.isFrozen) deepFreeze(state)
  if (scenario.turns % 60 === 0 && snapshot.storeTrouble === null && !record.isStoreFailing) {
    storedFormRoundTrips(state, store.load().stored, record.now)
  }
}

function judgeSteps(scenario: Scenario, record: TurnRecord, after: State, isCut: boolean): void {
  const { ledger, trace, time, oracle, life, watches, world, health } = scenario
  const scene: Scene = {
    events: record.events.filter((_, index) => !record.refused.includes(index)),
    transitions: record.transitions,
    steps: record.steps,
    snapshot: life.engine.snapshot(),
    before: record.before.units,
    modeBefore: record.before.mode,
    units: after.units,
    state: after,
    now: record.now,
    world,
    oracle,
    health,
    isStoreFailing: record.isStoreFailing,
    isCut,
    isEnding: after.mode.kind === 'stopping',
  }
  // Of two processes with one mark it cannot be told whose end it was.
  if (!scenario.mix.has('impostor')) {
    knownExitsAreExact(scene, scenario.daemon)
    childrenStayOurs(scene, scenario.daemon)
  }
  for (const watch of watches) watch.news(scene)
  for (const event of record.events) {
    if (event.kind === 'found') ledger.found(event.unit)
    else if (event.kind === 'adopted' && isOfPresentRun(event, record.before.units)) ledger.adopted(event.unit)
    // The first look at the engine after a start of the daemon: its containers are known again.
    else if (event.kind === 'engine-observed' && event.containers !== null && !record.before.containerEngine.isKnown) {
      for (const { id, run } of record.before.units.values())
        if (run?.identity?.container !== undefined) ledger.adopted(id)
    }
  }
  for (const transition of record.transitions) {
    ledger.transition(transition, scene)
  }
  for (const step of record.steps) {
    trace.add(scenario.turns, time.bootMs, { kind: 'step', step })
    ledger.step(step, scene)
    for (const watch of watches) watch.step(step, scene)
  }
  for (const watch of watches) watch.after(scene)
}

/** What the daemon started before an upgrade is its own after it. */
function childrenStayOurs({ events, before, units, world }: Scene, daemon: number): void {
  for (const event of events) {
    if (event.kind !== 'adopted' || !isOfPresentRun(event, before)) continue
    const run = units.get(event.unit)?.run ?? null
    const isChild = world.processes.get(event.identity.pid)?.parent === daemon
    if (!isChild || run?.n !== event.run) continue
    hold(!run.isAdopted, 'an upgrade touches no process', () => `${event.unit} run ${run.n} is taken for another's`)
  }
}

/** Of what the daemon itself started, over upgrades, and of what is written down, over deaths. */
function knownExitsAreExact({ events, before, world }: Scene, daemon: number): void {
  for (const event of events) {
    if (event.kind !== 'exited' || !isOfPresentRun(event, before)) continue
    const process = world.ended(event.unit, event.run)
    if (process === null || (process.parent !== daemon && !process.isRecorded)) continue
    // What this one left had to go for a later one, which could not be stored.
    if (world.trace(event.unit)?.process !== process) continue
    const isExact = JSON.stringify(process.exit) === JSON.stringify(event.exit)
    const told = () => `${event.unit} run ${event.run}: ${JSON.stringify([event.exit, process.exit])}`
    hold(isExact, 'exits of our children, and of jobs, are known', told)
  }
}

/** The turn in which the daemon died published nothing: it is taken once more to judge the steps that left. */
export function judgeCrashedTurn(scenario: Scenario, record: TurnRecord): void {
  const decided = record.events.filter((_, index) => !record.refused.includes(index))
  const again = takeTurn(record.before, decided, record.now)
  record.transitions.splice(0, Number.POSITIVE_INFINITY, ...again.transitions)
  judgeSteps(scenario, record, again.state, true)
  scenario.oracle.follow(again.state.units)
}
