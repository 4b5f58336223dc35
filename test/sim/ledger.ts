import type { Event, Now, Phase, Role, Step, StopRung, Transition, Unit, UnitId } from '../../src/core/model.ts'
import { isHookOverdue } from './hooks.ts'
import { processText } from './oracle.ts'
import { isContainer, type Scene } from './scene.ts'
import { hold } from './violation.ts'

/** What left for the driver, as seen from outside: the basis of the invariants about steps. */
export interface Ledger {
  /** Judges the step by what was known when its turn was over, then remembers it. */
  step(step: Step, scene: Scene): void
  transition(transition: Transition, scene: Scene): void
  /** Counters and times of earlier lives may be lost. */
  forgetRestarts(): void
  committed(unit: UnitId, run: number): void
  reserved(below: number): void
  /** A run nothing was stored of: what it was started as is not known to the daemon. */
  found(unit: UnitId): void
  /** By another daemon, or another image of this one: its ladder is climbed again. */
  adopted(unit: UnitId): void
  reboot(): void
  /** Another one begins. */
  daemonIsGone(): void
}

interface Past {
  isFound: boolean
  lastRun: number
  lastRole: Role
  spawnedBootMs: number
  /** When the first of the runs that belong together was spawned. */
  begunBootMs: number
  process: string
  /** It had a unit as its logger when it was started. */
  isLogged: boolean
  /** It talks with the daemon; that may be another one by now. */
  talks: 'no' | 'with-this-one' | 'with-one-before'
  /** Early ends in a row, by our own count; and when the unit last ended and was to be tried again. */
  earlyEnds: number
  endedBootMs: number
  isPolicyRestart: boolean
  /** The last end was the host's trouble, which follows no policy. */
  isHosts: boolean
  policyRestartsBootMs: number[]
}

interface Rung {
  readonly run: number
  /** Its place in its ladder, from 0; the last one repeated counts on. */
  readonly place: number
  readonly atBootMs: number
  readonly waitMs: number
  readonly signal: string
  readonly isForGood: boolean
}

