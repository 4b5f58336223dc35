import { createRandom, type Random } from '../../src/base/prng.ts'
import type { Command, State, Target, UnitId } from '../../src/core/model.ts'
import { createWorld, type World } from '../../src/drivers/fake/world.ts'
import { turn as takeTurn } from '../../src/engine/turn.ts'
import { createFaultyStore, type FaultyStore, type Loss } from '../../src/store/faulty.ts'
import { createMemoryStore } from '../../src/store/memory.ts'
import { drawAction, drawCommand } from './actions.ts'
import { nowOf, type SimTime } from './clock.ts'
import { checkConverged, isStuck } from './convergence.ts'
import { drawMix, type FaultKind, type Mix } from './faults.ts'
import { drawTarget } from './generate.ts'
import { checkState, checkTransitions, deepFreeze, encodes, storedFormRoundTrips } from './invariants.ts'
import { createLedger, type Ledger, type Scene } from './ledger.ts'
import { type CrashPlan, createLife, type Life, type TurnRecord } from './life.ts'
import { countEvents, type Matrix } from './matrix.ts'
import { drawOldNews } from './old-news.ts'
import { createOracle, type Oracle } from './oracle.ts'
import { drawScript, goodScript } from './script.ts'
import { throughText } from './text.ts'
import { createTrace, type Trace } from './trace.ts'
import { hold, SimulatedCrash, Violation } from './violation.ts'

export interface ScenarioOptions {
  readonly seed: number
  /** Turns with faults on. */
  readonly turns: number
  /** Kinds left out of the seed's mix: to find what a failure needs. */
  readonly without: readonly FaultKind[]
  /** Lines of the trace a failure carries. */
  readonly lines?: number
}

export interface Failure {
  readonly seed: number
  readonly turn: number
  readonly invariant: string
  readonly message: string
  readonly lines: readonly string[]
}

export interface ScenarioResult {
  readonly seed: number
  readonly turns: number
  /** Declared at the beginning. */
  readonly units: number
  readonly mix: readonly FaultKind[]
  readonly digest: number
  readonly failure: Failure | null
}

/** Everything one scenario holds; each function below moves it on. */
interface Scenario {
  readonly random: Random
  readonly mix: Mix
  readonly time: SimTime
  readonly world: World
  readonly store: FaultyStore
  readonly oracle: Oracle
  readonly ledger: Ledger
  readonly trace: Trace
  readonly matrix: Matrix
  readonly looping: Set<UnitId>
  readonly isFrozen: boolean
  isFaulty: boolean
  isHeldNext: boolean
  declared: Target
  life: Life
  turns: number
  crashAtTurn: number
  lastSeq: number
  diskFreeBootMs: number | null
  boots: number
  /** Whether there was a run that could not be told apart. */
  hadImpostor: boolean
}

/** Faults on and invariants every turn; then faults off, and everything converges or is explained. */
export async function runScenario(options: ScenarioOptions, matrix: Matrix): Promise<ScenarioResult> {
  const scenario = openScenario(options, matrix)
  const units = unitCount(scenario.declared)
  let failure: Failure | null = null
  try {
    // Decoding costs as much as some twenty turns: a share of the scenarios is enough.
    if (options.seed % 8 === 0) {
      scenario.declared = await throughText(scenario.declared, options.seed % 16 === 0 ? 'supervisord' : 'compose')
    }
    await withFaults(scenario, options.turns)
    await withoutFaults(scenario)
  } catch (error) {
    const invariant = error instanceof Violation ? error.invariant : 'the engine does not fail'
    const message = error instanceof Violation ? error.message : String(error instanceof Error ? error.stack : error)
    failure = {
      seed: options.seed,
      turn: scenario.turns,
      invariant,
      message,
      lines: scenario.trace.lines(options.lines ?? 15),
    }
  }
  scenario.life?.engine.close()
  return {
    seed: options.seed,
    turns: scenario.turns,
    units,
    mix: [...scenario.mix],
    digest: scenario.trace.digest(),
    failure,
  }
}

function unitCount(target: Target): number {
  const services = Object.values(target.apps).flatMap((app) => Object.values(app.services))
  return services.reduce((count, service) => count + service.instances.length, 0)
}

