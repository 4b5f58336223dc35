import type { State, Target, Transition, UnitId } from '../../../core/model.ts'
import type { GroupSettings, SupervisordSettings } from '../../../dialects/supervisord/settings.ts'
import type { EnginePort, Snapshot, StreamRef } from '../../../engine/ports.ts'
import type { ProcessEvent, ProcessTable, ProcessView } from '../contract.ts'
import { follow, isWatched, type Known, look, type Told } from './follow.ts'
import { groupsOf, membersOf } from './order.ts'
import { declaredOf, firstView } from './views.ts'

export interface ProcessTableParts {
  readonly engine: EnginePort
  /** What is in force. */
  readonly settings: () => readonly SupervisordSettings[]
  /** Where a stream is logged; null: nowhere that can be read. */
  readonly logPathOf: (stream: StreamRef) => string | null
}

interface Group {
  readonly name: string
  readonly priority: number
  /** In supervisord's order; then what is no longer declared and not gone yet. */
  readonly members: readonly UnitId[]
  readonly byName: ReadonlyMap<string, UnitId>
  /** null: to be made anew. */
  views: readonly ProcessView[] | null
}

/**
 * The units of the dialect as supervisord's processes, for as long as the program runs. It starts from the state and follows
 * the engine: whoever makes it before the engine starts, sees the groups come.
 */
