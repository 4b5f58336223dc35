import { isDeepStrictEqual } from 'node:util'
import { probeGraceMs, probesMax } from '../../src/core/limits.ts'
import type { Check, CheckName, Checks, Event, Step, Target, Unit, UnitId } from '../../src/core/model.ts'
import { type Health, isContainer, isOfPresentRun, type Scene, type Watch } from './scene.ts'
import { hold } from './violation.ts'

/** What the probes of one check of one run said so far, as this daemon learned it. */
interface Known {
  readonly unit: UnitId
  readonly run: number
  readonly name: CheckName
  readonly check: Check
  /** All that was declared with it. */
  readonly checks: Checks
  hasPassed: boolean
  /** In a row, those that do not count left out. */
  failures: number
  inFlight: { readonly seq: number; readonly giveUpBootMs: number } | null
  /** It has failed as often as it takes to end the run. */
  isOver: boolean
}

type ProbeStep = Extract<Step, { kind: 'probe' }>
type Probed = Extract<Event, { kind: 'probed' }>

/** Checks: what is asked, how often, and what follows from the answers. */
export function createProbeWatch(): Watch & Health {
  const known = new Map<string, Known>()
  const lastSeqs = new Map<string, number>()
  const failed = new Set<string>()

  function count(one: Known, isOk: boolean, livedMs: number): void {
    one.inFlight = null
    if (isOk) {
      one.hasPassed = true
      one.failures = 0
    } else if (one.hasPassed || livedMs >= one.check.startPeriodMs) one.failures += 1
    const { retries, startPeriodMs, intervalMs } = one.check
    // Where it never passed, as late as its retries would be over at its interval.
    const isDecided = one.hasPassed || livedMs >= startPeriodMs + retries * intervalMs
    if (one.name !== 'liveness' || one.failures < retries || !isDecided) return
    one.isOver = true
    failed.add(`${one.unit} ${one.run}`)
  }

  function answered(event: Probed, unit: Unit, isPaused: boolean, scene: Scene): void {
    const one = known.get(`${event.unit} ${event.check}`)
    if (one?.run !== event.run || one.inFlight?.seq !== event.seq) return
    if (isPaused && !event.isOk) one.inFlight = null
    else count(one, event.isOk, livedMs(unit, scene))
  }

  function giveUp(scene: Scene, paused: ReadonlySet<UnitId>): void {
    for (const one of known.values()) {
      if (one.inFlight === null || one.inFlight.giveUpBootMs > scene.now.bootMs) continue
      const unit = scene.before.get(one.unit)
      if (paused.has(one.unit) || unit === undefined) one.inFlight = null
      else count(one, false, livedMs(unit, scene))
    }
  }

  function forgetOtherwiseDeclared(target: Target): void {
    for (const [key, { unit, checks }] of known) {
      const declared = checksOf(target, unit)
      const isSame = declared === null || declared === checks || isDeepStrictEqual(declared, checks)
      if (!isSame) known.delete(key)
    }
  }

  function probe(step: ProbeStep, scene: Scene): void {
    const key = `${step.unit} ${step.check}`
    const unit = scene.units.get(step.unit)
    const run = step.run.n
    probesOnlyWhatIsUp(step, unit, scene)
    const check = step.spec.checks[step.check]!
    const one = known.get(key)
    const fresh: Known = {
      ...{ unit: step.unit, run, name: step.check, check, checks: step.spec.checks },
      ...{ hasPassed: false, failures: 0, inFlight: null, isOver: false },
    }
    const current = one?.run === run ? one : fresh
    hold(current.inFlight === null, probesName, () => `${key}: probe ${step.seq} beside ${current.inFlight?.seq}`)
    const seqKey = `${key} ${run}`
    hold(step.seq > (lastSeqs.get(seqKey) ?? 0), 'probes of a run are told apart', () => `${key}: ${step.seq} again`)
    lastSeqs.set(seqKey, step.seq)
    current.inFlight = { seq: step.seq, giveUpBootMs: scene.now.bootMs + step.timeoutMs + probeGraceMs }
    known.set(key, current)
  }

  return {
    news(scene) {
      const { events, before } = scene
      const paused = new Set([...before.values()].filter(({ run }) => run?.isPaused === true).map(({ id }) => id))
      for (const event of events) {
        if (event.kind === 'command' && event.command.kind === 'set-target')
          forgetOtherwiseDeclared(event.command.target)
        if (!isOfPresentRun(event, before) || !('unit' in event)) continue
        if (event.kind === 'paused') paused.add(event.unit)
        else if (event.kind === 'continued') paused.delete(event.unit)
        else if (event.kind === 'probed') answered(event, before.get(event.unit)!, paused.has(event.unit), scene)
      }
      giveUp(scene, paused)
    },
    step(step, scene) {
      if (step.kind === 'probe') probe(step, scene)
    },
    after({ units }) {
      let inFlight = 0
      for (const [key, one] of known) {
        const unit = units.get(one.unit)
        if (unit?.phase !== 'up' || unit.run?.n !== one.run) {
          known.delete(key)
          continue
        }
        if (one.inFlight !== null) inFlight += 1
        healthIsWhatProbesSaid(unit, one)
        failingLivenessEndsTheRun(unit, one)
      }
      hold(inFlight <= probesMax, probesName, () => `${inFlight} probes under way`)
      for (const unit of units.values()) if (unit.health !== null) unprobedIsNotHealthy(unit, known)
    },
    lifeBegins() {
      known.clear()
      lastSeqs.clear()
    },
    isReady(unit) {
      const one = known.get(`${unit} readiness`)
      if (!one?.hasPassed) return false
      return one.failures < one.check.retries
    },
    hasFailed: (unit, run) => failed.has(`${unit} ${run}`),
  }
}

