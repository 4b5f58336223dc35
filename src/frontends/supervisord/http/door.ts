import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Who } from '../../../core/model.ts'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'
import { type ClientLimits, createClients } from '../../http/clients.ts'
import { createExchanges, type Exchanges } from '../../http/exchanges.ts'
import { peerUser } from '../../http/peer-user.ts'
import type { Rounds } from '../../http/rounds.ts'
import type { ActivityLog } from '../contract.ts'
import { type Asked, readTarget } from './asked.ts'
import type { Bodies } from './bodies.ts'
import { checkLogin } from './login.ts'
import { type Reply, sendReply } from './replies.ts'

/** One listening socket with its clients. */
export interface Door extends Exchanges {
  /** The settings from now on; the address is that of the socket. */
  use(settings: HttpServerSettings): void
}

export interface DoorParts {
  readonly answer: (asked: Asked) => Promise<Reply>
  readonly bodies: Bodies
  readonly rounds: Rounds
  readonly limits: ClientLimits
  readonly activity: Pick<ActivityLog, 'write'>
}

export function createDoor(first: HttpServerSettings, parts: DoorParts): Door {
  const { activity, bodies, rounds } = parts
  const clients = createClients(parts.limits)
  const closing = new AbortController()
  let settings = first

  /** Over TCP nobody tells who they are: whoever has the login is supervisorctl. */
  function whoAsks(socket: Socket): Who | null {
    return settings.address.kind === 'inet' ? { kind: 'client', name: 'supervisorctl' } : peerUser(socket)
  }

  const exchanges = createExchanges({
    ...{ clients, rounds, options: { requireHostHeader: false }, finish: () => closing.abort() },
    async answer({ request, response, told, signal, turn }) {
      const { method = '', url = '/', headers } = request
      const who = whoAsks(request.socket)
      const refused = checkLogin(settings.login, headers.authorization)
      const body = await bodies.read(request, refused === null)
      if (who === null) request.socket.destroy()
      if (who === null || !(await turn())) return
      const bad = refused ?? body
      const signals = { signal, ending: closing.signal }
      const reply =
        typeof bad === 'number'
          ? refusal(bad)
          : await parts.answer({ method, headers, body: bad, who, server: settings, ...readTarget(url), ...signals })
      if (response.writableEnded || response.closed) return
      const bytes = await sendReply(response, reply, told)
      activity.write('trace', accessLine(response, bytes))
    },
    tell(error, { method, url }) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
      activity.write('critical', `Handling ${method} ${url} raised an unexpected exception: ${text}`)
    },
    refuse({ response, told }, { kind }) {
      void sendReply(response, { kind: 'error', status: kind === 'failed' ? 500 : 503 }, told)
    },
  })

  return {
    ...exchanges,
    use(next) {
      settings = next
    },
  }
}

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

/** As Medusa writes it. */
function accessLine({ req: request, statusCode }: ServerResponse, bytes: number): string {
  const { remoteAddress: host = 'localhost', remotePort: port = 0 } = request.socket
  const [, , day, month, year, time] = /^(\w+), (\d+) (\w+) (\d+) ([\d:]+)/.exec(new Date().toUTCString()) ?? []
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`
  return `${host}:${port} - - [${day}/${month}/${year}:${time} +0000] "${line}" ${statusCode} ${bytes}`
}
