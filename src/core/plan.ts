import { isContainerUnit, unitResource } from './containers/among.ts'
import { isUnlocked } from './containers/locks.ts'
import { planEngine } from './containers/plan.ts'
import { spawnsPerTurnMax } from './limits.ts'
import type { Now, Phase, Role, Run, State, Step, Unit } from './model.ts'
import { exitText, isSomebody, whoText } from './text.ts'
import { planProbes } from './unit/health.ts'
import { isJob, planSchedules } from './unit/job.ts'
import { endsForGood, hasOtherLadder, ladderOf, rungAt } from './unit/ladder.ts'
import {
  compareStarts,
  hindrance,
  indexServices,
  isWantedUp,
  mustEnd,
  type ServiceIndex,
  stopBlockers,
} from './unit/wish.ts'

/** The next safe steps, from the whole state. Asking twice gives the same answer. */
export function plan(state: State, now: Now): readonly Step[] {
  const steps: Step[] = []
  planStarts(steps, state, now)
  planEnds(steps, state, now)
  planEngine(steps, state, now)
  planSchedules(steps, state, now)
  planProbes(steps, state, now)
  if (state.observe !== null && !state.observe.inFlight) steps.push({ kind: 'observe', why: state.observe.why })
  return steps
}

function planStarts(steps: Step[], state: State, now: Now): void {
  const startable: Unit[] = []
  let underWay = 0
  for (const unit of state.units.values()) {
    if (isContainerUnit(unit)) continue
    if (unit.run !== null) underWay += unit.run.identity === null ? 1 : 0
    else if (unit.after !== null || (isDueToStart(unit, now) && isWantedUp(state, unit))) startable.push(unit)
  }
  const [first] = startable
  const needsOrder = first !== undefined && startable.some((unit) => compareStarts(unit, first) !== 0)
  if (needsOrder) startable.sort(compareStarts)
  let index: ServiceIndex | null = null
  let run = state.nextRun
  for (const unit of startable) {
    if (underWay >= spawnsPerTurnMax) return
    const role = nextRole(unit)
    if (unit.spec.dependsOn.length > 0 && isBeginning(unit)) {
      index ??= indexServices(state)
      if (hindrance(state, index, unit) !== null) continue
    }
    steps.push(spawnStep(unit, role, run))
    run += 1
    underWay += 1
  }
}

/** Nothing runs, and nothing but a dependency may hold a start back. */
function isDueToStart(unit: Unit, now: Now): boolean {
  if (unit.phase === 'backoff') return unit.retryBootMs === null || unit.retryBootMs <= now.bootMs
  return unit.phase === 'idle' || unit.phase === 'preparing'
}

/** The first of the runs that belong together: what holds a start back is asked for once. */
function isBeginning(unit: Unit): boolean {
  return unit.after === null && unit.phase !== 'preparing'
}

function nextRole(unit: Unit): Role {
  if (unit.after !== null) return 'post'
  return isBeginning(unit) && unit.spec.hooks.preStart !== null ? 'pre' : 'main'
}

function spawnStep(unit: Unit, role: Role, run: number): Step {
  return {
    kind: 'spawn',
    unit: unit.id,
    run,
    role,
    attempt: isBeginning(unit) ? run : unit.attempt,
    spec: unit.spec,
    end: role === 'post' ? unit.end : null,
    isRecorded: role === 'main' && isJob(unit),
    why: role === 'main' ? startWhy(unit) : role === 'pre' ? `${startWhy(unit)}; pre_start hook` : 'post_stop hook',
  }
}

function startWhy(unit: Unit): string {
  if (unit.phase !== 'backoff') return unit.reason
  const { exit, message } = unit.end
  return `restart after ${message === '' && exit !== null ? exitText(exit) : message}`
}