const probesName = 'probes are limited: so many at a time, one for each check'

function probesOnlyWhatIsUp(step: ProbeStep, unit: Unit | undefined, { isEnding, oracle }: Scene): void {
  const isUp = unit?.phase === 'up' && unit.run?.n === step.run.n && !unit.run.isPaused && unit.condemned === null
  const isToEnd = isEnding || !oracle.mayBeDeclared(step.unit) || !oracle.mayBeWantedUp(step.unit)
  hold(
    isUp && !isToEnd,
    'only what is up, runs and stays is probed',
    () => `${step.unit} run ${step.run.n}: ${unit?.phase}, paused: ${unit?.run?.isPaused}, to end: ${isToEnd}`,
  )
}

function healthIsWhatProbesSaid(unit: Unit, one: Known): void {
  const name = 'health is what probes of this run said'
  const told = unit.health?.[one.name]
  hold(told != null, name, () => `${unit.id}: nothing is known of its ${one.name}`)
  const isHealthy = one.hasPassed && one.failures < one.check.retries
  const isRight = told.status === 'healthy' ? isHealthy : told.status === 'starting' ? !one.hasPassed : !isHealthy
  hold(
    isRight,
    name,
    () => `${unit.id}: ${one.name} is ${told.status} after ${one.failures} failures, passed: ${one.hasPassed}`,
  )
  const isCounted = told.status !== 'unhealthy' || one.failures >= one.check.retries
  hold(isCounted, name, () => `${unit.id}: ${one.name} is unhealthy after ${one.failures} of ${one.check.retries}`)
}

function unprobedIsNotHealthy(unit: Unit, known: ReadonlyMap<string, Known>): void {
  // Of a container its engine tells.
  if (isContainer(unit)) return
  const { id, health } = unit
  for (const name of ['readiness', 'liveness'] as const) {
    const isClaimed = health?.[name] != null && health[name].status !== 'starting'
    hold(
      !isClaimed || known.has(`${id} ${name}`),
      'health is what probes of this run said',
      () => `${id}: its ${name} is ${health?.[name]?.status} without a probe`,
    )
  }
}

function failingLivenessEndsTheRun(unit: Unit, one: Known): void {
  hold(
    !one.isOver || unit.condemned !== null,
    'a failing liveness check ends the run',
    () => `${unit.id} run ${one.run} lives on after ${one.failures} failures of ${one.check.retries}`,
  )
}

function livedMs(unit: Unit, { now }: Scene): number {
  return now.bootMs - (unit.run?.startedBootMs ?? now.bootMs)
}

/** Null: the target does not declare it. */
function checksOf(target: Target, id: UnitId): Checks | null {
  const [app = '', service = '', n = ''] = id.split('/')
  const declared = target.apps[app]?.services[service]
  return declared?.instances.some((instance) => instance.n === Number(n)) ? declared.checks : null
}
