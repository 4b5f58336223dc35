import { chmodSync, renameSync, rmSync } from 'node:fs'
import type { Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { routes } from '../../wire/routes.ts'
import { type ClientLimits, createClients } from '../http/clients.ts'
import { createQuietServer, handOverServer } from '../http/quiet-server.ts'
import type { Rounds } from '../http/rounds.ts'
import { refuse, send, type Told } from './answers.ts'
import { bodyOf, lastEventIdOf, routeOf } from './asked.ts'
import type { CallerOf } from './callers.ts'
import type { Handlers } from './exchange.ts'
import type { ExecParts } from './exec.ts'
import { Refusal } from './refusal.ts'
import { createUpgrades } from './upgrades.ts'

/** One listening socket with its clients. */
export interface Listener {
  /** Resolves when clients can connect; rejects with what the system says. */
  listen(where: Where): Promise<void>
  /** The port it has; null: it has none. */
  port(): number | null
  /**
   * Takes no more clients: they wait in the socket, of which this answers a descriptor, for whoever listens on it next.
   * Resolves when those who are here have their answers; who still waits after this time is told so instead.
   */
  handOver(waitMsMax: number): Promise<number>
  /** Breaks off every connection. */
  close(): void
}

/** `fd`: it is open already, and clients may wait in it. */
export type Where =
  | { readonly kind: 'path'; readonly path: string }
  | { readonly kind: 'tcp'; readonly address: string; readonly port: number }
  | { readonly kind: 'fd'; readonly fd: number }

export interface ListenerParts {
  readonly handlers: Handlers
  readonly exec: Omit<ExecParts, 'warn'>
  readonly callerOf: CallerOf
  readonly rounds: Rounds
  readonly limits: ClientLimits
  readonly warn: (text: string) => void
}

export function createListener({ handlers, exec, callerOf, rounds, limits, warn }: ListenerParts): Listener {
  const clients = createClients(limits)
  const upgrades = createUpgrades({ ...exec, callerOf, clients, warn })
  const unanswered = new Map<ServerResponse, Told>()
  const options = { shouldUpgradeCallback: upgrades.isAsked }
  const server = createQuietServer(clients, options, (response) => void answer(response))
  server.on('upgrade', (request, socket, head) => upgrades.take(request, socket as Socket, head))

  async function answer(response: ServerResponse): Promise<void> {
    const { req: request } = response
    const told: Told = (how) => clients.told(request.socket, how)
    const gone = new AbortController()
    response.sendDate = false
    response.once('close', () => {
      unanswered.delete(response)
      gone.abort()
    })
    try {
      const { route, query } = routeOf(request)
      const who = callerOf(request, route)
      const body = await bodyOf(routes[route], request)
      clients.stated(request.socket)
      unanswered.set(response, told)
      await rounds.next()
      if (response.closed) return
      const lastEventId = lastEventIdOf(request)
      await send(response, await handlers[route]({ query, body, who, lastEventId, signal: gone.signal }), told)
    } catch (error) {
      refuse(response, error, { told, warn })
    }
  }

  return {
    async listen(where) {
      switch (where.kind) {
        case 'path':
          return await listenAtPath(server, where.path)
        case 'tcp':
          return await listenTo(server, { host: where.address, port: where.port })
        case 'fd':
          return await listenTo(server, { fd: where.fd })
      }
    },
    port() {
      const address = server.address()
      return typeof address === 'object' && address !== null ? address.port : null
    },
    handOver: (waitMsMax) =>
      handOverServer(server, clients, {
        waitMsMax,
        finish: upgrades.close,
        cutOff() {
          for (const [response, told] of unanswered) refuse(response, cutOff(), { told, warn })
        },
      }),
    close() {
      server.close()
      upgrades.close()
      clients.destroy()
    },
  }
}

/** No longer than the real one: the path of a socket has hardly room for more. */
const unfinishedName = 'holdfast.next'

/** Under another name first: whoever can connect meets the right mode, and Node, which removes what it bound, removes nothing. */
async function listenAtPath(server: Server, path: string): Promise<void> {
  const unfinished = join(dirname(path), unfinishedName)
  // Only the holder of the lock comes here, so whatever has this name was left behind.
  rmSync(unfinished, { force: true })
  await listenTo(server, { path: unfinished })
  chmodSync(unfinished, 0o600)
  renameSync(unfinished, path)
}

function listenTo(
  server: Server,
  where: { readonly path: string } | { readonly fd: number } | { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(where, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function cutOff(): Refusal {
  return new Refusal(
    'too-busy',
    'the daemon goes on as another version and cannot wait with you any longer',
    'what you asked for goes on; see: holdfast status NAME',
  )
}
