import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Clients } from './clients.ts'
import { createQuietServer, handOverServer } from './quiet-server.ts'
import type { Rounds } from './rounds.ts'

/** `told` is called when all of an answer was given out, or a part of one that has no end was taken. */
export type Told = (how: 'whole' | 'part') => void

/** One request and its answer. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  readonly told: Told
  /** Aborts when the client is gone, or has its answer. */
  readonly signal: AbortSignal
  /** The request was read to its end, and is one that may be answered. Resolves when it is its turn; false: the client has gone. */
  turn(): Promise<boolean>
}

/** Why there is no answer. cut-off: another image of this process goes on, and cannot wait with the client any longer. */
export type NoAnswer = { readonly kind: 'failed'; readonly error: unknown } | { readonly kind: 'cut-off' }

export interface ExchangeParts {
  readonly clients: Clients
  readonly rounds: Rounds
  readonly options: ServerOptions
  /** Reads the request, waits for its turn and gives the answer out. */
  answer(exchange: Exchange): Promise<void>
  /** Tells us why an answer failed. A bug in one must not end supervision. */
  tell(error: unknown, request: IncomingMessage): void
  /** Tells the client. */
  refuse(exchange: Exchange, why: NoAnswer): void
  /** Ends what has no end by itself. */
  finish(): void
}

/** The requests to one listening socket. */
export interface Exchanges {
  /** To listen with. */
  readonly server: Server
  /**
   * Takes no more clients: they wait in the socket, of which this answers a descriptor, for whoever listens on it next.
   * Resolves when those who are here have their answers; who still waits after this time is told so instead.
   */
  handOver(waitMsMax: number): Promise<number>
  /** Breaks off every connection. */
  close(): void
}

export function createExchanges(parts: ExchangeParts): Exchanges {
  const { clients, rounds } = parts
  const unanswered = new Set<Exchange>()
  const server = createQuietServer(clients, parts.options, (response) => void serve(response))

  async function serve(response: ServerResponse): Promise<void> {
    const { req: request } = response
    const gone = new AbortController()
    const exchange: Exchange = {
      ...{ request, response, signal: gone.signal },
      told: (how) => clients.told(request.socket, how),
      async turn() {
        if (response.closed) return false
        clients.stated(request.socket)
        unanswered.add(exchange)
        await rounds.next()
        return !response.closed
      },
    }
    response.sendDate = false
    response.once('close', () => {
      unanswered.delete(exchange)
      gone.abort(wentAway)
    })
    try {
      await parts.answer(exchange)
    } catch (error) {
      // Nobody is left to be told, or was told already.
      if (response.writableEnded || response.closed || request.socket.destroyed) return
      parts.tell(error, request)
      refuse(exchange, { kind: 'failed', error })
    }
  }

  /** What was begun is broken off. */
  function refuse(exchange: Exchange, why: NoAnswer): void {
    if (exchange.response.headersSent) exchange.response.destroy()
    else parts.refuse(exchange, why)
  }

  return {
    server,
    handOver: (waitMsMax) =>
      handOverServer(server, clients, {
        waitMsMax,
        finish: parts.finish,
        cutOff() {
          for (const exchange of unanswered) refuse(exchange, { kind: 'cut-off' })
        },
      }),
    close() {
      server.close()
      clients.destroy()
    },
  }
}

/** One for all: without a reason each abort would make an error with a stack. */
const wentAway = new Error('the client has gone, or has its answer')
