import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { apiVersion } from '../../wire/api.ts'
import { execProtocol } from '../../wire/exec-frames.ts'
import { routes } from '../../wire/routes.ts'
import type { Clients } from '../http/clients.ts'
import type { CallerOf } from './callers.ts'
import { type ExecParts, serveExec } from './exec.ts'
import { Refusal, statusOf } from './refusal.ts'

/** Connections that become something else than HTTP: those of commands beside units. */
export interface Upgrades {
  /** Whether a request asks for it; any other is answered as if it did not. */
  isAsked(request: IncomingMessage): boolean
  take(request: IncomingMessage, socket: Socket, head: Buffer): void
  /** Breaks off all of them, and with them the commands. */
  close(): void
}

export function createUpgrades(
  parts: ExecParts & { readonly callerOf: CallerOf; readonly clients: Pick<Clients, 'upgraded'> },
): Upgrades {
  const { callerOf, clients } = parts
  const sockets = new Set<Socket>()

  return {
    isAsked: ({ url, headers }) => url === routes.exec.path && headers.upgrade?.toLowerCase() === execProtocol,
    take(request, socket, head) {
      // Until it is destroyed somebody has to hear of its end.
      socket.on('error', () => {})
      try {
        if (request.method !== routes.exec.method) {
          throw new Refusal('bad-request', `${routes.exec.path} is asked with POST, not ${request.method}`)
        }
        callerOf(request, 'exec')
        if (!clients.upgraded(socket)) throw new Refusal('bad-request', 'an answer before this one is not over')
      } catch (error) {
        socket.end(refusalText(error))
        return
      }
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${execProtocol}\r\n\r\n`)
      void serveExec(parts, { socket, head })
    },
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function refusalText(error: unknown): string {
  if (!(error instanceof Refusal)) throw error
  const { code, message, hint } = error
  const body = JSON.stringify({ apiVersion, kind: 'Error', code, message, hint })
  const head = [
    `HTTP/1.1 ${statusOf[code]} ${code}`,
    ...['content-type: application/json', `content-length: ${Buffer.byteLength(body)}`, 'connection: close'],
    ...(code === 'unauthorized' ? ['www-authenticate: Bearer'] : []),
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
