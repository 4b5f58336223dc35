import { chmodSync, renameSync, rmSync } from 'node:fs'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { clientsMax } from '../../core/limits.ts'
import type { Who } from '../../core/model.ts'
import { duplicate } from '../../sys/execve.ts'
import { peerOf } from '../../sys/peer.ts'
import { userById } from '../../sys/users.ts'
import { type ApiError, apiVersion } from '../../wire/api.ts'
import { type Route, type RouteName, routes } from '../../wire/routes.ts'
import { readBody, readBytes } from './body.ts'
import { createHandlers, type NativeParts } from './handlers.ts'
import { Refusal, statusOf } from './refusal.ts'

export interface NativeServer {
  /** Resolves when clients can connect. `carried`: the socket is open already, and clients may wait in it. */
  listen(socketPath: string, carried: number | null): Promise<void>
  /**
   * Takes no more clients: they wait in the socket, of which this answers a descriptor, for whoever listens on it next.
   * Resolves when those who are here have their answers; who still waits after this time is told so instead.
   */
  handOver(waitMsMax: number): Promise<number>
  /** Breaks off every connection and removes the socket. */
  close(): void
}

/** A client that takes longer than this to say what it wants is cut off. */
const requestMsMax = 10_000

/**
 * The native API: HTTP/1.1 with JSON over a unix socket, for root and the daemon's own user, whom the kernel names.
 * docs/native-api.md describes it.
 */
export function createNativeServer(parts: NativeParts): NativeServer {
  const handlers = createHandlers(parts)
  // `import 'node:http'` would load undici and cost 13 MB.
  const http = process.getBuiltinModule('node:http')
  // Node would look at all connections every 30 s; the one timer of each connection does better. This is the longest a timer can be.
  const server = http.createServer(
    { connectionsCheckingInterval: 2 ** 31 - 1, keepAlive: false },
    (request, response) => {
      void answer(request, response)
    },
  )
  server.maxRequestsPerSocket = 1
  server.headersTimeout = 0
  server.requestTimeout = 0
  server.maxConnections = clientsMax
  const sockets = new Set<Socket>()
  let socketPath: string | null = null
  const callers = new WeakMap<Socket, Who | null>()
  const unanswered = new Set<ServerResponse>()

  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    callers.set(socket, callerOf(socket))
    const tooSlow = setTimeout(() => socket.destroy(), requestMsMax)
    slowTimers.set(socket, tooSlow)
    socket.once('close', () => {
      clearTimeout(tooSlow)
      sockets.delete(socket)
    })
  })

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    response.sendDate = false
    try {
      const who = callers.get(request.socket) ?? null
      if (who === null)
        throw new Refusal('forbidden', 'only root and the user of the daemon may ask', 'use one of them')
      const { route, query } = routeOf(request)
      const body = await bodyOf(routes[route], request)
      clearTimeout(slowTimers.get(request.socket))
      await handle(route, { query, body, who }, response)
    } catch (error) {
      refuse(response, error, parts.warn)
    }
  }

  async function handle(
    route: RouteName,
    asked: { readonly query: URLSearchParams; readonly body: unknown; readonly who: Who },
    response: ServerResponse,
  ): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort())
    unanswered.add(response)
    response.once('close', () => unanswered.delete(response))
    const result = await handlers[route]({ ...asked, signal: gone.signal })
    if (result.kind === 'json') {
      tellSettled(response, result.settled)
      sendJson(response, 200, result.body)
    } else await sendBytes(response, result.bytes)
  }

  return {
    listen(path, carried) {
      socketPath = path
      return carried === null ? listen(server, path) : listenOn(server, carried)
    },
    handOver(waitMsMax) {
      const fd = duplicate(descriptorOf(server))
      if (typeof fd === 'string') throw new Error(`the socket cannot be handed over (${fd})`)
      return new Promise((resolve) => {
        const timer = setTimeout(() => {
          for (const response of unanswered) refuse(response, cutOff(), parts.warn)
          resolve(fd)
        }, waitMsMax)
        server.close(() => {
          clearTimeout(timer)
          resolve(fd)
        })
      })
    },
    close() {
      server.close()
      if (socketPath !== null) rmSync(socketPath, { force: true })
      for (const socket of sockets) socket.destroy()
    },
  }
}

