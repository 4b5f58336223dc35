import type { Now, State } from '../model.ts'
import { handOverDueBootMs } from './hand-over.ts'

/** The next time that anything about containers is due by itself, in boot ms; Infinity: only news changes anything. */
export function nextEngineWake({ containerEngine, units }: State, now: Now): number {
  const { observe, troubles, locks } = containerEngine
  const times: number[] = []
  if (observe !== null && !observe.inFlight) times.push(observe.dueBootMs)
  for (const { retryBootMs } of troubles.values()) times.push(retryBootMs)
  for (const lock of locks.values()) if (lock.kind === 'refused') times.push(lock.retryBootMs)
  for (const { container } of units.values()) {
    const heir = container?.handsOverTo == null ? undefined : units.get(container.handsOverTo)
    if (heir !== undefined && container?.isHandedOver === false)
      times.push(handOverDueBootMs(heir) ?? Number.POSITIVE_INFINITY)
  }
  // What is due and was not begun waits for something else, whose news will wake us.
  return Math.min(Number.POSITIVE_INFINITY, ...times.filter((time) => time > now.bootMs))
}