export function createLedger(): Ledger {
  const pasts = new Map<UnitId, Past>()
  const rungs = new Map<UnitId, Rung>()
  const intents = new Map<UnitId, number>()
  let newestRun = 0
  let reserved = 0

  function pastOf(unit: UnitId): Past {
    const known = pasts.get(unit)
    if (known !== undefined) return known
    const past: Past = {
      isFound: false,
      lastRun: 0,
      lastRole: 'main',
      spawnedBootMs: 0,
      begunBootMs: 0,
      process: '',
      isLogged: false,
      talks: 'no',
      earlyEnds: 0,
      endedBootMs: -1,
      isPolicyRestart: false,
      isHosts: false,
      policyRestartsBootMs: [],
    }
    pasts.set(unit, past)
    return past
  }

  function spawn(step: Extract<Step, { kind: 'spawn' }>, scene: Scene): void {
    const past = pastOf(step.unit)
    runNumbersGrow(step, newestRun)
    // What was used while nothing could be stored is known of only where its process lives.
    if (step.run < reserved) newestRun = step.run
    intentIsStored(step, intents.get(step.unit), scene)
    if (step.role !== 'post') nothingUnwantedStarts(step, scene)
    if (step.role !== 'post' && step.run === step.attempt) startBegins(step, past, scene)
    past.lastRun = step.run
    past.lastRole = step.role
    past.isFound = false
    past.spawnedBootMs = scene.now.bootMs
    past.process = processText(step.spec.process)
    past.isLogged = step.spec.process.logger?.kind === 'unit'
    past.talks = step.role === 'main' && step.spec.process.stdin.kind === 'events' ? 'with-this-one' : 'no'
  }

  function startBegins(step: Extract<Step, { kind: 'spawn' }>, past: Past, scene: Scene): void {
    dependenciesHold(step, scene)
    // Each time of a schedule begins anew.
    if (step.spec.schedule !== null && !past.isPolicyRestart) clearRestarts(past)
    restartsWithinPolicy(step, past, scene)
    if (past.isPolicyRestart) past.policyRestartsBootMs.push(scene.now.bootMs)
    past.isPolicyRestart = false
    past.begunBootMs = scene.now.bootMs
  }

  function signal(step: Extract<Step, { kind: 'signal' }>, scene: Scene): void {
    const past = pastOf(step.unit)
    if (step.container === undefined) ownRunOnly(step, past)
    if (step.purpose !== 'ladder') return
    const unit = scene.units.get(step.unit)!
    const rung = rungs.get(step.unit)
    const { run, signal: name, isForGood = false } = step
    const isFirst = rung === undefined || rung.run !== run || rung.isForGood !== isForGood
    const place = isFirst ? 0 : rung.place + 1
    orderIsKept(step, unit, place, scene)
    if (!isFirst) graceIsKept(step, unit, rung, scene.now)
    const waitMs = rungAt(ladderOf(step, unit), place)?.waitMs ?? 0
    rungs.set(step.unit, { run, place, atBootMs: scene.now.bootMs, waitMs, signal: name, isForGood })
  }

  /** A run, or a hook after it, is over: what follows it by policy is counted. */
  function end(transition: Transition, unit: Unit, past: Past, now: Now): void {
    const { from, to } = transition
    const follows = to === 'finishing' ? (unit.after?.phase ?? 'idle') : to
    const isEnd = living.has(from) && (to === 'finishing' ? from !== 'finishing' : !living.has(to))
    if (!isEnd || !byPolicy.has(follows)) return
    if (transition.run !== past.lastRun) {
      // Of an earlier life, or of a turn that could not be stored.
      clearRestarts(past)
      return
    }
    if (past.lastRole === 'post') {
      past.isPolicyRestart = to === 'backoff' && !past.isHosts
      return
    }
    if (transition.exit === null && transition.why.startsWith('its start was interrupted')) {
      // That restart never happened: the next one is it.
      past.policyRestartsBootMs.pop()
      past.isPolicyRestart = true
      return
    }
    const livedMs = now.bootMs - past.spawnedBootMs
    const isStable = transition.exit !== null && past.lastRole === 'main' && livedMs >= unit.spec.restart.stableMs
    past.isHosts = transition.exit === null && transition.why.includes("the host's trouble")
    if (isStable) past.earlyEnds = 0
    else if (!past.isHosts) past.earlyEnds += 1
    past.endedBootMs = now.bootMs
    past.isPolicyRestart = to === 'backoff' && !past.isHosts
  }

  return {
    step(step, scene) {
      if (step.kind === 'spawn') spawn(step, scene)
      else if (step.kind === 'signal') signal(step, scene)
    },
    transition(transition, scene) {
      const { now } = scene
      const unit = scene.units.get(transition.unit) ?? scene.before.get(transition.unit)
      const past = pastOf(transition.unit)
      // A run that lived long enough clears the counter, also when it is stopped then, or is not to be followed by policy.
      const wasStable = unit !== undefined && now.bootMs - past.spawnedBootMs >= unit.spec.restart.stableMs
      if (transition.from === 'up' && wasStable) past.earlyEnds = 0
      if (transition.to === 'stopping') {
        rungs.delete(transition.unit)
        if (unit === undefined || !isContainer(unit)) endHasACause(transition, past, scene)
        if (unit !== undefined && past.lastRole === 'main') dependantsEndFirst(unit, scene)
      }
      // Ended on purpose, the daemon hands back what had ended or given up: its successor starts it afresh.
      const isHandedBack = transition.to === 'idle' && handedBack.has(transition.from)
      if (isHandedBack && scene.isEnding) clearRestarts(past)
      if (unit !== undefined && !isContainer(unit)) end(transition, unit, past, now)
    },
    forgetRestarts() {
      for (const past of pasts.values()) clearRestarts(past)
    },
    daemonIsGone() {
      for (const past of pasts.values()) if (past.talks === 'with-this-one') past.talks = 'with-one-before'
    },
    committed(unit, run) {
      intents.set(unit, run)
    },
    found(unit) {
      pastOf(unit).isFound = true
    },
    adopted(unit) {
      rungs.delete(unit)
    },
    reserved(below) {
      reserved = below
    },
    reboot() {
      rungs.clear()
      for (const past of pasts.values()) {
        clearRestarts(past)
        past.spawnedBootMs = -1
      }
    },
  }
}

const living: ReadonlySet<Phase> = new Set(['preparing', 'starting', 'up', 'stopping', 'finishing'])
const byPolicy: ReadonlySet<Phase> = new Set(['backoff', 'ended', 'failed'])
const handedBack: ReadonlySet<Phase> = new Set(['ended', 'failed', 'finishing', 'backoff'])

function clearRestarts(past: Past): void {
  past.earlyEnds = 0
  past.endedBootMs = -1
  past.isPolicyRestart = false
  past.policyRestartsBootMs = []
}

