import type { Dependency, State, Unit } from '../model.ts'

/** Whether the unit is to run now, all wishes weighed (docs/lifecycle.md "Wishes, and what wins"). */
export function isWantedUp(state: State, unit: Unit): boolean {
  return state.mode.kind !== 'stopping' && unit.isDeclared && unit.want.kind !== 'down'
}

/** Whether the unit's living run has to end: it is not wanted, or it must be replaced. */
export function mustEnd(state: State, unit: Unit): boolean {
  return unit.run !== null && (!isWantedUp(state, unit) || unit.run.n <= unit.endRunsUpTo)
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
    case 'completed': {
      const late = others.find((other) => other.phase !== 'ended' || other.end.kind !== 'expected')
      return late === undefined ? null : `${late.id} to complete (now ${late.phase}: ${late.reason})`
    }
  }
}

/**
 * What must end but has to wait: a living unit that must end too and depends on it, or, while the daemon ends, one of
 * a higher priority number that waits for nobody itself. Units that cannot be told hold nobody back.
 */
export function stopBlockers(state: State): { blocks(unit: Unit): Unit | null } {
  const ending = [...state.units.values()].filter((unit) => unit.phase !== 'unresolved' && mustEnd(state, unit))
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
