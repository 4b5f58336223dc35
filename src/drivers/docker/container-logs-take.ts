import type { StreamRef } from '../../engine/ports.ts'
import type { ContainerCalls, LogsQuery } from './container-calls.ts'
import type { Cursor, CursorState } from './container-logs-cursor.ts'
import { createMessages, isBefore, type LogMessage, parseStamp } from './container-logs-messages.ts'
import {
  beginning,
  createTracker,
  disorderSeconds,
  type Position,
  skipStored,
  type Tracker,
} from './container-logs-position.ts'
import type { OutputPart, OutputStore } from './container-logs-store.ts'

export interface FollowedContainer {
  readonly id: string
  /** When its latest run began, as the engine writes it. */
  readonly startedAt: string
  /** What was printed from then on is of that run: the engine notes its start a moment after the first words. */
  readonly runFrom: string
  readonly isRunning: boolean
  /** Of the unit, for that run. */
  readonly attempt: number
  readonly isTty: boolean
  /** Of its two streams those that are kept. */
  readonly streams: readonly LogMessage['stream'][]
  /** The logs they go to; with one only, both go there. */
  readonly refs: readonly StreamRef[]
  /** Somebody else ran it before us: what it printed until this run is not taken. */
  readonly isForeign: boolean
}

export interface Taking {
  readonly containers: Pick<ContainerCalls, 'logs'>
  readonly container: FollowedContainer
  readonly cursor: Cursor
  readonly output: OutputStore
  readonly clock: CursorState['clock']
  readonly signal: AbortSignal
  /** Something new came. */
  readonly moved: () => void
}

/**
 * Stores what the engine tells of a container's log and is not stored yet: `all` that there is now, or with `follow` until
 * the run ends. `changed`: the last stored message is not told where it was; then `all` says what became of it. Throws
 * EngineError.
 */
export async function takeOutput(taking: Taking, how: 'all' | 'follow'): Promise<Taken> {
  const { output, signal } = taking
  const from = resumedPosition(taking)
  const anchor = anchorOf(from)
  const taken = await takeFrom(taking, { from, how, isStored: anchor })
  if (taken !== 'ended' || anchor.isFound() || signal.aborted) return taken
  output.say('some output of the container is missing here: the container engine has removed it')
  return await takeFrom(taking, { from, how, isStored: upTo(from) })
}

export type Taken = 'ended' | 'aborted' | 'changed'

/** What is skipped at the beginning of what the engine tells. */
interface Skipping {
  /** `changed`: what was looked for cannot come any more. */
  isStored(message: LogMessage, tracker: Tracker): boolean | 'changed'
  isFound(): boolean
}

/** Up to the last stored message. */
function anchorOf({ stamp, count }: Position): Skipping {
  const time = parseStamp(stamp)
  if (time === null) return { isStored: () => false, isFound: () => true }
  if (count === 0) return upTo({ stamp })
  const latest = { ...time, seconds: time.seconds + disorderSeconds }
  let isFound = false
  return {
    isStored(message, tracker) {
      if (isFound) return false
      isFound = message.stamp === stamp && tracker.countOf(stamp) === count
      return isFound || !isBefore(latest, message.time) || 'changed'
    },
    isFound: () => isFound,
  }
}

/** Everything that is not later. */
function upTo({ stamp }: Pick<Position, 'stamp'>): Skipping {
  const time = parseStamp(stamp)
  return { isStored: (message) => time !== null && !isBefore(time, message.time), isFound: () => true }
}

async function takeFrom(
  { containers, container, cursor, output, signal, moved }: Taking,
  asked: { readonly from: Position; readonly how: 'all' | 'follow'; readonly isStored: Skipping },
): Promise<Taken> {
  const { from, how, isStored: skipping } = asked
  const tracker = createTracker()
  const messages = createMessages({ isTty: container.isTty, runStart: container.runFrom })
  let hasBegun = false
  let { skip } = from

  async function deliver(batch: readonly LogMessage[]): Promise<Taken> {
    const parts: OutputPart[] = []
    for (const message of batch) {
      tracker.saw(message)
      const isStored = skipping.isStored(message, tracker)
      // While all is told, what was removed is known only at its end.
      if (isStored === 'changed' && how === 'follow') return 'changed'
      if (isStored !== false) continue
      hasBegun = true
      const sink = output.sinkOf(message.stream)
      const rest = skipStored(message.bytes, sink, skip)
      skip = rest.skip
      if (rest.bytes.length > 0) parts.push({ sink, time: message.time, bytes: rest.bytes })
    }
    if (!hasBegun || batch.length === 0) return 'ended'
    moved()
    const { startedAt } = container
    const { layout } = output
    if (cursor.state.startedAt !== startedAt || cursor.state.layout !== layout) {
      const { skip: left, count } = from
      cursor.settle({ startedAt, layout, isDrained: false, position: { ...cursor.state.position, skip: left, count } })
    }
    await output.store(parts, tracker.positionNow(skip), signal)
    return 'ended'
  }

  const stream = await containers.logs(container.id, queryOf(container, from, how), { signal })
  for await (const chunk of stream.chunks) {
    if ((await deliver(messages.take(chunk))) === 'changed') return 'changed'
    if (signal.aborted) return 'aborted'
  }
  const last = await deliver(messages.rest())
  return signal.aborted ? 'aborted' : last
}

/** The position to go on from, and the time from which the engine is asked. */
function resumedPosition({ container, cursor, output, clock }: Taking): Position {
  const { position, layout, startedAt, clock: before } = cursor.state
  const began = parseStamp(container.startedAt)
  if (position.stamp === '') {
    return {
      ...position,
      sinceSeconds: container.isForeign && began !== null ? began.seconds - 1 : beginning.sinceSeconds,
    }
  }
  let since = position.sinceSeconds
  // A clock that was set back gives earlier times to what follows.
  const backMs = clock.bootId === before.bootId ? before.offsetMs - clock.offsetMs : 0
  if (since !== null && backMs > 1_000) since -= Math.ceil(backMs / 1_000)
  const isOtherRun = startedAt !== '' && startedAt !== container.startedAt
  if (since !== null && isOtherRun && began !== null) since = Math.min(since, began.seconds - disorderSeconds)
  // Of other streams other messages are counted.
  if (layout !== output.layout) return { ...position, count: 0, skip: beginning.skip, sinceSeconds: since }
  return { ...position, sinceSeconds: since }
}

function queryOf({ streams }: FollowedContainer, { sinceSeconds }: Position, how: 'all' | 'follow'): LogsQuery {
  return {
    stdout: streams.includes('stdout'),
    stderr: streams.includes('stderr'),
    follow: how === 'follow',
    timestamps: true,
    since: sinceSeconds === null ? null : String(Math.max(0, sinceSeconds)),
    until: null,
    tail: null,
  }
}