// ---- invariants about steps ------------------------------------------------------------------------------------

function runNumbersGrow(step: Extract<Step, { kind: 'spawn' }>, newestRun: number): void {
  hold(step.run > newestRun, 'run numbers only grow', () => `${step.unit}: run ${step.run} after run ${newestRun}`)
}

function intentIsStored(step: Extract<Step, { kind: 'spawn' }>, stored: number | undefined, scene: Scene): void {
  const isStored = stored === step.run || scene.isStoreFailing
  hold(
    isStored,
    'an intent is stored before its process exists',
    () => `${step.unit}: run ${step.run}, stored ${stored}`,
  )
}

function nothingUnwantedStarts(step: Extract<Step, { kind: 'spawn' }>, { oracle, isEnding }: Scene): void {
  hold(!isEnding, 'nothing unwanted is started', () => `${step.unit} is started while the daemon ends`)
  hold(oracle.mayBeDeclared(step.unit), 'nothing unwanted is started', () => `${step.unit} is not declared`)
  hold(oracle.mayBeWantedUp(step.unit), 'nothing unwanted is started', () => `${step.unit} is wanted down`)
}

export function dependenciesHold(
  step: { readonly unit: UnitId; readonly spec: Pick<Unit['spec'], 'dependsOn'> },
  { units, health }: Scene,
): void {
  const app = step.unit.slice(0, step.unit.indexOf('/'))
  for (const { service, condition, required } of step.spec.dependsOn) {
    const others = [...units.values()].filter((one) => one.app === app && one.service === service && one.isDeclared)
    hold(
      others.length > 0 || !required,
      'no start before its dependencies',
      () => `${step.unit}: ${service} has no units`,
    )
    for (const other of others) {
      const isMet =
        condition === 'completed'
          ? other.phase === 'ended' && other.end.kind === 'expected'
          : other.phase === 'up' && (condition === 'started' || isReady(other, health))
      hold(
        isMet,
        'no start before its dependencies',
        () => `${step.unit}: ${other.id} is ${other.phase}, asked ${condition}`,
      )
    }
  }
}

/** Of a container the engine tells it. */
function isReady(unit: Unit, health: Scene['health']): boolean {
  return isContainer(unit) ? unit.health?.readiness?.status === 'healthy' : health.isReady(unit.id)
}

function restartsWithinPolicy(step: Extract<Step, { kind: 'spawn' }>, past: Past, { now, oracle }: Scene): void {
  const touchedBootMs = oracle.touchedBootMs(step.unit)
  if (touchedBootMs >= past.endedBootMs || touchedBootMs >= past.begunBootMs) {
    clearRestarts(past)
    return
  }
  if (!past.isPolicyRestart) return
  const { backoff, budget } = step.spec.restart
  const k = past.earlyEnds - backoff.freeRestarts
  const grown = backoff.shape === 'linear' ? backoff.firstMs * k : backoff.firstMs * backoff.factor ** (k - 1)
  const leastMs = k <= 0 ? 0 : Math.min(grown, backoff.maxMs) * (1 - backoff.jitter / 2) - 1
  const waitedMs = now.bootMs - past.endedBootMs
  const name = 'restart rate within policy'
  hold(
    waitedMs >= leastMs,
    name,
    () => `${step.unit}: started after ${waitedMs} ms, early end ${past.earlyEnds} asks ${leastMs} ms`,
  )
  if (budget === null) return
  if (budget.windowMs === null) {
    hold(
      past.earlyEnds <= budget.restartsMax,
      name,
      () => `${step.unit}: ${past.earlyEnds} early ends, allowed ${budget.restartsMax}`,
    )
    return
  }
  const fromBootMs = past.endedBootMs - budget.windowMs
  const recent = past.policyRestartsBootMs.filter((at) => at > fromBootMs).length
  hold(
    recent < Math.max(1, budget.restartsMax) || budget.restartsMax > recent,
    name,
    () => `${step.unit}: ${recent} restarts in the window, allowed ${budget.restartsMax}`,
  )
}

function ownRunOnly(step: Extract<Step, { kind: 'signal' }>, past: Past): void {
  hold(
    step.run === past.lastRun,
    'what we do not manage is not touched',
    () => `${step.unit}: signal for run ${step.run}, last ${past.lastRun}`,
  )
}

