import type { State, UnitId, Who } from '../../core/model.ts'
import { compareStarts } from '../../core/unit/wish.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import type { ActivityLog, DaemonPort, Mood, ProcessTable } from '../../frontends/supervisord/contract.ts'
import type { Groups } from './groups.ts'

export interface MoodParts {
  readonly engine: EnginePort
  readonly table: ProcessTable
  readonly groups: Groups
  /** To be told to whoever listens. */
  readonly begins: () => Promise<void>
  readonly stops: () => void
  readonly activity: ActivityLog
  readonly identifier: () => string
  readonly warn: (text: string) => void
}

/** Whether supervisord goes on, begins anew or ends; and how it comes from one to the other. */
export function createMood(parts: MoodParts): DaemonPort {
  const { engine, groups, activity, warn } = parts
  let isRestarting = false
  let isStoppingTold = false

  const mood = (): Mood => {
    if (engine.snapshot().state.mode.kind === 'stopping') return 'SHUTDOWN'
    return isRestarting ? 'RESTARTING' : 'RUNNING'
  }

  engine.subscribe(({ state }) => {
    if (state.mode.kind !== 'stopping' || isStoppingTold) return
    isStoppingTold = true
    parts.stops()
  })

  async function restart(by: Who): Promise<void> {
    const isOver = (): boolean => mood() === 'SHUTDOWN'
    parts.stops()
    for (const units of stopOrder(parts.table, engine.snapshot().state)) {
      if (isOver()) return
      await engine.command({ kind: 'stop', units, by })
      await untilGone(engine, units)
    }
    if (isOver()) return
    await groups.clear(by, 'supervisord begins anew')
    const trouble = await groups.refill(by, 'supervisord began anew')
    isRestarting = false
    if (trouble !== null) activity.write('error', `the configuration is as before, its file has an error: ${trouble}`)
    await parts.begins()
  }

  return {
    mood,
    identifier: parts.identifier,
    activity,
    shutdown(by) {
      engine
        .command({ kind: 'shutdown', by, why: 'supervisord was told to shut down' })
        .catch((error: Error) => warn(error.message))
    },
    restart(by) {
      if (mood() !== 'RUNNING') return
      isRestarting = true
      restart(by).catch((error: Error) => {
        isRestarting = false
        warn(`supervisord could not begin anew: ${error.message}`)
      })
    },
  }
}

/** What is stopped together, one after the other: groups by descending priority, in each what is started last first. */
function stopOrder(table: ProcessTable, { units }: State): readonly (readonly UnitId[])[] {
  const all = table.groups().flatMap(({ processes }) => processes.flatMap(({ unit }) => units.get(unit) ?? []))
  const byPriority = Map.groupBy(all, ({ spec }) => spec.appPriority)
  return [...byPriority]
    .toSorted(([a], [b]) => b - a)
    .map(([, members]) => members.toSorted((a, b) => compareStarts(b, a)).map(({ id }) => id))
}

/** However long it takes: as long as something lives, its last rung is repeated. A shutdown ends the wait as well. */
async function untilGone(engine: EnginePort, units: readonly UnitId[]): Promise<void> {
  const isOver = ({ state }: Snapshot): boolean =>
    state.mode.kind === 'stopping' || units.every((unit) => (state.units.get(unit)?.run ?? null) === null)
  while ((await engine.until(isOver, waitMs)) === null);
}

const waitMs = 60_000
