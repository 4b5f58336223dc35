import type { Now, State, Target } from '../../src/core/model.ts'
import { drawCommand } from './actions.ts'
import { nowOf } from './clock.ts'
import { calmDock, checkDock, isDockAtRest } from './containers/rest.ts'
import { checkConverged, checkScheduled, isStuck, isWaitedFor } from './convergence.ts'
import type { FaultKind } from './faults.ts'
import { storedFormRoundTrips } from './invariants.ts'
import { startLife, submit } from './lives.ts'
import type { Matrix } from './matrix.ts'
import { nextEventBootMs, passTime, settle, wakeByWall } from './passing-time.ts'
import { passing } from './script.ts'
import { note, openScenario, type Scenario, type ScenarioOptions } from './stage.ts'
import { act, submitToUnresolved } from './strikes.ts'
import { throughText } from './text.ts'
import { hold, Violation } from './violation.ts'

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

/** Faults on and invariants every turn; then faults off, and everything converges or is explained. */
export async function runScenario(options: ScenarioOptions, matrix: Matrix): Promise<ScenarioResult> {
  const scenario = openScenario(options, matrix)
  const units = unitCount(scenario.declared)
  let failure: Failure | null = null
  try {
    // Decoding costs as much as some twenty turns: a share of the scenarios is enough.
    if (options.seed % 8 === 0) {
      const { sv, box, ...written } = scenario.declared.apps
      const { apps } = await throughText({ apps: written }, options.seed % 16 === 0 ? 'supervisord' : 'compose')
      scenario.declared = {
        apps: { ...apps, ...(sv === undefined ? {} : { sv }), ...(box === undefined ? {} : { box }) },
      }
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
    process.checked = passing
    if (process.isImpostor) world.signal(process, 'KILL', time.bootMs)
    else if (process.isPaused) world.signal(process, 'CONT', time.bootMs)
  }
  scenario.life.driverAlarm.bootMs = time.bootMs
  calmDock(scenario)
  await settle(scenario)
  if (!submitToUnresolved(scenario) && random.chance(0.5)) {
    submit(scenario, drawCommand(random, [...scenario.life.engine.snapshot().state.units.values()], scenario.declared))
  }
  scenario.isWallStill = true
  await comeToRest(scenario)
  await waitForSchedules(scenario)
  const snapshot = scenario.life.engine.snapshot()
  hold(
    snapshot.storeTrouble === null,
    'it comes to rest',
    () => `the store is still in trouble: ${snapshot.storeTrouble}`,
  )
  checkConverged(snapshot.state, nowOf(time), world)
  await staysQuiet(scenario)
  checkDock(scenario)
  scenario.hooks.atRest()
  storedFormRoundTrips(scenario.life.engine.snapshot().state, store.load().stored, nowOf(time))
}

/** Each schedule's next time comes, and everything rests again. */
async function waitForSchedules(scenario: Scenario): Promise<void> {
  const { time } = scenario
  const { state } = scenario.life.engine.snapshot()
  const due = [...state.units.values()].flatMap(({ job, isDeclared }) => (isDeclared ? (job?.dueWallMs ?? []) : []))
  if (due.length === 0 || state.mode.kind !== 'running') return
  time.wallOffsetMs = Math.max(...due) - time.bootMs
  note(scenario, 'the next time of every schedule has come')
  wakeByWall(scenario)
  await comeToRest(scenario)
  checkScheduled(state, scenario.life.engine.snapshot().state)
}

/** Looked at once more, the engine is asked for nothing. */
async function staysQuiet(scenario: Scenario): Promise<void> {
  const { dock, life } = scenario
  if (dock === null || life.engine.snapshot().state.mode.kind !== 'running') return
  note(scenario, 'it is looked at once more')
  life.asked.length = 0
  life.post?.({ kind: 'engine-doubt', why: 'the simulator asks for it' })
  await comeToRest(scenario)
  const others = life.asked.filter((step) => step.kind !== 'observe-engine' && step.kind !== 'probe')
  hold(others.length === 0, 'at target nothing is done', () =>
    others.map(({ kind, why }) => `${kind} (${why})`).join(', '),
  )
}

async function comeToRest(scenario: Scenario): Promise<void> {
  for (let moves = 0; moves < 6_000; moves++) {
    await settle(scenario)
    const next = isAtRest(scenario) ? null : nextEventBootMs(scenario)
    if (next !== null) passTime(scenario, next)
    else if (!endTheStuck(scenario)) return
  }
  hold(false, 'it comes to rest', () => {
    const waited = [...scenario.life.engine.snapshot().state.units.values()].filter((unit) =>
      isWaitedFor(scenario.life.engine.snapshot().state, unit, nowOf(scenario.time)),
    )
    const told = waited.map(({ id, phase, reason }) => `${id} is ${phase}: ${reason}`)
    return `there is still something to do after 6,000 moves without faults: ${told.join('; ')}`
  })
}

/** Nothing is left to come but the probes of what passes them. */
function isAtRest({ life, world, dock, diskFreeBootMs, time }: Scenario): boolean {
  const { state, storeTrouble } = life.engine.snapshot()
  const isDue = [life.engineAlarm, life.driverAlarm, life.engineDriverAlarm].some(
    ({ bootMs }) => bootMs !== null && bootMs <= time.bootMs,
  )
  if (isDue || diskFreeBootMs !== null || storeTrouble !== null || life.underWay.length > 0) return false
  if (!isDockAtRest(dock, state, nowOf(time))) return false
  return state.observe === null && world.nextBootMs() === null && !isAnyWaitedFor(state, nowOf(time))
}

function isAnyWaitedFor(state: State, now: Now): boolean {
  for (const unit of state.units.values()) if (isWaitedFor(state, unit, now)) return true
  return false
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
