import { rmSync } from 'node:fs'
import { answerBytesHeldMax, clientsMax, tcpClientsMax } from '../../core/limits.ts'
import type { TcpAddress } from '../../wire/tcp-address.ts'
import { clientLimits } from '../http/clients.ts'
import { createRounds } from '../http/rounds.ts'
import { keyCallers, peerCallers } from './callers.ts'
import { createHandlers, type NativeParts } from './handlers.ts'
import { openKeys } from './keys.ts'
import { createListener } from './listener.ts'
import { createTcpDoor } from './tcp-door.ts'

export interface NativeServer {
  /** Resolves when clients can connect to the unix socket; TCP follows when it can. */
  listen(where: NativePlaces): Promise<void>
  /**
   * Takes no more clients: they wait in the sockets, of which this answers descriptors, for whoever listens on them next.
   * Resolves when those who are here have their answers; who still waits after this time is told so instead.
   */
  handOver(waitMsMax: number): Promise<HandedOver>
  /** Breaks off every connection and removes the unix socket. */
  close(): void
}

export interface NativePlaces {
  readonly socketPath: string
  /** null: not over TCP. */
  readonly tcp: TcpAddress | null
  /** What is open already. */
  readonly carried: HandedOver | null
}

export interface HandedOver {
  readonly listenFd: number
  /** null: not over TCP. */
  readonly tcpListenFd: number | null
}

/**
 * The native API: HTTP/1.1 with JSON over a unix socket, for root and the daemon's own user, whom the kernel names; and
 * over TCP for whoever has a key. docs/native-api.md describes it.
 */
export function createNativeServer(
  parts: Omit<NativeParts, 'tcpAddress'> & { readonly stateDirectory: string },
): NativeServer {
  const { stateDirectory, warn } = parts
  const common = {
    handlers: createHandlers({ ...parts, tcpAddress: () => door.address() }),
    exec: { engine: parts.engine, exec: parts.exec },
    rounds: createRounds(),
    warn,
  }
  const unix = createListener({
    ...common,
    callerOf: peerCallers(),
    limits: { ...clientLimits, clientsMax, bytesHeldMax: answerBytesHeldMax },
  })
  const door = createTcpDoor({
    warn,
    createListener: () =>
      createListener({
        ...common,
        callerOf: keyCallers(openKeys(stateDirectory, warn)),
        limits: { ...clientLimits, clientsMax: tcpClientsMax, bytesHeldMax: answerBytesHeldMax },
      }),
  })
  let path: string | null = null

  return {
    async listen({ socketPath, tcp, carried }) {
      path = socketPath
      await unix.listen(carried === null ? { kind: 'path', path: socketPath } : { kind: 'fd', fd: carried.listenFd })
      if (tcp !== null) await door.open(tcp, carried?.tcpListenFd ?? null)
    },
    async handOver(waitMsMax) {
      const [listenFd, tcpListenFd] = await Promise.all([unix.handOver(waitMsMax), door.handOver(waitMsMax)])
      return { listenFd, tcpListenFd }
    },
    close() {
      door.close()
      unix.close()
      if (path !== null) rmSync(path, { force: true })
    },
  }
}