function planEnds(steps: Step[], state: State, now: Now): void {
  let blockers: ReturnType<typeof stopBlockers> | null = null
  for (const unit of state.units.values()) {
    if (unit.run === null) {
      if (!unit.isDeclared && unit.after === null && !isContainerLeft(state, unit))
        steps.push({ kind: 'forget', unit: unit.id, why: 'no longer declared' })
      continue
    }
    if (unit.run.identity === null || unit.phase === 'unresolved') continue
    // Which run it has by now the first look tells.
    if (unit.run.identity.container !== undefined && !state.containerEngine.isKnown) continue
    const asked = unit.signals[0]
    if (asked !== undefined) steps.push(askedSignal(unit, unit.run, asked))
    if (livesOn.has(unit.phase) && mustEnd(state, unit)) {
      if (!isUnlocked(state, unit)) continue
      blockers ??= stopBlockers(state)
      // Nobody counts on a hook: only what a process leaves behind has an order.
      if (unit.run.role !== 'main' || blockers.blocks(unit) === null) {
        pushRungs(steps, unit, unit.run, { rung: 0, isForGood: endsForGood(state, unit), why: endWhy(state, unit) })
      }
    } else if (unit.stop !== null && hasOtherLadder(state, unit, unit.stop)) {
      const { isForGood, why } = unit.stop
      pushRungs(steps, unit, unit.run, { rung: 0, isForGood: !isForGood, why: isForGood ? why : endWhy(state, unit) })
    } else if (unit.stop?.dueBootMs != null && unit.stop.dueBootMs <= now.bootMs) {
      pushRungs(steps, unit, unit.run, unit.stop)
    }
  }
}

const livesOn: ReadonlySet<Phase> = new Set(['preparing', 'up', 'finishing'])

/** Its last container is still there, or nobody could tell yet. */
function isContainerLeft({ containerEngine }: State, unit: Unit): boolean {
  if (!isContainerUnit(unit)) return false
  const { isKnown, work } = containerEngine
  return unit.container !== undefined || !isKnown || work.has(unitResource(unit.id))
}

function endWhy(state: State, unit: Unit): string {
  if (unit.condemned !== null) return unit.condemned
  if (state.mode.kind === 'stopping') return state.mode.why
  if (!unit.isDeclared) return 'no longer declared'
  if (unit.want.kind !== 'down') return unit.endRunsWhy
  const by = isSomebody(unit.want.by) ? unit.want.by : unit.stoppedBy
  return by === null ? 'not to be started' : `stopped by ${whoText(by)}`
}

function askedSignal(unit: Unit, run: Run, signal: string): Step {
  const command = run.role === 'main' ? unit.spec.signalScripts[signal] : undefined
  const asked = { scope: 'main', purpose: 'asked', why: 'asked for' } as const
  return {
    kind: 'signal',
    unit: unit.id,
    run: run.n,
    signal,
    ...asked,
    ...scriptPart(unit, command),
    ...containerPart(run),
  }
}

/** Nothing to add where there is no script: most units have none. */
function scriptPart(
  unit: Unit,
  command: readonly string[] | undefined,
): Pick<Extract<Step, { kind: 'signal' }>, 'script'> {
  return command === undefined ? {} : { script: { command, attempt: unit.attempt, spec: unit.spec } }
}

function containerPart({ identity }: Run): Pick<Extract<Step, { kind: 'signal' }>, 'container'> {
  return identity?.container === undefined ? {} : { container: identity.container.id }
}

interface At {
  readonly rung: number
  readonly isForGood: boolean
  readonly why: string
}

/** With those that follow without a wait: whoever ends by the first is told by the others all the same. */
function pushRungs(steps: Step[], unit: Unit, run: Run, at: At): void {
  const last = ladderOf(unit, at.isForGood).length - 1
  let { rung } = at
  pushRung(steps, unit, run, at)
  while (rung < last && rungAt(unit, { ...at, rung }).waitMs === 0) {
    rung += 1
    pushRung(steps, unit, run, { ...at, rung })
  }
}

/** Of a container nothing else is said of: its image may know better. */
function ownStopSignal({ spec, container }: Unit): string | undefined {
  return spec.container?.settings.stopSignal === null ? container?.stopSignal : undefined
}

function pushRung(steps: Step[], unit: Unit, run: Run, at: At): void {
  const { scope, script, ...rung } = rungAt(unit, at)
  const signal = at.rung === 0 ? (ownStopSignal(unit) ?? rung.signal) : rung.signal
  const part = run.role === 'main' ? scriptPart(unit, script) : {}
  const ladder = {
    ...(at.isForGood ? { isForGood: true as const } : {}),
    ...part,
    ...containerPart(run),
    purpose: 'ladder' as const,
  }
  steps.push({ kind: 'signal', unit: unit.id, run: run.n, signal, scope, ...ladder, why: at.why })
  if (run.isPaused && signal !== 'KILL') {
    const wake = 'paused, it could not act on the signal'
    steps.push({
      kind: 'signal',
      unit: unit.id,
      run: run.n,
      signal: 'CONT',
      scope,
      purpose: 'wake',
      ...containerPart(run),
      why: wake,
    })
  }
}
