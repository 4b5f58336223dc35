import type { Dock } from '../../core/containers/fixture.ts'
import { asked, at } from '../../core/fixture.ts'
import type { Event } from '../../core/model.ts'
import type { EnginePort, Snapshot } from '../../engine/ports.ts'

/** The core beside a container engine, behind the port that frontends see. */
export interface DockEngine extends EnginePort {
  /** All that follows from these news, as sentences; whoever waits is answered. */
  settle(bootMs: number, ...events: readonly Event[]): readonly string[]
  /** Resolves with the answer; until then time goes on, second by second. */
  untilAnswered<T>(answer: Promise<T>): Promise<T>
}

/** Time stands still between turns; what a command leads to is done with it, as far as the container engine does it. */
export function engineOfDock(world: Dock): DockEngine {
  let bootMs = 0
  const waiting = new Set<() => void>()
  const snapshot = (): Snapshot => ({ state: world.state, now: at(bootMs), storeTrouble: null })
  const settle: DockEngine['settle'] = (ms, ...events) => {
    bootMs = ms
    const steps = world.settle(ms, ...events)
    for (const look of [...waiting]) look()
    return steps
  }
  let pending: Event[] = []
  return {
    settle,
    snapshot,
    async untilAnswered(answer) {
      let isOver = false
      const over = (): void => {
        isOver = true
      }
      answer.then(over, over)
      for (let seconds = 0; !isOver && seconds < 100; seconds++) {
        await new Promise((resolve) => setImmediate(resolve))
        if (!isOver) settle(bootMs + 1_000)
      }
      return answer
    },
    until(predicate, timeoutMs) {
      if (predicate(snapshot())) return Promise.resolve(snapshot())
      if (timeoutMs <= 0) return Promise.resolve(null)
      const deadlineMs = bootMs + timeoutMs
      return new Promise((resolve) => {
        const look = (): void => {
          const isMet = predicate(snapshot())
          if (!isMet && bootMs < deadlineMs) return
          waiting.delete(look)
          resolve(isMet ? snapshot() : null)
        }
        waiting.add(look)
      })
    },
    /** Commands given one after the other, without anything in between, are taken by one turn. */
    async command(command) {
      pending.push(asked(command))
      await Promise.resolve()
      const events = pending
      pending = []
      if (events.length > 0) settle(bootMs + 1_000, ...events)
      return snapshot()
    },
    transitionsSince: () => ({ transitions: [], gap: false }),
    subscribe: () => () => false,
  }
}
