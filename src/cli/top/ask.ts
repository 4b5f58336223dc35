import { pauseFor } from '../../base/pause.ts'
import type { ExplanationList, HistoryList, Outcome, OutcomeList, StatusList } from '../../wire/api.ts'
import { type Client, Refused } from '../client.ts'
import { tailOf } from '../log-tail.ts'
import { createLogLines } from './log-lines.ts'
import {
  type About,
  type Answer,
  type Command,
  type CommandFailure,
  type LogLine,
  logLinesMax,
  type Message,
} from './model.ts'

/** So many lines are there at once when logs are opened. */
const tailLines = 1_000

/** So much of the history is told. */
const historyItems = 500

/** Between two tries to read on after the daemon went away. */
const retryMs = 1_000

/** Lines that come together are drawn together. */
const gatherMs = 100

/** What a page is about, as the daemon knows it now. Never throws: a failure is an answer too. */
export async function askAbout(client: Client, about: Exclude<About, { kind: 'help' }>): Promise<Answer> {
  const query = { name: [about.unit] }
  try {
    switch (about.kind) {
      case 'status': {
        const [list, log] = await Promise.all([
          client.ask<StatusList>('status', { query }),
          tailOf(client, about.unit, lastLinesMax),
        ])
        const [item] = list.items
        return item === undefined ? gone : { kind: 'status', item, log }
      }
      case 'explain': {
        const [item] = (await client.ask<ExplanationList>('explain', { query })).items
        if (item === undefined) return gone
        const hasEnded = item.state === 'backoff' || item.state === 'failed' || item.state === 'exited'
        return { kind: 'explain', item, words: hasEnded ? await tailOf(client, about.unit, lastWordsMax) : [] }
      }
      case 'history': {
        const { items } = await client.ask<HistoryList>('history', { query: { ...query, tail: String(historyItems) } })
        return { kind: 'history', items }
      }
    }
  } catch (error) {
    return { kind: 'failed', why: messageOf(error) }
  }
}

const gone: Answer = { kind: 'failed', why: 'there is no such unit any more' }

/** As much of its output as fills a large screen. */
const lastLinesMax = 60

/** What something said before it ended is mostly why. */
const lastWordsMax = 5

/** Says it, and waits for what becomes of it; what was taken goes on when nobody waits any more. Never throws. */
export async function carryOut(client: Client, command: Command): Promise<Outcome | CommandFailure> {
  const names = [command.unit]
  const body = command.kind === 'signal' ? { names, signal: command.signal } : { names, wait: true }
  try {
    const [outcome] = (await client.ask<OutcomeList>(command.kind, { body })).items
    return outcome ?? { result: 'refused', why: 'there is no such unit any more' }
  } catch (error) {
    return { result: 'refused', why: messageOf(error) }
  }
}

/** Reads the logs of a unit until the signal is aborted; when the daemon comes back, they are read anew. */
export async function followLogs(options: {
  readonly client: Client
  readonly unit: string
  readonly id: number
  readonly post: (message: Message) => void
  readonly signal: AbortSignal
}): Promise<void> {
  const { id, post, signal } = options
  while (!signal.aborted) {
    try {
      await readLogs(options)
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof Refused) {
        post({ kind: 'logs-ended', id, why: error.message })
        return
      }
      // Nobody answers at present: the screen says so already.
    }
    await pauseFor(retryMs, signal)
  }
}

async function readLogs({ client, unit, id, post, signal }: Parameters<typeof followLogs>[0]): Promise<void> {
  const query = { name: [unit], tail: String(tailLines), follow: 'true', format: 'chunks' }
  const answer = await client.stream('logs', { query, signal })
  const lines = createLogLines()
  let isFresh = true
  let gathered: LogLine[] = []
  let timer: NodeJS.Timeout | null = null
  const flush = (): void => {
    timer = null
    if (!signal.aborted) post({ kind: 'logs', id, isFresh, lines: gathered })
    isFresh = false
    gathered = []
  }
  try {
    // What was shown before is replaced at once, even where nothing was printed since.
    timer = setTimeout(flush, gatherMs)
    for await (const bytes of answer) {
      gathered = [...gathered, ...lines.take(bytes)].slice(-logLinesMax)
      timer ??= setTimeout(flush, gatherMs)
    }
    flush()
  } finally {
    if (timer !== null) clearTimeout(timer)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
