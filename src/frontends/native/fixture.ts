import { asked, at, type Play } from '../../core/fixture.ts'
import type { Event, State, Unit } from '../../core/model.ts'
import type { EnginePort, Listener, Snapshot } from '../../engine/ports.ts'

/** What the tests of this folder are made of: the core's play behind the port that frontends see. */
export interface FakeEngine extends EnginePort {
  /** A turn at `bootMs` with this news; whoever waits for what came of it is answered. */
  turn(bootMs: number, ...events: readonly Event[]): void
}

/** Time stands still between turns, also for those who wait. */
export function engineOf(scene: Play): FakeEngine {
  let now = at(0)
  const listeners = new Set<Listener>()
  const waiting = new Set<(snapshot: Snapshot) => void>()
  const snapshot = (): Snapshot => ({ state: scene.state, now, storeTrouble: null })
  const turn: FakeEngine['turn'] = (bootMs, ...events) => {
    now = at(bootMs)
    scene.turn(bootMs, ...events)
    const commands = events.flatMap((event) => (event.kind === 'command' ? event.command : []))
    for (const listener of [...listeners]) listener(snapshot(), scene.transitions, commands)
    for (const look of [...waiting]) look(snapshot())
  }
  return {
    turn,
    snapshot,
    until(predicate, timeoutMs) {
      if (predicate(snapshot())) return Promise.resolve(snapshot())
      if (timeoutMs <= 0) return Promise.resolve(null)
      const deadlineMs = now.bootMs + timeoutMs
      return new Promise((resolve) => {
        const look = (found: Snapshot): void => {
          const isMet = predicate(found)
          if (!isMet && found.now.bootMs < deadlineMs) return
          waiting.delete(look)
          resolve(isMet ? found : null)
        }
        waiting.add(look)
      })
    },
    command(command) {
      turn(now.bootMs, asked(command))
      return Promise.resolve(snapshot())
    },
    transitionsSince: () => ({ transitions: [], gap: false }),
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

/** The state with one unit changed by hand, for what takes many turns to come to. */
export function patched(state: State, id: string, change: Partial<Unit>): State {
  const unit = state.units.get(id)
  if (unit === undefined) throw new Error(`there is no ${id}`)
  return { ...state, units: new Map(state.units).set(id, { ...unit, ...change }) }
}