const slowTimers = new WeakMap<Socket, NodeJS.Timeout>()

/** No longer than the real one: the path of a socket has hardly room for more. */
const unfinishedName = 'holdfast.next'

/** Under another name first: whoever can connect meets the right mode, and Node, which removes what it bound, removes nothing. */
async function listen(server: Server, socketPath: string): Promise<void> {
  const unfinished = join(dirname(socketPath), unfinishedName)
  // Only the holder of the lock comes here, so whatever has this name was left behind.
  rmSync(unfinished, { force: true })
  await listenTo(server, { path: unfinished })
  chmodSync(unfinished, 0o600)
  renameSync(unfinished, socketPath)
}

function listenOn(server: Server, fd: number): Promise<void> {
  return listenTo(server, { fd })
}

function listenTo(server: Server, where: { readonly path: string } | { readonly fd: number }): Promise<void> {
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
    'what you asked for goes on; ask again',
  )
}

/** `finish` comes when all was handed to the kernel; without it the client was gone before. */
function tellSettled(response: ServerResponse, settled: ((isTaken: boolean) => void) | undefined): void {
  if (settled === undefined) return
  let isTaken = false
  response.once('finish', () => {
    isTaken = true
  })
  response.once('close', () => settled(isTaken))
}

// Node has no other way to these descriptors.
function descriptorOf(socket: Socket | Server): number {
  const { _handle: handle } = socket as unknown as { readonly _handle: { readonly fd: number } | null }
  return handle?.fd ?? -1
}

/** Who connected, as the kernel tells; null: somebody who may not. */
function callerOf(socket: Socket): Who | null {
  const peer = peerOf(descriptorOf(socket))
  if (typeof peer === 'string') return null
  if (peer.uid !== 0 && peer.uid !== process.geteuid?.()) return null
  return { kind: 'user', uid: peer.uid, name: userById(peer.uid)?.name ?? `user ${peer.uid}` }
}

function routeOf(request: IncomingMessage): { readonly route: RouteName; readonly query: URLSearchParams } {
  const url = new URL(request.url ?? '/', 'http://holdfast')
  const found = (Object.keys(routes) as RouteName[]).find((name) => routes[name].path === url.pathname)
  if (found === undefined)
    throw new Refusal('no-such-route', `there is no ${url.pathname} here`, 'see docs/native-api.md')
  const { method, query: known } = routes[found]
  if (request.method !== method)
    throw new Refusal('bad-request', `${url.pathname} is asked with ${method}, not ${request.method}`)
  for (const name of url.searchParams.keys()) {
    if ((known as readonly string[]).includes(name)) continue
    throw new Refusal('bad-request', `unknown parameter '${name}'`, `known are: ${known.join(', ') || 'none'}`)
  }
  return { route: found, query: url.searchParams }
}

function bodyOf({ method, body }: Route, request: IncomingMessage): Promise<unknown> | null {
  if (method !== 'POST') return null
  return body === 'bytes' ? readBytes(request) : readBody(request)
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) })
  response.end(text)
}

/** As fast as the client reads, and no faster: what it does not take is not read either. */
async function sendBytes(response: ServerResponse, bytes: AsyncIterable<Uint8Array>): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/octet-stream' })
  response.flushHeaders()
  await pipeline(Readable.from(bytes, { highWaterMark: 1 }), response)
}

function refuse(response: ServerResponse, error: unknown, warn: (text: string) => void): void {
  if (isHangUp(error)) return
  if (response.headersSent) {
    response.destroy()
    return
  }
  const known = error instanceof Refusal ? error : null
  // A bug in one answer must not end supervision: it is told here and to the client.
  if (known === null)
    warn(`an API request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`)
  const body: ApiError = {
    apiVersion,
    kind: 'Error',
    code: known?.code ?? 'failed',
    message: known?.message ?? 'the daemon could not answer; its own output tells why',
    hint: known?.hint ?? '',
    ...known?.facts,
  }
  sendJson(response, statusOf[body.code], body)
}

/** The client went away: nobody is left to be told. */
function isHangUp(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE' || code === 'ABORT_ERR'
}
