import { chmodSync, renameSync, rmSync } from 'node:fs'
import type { Server, Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { routes } from '../../wire/routes.ts'
import { type ClientLimits, createClients } from '../http/clients.ts'
import { createExchanges, type Exchanges } from '../http/exchanges.ts'
import { listenTo } from '../http/quiet-server.ts'
import type { Rounds } from '../http/rounds.ts'
import { refuse, send } from './answers.ts'
import { bodyOf, lastEventIdOf, routeOf } from './asked.ts'
import type { CallerOf } from './callers.ts'
import type { Handlers } from './exchange.ts'
import type { ExecParts } from './exec.ts'
import { Refusal } from './refusal.ts'
import { createUpgrades } from './upgrades.ts'

/** One listening socket with its clients. */
export interface Listener extends Pick<Exchanges, 'handOver' | 'close'> {
  /** Resolves when clients can connect; rejects with what the system says. */
  listen(where: Where): Promise<void>
  /** The port it has; null: it has none. */
  port(): number | null
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
  const exchanges = createExchanges({
    ...{ clients, rounds, options: { shouldUpgradeCallback: upgrades.isAsked }, finish: upgrades.close },
    async answer({ request, response, told, signal, turn }) {
      const { route, query } = routeOf(request)
      const who = callerOf(request, route)
      const body = await bodyOf(routes[route], request)
      if (!(await turn())) return
      const lastEventId = lastEventIdOf(request)
      await send(response, await handlers[route]({ query, body, who, lastEventId, signal }), told)
    },
    tell(error) {
      if (error instanceof Refusal) return
      warn(`an API request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
    },
    refuse: ({ response, told }, why) => refuse(response, why.kind === 'failed' ? why.error : cutOff(), told),
  })
  const { server } = exchanges
  server.on('upgrade', (request, socket, head) => upgrades.take(request, socket as Socket, head))

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
    handOver: exchanges.handOver,
    close() {
      upgrades.close()
      exchanges.close()
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

function cutOff(): Refusal {
  return new Refusal(
    'too-busy',
    'the daemon goes on as another version and cannot wait with you any longer',
    'what you asked for goes on; see: holdfast status NAME',
  )
}
