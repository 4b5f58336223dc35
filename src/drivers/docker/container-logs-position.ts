import { isBefore, type LogMessage, parseStamp } from './container-logs-messages.ts'

/** Where a container's output goes: both streams to one log, or each to its own. */
export type Sink = 'stdout' | 'stderr'

/**
 * How much of a container's log, as the engine tells it, stands in ours: everything up to the `count`th message with the time
 * `stamp`, and of what follows for each sink the first `skip` bytes. Both hold whatever time the telling begins at, as long
 * as it is not after `sinceSeconds`.
 */
export interface Position {
  /** Empty: no message yet. */
  readonly stamp: string
  readonly count: number
  readonly skip: Readonly<Record<Sink, number>>
  /** Ask from here on, and everything that is missing comes, and `stamp` before it. null: from the beginning. */
  readonly sinceSeconds: number | null
}

export const noSkip: Position['skip'] = { stdout: 0, stderr: 0 }

export const beginning: Position = { stamp: '', count: 0, skip: noSkip, sinceSeconds: null }

/**
 * Two streams are taken by two threads: what one of them took a little earlier may stand after what the other took later.
 * No thread is held up for so long between looking at the clock and writing.
 */
export const disorderSeconds = 5

/** Follows the messages of one telling, from its beginning, and says after each of them what position that is. */
export interface Tracker {
  /** Everything that is told, also what is skipped. */
  saw(message: LogMessage): void
  /** How many messages of this time there were up to now. */
  countOf(stamp: string): number
  /** After the last message that was seen. */
  positionNow(skip: Position['skip']): Position
}

/** More times than lie within the disorder of any container that our disk keeps up with. */
const stampsMax = 4_096

export function createTracker(): Tracker {
  const counts = new Map<string, number>()
  /** Lines without an end: their further pieces come with the time of the first one. */
  const open = new Map<LogMessage['stream'], LogMessage>()
  let last: LogMessage | null = null

  function forgetOldest(): void {
    for (const stamp of counts.keys()) {
      if (counts.size <= stampsMax) return
      if (![...open.values()].some((message) => message.stamp === stamp)) counts.delete(stamp)
    }
  }

  return {
    saw(message) {
      const { stamp, stream, bytes } = message
      const count = (counts.get(stamp) ?? 0) + 1
      // The latest one stands last.
      counts.delete(stamp)
      counts.set(stamp, count)
      if (bytes.at(-1) === newline) open.delete(stream)
      else open.set(stream, { ...message, bytes: nothing })
      last = { ...message, bytes: nothing }
      if (counts.size > stampsMax + open.size) forgetOldest()
    },
    countOf: (stamp) => counts.get(stamp) ?? 0,
    positionNow(skip) {
      if (last === null) return { ...beginning, skip }
      const times = [last, ...open.values()].map(({ time }) => time)
      const { seconds } = times.reduce((first, time) => (isBefore(time, first) ? time : first))
      const { stamp } = last
      return { stamp, count: counts.get(stamp) ?? 0, skip, sinceSeconds: seconds - disorderSeconds }
    },
  }
}

const newline = 0x0a
/** Of a message only its time is remembered. */
const nothing = Buffer.alloc(0)

/** The bytes of a message that are not stored yet, and what is then left to skip. */
export function skipStored(
  bytes: Buffer,
  sink: Sink,
  skip: Position['skip'],
): { readonly bytes: Buffer; readonly skip: Position['skip'] } {
  const skipped = Math.min(skip[sink], bytes.length)
  if (skipped === 0) return { bytes, skip }
  return { bytes: bytes.subarray(skipped), skip: { ...skip, [sink]: skip[sink] - skipped } }
}

/** When everything is stored that there will be, no line goes on. */
export function positionAtRest(position: Position): Position {
  const time = parseStamp(position.stamp)
  return time === null ? position : { ...position, sinceSeconds: time.seconds - disorderSeconds }
}