function openScenario({ seed, without, lines }: ScenarioOptions, matrix: Matrix): Scenario {
  const random = createRandom(seed)
  const drawn = drawMix(random)
  const declared = drawTarget(random)
  return {
    random,
    mix: new Set([...drawn].filter((kind) => !without.includes(kind))),
    time: { bootId: 'boot-1', bootMs: 5_000, wallOffsetMs: random.chance(0.3) ? 0 : 1_700_000_000_000 },
    world: createWorld('boot-1'),
    store: createFaultyStore(createMemoryStore),
    oracle: createOracle(),
    ledger: createLedger(),
    trace: createTrace(lines ?? 15),
    matrix,
    looping: new Set(),
    isFrozen: seed % 16 === 3,
    isFaulty: true,
    isHeldNext: false,
    declared,
    life: undefined as unknown as Life,
    turns: 0,
    crashAtTurn: 0,
    lastSeq: 0,
    diskFreeBootMs: null,
    boots: 1,
    hadImpostor: false,
  }
}

// ---- the two halves --------------------------------------------------------------------------------------------

async function withFaults(scenario: Scenario, turns: number): Promise<void> {
  const { random, time } = scenario
  const paceMs = random.pick([20, 60, 200])
  await startLife(scenario)
  submit(scenario, { kind: 'set-target', target: scenario.declared, by: { kind: 'daemon' }, why: 'start' })
  let actBootMs = time.bootMs + random.whole(0, paceMs)
  for (let moves = 0; scenario.turns < turns && moves < turns * 20; moves++) {
    await settle(scenario)
    if (actBootMs > time.bootMs + 2 * paceMs) actBootMs = time.bootMs
    const next = nextEventBootMs(scenario)
    if (next !== null && next <= actBootMs) {
      passTime(scenario, next)
      continue
    }
    passTime(scenario, actBootMs)
    await act(scenario)
    actBootMs = time.bootMs + random.whole(0, 2 * paceMs)
  }
}

async function withoutFaults(scenario: Scenario): Promise<void> {
  const { store, world, time, random } = scenario
  await settle(scenario)
  scenario.isFaulty = false
  note(scenario, 'faults off')
  store.freeDisk()
  store.failCommit(Number.POSITIVE_INFINITY, 'none')
  scenario.diskFreeBootMs = null
  scenario.life.crash = null
  for (const process of world.processes.values()) {
    process.isForbidden = false
    if (process.isImpostor) world.signal(process, 'KILL', time.bootMs)
    else if (process.isPaused) world.signal(process, 'CONT', time.bootMs)
  }
  scenario.life.driverAlarm.bootMs = time.bootMs
  await settle(scenario)
  if (!submitToUnresolved(scenario) && random.chance(0.5)) {
    submit(scenario, drawCommand(random, [...scenario.life.engine.snapshot().state.units.values()], scenario.declared))
  }
  await comeToRest(scenario)
  const snapshot = scenario.life.engine.snapshot()
  hold(
    snapshot.storeTrouble === null,
    'it comes to rest',
    () => `the store is still in trouble: ${snapshot.storeTrouble}`,
  )
  checkConverged(snapshot.state, nowOf(time), world)
  storedFormRoundTrips(snapshot.state, store.load().stored, nowOf(time))
}

/** Somebody who has cleared up asks for what could not be told apart. False: there is nothing of it. */
function submitToUnresolved(scenario: Scenario): boolean {
  const units = [...scenario.life.engine.snapshot().state.units.values()].filter((unit) => unit.phase === 'unresolved')
  if (units.length === 0) return false
  submit(scenario, { kind: 'start', units: units.map((unit) => unit.id), by: { kind: 'user', uid: 0, name: 'root' } })
  return true
}

async function comeToRest(scenario: Scenario): Promise<void> {
  for (let moves = 0; moves < 6_000; moves++) {
    await settle(scenario)
    const next = nextEventBootMs(scenario)
    if (next !== null) passTime(scenario, next)
    else if (!endTheStuck(scenario)) return
  }
  hold(false, 'it comes to rest', () => 'there is still something to do after 6,000 moves without faults')
}

/** Does what a person has to where a ladder has no kill. False: there was nothing of it. */
function endTheStuck({ life, world, time }: Scenario): boolean {
  const { units } = life.engine.snapshot().state
  const stuck = [...world.processes.values()].filter((process) => {
    const unit = units.get(process.unit)
    return unit !== undefined && isStuck(unit, process)
  })
  for (const process of stuck) world.signal(process, 'KILL', time.bootMs)
  if (stuck.length > 0) life.driverAlarm.bootMs = time.bootMs
  return stuck.length > 0
}

// ---- time ------------------------------------------------------------------------------------------------------

function nextEventBootMs({ life, diskFreeBootMs }: Scenario): number | null {
  let next: number | null = diskFreeBootMs
  const consider = (at: number | null) => {
    if (at !== null && (next === null || at < next)) next = at
  }
  consider(life.engineAlarm.bootMs)
  consider(life.driverAlarm.bootMs)
  for (const { atBootMs } of life.underWay) consider(atBootMs)
  return next
}

