import { pauseFor } from '../../base/pause.ts'
import type { LogAppender, LogAppendPort, LogPiece, StreamRef } from '../../engine/ports.ts'
import { without } from '../log-pieces.ts'
import type { Cursor } from './container-logs-cursor.ts'
import { isBefore, type LogMessage, type StampTime, wallMsOf } from './container-logs-messages.ts'
import type { Position, Sink } from './container-logs-position.ts'

/** A message, or what of it is not stored yet. */
export interface OutputPart {
  readonly sink: Sink
  readonly time: StampTime
  readonly bytes: Buffer
}

/** The logs of one container, written together with its cursor. */
export interface OutputStore {
  /** Where a stream goes. */
  sinkOf(stream: LogMessage['stream']): Sink
  /** Tells another choice of streams and logs from this one. */
  readonly layout: string
  /** From now on what was printed at or after this time is of that start of the unit. */
  began(time: StampTime, attempt: number): void
  /**
   * Waits while a log takes nothing, until `signal` aborts: then the cursor says how far it came. `end`: what the position is
   * with all of it.
   */
  store(parts: readonly OutputPart[], end: Position, signal: AbortSignal): Promise<void>
  /** A line of our own; where it cannot be written now it is left out. */
  say(text: string): void
  close(): void
}

export function openOutputStore(options: {
  readonly logs: LogAppendPort
  readonly refs: readonly StreamRef[]
  readonly streams: readonly LogMessage['stream'][]
  readonly cursor: Cursor
}): OutputStore {
  const { logs, refs, streams, cursor } = options
  const appenders = new Map<Sink, LogAppender>(refs.map((ref) => [ref.stream, logs.append(ref)]))
  const [firstSink = 'stdout'] = appenders.keys()
  const runs: { readonly time: StampTime; readonly attempt: number }[] = []

  function attemptOf({ time }: OutputPart): number | null {
    return runs.findLast((run) => !isBefore(time, run.time))?.attempt ?? null
  }

  /** What goes to one log and is of one start, in order; the order of the logs does not matter. */
  function* groupsOf(parts: readonly OutputPart[]): Generator<readonly OutputPart[]> {
    for (const own of Map.groupBy(parts, ({ sink }) => sink).values()) {
      let from = 0
      for (let at = 1; at <= own.length; at++) {
        if (at < own.length && attemptOf(own[at]!) === attemptOf(own[from]!)) continue
        yield own.slice(from, at)
        from = at
      }
    }
  }

  /** false: it was called off. `end` null: more belongs to it. */
  async function storeGroup(group: readonly OutputPart[], end: Position | null, signal: AbortSignal): Promise<boolean> {
    const [{ sink }] = group as readonly [OutputPart]
    const appender = appenders.get(sink)!
    const attempt = attemptOf(group[0]!)
    if (attempt !== null) appender.begin(attempt)
    let pieces: readonly LogPiece[] = group.map(({ bytes, time }) => ({ bytes, wallMs: wallMsOf(time) }))
    while (pieces.length > 0) {
      const left = lengthOf(pieces)
      const { position } = cursor.state
      let then = position
      const { bytes, retryMs } = appender.write(pieces, (spot, announced) => {
        const skip = { ...position.skip, [sink]: position.skip[sink] + announced }
        then = announced === left && end !== null ? end : { ...position, skip }
        cursor.announce(sink, spot, announced, then)
      })
      if (bytes > 0) cursor.written(then)
      pieces = without(pieces, bytes)
      if (retryMs !== undefined && pieces.length > 0) await pauseFor(retryMs, signal)
      if (signal.aborted) return false
    }
    return true
  }

  return {
    sinkOf: (stream) => (appenders.has(stream) ? stream : firstSink),
    layout: `${streams.join('+')} to ${[...appenders.keys()].join('+')}`,
    began(time, attempt) {
      const last = runs.at(-1)
      if (last === undefined || isBefore(last.time, time)) runs.push({ time, attempt })
    },
    async store(parts, end, signal) {
      const groups = [...groupsOf(parts)]
      // Nothing of it is kept, or all was stored already.
      if (groups.length === 0) cursor.written(end)
      for (const [index, group] of groups.entries()) {
        // Whoever called it off has closed the logs.
        if (signal.aborted) return
        if (!(await storeGroup(group, index === groups.length - 1 ? end : null, signal))) return
      }
    },
    say(text) {
      const line = Buffer.from(`holdfast: ${text}\n`)
      appenders.get(firstSink)?.write([{ bytes: line, wallMs: Date.now() }], () => {})
    },
    close() {
      for (const appender of appenders.values()) appender.close()
    },
  }
}

function lengthOf(pieces: readonly LogPiece[]): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0)
}
