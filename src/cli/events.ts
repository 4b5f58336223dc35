import { once } from 'node:events'
import { pauseFor } from '../base/pause.ts'
import { durationText } from '../core/text.ts'
import type { EventGap, HistoryItem, HistoryList } from '../wire/api.ts'
import type { ExitCode } from '../wire/exit-codes.ts'
import { parseServerSentEvents } from '../wire/server-sent-events.ts'
import { Unreachable } from './client.ts'
import type { Context } from './command.ts'
import { eventLine } from './history-text.ts'
import { formatOf } from './output.ts'

/** A daemon that ends for another version is back within a second, and one that died when its manager has started it. */
const absenceMsMax = 30_000

const retryMs = 250

/** `holdfast events`: what happens, as it happens, until it is interrupted. A daemon that comes back is followed on, without a loss. */
export async function runEvents(context: Context): Promise<ExitCode> {
  const { talk } = context
  const follower = createFollower(context)
  await follower.begin()
  for (;;) {
    await follower.follow()
    const since = Date.now()
    talk('holdfast: the daemon broke off the connection; waiting for it\n')
    await beginAgain(follower, since)
    talk(`holdfast: it is back after ${durationText(Date.now() - since)}; going on where it was\n`)
  }
}

async function beginAgain(follower: Follower, sinceMs: number): Promise<void> {
  for (;;) {
    await pauseFor(retryMs)
    try {
      return await follower.begin()
    } catch (error) {
      if (!(error instanceof Unreachable) || Date.now() - sinceMs > absenceMsMax) throw error
    }
  }
}

interface Follower {
  /** Connects, behind the last event that came. Throws Unreachable. */
  begin(): Promise<void>
  /** Prints what comes; resolves when the connection is over. */
  follow(): Promise<void>
}

function createFollower({ client, operands, options, out, talk, terminal }: Context): Follower {
  const isForPrograms = formatOf(options) === 'ndjson'
  let last: string | null = null
  let answer: AsyncIterable<Buffer> | null = null

  function print(event: string, data: string): void {
    if (isForPrograms) out(`${data}\n`)
    if (event === 'gap') {
      const { nextSeq }: EventGap = JSON.parse(data)
      talk(`holdfast: events before number ${nextSeq} were lost; they are no longer kept\n`)
    } else if (!isForPrograms) out(`${eventLine(JSON.parse(data) as HistoryItem, terminal)}\n`)
  }

  /** So that what happens before the first event comes is not missed either. */
  async function latestNumber(): Promise<string> {
    const { items } = await client.ask<HistoryList>('history', { query: { tail: '1' } })
    return String(items.at(-1)?.seq ?? 0)
  }

  return {
    async begin() {
      last ??= await latestNumber()
      const query = { name: operands, label: options.values('label'), kind: options.value('kind') }
      answer = await client.stream('events', { query, lastEventId: last })
    },
    async follow() {
      try {
        for await (const { event, id, data } of parseServerSentEvents(answer!)) {
          print(event, data)
          last = id
          // A slow reader slows us, and through us the daemon's telling, never its memory.
          if (process.stdout.writableNeedDrain) await once(process.stdout, 'drain')
        }
      } catch (error) {
        if (!(error instanceof Unreachable)) throw error
      }
    },
  }
}