/** Time goes on to `bootMs`, and what is due then happens, at most one thing of each kind. */
function passTime(scenario: Scenario, bootMs: number): void {
  const { time, life } = scenario
  time.bootMs = Math.max(time.bootMs, bootMs)
  if (scenario.diskFreeBootMs !== null && scenario.diskFreeBootMs <= time.bootMs) {
    scenario.store.freeDisk()
    scenario.diskFreeBootMs = null
    note(scenario, 'there is room on the disk again')
  }
  for (const late of life.underWay.splice(0)) {
    if (late.atBootMs <= time.bootMs) life.post?.(late.event)
    else life.underWay.push(late)
  }
  for (const alarm of [life.driverAlarm, life.engineAlarm]) {
    if (alarm.bootMs === null || alarm.bootMs > time.bootMs) continue
    alarm.bootMs = null
    alarm.wake()
  }
}

/** Takes the turns that wait, judging each, until nothing is left to do at this moment. */
async function settle(scenario: Scenario): Promise<void> {
  for (let count = 0; ; count++) {
    hold(count < 2_000, 'it comes to rest', () => 'more than 2,000 turns at one moment')
    const { life } = scenario
    const task = life.ready.shift()
    if (task === undefined) {
      await Promise.resolve()
      if (life.ready.length > 0) continue
      if (!life.isStopped) return
      await restartAfterStop(scenario)
      continue
    }
    try {
      task()
      judge(scenario)
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error
      await dieAndComeBack(scenario, error.message)
    }
    await Promise.resolve()
  }
}

// ---- lives -----------------------------------------------------------------------------------------------------

async function startLife(scenario: Scenario): Promise<void> {
  const { random, time, world, store, oracle, ledger } = scenario
  for (;;) {
    const isHeld = scenario.isHeldNext
    scenario.isHeldNext = false
    scenario.lastSeq = 0
    const life = createLife({
      random,
      time,
      world,
      store,
      isOn: (kind) => scenario.isFaulty && scenario.mix.has(kind),
      scriptOf: (step) =>
        scenario.isFaulty
          ? drawScript(random, step, { has: (kind) => scenario.mix.has(kind), looping: scenario.looping })
          : goodScript(random, step),
      onCommit: (changes) => {
        if (changes === null) oracle.storeTrouble()
        else {
          oracle.storeHealthy()
          if (changes.runsReserved !== undefined) ledger.reserved(changes.runsReserved)
          for (const unit of changes.put) if (unit.run !== null) ledger.committed(unit.id, unit.run.n)
        }
      },
      onSpawn: (step) => {
        const beside = [...world.processes.values()].find(
          (process) => process.unit === step.unit && !process.isImpostor,
        )
        hold(
          beside === undefined,
          'at most one live process per slot',
          () => `${step.unit}: run ${step.run} beside run ${beside?.run}`,
        )
        for (const { unit, run } of world.processes.values()) {
          hold(
            run < step.run,
            'run numbers only grow',
            () => `${step.unit}: run ${step.run} while ${unit} lives as run ${run}`,
          )
        }
      },
      onTurn: (record) => recordTurn(scenario, record),
    })
    scenario.life = life
    if (scenario.isFaulty && scenario.mix.has('daemon-crash') && random.chance(0.1)) life.crash = drawCrash(random)
    try {
      await life.engine.start({ held: isHeld ? 'it died three times within a minute' : null })
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error
      die(scenario, error.message, { kind: 'process' })
      continue
    }
    oracle.recovered(life.engine.snapshot())
    judge(scenario)
    return
  }
}

async function dieAndComeBack(scenario: Scenario, why: string, loss: Loss = { kind: 'process' }): Promise<void> {
  const { random, time, mix } = scenario
  die(scenario, why, loss)
  const downMs = random.pick([0, 50, 500, 5_000])
  time.bootMs += scenario.isFaulty ? random.whole(0, downMs) : 0
  if (scenario.isFaulty && mix.has('held') && random.chance(0.5)) scenario.isHeldNext = true
  const isHeld = scenario.isHeldNext
  await startLife(scenario)
  const { mode } = scenario.life.engine.snapshot().state
  if (!isHeld && mode.kind === 'running' && random.chance(0.6)) {
    submit(scenario, { kind: 'set-target', target: scenario.declared, by: { kind: 'daemon' }, why: 'start' })
  }
}

