import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import { nextRound } from '../../../base/pause.ts'
import type { Who } from '../../../core/model.ts'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { duplicate } from '../../../sys/execve.ts'
import { peerUser } from '../../native/callers.ts'
import { type ClientLimits, createClients } from '../../native/clients.ts'
import { descriptorOf } from '../../native/descriptor.ts'
import type { Rounds } from '../../native/rounds.ts'
import type { ActivityLog } from '../contract.ts'
import { type Asked, readTarget } from './asked.ts'
import type { Bodies } from './bodies.ts'
import { checkLogin } from './login.ts'
import { type Reply, sendReply, type Told } from './replies.ts'

/** One listening socket with its clients. */
export interface Door {
  /** To listen with. */
  readonly server: Server
  /** The settings from now on; the address is that of the socket. */
  use(settings: HttpServerSettings): void
  /**
   * Takes no more clients: they wait in the socket, of which this answers a descriptor, for whoever listens on it next.
   * Resolves when those who are here have their answers; who still waits after this time is told so instead.
   */
  handOver(waitMsMax: number): Promise<number>
  /** Breaks off every connection. */
  close(): void
}

export interface DoorParts {
  readonly answer: (asked: Asked) => Promise<Reply>
  readonly bodies: Bodies
  readonly rounds: Rounds
  readonly limits: ClientLimits
  readonly activity: Pick<ActivityLog, 'write'>
}

export function createDoor(first: HttpServerSettings, parts: DoorParts): Door {
  // `import 'node:http'` would load undici and cost 13 MB.
  const http = process.getBuiltinModule('node:http')
  const clients = createClients(parts.limits)
  const unanswered = new Map<ServerResponse, Told>()
  const users = new WeakMap<Socket, Who>()
  const closing = new AbortController()
  let settings = first
  // Node would look at all connections every 30 s; the one timer of each connection does better. This is the longest a timer can be.
  const server = http.createServer(
    { connectionsCheckingInterval: 2 ** 31 - 1, requireHostHeader: false },
    (request, response) => clients.take(request, response, () => void serve(response)),
  )
  server.headersTimeout = 0
  server.requestTimeout = 0
  server.keepAliveTimeout = 0
  server.on('connection', (socket) => {
    // Who is gone without a word is noticed by the kernel; a unix socket cannot go without one.
    socket.setKeepAlive(true, peerLooksMs)
    clients.admit(socket)
  })

  async function serve(response: ServerResponse): Promise<void> {
    const { req: request } = response
    const told: Told = (how) => clients.told(request.socket, how)
    const gone = new AbortController()
    response.sendDate = false
    response.once('close', () => {
      unanswered.delete(response)
      gone.abort()
    })
    try {
      const who = whoAsks(request.socket)
      const refused = checkLogin(settings.login, request.headers.authorization)
      const body = await parts.bodies.read(request, refused === null)
      if (who === null) request.socket.destroy()
      if (response.closed || who === null) return
      clients.stated(request.socket)
      unanswered.set(response, told)
      const bad = refused ?? body
      const reply = typeof bad === 'number' ? refusal(bad) : await answer(request, bad, who, gone)
      if (response.writableEnded || response.closed) return
      const bytes = await sendReply(response, reply, told)
      parts.activity.write('trace', accessLine(response, bytes))
    } catch (error) {
      fail(response, error, told)
    }
  }

  async function answer(
    request: IncomingMessage,
    body: Buffer | null,
    who: Who,
    gone: AbortController,
  ): Promise<Reply> {
    await parts.rounds.next()
    const { method = '', url = '/', headers } = request
    const signals = { signal: gone.signal, ending: closing.signal }
    return await parts.answer({ method, headers, body, who, server: settings, ...readTarget(url), ...signals })
  }

  /** Over TCP nobody tells who they are: whoever has the login is supervisorctl. */
  function whoAsks(socket: Socket): Who | null {
    if (settings.address.kind === 'inet') return { kind: 'client', name: 'supervisorctl' }
    const who = users.get(socket) ?? peerUser(socket)
    if (who !== null) users.set(socket, who)
    return who
  }

  /** A bug in one answer must not end supervision: it is told here and to the client. */
  function fail(response: ServerResponse, error: unknown, told: Told): void {
    // The client went away: nobody is left to be told.
    if (response.closed || response.req.socket.destroyed) return
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    parts.activity.write(
      'critical',
      `Handling ${response.req.method} ${response.req.url} raised an unexpected exception: ${text}`,
    )
    if (response.headersSent) response.destroy()
    else void sendReply(response, { kind: 'error', status: 500 }, told)
  }

  return {
    server,
    use(next) {
      settings = next
    },
    async handOver(waitMsMax) {
      const fd = duplicate(descriptorOf(server))
      if (typeof fd === 'string') throw new Error(`the socket cannot be handed over (${fd})`)
      clients.finish()
      closing.abort()
      // What is on its way is read first: closing breaks off who is idle.
      await nextRound()
      await nextRound()
      await new Promise<void>((resolve) => {
        const timer = setTimeout(() => {
          for (const [response, told] of unanswered) cutOff(response, told)
          resolve()
        }, waitMsMax)
        server.close(() => {
          clearTimeout(timer)
          resolve()
        })
      })
      return fd
    },
    close() {
      server.close()
      clients.destroy()
    },
  }
}

const peerLooksMs = 60_000

function refusal(status: 400 | 401 | 413 | 503): Reply {
  if (status !== 401) return { kind: 'error', status }
  return {
    kind: 'error',
    status,
    headers: [
      ['Connection', 'close'],
      ['WWW-Authenticate', 'Basic realm="default"'],
    ],
  }
}

function cutOff(response: ServerResponse, told: Told): void {
  if (response.headersSent) response.destroy()
  else void sendReply(response, { kind: 'error', status: 503 }, told)
}

/** As Medusa writes it. */
function accessLine({ req: request, statusCode }: ServerResponse, bytes: number): string {
  const { remoteAddress: host = 'localhost', remotePort: port = 0 } = request.socket
  const [, , day, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date().toUTCString()) ?? []
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`
  return `${host}:${port} - - [${day}/${month}/${year}:${time} +0000] "${line}" ${statusCode} ${bytes}`
}
