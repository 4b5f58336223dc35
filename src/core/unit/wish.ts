import type { Dependency, State, Unit, UnitSpec, Want } from '../model.ts'

/** Whether the unit is to run now, all wishes weighed (docs/lifecycle.md "Wishes, and what wins"). */
export function isWantedUp(state: State, unit: Unit): boolean {
  return state.mode.kind !== 'stopping' && unit.isDeclared && unit.want.kind !== 'down'
}

export function declaredWant(spec: Pick<UnitSpec, 'autostart' | 'schedule'>): Want {
  return { kind: spec.autostart && spec.schedule === null ? 'up' : 'down', by: { kind: 'declared' } }
}

/** Whether the unit's living run has to end: it is not wanted, must be replaced, or has failed. */
export function mustEnd(state: State, unit: Unit): boolean {
  if (unit.run === null) return false
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
  readonly why: string
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
    const others = (index.get(serviceKey(unit.app, dependency.service)) ?? []).filter((other) => other.isDeclared)
    const why = unmet(state, dependency, others)
    if (why !== null) return { dependency, why }
  }
  return null
}

function unmet(state: State, dependency: Dependency, others: readonly Unit[]): string | null {
  if (others.length === 0) return dependency.required ? `${dependency.service} has no units` : null
  switch (dependency.condition) {
    case 'started': {
      const late = others.find((other) => other.phase !== 'up' || mustEnd(state, other))
      return late === undefined ? null : `${late.id} to start (now ${late.phase}: ${late.reason})`
    }
    case 'healthy': {
      const late = others.find((other) => !isHealthy(other) || mustEnd(state, other))
      return late === undefined ? null : `${late.id} to be healthy (now ${healthText(late)})`
    }
    case 'completed': {
      const late = others.find((other) => other.phase !== 'ended' || other.end.kind !== 'expected')
      return late === undefined ? null : `${late.id} to complete (now ${late.phase}: ${late.reason})`
    }
  }
}

/** Whether others may count on it. Without a readiness check nothing tells. */
export function isHealthy(unit: Unit): boolean {
  return unit.phase === 'up' && unit.health?.readiness?.status === 'healthy'
}

function healthText({ phase, health, reason }: Unit): string {
  const status = health?.readiness?.status
  return phase === 'up' && status !== undefined && status !== 'healthy' ? `${status}: ${reason}` : `${phase}: ${reason}`
}

/**
 * What must end but has to wait: a living unit that must end too and depends on it, or, while the daemon ends, one of
 * a higher priority number that waits for nobody itself. Units that cannot be told hold nobody back.
 */
export function stopBlockers(state: State): { blocks(unit: Unit): Unit | null } {
  const ending = [...state.units.values()].filter((unit) => isEnding(state, unit))
  const dependants = new Map<string, Unit>()
  for (const unit of ending) {
    for (const dependency of unit.spec.dependsOn) dependants.set(serviceKey(unit.app, dependency.service), unit)
  }
  const dependantOf = (unit: Unit) => dependants.get(serviceKey(unit.app, unit.service)) ?? null
  const last =
    state.mode.kind === 'stopping' ? highestPriority(ending.filter((unit) => dependantOf(unit) === null)) : null
  return {
    blocks: (unit) => dependantOf(unit) ?? (last !== null && last.spec.priority > unit.spec.priority ? last : null),
  }
}

function highestPriority(units: readonly Unit[]): Unit | null {
  let highest: Unit | null = null
  for (const unit of units) if (highest === null || unit.spec.priority > highest.spec.priority) highest = unit
  return highest
}