export function createProcessTable({ engine, settings, logPathOf }: ProcessTableParts): ProcessTable {
  const known = new Map<UnitId, Known>()
  const listeners = new Set<(event: ProcessEvent) => void>()
  /** What may have news without a transition. */
  const watched = new Set<UnitId>()
  /** Nothing declares them any more. */
  const leaving = new Set<UnitId>()
  let groups = new Map<string, Group>()
  let list: ReturnType<ProcessTable['groups']> | null = null
  let target: Target | null = null
  let ordered: readonly GroupSettings[] = []
  let isEnding = false

  regroup(engine.snapshot(), new Map())
  for (const one of known.values()) watch(one)
  engine.subscribe(takeTurn)

  function takeTurn(snapshot: Snapshot, transitions: readonly Transition[]): void {
    const { state } = snapshot
    if (state.target !== target) {
      const before = groups
      regroup(
        snapshot,
        Map.groupBy(transitions, ({ unit }) => unit),
      )
      tellGroups(before)
    }
    for (const transition of transitions) {
      const one = known.get(transition.unit)
      if (one === undefined) continue
      watched.add(transition.unit)
      take(transition.unit, follow(one, transition, state.units.get(transition.unit), snapshot))
    }
    const isEndingNow = state.mode.kind === 'stopping'
    const looked = isEndingNow && !isEnding ? [...known.keys()] : [...watched]
    isEnding = isEndingNow
    for (const id of looked) lookAt(id, snapshot)
    if (leaving.size > 0) dropGone(state)
  }

  function lookAt(id: UnitId, snapshot: Snapshot): void {
    const one = known.get(id)
    const unit = snapshot.state.units.get(id)
    if (one === undefined || unit === undefined) return
    take(id, look(one, unit, snapshot))
    const now: Known = { view: (known.get(id) ?? one).view, unit }
    known.set(id, now)
    watch(now)
  }

  function watch({ view, unit }: Known): void {
    if (isWatched(view, unit)) watched.add(unit.id)
    else watched.delete(unit.id)
  }

  /** One after the other, so that whoever is told sees it in the table. */
  function take(id: UnitId, { events, view }: Told): void {
    for (const event of events) {
      if (event.kind !== 'group') show(id, event.process)
      tell(event)
    }
    show(id, view)
  }

  function show(id: UnitId, view: ProcessView): void {
    const one = known.get(id)
    if (one === undefined || one.view === view) return
    known.set(id, { ...one, view })
    const group = groups.get(view.group)
    if (group !== undefined) group.views = null
    list = null
  }

  function tell(event: ProcessEvent): void {
    for (const listener of [...listeners]) listener(event)
  }

  function tellGroups(before: ReadonlyMap<string, Group>): void {
    for (const group of before.keys()) if (!groups.has(group)) tell({ kind: 'group', change: 'removed', group })
    for (const group of groups.keys()) if (!before.has(group)) tell({ kind: 'group', change: 'added', group })
  }

  // ---- who is there

  /** By the target; what it no longer has stays until it is gone. `fresh`: the transitions that are still to be followed. */
  function regroup(snapshot: Snapshot, fresh: ReadonlyMap<UnitId, readonly Transition[]>): void {
    const { state } = snapshot
    target = state.target
    leaving.clear()
    ordered = groupSettings()
    const settingsOf = new Map(ordered.map((group) => [group.name, group]))
    const members = new Map<string, { priority: number; units: Set<UnitId> }>()
    for (const app of groupsOf(target)) {
      members.set(app.name, { priority: app.priority, units: new Set(membersOf(app, settingsOf.get(app.name))) })
    }
    for (const [id, { unit }] of known) {
      if (members.get(unit.app)?.units.has(id)) continue
      leaving.add(id)
      const group = members.get(unit.app) ?? { priority: unit.spec.appPriority, units: new Set() }
      group.units.add(id)
      members.set(unit.app, group)
    }
    for (const { units } of members.values()) for (const id of units) meet(id, snapshot, fresh.get(id)?.[0])
    const entries = [...members].map(([name, { priority, units }]) => groupOf(name, priority, [...units]))
    groups = new Map(entries.toSorted(compareGroups).map((group) => [group.name, group]))
    list = null
  }

  /** Sees a unit for the first time, or what its declaration says by now. */
  function meet(id: UnitId, { state, now }: Snapshot, first: Transition | undefined): void {
    const unit = state.units.get(id)
    const one = known.get(id)
    if (unit === undefined || one?.unit.spec === unit.spec) return
    const declared = declaredOf(unit, logPathOf)
    if (one !== undefined) known.set(id, { unit: { ...one.unit, spec: unit.spec }, view: { ...one.view, ...declared } })
    else known.set(id, { unit, view: firstView(declared, unit, { phase: first?.from ?? unit.phase, now }) })
  }

  function groupOf(name: string, priority: number, ids: readonly UnitId[]): Group {
    const members = ids.filter((id) => known.has(id))
    const byName = new Map(members.flatMap((id) => nameOf(id).map((process) => [process, id] as const)))
    return { name, priority, members, byName, views: null }
  }

  function nameOf(id: UnitId): readonly string[] {
    const one = known.get(id)
    return one === undefined ? [] : [one.view.name]
  }

  function dropGone(state: State): void {
    // What is declared all the same, is so as something else than a process of supervisord.
    const gone = [...leaving].filter((id) => state.units.get(id)?.isDeclared !== false)
    const names = new Set(gone.flatMap((id) => known.get(id)?.unit.app ?? []))
    for (const id of gone) {
      leaving.delete(id)
      known.delete(id)
      watched.delete(id)
    }
    for (const name of names) {
      const group = groups.get(name)
      if (group === undefined) continue
      groups.set(name, groupOf(name, group.priority, group.members))
      list = null
    }
    removeEmpty(state)
  }

  function removeEmpty({ target }: State): void {
    for (const { name, members } of [...groups.values()]) {
      if (target.apps[name]?.dialect === 'supervisord' || members.length > 0) continue
      groups.delete(name)
      list = null
      tell({ kind: 'group', change: 'removed', group: name })
    }
  }

  // ---- what is asked

  function groupSettings(): readonly GroupSettings[] {
    return settings().flatMap(({ groups }) => groups)
  }

  /** The order is that of the settings, which may be read after the target has changed. */
  function reorder(): void {
    const inForce = groupSettings()
    const isSame = inForce.length === ordered.length && inForce.every((one, index) => one === ordered[index])
    const snapshot = engine.snapshot()
    if (!isSame && snapshot.state.target === target) regroup(snapshot, new Map())
  }

  function viewsOf(group: Group): readonly ProcessView[] {
    group.views ??= group.members.flatMap((id) => known.get(id)?.view ?? [])
    return group.views
  }

  function byUnit(id: UnitId | undefined): ProcessView | null {
    return (id === undefined ? undefined : known.get(id))?.view ?? null
  }

  return {
    groups() {
      reorder()
      list ??= [...groups.values()].map((group) => ({ name: group.name, processes: viewsOf(group) }))
      return list
    },
    group(name) {
      reorder()
      const group = groups.get(name)
      return group === undefined ? null : viewsOf(group)
    },
    process: (group, name) => byUnit(groups.get(group)?.byName.get(name)),
    byUnit,
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

function compareGroups(a: Group, b: Group): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}