function endHasACause({ unit, run, why }: Transition, past: Past, scene: Scene): void {
  const { oracle, isEnding, health, now } = scene
  const { lastRole: role, spawnedBootMs: startedBootMs } = past
  const known = scene.units.get(unit)
  const isOverdue = known !== undefined && isHookOverdue(known, { role, startedBootMs }, now.bootMs)
  const isReplaced = known?.spec.schedule?.overlap === 'replace'
  const name = 'the untouched is not stopped'
  const isLetBe = role !== 'post' || isOverdue
  hold(isLetBe, name, () => `${unit}: its post_stop hook is stopped (${why})`)
  const isCaused =
    isEnding ||
    isOverdue ||
    isReplaced ||
    (run !== null && health.hasFailed(unit, run)) ||
    past.isFound ||
    past.talks === 'with-one-before' ||
    !oracle.mayBeDeclared(unit) ||
    oracle.mayBeWantedDown(unit) ||
    oracle.wasRestartAsked(unit, past.spawnedBootMs) ||
    oracle.wasReplaced(unit, past.process, past.spawnedBootMs) ||
    oracle.wasLoggerTaken(unit, past.isLogged, past.spawnedBootMs)
  hold(isCaused, name, () => `${unit}: run ${run} is stopped without a cause (${why})`)
}

function dependantsEndFirst(unit: Unit, { units, isEnding, state }: Scene): void {
  if (!isEnding || (state.mode.kind === 'stopping' && state.mode.leavesContainers === true)) return
  for (const other of units.values()) {
    if (other.run === null || other.phase === 'unresolved' || other.app !== unit.app) continue
    const isDependant = other.spec.dependsOn.some((edge) => edge.service === unit.service)
    hold(!isDependant, 'dependants end first', () => `${unit.id} is stopped before ${other.id} has ended`)
  }
}

function graceIsKept(step: Extract<Step, { kind: 'signal' }>, unit: Unit, rung: Rung, now: Now): void {
  const waitedMs = now.bootMs - rung.atBootMs
  // The ladder may have changed meanwhile: it is climbed as it is now declared.
  const isHarmless = step.signal !== 'KILL' || rung.signal === 'KILL' || ladderOf(step, unit)[0]?.signal === 'KILL'
  hold(
    waitedMs >= rung.waitMs || isHarmless,
    'no kill before the grace is over',
    () => `${step.unit}: SIG${step.signal} after ${waitedMs} ms of ${rung.waitMs}`,
  )
}

/** From the first rung on, none left out; those without a wait between them in one turn, and no more than these. */
function orderIsKept(step: Extract<Step, { kind: 'signal' }>, unit: Unit, place: number, scene: Scene): void {
  const name = 'a ladder is climbed from its first rung, and those without a wait together'
  const ladder = ladderOf(step, unit)
  const signal = (place === 0 ? ownSignal(step, unit, scene) : undefined) ?? rungAt(ladder, place)?.signal
  const { unit: id, run } = step
  hold(step.signal === signal, name, () => `${id}: run ${run} gets SIG${step.signal}, rung ${place} is SIG${signal}`)
  const pause = ladder.findIndex(({ waitMs }, at) => at >= place && (waitMs > 0 || at === ladder.length - 1))
  const next = Math.max(pause, place) + 1
  const told = () => `${id}: run ${run} gets SIG${signal}, then rung ${unit.stop?.rung} is next instead of ${next}`
  hold(unit.stop?.rung === next, name, told)
}

/** Where nothing is declared of it, the container knows itself by what it is stopped: also by an earlier declaration. */
function ownSignal(
  { container }: Extract<Step, { kind: 'signal' }>,
  { spec }: Unit,
  { state }: Scene,
): string | undefined {
  if (container === undefined || spec.container?.settings.stopSignal !== null) return undefined
  return state.containerEngine.containers.get(container)?.settings.stopSignal?.replace(/^SIG/, '')
}

/** Past the end the last one again. */
function rungAt(ladder: readonly StopRung[], place: number): StopRung | undefined {
  return ladder[Math.min(place, ladder.length - 1)]
}

function ladderOf({ isForGood }: Extract<Step, { kind: 'signal' }>, { spec }: Unit): readonly StopRung[] {
  return (isForGood === true ? spec.retire : null) ?? spec.stop
}

/** The news of a turn that meets a unit. */
export function unitsMet(event: Event): readonly UnitId[] | 'all' {
  switch (event.kind) {
    case 'command':
      return 'units' in event.command ? event.command.units : 'all'
    case 'observed':
    case 'observe-failed':
      return 'all'
    default:
      return 'unit' in event ? [event.unit] : 'all'
  }
}