function die(scenario: Scenario, why: string, loss: Loss): void {
  const { life, store, world, random, mix, oracle, ledger, time } = scenario
  note(scenario, `the daemon dies: ${why}`)
  if (life.turn !== null && !life.turn.isLost) judgeCrashedTurn(scenario, life.turn)
  life.engine.close()
  life.turn = null
  const isRunStateLost = scenario.isFaulty && loss.kind === 'process' && mix.has('run-state-lost') && random.chance(0.3)
  store.crash(isRunStateLost ? { kind: 'emptied' } : loss)
  if (isRunStateLost || oracle.isTroubled()) ledger.forgetRestarts()
  oracle.died()
  if (!scenario.isFaulty || !mix.has('impostor')) return
  for (const unit of store.load().stored?.units ?? []) {
    if (unit.run === null || unit.run.identity !== null || !random.chance(0.7)) continue
    const main = [...world.processes.values()].find((one) => one.unit === unit.id && one.run === unit.run?.n)
    if (main === undefined) continue
    world.start({
      unit: main.unit,
      run: main.run,
      script: { ...main.script, livesMs: null },
      nowBootMs: time.bootMs,
      isImpostor: true,
    })
    scenario.hadImpostor = true
  }
}

async function restartAfterStop(scenario: Scenario): Promise<void> {
  const { world } = scenario
  const left = [...world.processes.values()].filter((process) => !process.isImpostor)
  const { state } = scenario.life.engine.snapshot()
  for (const process of left) {
    const isLeftAlone =
      state.units.get(process.unit)?.phase === 'unresolved' || state.found.some((found) => found.run === process.run)
    hold(
      isLeftAlone,
      'everything is stopped at the end',
      () => `${process.unit} run ${process.run} lives after the daemon ended`,
    )
  }
  note(scenario, 'the daemon has ended as asked')
  scenario.life.engine.close()
  scenario.store.crash({ kind: 'process' })
  scenario.oracle.died()
  scenario.ledger.forgetRestarts()
  await startLife(scenario)
}

function drawCrash(random: Random): CrashPlan {
  const at = random.pick(['before-commit', 'after-commit', 'after-dispatch', 'mid-dispatch'] as const)
  return at === 'mid-dispatch' ? { at, steps: random.whole(0, 4) } : { at }
}

// ---- what happens from outside ---------------------------------------------------------------------------------

function submit(scenario: Scenario, command: Command): void {
  const { life, oracle, time } = scenario
  const entry = oracle.submit(command, life.engine.snapshot(), time.bootMs)
  if (command.kind === 'set-target') scenario.declared = command.target
  life.engine.command(command).then(
    () => entry.settle('acknowledged'),
    () => entry.settle('refused'),
  )
}

async function act(scenario: Scenario): Promise<void> {
  const { random, mix, life } = scenario
  const units = [...life.engine.snapshot().state.units.values()]
  const action = drawAction(random, mix, units, scenario.declared)
  if (action.kind === 'command') submit(scenario, action.command)
  else await strike(scenario, action.fault)
}

async function strike(scenario: Scenario, fault: FaultKind): Promise<void> {
  const { random, time, life, store, world, mix } = scenario
  note(scenario, `fault: ${fault}`)
  switch (fault) {
    case 'paused-from-outside':
    case 'killed-from-outside': {
      const processes = [...world.processes.values()].filter((process) => !process.isImpostor)
      if (processes.length === 0) return
      const chosen = random.pick(processes.filter((process) => process.isPaused).concat(random.pick(processes)))
      const signal = fault === 'killed-from-outside' ? 'KILL' : chosen.isPaused ? 'CONT' : 'STOP'
      world.signal(chosen, signal, time.bootMs)
      life.driverAlarm.bootMs = time.bootMs
      return
    }
    case 'daemon-crash':
      if (random.chance(0.8)) life.crash = drawCrash(random)
      else await dieAndComeBack(scenario, 'between two turns')
      return
    case 'host-reboot':
      await reboot(scenario)
      return
    case 'commit-fails':
      store.failCommit(random.whole(1, 3), 'SQLITE_IOERR')
      return
    case 'disk-full':
      store.fillDisk()
      scenario.diskFreeBootMs = time.bootMs + random.whole(10, 4_000)
      if (random.chance(0.6)) startUnstored(scenario)
      return
    case 'wall-jump':
      time.wallOffsetMs = random.pick([0, -3_600_000, 1_700_000_000_000, time.wallOffsetMs + 86_400_000])
      return
    case 'suspend':
      time.bootMs += random.whole(60_000, 3_600_000)
      return
    case 'command-burst': {
      const units = [...life.engine.snapshot().state.units.values()]
      for (let count = random.whole(5, 40); count > 0; count--)
        submit(scenario, drawCommand(random, units, scenario.declared))
      return
    }
    case 'impostor':
      for (const process of world.processes.values()) if (process.isImpostor) world.signal(process, 'KILL', time.bootMs)
      submitToUnresolved(scenario)
      return
    case 'news-old':
      tellOldNews(scenario)
      return
    case 'held':
      scenario.isHeldNext = true
      if (mix.has('daemon-crash')) life.crash = drawCrash(random)
      return
    default:
      return
  }
}

