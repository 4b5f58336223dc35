import type { IncomingMessage } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parseServerSentEvents, type ReceivedEvent } from '../wire/server-sent-events.ts'
import { Refused, Unreachable } from './errors.ts'

/** Between two tries to come back; doubled each time, up to the maximum. */
const pauseMs = 100
const pauseMsMax = 5_000

/**
 * Events without an end: when the connection breaks, or the daemon changes its version or is started again, it is asked
 * again for what follows the last one. Throws where the first try finds nobody, and whenever it is refused.
 */
export async function* following(options: {
  /** Asks for the events after that one. */
  begin(lastEventId: string | null): Promise<IncomingMessage>
  readonly signal: AbortSignal | undefined
}): AsyncGenerator<ReceivedEvent> {
  const { begin, signal } = options
  let lastEventId: string | null = null
  let isKnown = false
  let waitMs = pauseMs
  const isAborted = (): boolean => signal?.aborted === true
  while (!isAborted()) {
    try {
      const response = await begin(lastEventId)
      isKnown = true
      for await (const event of parseServerSentEvents(response)) {
        waitMs = pauseMs
        yield event
        if (event.id !== '') lastEventId = event.id
      }
    } catch (error) {
      if (isAborted()) return
      if (!isKnown || !isPassing(error)) throw error
    }
    await pause(waitMs, undefined, signal === undefined ? {} : { signal }).catch(() => {})
    waitMs = Math.min(waitMs * 2, pauseMsMax)
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof Refused) return error.code === 'too-busy' || error.code === 'stopping'
  return error instanceof Unreachable || (error instanceof Error && 'code' in error && error.code === 'ECONNRESET')
}
