import type { App, Dialect, State, Target, Transition, Unit, UnitId } from '../../../core/model.ts'
import type { GroupSettings, SupervisordSettings } from '../../../dialects/supervisord/settings.ts'
import type { EnginePort, Snapshot, StreamRef } from '../../../engine/ports.ts'
import type { ProcessEvent, ProcessTable, ProcessView } from '../contract.ts'
import { follow, isWatched, type Known, look, type Told } from './follow.ts'
import { membersOf, processNameOf } from './order.ts'
import { declaredOf, firstView } from './views.ts'

export interface ProcessTableParts {
  readonly engine: EnginePort
  /** What is in force. */
  readonly settings: () => readonly SupervisordSettings[]
  /** Where a stream is logged; null: nowhere that can be read. */
  readonly logPathOf: (stream: StreamRef) => string | null
}

/** The units of all apps. What it is asked for by name is that of any app. */
export interface WholeTable extends ProcessTable {
  /** Of supervisord's files only: what its clients can ask about. */
  readonly ours: ProcessTable
}

interface Group {
  readonly name: string
  readonly dialect: Dialect
  readonly priority: number
  /** In supervisord's order; then what is no longer declared and not gone yet. */
  readonly members: readonly UnitId[]
  readonly byName: ReadonlyMap<string, UnitId>
  /** null: to be made anew. */
  views: readonly ProcessView[] | null
}

/** What is looked at: everything, or what is of supervisord's files. */
interface Part {
  readonly has: (one: { readonly dialect: Dialect }) => boolean
  readonly listeners: Set<(event: ProcessEvent) => void>
  /** null: to be made anew. */
  list: ReturnType<ProcessTable['groups']> | null
}

/**
 * Units as supervisord's processes, for as long as the program runs. It starts from the state and follows
 * the engine: whoever makes it before the engine starts, sees the groups come.
 */
