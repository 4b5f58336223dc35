import { pauseFor } from '../../base/pause.ts'
import type { EventGap, Info, UnitChange, UnitList, UsageList } from '../../wire/api.ts'
import { parseServerSentEvents } from '../../wire/server-sent-events.ts'
import { type Client, Refused } from '../client.ts'
import type { Message } from './model.ts'

export interface FeedOptions {
  readonly client: Client
  readonly intervalMs: number
  readonly post: (message: Message) => void
  /** Aborted: nothing more is asked or posted. */
  readonly signal: AbortSignal
}

/** Between two tries to reach a daemon that is away: a restart takes tenths of a second. */
const retryMs = 500

/** A daemon that takes longer for a small answer is shown as away. */
const silentMs = 5_000

/** An older daemon may have no stream of changes: after this long it may have been upgraded. */
const streamRetryMs = 30_000

/** With each so many looks at the usage the daemon is asked who it is. */
const looksPerInfo = 5

/** Keeps the model up to date, whatever becomes of the daemon, until it is told to end. */
export async function runFeed(options: FeedOptions): Promise<void> {
  await Promise.all([feedUnits(options), feedUsage(options)])
}

async function feedUnits(options: FeedOptions): Promise<void> {
  const { signal, post } = options
  let streamAgainMs = 0
  while (!signal.aborted) {
    if (performance.now() >= streamAgainMs) {
      const failure = await failureOf(readChanges(options))
      if (signal.aborted) return
      if (failure instanceof Refused) streamAgainMs = performance.now() + streamRetryMs
      else {
        // An end without an error is an orderly one; the next try tells whether somebody is there.
        if (failure !== null) post({ kind: 'lost', why: failure.message })
        await pauseFor(retryMs, signal)
        continue
      }
    }
    const failure = await failureOf(askUnits(options))
    if (failure !== null && !signal.aborted) post({ kind: 'lost', why: failure.message })
    await pauseFor(options.intervalMs, signal)
  }
}

/** Resolves when the stream ends. */
async function readChanges({ client, post, signal }: FeedOptions): Promise<void> {
  for await (const { data } of parseServerSentEvents(await client.stream('changes', { signal }))) {
    const list: UnitList | UnitChange | EventGap = JSON.parse(data)
    post({ kind: 'units', list })
  }
}

async function askUnits({ client, post, signal }: FeedOptions): Promise<void> {
  post({ kind: 'units', list: await client.ask<UnitList>('units', { signal }) })
}

async function feedUsage(options: FeedOptions): Promise<void> {
  const { client, intervalMs, post, signal } = options
  for (let look = 0; !signal.aborted; look += 1) {
    const beganMs = performance.now()
    const usage = await answerOf(client.ask<UsageList>('usage', { signal }), options)
    if (usage.kind === 'answer') post({ kind: 'usage', list: usage.answer })
    // Who does not tell the usage tells at least that it is there.
    if (usage.kind === 'refused' || (usage.kind === 'answer' && look % looksPerInfo === 0)) {
      const info = await answerOf(client.ask<Info>('info', { signal }), options)
      if (info.kind === 'answer') post({ kind: 'info', info: info.answer })
    }
    const restMs = intervalMs - (performance.now() - beganMs)
    await pauseFor(usage.kind === 'lost' ? retryMs : Math.max(retryMs / 2, restMs), signal)
  }
}

type Answered<T> =
  | { readonly kind: 'answer'; readonly answer: T }
  | { readonly kind: 'refused' }
  | { readonly kind: 'lost' }

/** Waits for an answer as long as it takes, and tells meanwhile that there is none. */
async function answerOf<T>(asking: Promise<T>, { post, signal }: FeedOptions): Promise<Answered<T>> {
  const late = setTimeout(() => {
    post({ kind: 'lost', why: `the daemon has not answered for ${silentMs / 1_000} s` })
  }, silentMs)
  try {
    return { kind: 'answer', answer: await asking }
  } catch (error) {
    if (error instanceof Refused) return { kind: 'refused' }
    if (!signal.aborted) post({ kind: 'lost', why: messageOf(error) })
    return { kind: 'lost' }
  } finally {
    clearTimeout(late)
  }
}

/** null: it went well. */
async function failureOf(doing: Promise<void>): Promise<Error | null> {
  try {
    await doing
    return null
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
