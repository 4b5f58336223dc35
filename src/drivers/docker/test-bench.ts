import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createPlainServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** An engine that answers by a script, on a unix socket of its own. */
export interface ScriptedEngine {
  readonly socketPath: string
  /** What was asked for, oldest first: `GET /v1.41/info`. */
  readonly asked: readonly string[]
  /** Of each connection that was ever made. */
  readonly sockets: readonly Socket[]
  /** It listens no more, and its connections are gone; the socket stays as a dead file. */
  die(): Promise<void>
  close(): Promise<void>
}

export type Answering = (request: IncomingMessage, response: ServerResponse, path: string) => void

/** `answer` gets what is asked besides the version: its path is without one. `isReady`: whether it is up by now. */
export async function startScriptedEngine(
  answer: Answering,
  options: {
    readonly apiVersion?: string | undefined
    readonly place?: string
    readonly isReady?: (() => boolean) | undefined
  } = {},
): Promise<ScriptedEngine> {
  const { apiVersion = '1.41', place, isReady = () => true } = options
  const directory = place === undefined ? mkdtempSync(join(tmpdir(), 'hf-engine-')) : null
  const socketPath = place ?? join(directory!, 'engine.sock')
  const asked: string[] = []
  const sockets: Socket[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.setHeader('api-version', apiVersion)
    const path = request.url!.replace(/^\/v\d+\.\d+/, '')
    if (!isReady()) sendJson(response, 503, { message: 'starting' })
    else if (path === '/_ping') response.end('OK')
    else answer(request, response, path)
  })
  server.on('connection', (socket) => {
    sockets.push(socket)
    // The other side is let break off.
    socket.on('error', () => {})
  })
  server.listen(socketPath)
  await once(server, 'listening')
  const die = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    socketPath,
    asked,
    sockets,
    die,
    async close() {
      await die()
      if (directory !== null) rmSync(directory, { recursive: true })
    },
  }
}

/** Something that speaks no HTTP, or says nothing at all. */
export async function startRawEngine(connected: (socket: Socket) => void): Promise<ScriptedEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'hf-engine-'))
  const socketPath = join(directory, 'engine.sock')
  const sockets: Socket[] = []
  const server = createPlainServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    connected(socket)
  })
  server.listen(socketPath)
  await once(server, 'listening')
  const die = async (): Promise<void> => {
    if (!server.listening) return
    const closed = once(server, 'close')
    server.close()
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    socketPath,
    asked: [],
    sockets,
    die,
    async close() {
      await die()
      rmSync(directory, { recursive: true })
    },
  }
}

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
}
