import type { State, Who } from '../../core/model.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'
import type { ActivityLog, DaemonPort, Mood } from '../../frontends/supervisord/contract.ts'
import type { Groups } from './groups.ts'

export interface MoodParts {
  readonly engine: EnginePort
  readonly groups: Groups
  /** To be told to whoever listens. */
  readonly begins: () => Promise<void>
  readonly stops: () => void
  /** Everything has stopped; what is declared anew comes next. */
  readonly refills: () => void
  readonly activity: ActivityLog
  readonly identifier: () => string
  readonly warn: (text: string) => void
}

/** Whether supervisord goes on, begins anew or ends; and how it comes from one to the other. */
export function createMood(parts: MoodParts): DaemonPort {
  const { engine, groups, activity, warn } = parts
  let isRestarting = false

  const mood = (): Mood => {
    if (engine.snapshot().state.mode.kind === 'stopping') return 'SHUTDOWN'
    return isRestarting ? 'RESTARTING' : 'RUNNING'
  }

  engine.subscribe(({ state }) => {
    if (state.mode.kind === 'stopping') parts.stops()
  })

  async function restart(by: Who): Promise<void> {
    const isOver = (): boolean => mood() === 'SHUTDOWN'
    parts.stops()
    for (const names of stopOrder(engine.snapshot().state)) {
      if (isOver()) return
      await groups.clear(names, by, 'supervisord begins anew')
      await untilGone(engine, names)
    }
    if (isOver()) return
    parts.refills()
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

/** Groups that are stopped together, those of the highest priority first. */
function stopOrder({ target }: State): readonly (readonly string[])[] {
  const groups = Object.values(target.apps).filter(({ dialect }) => dialect === 'supervisord')
  return [...Map.groupBy(groups, ({ priority }) => priority)]
    .toSorted(([a], [b]) => b - a)
    .map(([, members]) => members.map(({ name }) => name))
}

/** However long it takes: as long as something lives, its last rung is repeated. A shutdown ends the wait as well. */
async function untilGone(engine: EnginePort, groups: readonly string[]): Promise<void> {
  const isOver = ({ state }: Snapshot): boolean =>
    state.mode.kind === 'stopping' || !state.units.values().some(({ app }) => groups.includes(app))
  while ((await engine.until(isOver, waitMs)) === null);
}

const waitMs = 60_000
