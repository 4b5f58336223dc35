import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http'
import type { Server as NetServer } from 'node:net'
import { nextRound } from '../../base/pause.ts'
import { duplicate } from '../../sys/execve.ts'
import type { Clients } from './clients.ts'
import { descriptorOf } from './descriptor.ts'

/**
 * A server of Node's without timers of its own: what a connection may take, and how long, is the business of `clients`.
 * `answer` is called when it is the turn of a request among those of its connection.
 */
export function createQuietServer(
  clients: Clients,
  options: ServerOptions,
  answer: (response: ServerResponse) => void,
): Server {
  // `import 'node:http'` would load undici and cost 13 MB.
  const http = process.getBuiltinModule('node:http')
  // Node would look at all connections every 30 s; the one timer of each connection does better. This is the longest a timer can be.
  const server = http.createServer(
    { connectionsCheckingInterval: 2 ** 31 - 1, ...options },
    (request: IncomingMessage, response: ServerResponse) => clients.take(request, response, () => answer(response)),
  )
  server.headersTimeout = 0
  server.requestTimeout = 0
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => {
    // Who is gone without a word is noticed by the kernel; a unix socket cannot go without one.
    socket.setKeepAlive(true, peerLooksMs)
    clients.admit(socket)
  })
  return server
}

const peerLooksMs = 60_000

/** Resolves when clients can connect; rejects with what the system says. */
export function listenTo(
  server: NetServer,
  where: { readonly path: string } | { readonly fd: number } | { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ ...where, backlog: 1024 }, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/**
 * Takes no more clients: they wait in the socket, of which this answers a descriptor, for whoever listens on it next. Resolves
 * when those who are here have their answers; when the time is over, `cutOff` tells who still waits.
 */
export async function handOverServer(
  server: Server,
  clients: Clients,
  { waitMsMax, finish, cutOff }: { readonly waitMsMax: number; finish(): void; cutOff(): void },
): Promise<number> {
  const fd = duplicate(descriptorOf(server))
  if (typeof fd === 'string') throw new Error(`the socket cannot be handed over (${fd})`)
  clients.finish()
  finish()
  // What is on its way is read first: closing breaks off who is idle.
  await nextRound()
  await nextRound()
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => {
      cutOff()
      resolve()
    }, waitMsMax)
    server.close(() => {
      clearTimeout(timer)
      resolve()
    })
  })
  return fd
}