/** What rests is started while nothing can be stored, and soon the daemon dies: only the processes tell of it. */
function startUnstored(scenario: Scenario): void {
  const { life, mix, random, turns, world, time } = scenario
  for (const process of world.processes.values()) if (process.isImpostor) world.signal(process, 'KILL', time.bootMs)
  const resting = [...life.engine.snapshot().state.units.values()].filter(
    ({ phase }) => phase === 'failed' || phase === 'ended' || phase === 'unresolved',
  )
  submit(scenario, { kind: 'start', units: resting.map((unit) => unit.id), by: { kind: 'daemon' } })
  if (mix.has('daemon-crash')) scenario.crashAtTurn = turns + random.whole(4, 9)
}

async function reboot(scenario: Scenario): Promise<void> {
  const { time, world, ledger, oracle, random } = scenario
  scenario.boots += 1
  time.bootId = `boot-${scenario.boots}`
  time.bootMs = random.whole(1_000, 9_000)
  world.reboot(time.bootId)
  if (scenario.diskFreeBootMs !== null) scenario.diskFreeBootMs = time.bootMs
  const loss: Loss = random.chance(0.3) ? { kind: 'emptied' } : { kind: 'machine', commitsLost: random.whole(0, 6) }
  ledger.reboot()
  oracle.reboot()
  scenario.life.turn = null
  await dieAndComeBack(scenario, 'the host was reset', loss)
}

/** News about runs that are over comes, whatever it says; the rarer phases get the same share of it. */
function tellOldNews({ life, random }: Scenario): void {
  const units = [...life.engine.snapshot().state.units.values()]
  for (let count = 0; count < 6 && units.length > 0; count++) {
    const phase = random.pick([...new Set(units.map((unit) => unit.phase))])
    life.post?.(drawOldNews(random, random.pick(units.filter((unit) => unit.phase === phase))))
  }
}

// ---- judging ---------------------------------------------------------------------------------------------------

function recordTurn(scenario: Scenario, record: TurnRecord): void {
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

function judge(scenario: Scenario): void {
  const { life, world, time, trace, store } = scenario
  const record = life.turn
  if (record === null) return
  life.turn = null
  const snapshot = life.engine.snapshot()
  const { state } = snapshot
  scenario.lastSeq = checkTransitions(record.transitions, scenario.lastSeq)
  judgeSteps(scenario, record, state)
  for (const transition of record.transitions)
    trace.add(scenario.turns, time.bootMs, { kind: 'transition', transition })
  checkState(state, record.now, world)
  encodes(snapshot)
  if (scenario.isFrozen) deepFreeze(state)
  if (scenario.turns % 40 === 0 && snapshot.storeTrouble === null && !record.isStoreFailing) {
    storedFormRoundTrips(state, store.load().stored, record.now)
  }
}

function judgeSteps(scenario: Scenario, record: TurnRecord, after: State): void {
  const { ledger, trace, time, oracle, life } = scenario
  const scene: Scene = {
    snapshot: life.engine.snapshot(),
    before: record.before.units,
    units: after.units,
    now: record.now,
    oracle,
    isStoreFailing: record.isStoreFailing,
    isEnding: after.mode.kind === 'stopping',
  }
  for (const event of record.events) if (event.kind === 'found') ledger.found(event.unit)
  for (const transition of record.transitions) {
    ledger.transition(transition, scene)
  }
  for (const step of record.steps) {
    trace.add(scenario.turns, time.bootMs, { kind: 'step', step })
    ledger.step(step, scene)
  }
}

/** The turn in which the daemon died published nothing: it is taken once more to judge the steps that left. */
function judgeCrashedTurn(scenario: Scenario, record: TurnRecord): void {
  const decided = record.events.filter((_, index) => !record.refused.includes(index))
  const again = takeTurn(record.before, decided, record.now)
  record.transitions.splice(0, Number.POSITIVE_INFINITY, ...again.transitions)
  judgeSteps(scenario, record, again.state)
}

function note({ trace, turns, time }: Scenario, text: string): void {
  trace.add(turns, time.bootMs, { kind: 'note', text })
}
