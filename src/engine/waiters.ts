import type { Snapshot } from './ports.ts'

interface Waiter {
  readonly predicate: (snapshot: Snapshot) => boolean
  readonly settle: (snapshot: Snapshot | null) => void
}

/** Those who wait for the state to be some way: asked after each turn that changed something. */
export function createWaiters() {
  const waiting = new Set<Waiter>()
  return {
    until(current: Snapshot, predicate: Waiter['predicate'], timeoutMs: number): Promise<Snapshot | null> {
      if (predicate(current)) return Promise.resolve(current)
      return new Promise((resolve) => {
        const timer = setTimeout(() => settle(null), timeoutMs)
        const settle = (snapshot: Snapshot | null) => {
          clearTimeout(timer)
          waiting.delete(waiter)
          resolve(snapshot)
        }
        const waiter: Waiter = { predicate, settle }
        waiting.add(waiter)
      })
    },
    look(snapshot: Snapshot): void {
      for (const waiter of [...waiting]) if (waiter.predicate(snapshot)) waiter.settle(snapshot)
    },
    close(): void {
      for (const waiter of [...waiting]) waiter.settle(null)
    },
  }
}
