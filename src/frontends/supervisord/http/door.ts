import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Server, Socket } from 'node:net'
import type { Who } from '../../../core/model.ts'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { type ClientLimits, createClients } from '../../http/clients.ts'
import { createQuietServer, handOverServer } from '../../http/quiet-server.ts'
import type { Rounds } from '../../http/rounds.ts'
import { peerUser } from '../../native/callers.ts'
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
  const clients = createClients(parts.limits)
  const unanswered = new Map<ServerResponse, Told>()
  const users = new WeakMap<Socket, Who>()
  const closing = new AbortController()
  let settings = first
  const server = createQuietServer(clients, { requireHostHeader: false }, (response) => void serve(response))

  async function serve(response: ServerResponse): Promise<void> {
    const { req: request } = response
    const told: Told = (how) => clients.told(request.socket, how)
    const gone = new AbortController()
    response.sendDate = false
    response.once('close', () => {
      unanswered.delete(response)
      gone.abort(wentAway)
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
    handOver: (waitMsMax) =>
      handOverServer(server, clients, {
        waitMsMax,
        finish: () => closing.abort(),
        cutOff() {
          for (const [response, told] of unanswered) cutOff(response, told)
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
