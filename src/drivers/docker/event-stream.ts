import { pauseFor } from '../../base/pause.ts'
import type { EngineClient } from './client.ts'
import { type EngineError, engineError } from './engine-error.ts'
import { type EngineHappening, happeningOf } from './happenings.ts'

/** Between tries to listen again: doubled up to the most. */
const retryMs = 500
const retryMsMax = 30_000

export interface EventStream {
  /** The engine was just reached by other means: it is tried now. */
  wake(): void
}

/** Listens until `signal` aborts. Without an engine it asks again and again, each time less often. */
export function listenToEngine(
  client: EngineClient,
  options: {
    /** From then on, in nanoseconds of the wall clock. */
    readonly sinceNano: bigint
    readonly happened: (happening: EngineHappening) => void
    /** News may have been lost. */
    readonly doubt: (why: string) => void
    readonly signal: AbortSignal
  },
): EventStream {
  const { signal, happened, doubt } = options
  let sinceNano = options.sinceNano
  let wake: (() => void) | null = null
  let waitMs = retryMs

  async function listen(): Promise<EngineError | null> {
    try {
      const stream = await client.events({ sinceNano, filters }, { signal })
      if (isMissed) doubt('the container engine is there again')
      isMissed = false
      waitMs = retryMs
      for await (const text of stream.texts) {
        const happening = happeningOf(text)
        if (happening === null) continue
        // The engine replays what happened at this very time as well.
        sinceNano = happening.atNano + 1n
        happened(happening)
      }
      return null
    } catch (error) {
      return engineError(error)
    }
  }

  let isMissed = false
  async function keepListening(): Promise<void> {
    while (!signal.aborted) {
      const error = await listen()
      if (signal.aborted) return
      if (!isMissed) doubt(`the container engine's events broke off: ${error?.message ?? 'it has ended'}`)
      isMissed = true
      const abort = new AbortController()
      wake = () => abort.abort()
      await pauseFor(waitMs, AbortSignal.any([signal, abort.signal]))
      wake = null
      waitMs = Math.min(retryMsMax, waitMs * 2)
    }
  }

  void keepListening()
  return {
    wake() {
      if (waitMs > retryMs) wake?.()
    },
  }
}

/** Only these: every probe of a health check is three events. Docker's words, then Podman's for the same. */
const filters = {
  type: ['container', 'image', 'network', 'volume'],
  event: [
    ...['create', 'start', 'die', 'died', 'oom', 'pause', 'unpause', 'rename', 'update', 'destroy', 'remove'],
    ...['health_status', 'restart', 'connect', 'disconnect', 'pull', 'tag', 'untag', 'delete', 'load', 'import'],
  ],
}
