import { explain, type Upcoming } from '../../core/explain.ts'
import type { Job, State, Unit, UnitId } from '../../core/model.ts'
import { type ShownState, shownState } from '../../core/shown.ts'
import { indexServices, type ServiceIndex } from '../../core/unit/wish.ts'
import { waitingFor } from '../../core/waiting.ts'
import type { Snapshot } from '../../engine/ports.ts'
import {
  apiVersion,
  type HealthStatus,
  type UnitItem,
  type UnitList,
  type UpcomingItem,
  type WideUnitItem,
  type WideUnitList,
} from '../../wire/api.ts'
import { containerArgv, type EngineSight, notYetReason, sightOf } from './containers.ts'

/** What `holdfast ps` shows, in the target's order. `chosen` null: everything. */
export function unitList({ state, storeTrouble }: Snapshot, chosen: readonly UnitId[] | null): UnitList {
  const index = indexServices(state)
  const wanted = chosen === null ? null : new Set(chosen)
  const items: UnitItem[] = []
  for (const unit of state.units.values()) {
    if (wanted === null || wanted.has(unit.id)) items.push(unitItem(state, index, unit))
  }
  return { apiVersion, kind: 'UnitList', items, warnings: daemonWarnings(state, storeTrouble) }
}

/** The same with more columns, for `holdfast ps -o wide`. */
export function wideUnitList({ state, now, storeTrouble }: Snapshot, chosen: readonly UnitId[] | null): WideUnitList {
  const index = indexServices(state)
  const wanted = chosen === null ? null : new Set(chosen)
  const sight = sightOf(state, now)
  const items = explain(state, now).flatMap(({ unit: id, next, upcoming }): readonly WideUnitItem[] => {
    const unit = state.units.get(id)
    if (unit === undefined || !(wanted === null || wanted.has(id))) return []
    return [
      {
        ...unitItem(state, index, unit),
        argv: argvOf(sight, unit),
        image: unit.spec.container?.image ?? null,
        source: sourceOf(state, unit),
        run: unit.run?.n ?? null,
        next,
        upcoming: upcomingItem(upcoming),
      },
    ]
  })
  return { apiVersion, kind: 'WideUnitList', items, warnings: daemonWarnings(state, storeTrouble) }
}

/** What runs of it: of a container with what its image says. */
export function argvOf(sight: EngineSight, unit: Unit): readonly string[] {
  return unit.spec.container === undefined ? unit.spec.process.command : containerArgv(sight, unit)
}

/** The file that declares it; null: nothing does any more. */
export function sourceOf(state: State, unit: Pick<Unit, 'app' | 'isDeclared'>): string | null {
  return unit.isDeclared ? (state.target.apps[unit.app]?.source ?? null) : null
}

export function upcomingItem(upcoming: Upcoming | null): UpcomingItem | null {
  if (upcoming === null) return null
  return { what: upcoming.what, at: new Date(upcoming.atWallMs).toISOString(), more: upcoming.more }
}

export function unitItem(state: State, index: ServiceIndex, unit: Unit): UnitItem {
  const shown = shownState(state, index, unit)
  return {
    app: unit.app,
    service: unit.service,
    unit: unit.id,
    kind: unit.spec.container === undefined ? 'process' : 'container',
    state: shown,
    pid: unit.run?.identity?.pid ?? null,
    health: healthOf(unit),
    restarts: unit.restarts,
    since: new Date(unit.sinceWallMs).toISOString(),
    reason: reasonOf(state, index, unit, shown),
    nextRunAt: nextRunAt(unit.job),
    labels: unit.spec.labels,
  }
}

function reasonOf(state: State, index: ServiceIndex, unit: Unit, shown: ShownState): string {
  if (shown === 'waiting') return `waits for ${waitingFor(state, index, unit)?.what ?? ''}`
  return (shown === 'starting' ? notYetReason(state, unit) : null) ?? unit.reason
}

/** What is wrong with the daemon as a whole, and with what is declared as a whole. */
export function daemonWarnings(state: State, storeTrouble: string | null): readonly string[] {
  return [...heldWarning(state), ...storeWarning(storeTrouble), ...releaseWarnings(state)]
}

function healthOf({ health }: Unit): HealthStatus | null {
  return (health?.readiness ?? health?.liveness)?.status ?? null
}

export function nextRunAt(job: Job | null): string | null {
  if (job === null || job.due !== 'known' || job.dueWallMs === null) return null
  return new Date(job.dueWallMs).toISOString()
}

function heldWarning({ mode }: State): readonly string[] {
  if (mode.kind !== 'held') return []
  return [`held: ${mode.why}; what runs is kept, nothing new is applied until: holdfast up`]
}

/** What is declared does not run: whoever looks at what runs has to know. */
function releaseWarnings({ releases }: State): readonly string[] {
  return [...releases.values()].flatMap(({ app, id, status, rejected }) => {
    if (status !== 'reverted' || rejected === null) return []
    const then = `${id} runs again, until the files declare something else`
    return [`${app}: release ${rejected.id} was rejected (${rejected.why}); ${then}`]
  })
}

function storeWarning(trouble: string | null): readonly string[] {
  return trouble === null
    ? []
    : [`the state cannot be stored (${trouble}); supervision goes on, storing is tried again`]
}
