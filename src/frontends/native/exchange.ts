import type { Who } from '../../core/model.ts'
import type { RouteName } from '../../wire/routes.ts'

/** What a client asks, as a handler gets it. */
export interface Asked {
  readonly query: URLSearchParams
  /** Parsed JSON; a Buffer for routes that take bytes; null for GET. */
  readonly body: unknown
  readonly who: Who
  /** The header Last-Event-ID: the last event the client has; null: it comes for the first time. */
  readonly lastEventId: string | null
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export type Answer =
  /** `settled` is told whether the answer was taken, once that is certain. */
  | { readonly kind: 'json'; readonly body: object; readonly settled?: (isTaken: boolean) => void }
  | { readonly kind: 'bytes'; readonly bytes: AsyncIterable<Uint8Array> }
  | { readonly kind: 'text'; readonly contentType: string; readonly text: string | Uint8Array }
  /** Server-sent events; the next one is asked for when the client has taken the last. */
  | { readonly kind: 'events'; readonly events: AsyncIterable<ServerSentEvent> }

export interface ServerSentEvent {
  readonly event: string
  /** What a client that comes back sends as Last-Event-ID; null: it does not count. */
  readonly id: string | null
  readonly data: object
}

export type Handler = (asked: Asked) => Promise<Answer>

export type Handlers = Readonly<Record<RouteName, Handler>>
