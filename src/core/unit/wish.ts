import { isHandingOver } from '../containers/handing-over.ts'
import type { Dependency, LastingWant, OnceWant, State, Unit, UnitId, UnitSpec, Want, Who } from '../model.ts'
import { neededKey } from '../target/units.ts'

/** Whether the unit is to run now, all wishes weighed (docs/lifecycle.md "Wishes, and what wins"). */
export function isWantedUp(state: State, unit: Unit): boolean {
  return state.mode.kind !== 'stopping' && unit.isDeclared && unit.want.kind !== 'down'
}

/** A container that goes on when the daemon ends: its engine keeps it. */
export function isLeft({ mode }: Pick<State, 'mode'>, { container }: Unit): boolean {
  return mode.kind === 'stopping' && mode.leavesContainers === true && container !== undefined
}

export function declaredWant(spec: Pick<UnitSpec, 'autostart' | 'schedule'>): LastingWant {
  return { kind: spec.autostart && spec.schedule === null ? 'up' : 'down', by: { kind: 'declared' } }
}

/** What is wanted when the daemon is started again on purpose, or with its host. */
export function wantBeyondTheDaemon({ want, spec }: Pick<Unit, 'want' | 'spec'>): Want {
  if (want.by.kind === 'declared') return want
  const lasting = want.kind === 'once' ? wantAfterOnce(want, spec) : want
  // What its first declaration said is asked of the next one.
  const isFirst = !spec.autostartAgain && lasting.by.kind === 'daemon'
  return isFirst || spec.manualStop === 'until-daemon-restart' ? declaredWant(spec) : lasting
}

/** Wanted for one run; what somebody wanted before holds again after it. */
export function onceWant(before: Want, by: Who): OnceWant {
  if (before.kind === 'once') return { kind: 'once', by, afterwards: before.afterwards }
  return { kind: 'once', by, afterwards: before.by.kind === 'declared' ? null : before }
}

/** What is wanted when the one run is over. What has a schedule by now is wanted by that only. */
export function wantAfterOnce({ afterwards }: OnceWant, spec: UnitSpec): LastingWant {
  return spec.schedule === null && afterwards !== null ? afterwards : declaredWant(spec)
}

/** By priority: negative where `a` is started before `b`, and stopped after it. */
export function compareStarts({ spec: a }: Unit, { spec: b }: Unit): number {
  return a.appPriority - b.appPriority || a.priority - b.priority
}

/** Whether the unit's living run has to end: it is not wanted, must be replaced, or has failed. */
export function mustEnd(state: State, unit: Unit): boolean {
  if (unit.run === null || isLeft(state, unit) || isHandingOver(state, unit)) return false
  // A post_stop hook is what follows an end: only its own time is up at some point.
  if (unit.run.role === 'post') return unit.condemned !== null
  return unit.condemned !== null || !isWantedUp(state, unit) || unit.run.n <= unit.endRunsUpTo
}

/** Not yet where others may forget it: it lives and must end, or its post_stop hook is due or runs. */
function isEnding(state: State, unit: Unit): boolean {
  if (unit.phase === 'unresolved') return false
  return mustEnd(state, unit) || (unit.after !== null && !isWantedUp(state, unit))
}

export interface Hindrance {
  readonly dependency: Dependency
  /** Whose doing it is; null: the service has no units. */
  readonly late: Unit | null
}

/** The units of one state by `app/service`: what a dependency refers to. */
export type ServiceIndex = ReadonlyMap<string, readonly Unit[]>

export function indexServices(state: State): ServiceIndex {
  const index = new Map<string, Unit[]>()
  for (const unit of state.units.values()) {
    const key = serviceKey(unit.app, unit.service)
    const known = index.get(key)
    if (known === undefined) index.set(key, [unit])
    else known.push(unit)
  }
  return index
}

export function serviceKey(app: string, service: string): string {
  return `${app}/${service}`
}

/** The first dependency whose condition does not hold, or null when the unit may start. */
export function hindrance(state: State, index: ServiceIndex, unit: Unit): Hindrance | null {
  for (const dependency of unit.spec.dependsOn) {
    const others = (index.get(neededKey(unit.app, dependency)) ?? []).filter((other) => other.isDeclared)
    const late = lateOne(state, dependency, others)
    if (late !== undefined) return { dependency, late }
  }
  return null
}

/** The first of `others` that does not meet the condition; undefined: it holds. */
function lateOne(state: State, dependency: Dependency, others: readonly Unit[]): Unit | null | undefined {
  if (others.length === 0) return dependency.required ? null : undefined
  switch (dependency.condition) {
    case 'started':
      return others.find((other) => other.phase !== 'up' || mustEnd(state, other))
    case 'healthy':
      return others.find((other) => !isHealthy(other) || mustEnd(state, other))
    case 'completed':
      return others.find((other) => other.phase !== 'ended' || other.end.kind !== 'expected')
  }
}

/** Whether others may count on it. Without a readiness check nothing tells. */
export function isHealthy(unit: Unit): boolean {
  return unit.phase === 'up' && unit.health?.readiness?.status === 'healthy'
}

/**
 * What must end but has to wait: a living unit that must end too and depends on it or is logged by it, or, while the daemon
 * ends, one that starts later by priority and waits for nobody itself. Units that cannot be told hold nobody back.
 */
export function stopBlockers(state: State): { blocks(unit: Unit): Unit | null } {
  const ending = [...state.units.values()].filter((unit) => isEnding(state, unit))
  const dependants = new Map<string, Unit>()
  const writers = new Map<UnitId, Unit>()
  for (const unit of ending) {
    const { logger } = unit.spec.process
    if (logger?.kind === 'unit') writers.set(logger.unit, unit)
    for (const dependency of unit.spec.dependsOn) dependants.set(neededKey(unit.app, dependency), unit)
  }
  const dependantOf = (unit: Unit) => dependants.get(serviceKey(unit.app, unit.service)) ?? null
  const isDaemonEnding = state.mode.kind === 'stopping'
  // A logger takes the last words of what it reads, unless it is itself that somebody wants down.
  const writerOf = (unit: Unit) => (unit.isDeclared && !isDaemonEnding ? null : (writers.get(unit.id) ?? null))
  const isFree = (unit: Unit) => dependantOf(unit) === null && writerOf(unit) === null
  const last = isDaemonEnding ? highestPriority(ending.filter(isFree)) : null
  return {
    blocks: (unit) =>
      dependantOf(unit) ?? writerOf(unit) ?? (last !== null && compareStarts(last, unit) > 0 ? last : null),
  }
}

function highestPriority(units: readonly Unit[]): Unit | null {
  let highest: Unit | null = null
  for (const unit of units) if (highest === null || compareStarts(unit, highest) > 0) highest = unit
  return highest
}
