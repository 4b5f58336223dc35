import type { LogChunk, StreamRef } from '../../engine/ports.ts'
import { apiVersion, type LogEvent } from '../../wire/api.ts'
import type { ServerSentEvent } from './exchange.ts'

/**
 * Output as server-sent events. Bytes that are no UTF-8 are replaced: who needs each byte asks for chunks. A client that
 * comes back goes on with the moment of its last event, and may see what was printed in that moment again.
 */
export async function* logEvents(chunks: AsyncIterable<LogChunk>): AsyncGenerator<ServerSentEvent> {
  /** A character may be cut by the end of a piece. */
  const decoders = new Map<StreamRef, InstanceType<typeof TextDecoder>>()
  for await (const { stream, bytes, wallMs, attempt } of chunks) {
    const decoder = decoders.get(stream) ?? new TextDecoder()
    decoders.set(stream, decoder)
    const text = decoder.decode(bytes, { stream: true })
    if (text === '') continue
    const at = wallMs === null ? null : new Date(wallMs).toISOString()
    const data: LogEvent = {
      ...{ apiVersion, kind: 'LogEvent' },
      ...{ unit: stream.unit, stream: stream.stream, at, attempt, text },
    }
    yield { event: 'log', id: at, data }
  }
}

/** null: the client comes for the first time, or with an event that told no time. */
export function timeOfLogEvent(lastEventId: string | null): number | null {
  const timeMs = Date.parse(lastEventId ?? '')
  return Number.isNaN(timeMs) ? null : timeMs
}
