import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

/** A socket in front of the engine's that notes what is asked through it. */
export interface EngineRelay {
  readonly socketPath: string
  /** What DOCKER_HOST has to be. */
  readonly url: string
  /** All that was asked since the start or the last `forget`. */
  requests(): readonly EngineRequest[]
  forget(): void
  close(): Promise<void>
}

export interface EngineRequest {
  readonly method: string
  readonly path: string
}

/** `directory`: where the socket is made. */
export async function startEngineRelay(engineSocketPath: string, directory: string): Promise<EngineRelay> {
  const socketPath = join(directory, 'relay.sock')
  const sockets = new Set<Socket>()
  let requests: EngineRequest[] = []
  const server = createServer((client) => {
    const engine = connect(engineSocketPath)
    for (const [from, to] of [
      [client, engine],
      [engine, client],
    ] as const) {
      sockets.add(from)
      from.pipe(to)
      // Either end may go at any time; the other one learns it by the end of its own connection.
      from.on('error', () => to.destroy())
      from.on('close', () => {
        sockets.delete(from)
        to.destroy()
      })
    }
    client.on('data', (chunk: Buffer) => {
      requests.push(...requestsIn(chunk))
    })
  })
  rmSync(socketPath, { force: true })
  server.listen(socketPath)
  await once(server, 'listening')
  return {
    socketPath,
    url: `unix://${socketPath}`,
    requests: () => requests,
    forget() {
      requests = []
    },
    async close() {
      server.close()
      for (const socket of sockets) socket.destroy()
      await once(server, 'close')
    },
  }
}

/** A request line is written at once by every client there is, so it is never cut in two. */
function requestsIn(chunk: Buffer): readonly EngineRequest[] {
  return [...chunk.toString('latin1').matchAll(/^(GET|HEAD|POST|PUT|DELETE) (\S+) HTTP\/1\.1\r$/gm)].map(
    ([, method, path]) => ({ method: method!, path: path! }),
  )
}

/** Whether it changes anything in the engine. */
export function isMutation({ method, path }: EngineRequest): boolean {
  return method !== 'GET' && method !== 'HEAD' && !/\/(?:exec|wait|attach|resize)\b/.test(path)
}