export function createProcessTable({ engine, settings, logPathOf }: ProcessTableParts): WholeTable {
  const known = new Map<UnitId, Known>()
  const whole: Part = { has: () => true, listeners: new Set(), list: null }
  const ours: Part = { has: ({ dialect }) => dialect === 'supervisord', listeners: new Set(), list: null }
  const parts = [whole, ours]
  /** What may have news without a transition, with its unit as it was looked at last. */
  const watched = new Map<UnitId, Unit | null>()
  /** Nothing declares them any more. */
  const leaving = new Set<UnitId>()
  let groups = new Map<string, Group>()
  let target: Target | null = null
  let ordered: readonly GroupSettings[] = []
  let isEnding = false

  regroup(engine.snapshot(), new Map())
  for (const id of known.keys()) watched.set(id, null)
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
      watched.set(transition.unit, null)
      take(transition.unit, follow(one, transition, state.units.get(transition.unit), snapshot))
    }
    const isEndingNow = state.mode.kind === 'stopping'
    const looked = isEndingNow && !isEnding ? known : watched
    isEnding = isEndingNow
    for (const id of looked.keys()) lookAt(id, snapshot)
    if (leaving.size > 0) dropGone(state)
  }

  function lookAt(id: UnitId, snapshot: Snapshot): void {
    const one = known.get(id)
    const unit = snapshot.state.units.get(id)
    if (one === undefined || unit === undefined) return
    // As long as it rests, what is wanted of it can be another without it.
    if (watched.get(id) === unit && unit.phase !== 'idle') return
    take(id, look(one, unit, snapshot))
    const now: Known = { view: (known.get(id) ?? one).view, unit }
    known.set(id, now)
    watch(now)
  }

  function watch({ view, unit }: Known): void {
    if (isWatched(view, unit)) watched.set(unit.id, unit)
    else watched.delete(unit.id)
  }

  /** One after the other, so that whoever is told sees it in the table. */
  function take(id: UnitId, { events, view }: Told): void {
    for (const event of events) {
      if (event.kind !== 'group') show(id, event.process)
      for (const part of parts) if (part.has(view)) tell(part, event)
    }
    show(id, view)
  }

  function show(id: UnitId, view: ProcessView): void {
    const one = known.get(id)
    if (one === undefined || one.view === view) return
    known.set(id, { ...one, view })
    const group = groups.get(view.group)
    if (group !== undefined) group.views = null
    forgetLists()
  }

  function forgetLists(): void {
    for (const part of parts) part.list = null
  }

  function tell({ listeners }: Part, event: ProcessEvent): void {
    for (const listener of [...listeners]) listener(event)
  }

  /** A group that goes from one dialect to another stays, and comes or goes for who knows only those of supervisord's files. */
  function tellGroups(before: ReadonlyMap<string, Group>): void {
    for (const part of parts) {
      const [old, now] = [before, groups].map((all) => new Map([...all].filter(([, group]) => part.has(group))))
      for (const group of old!.values()) if (!now!.has(group.name)) tell(part, groupEvent(group, 'removed'))
      for (const group of now!.values()) if (!old!.has(group.name)) tell(part, groupEvent(group, 'added'))
    }
  }

  // ---- who is there

  /** By the target; what it no longer has stays until it is gone. `fresh`: the transitions that are still to be followed. */
  function regroup(snapshot: Snapshot, fresh: ReadonlyMap<UnitId, readonly Transition[]>): void {
    const { state } = snapshot
    target = state.target
    leaving.clear()
    ordered = groupSettings()
    const settingsOf = new Map(ordered.map((group) => [group.name, group]))
    const members = new Map<string, Members>()
    for (const app of Object.values(target.apps)) {
      const units = new Set(membersOf(app, settingsOf.get(app.name)))
      for (const id of units) meet(id, app, snapshot, fresh.get(id)?.[0])
      members.set(app.name, { priority: app.priority, dialect: app.dialect, units })
    }
    for (const [id, { unit, view }] of known) {
      if (members.get(unit.app)?.units.has(id)) continue
      leaving.add(id)
      const { dialect } = view
      const group = members.get(unit.app) ?? { priority: unit.spec.appPriority, dialect, units: new Set() }
      group.units.add(id)
      members.set(unit.app, group)
    }
    const entries = [...members].map(([name, { units, ...rest }]) => groupOf({ name, ...rest }, [...units]))
    groups = new Map(entries.toSorted(compareGroups).map((group) => [group.name, group]))
    forgetLists()
  }

  /** Sees a unit for the first time, or what its declaration says by now. */
  function meet(id: UnitId, app: App, { state, now }: Snapshot, first: Transition | undefined): void {
    const unit = state.units.get(id)
    const one = known.get(id)
    if (unit === undefined) return
    const called = { name: processNameOf(app, unit), dialect: app.dialect }
    const isCalledSo = one?.view.name === called.name && one.view.dialect === called.dialect
    if (isCalledSo && one.unit.spec === unit.spec) return
    const declared = declaredOf(unit, called, logPathOf)
    if (one !== undefined) known.set(id, { unit: { ...one.unit, spec: unit.spec }, view: { ...one.view, ...declared } })
    else known.set(id, { unit, view: firstView(declared, unit, { phase: first?.from ?? unit.phase, now }) })
  }

  function groupOf(about: Pick<Group, 'name' | 'dialect' | 'priority'>, ids: readonly UnitId[]): Group {
    const members = ids.filter((id) => known.has(id))
    const byName = new Map(members.flatMap((id) => nameOf(id).map((process) => [process, id] as const)))
    return { ...about, members, byName, views: null }
  }

  function nameOf(id: UnitId): readonly string[] {
    const one = known.get(id)
    return one === undefined ? [] : [one.view.name]
  }

  function dropGone(state: State): void {
    const gone = [...leaving].filter((id) => !state.units.has(id))
    const names = new Set(gone.flatMap((id) => known.get(id)?.unit.app ?? []))
    for (const id of gone) {
      leaving.delete(id)
      known.delete(id)
      watched.delete(id)
    }
    for (const name of names) {
      const group = groups.get(name)
      if (group === undefined) continue
      const { dialect, priority, members } = group
      groups.set(name, groupOf({ name, dialect, priority }, members))
      forgetLists()
    }
    removeEmpty(state)
  }

  function removeEmpty({ target }: State): void {
    for (const group of [...groups.values()]) {
      if (Object.hasOwn(target.apps, group.name) || group.members.length > 0) continue
      groups.delete(group.name)
      forgetLists()
      for (const part of parts) if (part.has(group)) tell(part, groupEvent(group, 'removed'))
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

  function tableOf(part: Part): ProcessTable {
    const byUnit = (id: UnitId | undefined): ProcessView | null => {
      const view = (id === undefined ? undefined : known.get(id))?.view
      return view !== undefined && part.has(view) ? view : null
    }
    return {
      groups() {
        reorder()
        part.list ??= [...groups.values()]
          .filter(part.has)
          .map((group) => ({ name: group.name, processes: viewsOf(group) }))
        return part.list
      },
      group(name) {
        reorder()
        const group = groups.get(name)
        return group === undefined || !part.has(group) ? null : viewsOf(group)
      },
      process: (group, name) => byUnit(groups.get(group)?.byName.get(name)),
      byUnit,
      subscribe(listener) {
        part.listeners.add(listener)
        return () => part.listeners.delete(listener)
      },
    }
  }

  return { ...tableOf(whole), ours: tableOf(ours) }
}

interface Members {
  readonly priority: number
  readonly dialect: Dialect
  readonly units: Set<UnitId>
}

function groupEvent({ name, dialect }: Group, change: 'added' | 'removed'): ProcessEvent {
  return { kind: 'group', change, group: name, dialect }
}

function compareGroups(a: Group, b: Group): number {
  return a.priority - b.priority || (a.name < b.name ? -1 : 1)
}
