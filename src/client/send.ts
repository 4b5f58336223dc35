import type { Agent, IncomingMessage, RequestOptions } from 'node:http'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'
import { type RouteName, routes } from '../wire/routes.ts'

/** Where a daemon answers. */
export type Place =
  | { readonly kind: 'socket'; readonly path: string }
  | { readonly kind: 'url'; readonly url: URL; readonly key: string }

export interface Question {
  readonly query?: Query | undefined
  /** Sent as JSON, bytes as they are. */
  readonly body?: unknown
  /** Aborted: the question is taken back, and what waits for its answer throws. */
  readonly signal?: AbortSignal | undefined
  /** The last event that came before. */
  readonly lastEventId?: string | null
}

export type Query = Readonly<Record<string, string | number | boolean | readonly string[] | undefined>>

/** A moment later the daemon has come to those who wait. */
const connectTries = 20
const connectPauseMs = 50

/** Resolves with the beginning of the answer; rejects with the system's error where none comes. `agent` null: a connection of its own. */
export function send(
  place: Place,
  route: RouteName,
  question: Question,
  agent: Agent | null,
): Promise<IncomingMessage> {
  return withPatience(() => sendOnce(place, route, question, agent))
}

/** Resolves with the connection itself, once the daemon agreed to speak another protocol on it; else with its answer. */
export function sendUpgrade(
  place: Place,
  route: RouteName,
  protocol: string,
): Promise<{ readonly socket: Duplex; readonly head: Buffer } | IncomingMessage> {
  return withPatience(() => upgradeOnce(place, route, protocol))
}

function upgradeOnce(
  place: Place,
  route: RouteName,
  protocol: string,
): Promise<{ readonly socket: Duplex; readonly head: Buffer } | IncomingMessage> {
  const { method, path } = routes[route]
  const { request } = httpFor(place)
  return new Promise((resolve, reject) => {
    const headers = { ...headersFor(place), connection: 'Upgrade', upgrade: protocol }
    const outgoing = request({ ...targetOf(place, path), method, agent: false, headers }, resolve)
    outgoing.on('upgrade', (_, socket, head) => resolve({ socket, head }))
    outgoing.on('error', reject)
    outgoing.end()
  })
}

/** Tries again where the daemon has more connections waiting than it could accept. */
export async function withPatience<T>(work: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await work()
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN' || tried === connectTries) throw error
      await new Promise((resume) => setTimeout(resume, connectPauseMs))
    }
  }
}

function sendOnce(place: Place, route: RouteName, question: Question, agent: Agent | null): Promise<IncomingMessage> {
  const { method, path } = routes[route]
  const body = encodeBody(question.body)
  const { signal, lastEventId = null } = question
  const { request } = httpFor(place)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        ...targetOf(place, path + queryText(question.query ?? {})),
        method,
        agent: agent ?? false,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          ...headersFor(place),
          ...(agent === null ? { connection: 'close' } : {}),
          ...(lastEventId === null ? {} : { 'last-event-id': lastEventId }),
          ...(body === null ? {} : { 'content-type': body.type, 'content-length': body.bytes.length }),
        },
      },
      resolve,
    )
    outgoing.on('error', (error) => {
      // It was just being closed for having been idle: nothing was read of this.
      const isStale = outgoing.reusedSocket && method === 'GET' && codeOf(error) === 'ECONNRESET'
      if (isStale) sendOnce(place, route, question, null).then(resolve, reject)
      else reject(error)
    })
    outgoing.end(body?.bytes)
  })
}

/** An agent that keeps a few connections for what is asked next. */
export function keepingAgent(place: Place): Agent {
  const { Agent } = httpFor(place)
  return new Agent({ keepAlive: true, maxFreeSockets: 2 })
}

export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

/** `import 'node:http'` would load undici as well, and double the time to start. */
function httpFor(place: Place): Pick<typeof import('node:http'), 'request' | 'Agent'> {
  const require = createRequire(import.meta.url)
  return require(place.kind === 'url' && place.url.protocol === 'https:' ? 'node:https' : 'node:http')
}

function targetOf(place: Place, path: string): RequestOptions {
  if (place.kind === 'socket') return { socketPath: place.path, path }
  const { protocol, hostname, port, pathname } = place.url
  return { protocol, hostname: hostname.replace(/^\[(.*)\]$/, '$1'), port, path: pathname.replace(/\/$/, '') + path }
}

function headersFor(place: Place): Readonly<Record<string, string>> {
  return place.kind === 'socket' ? { host: 'holdfast' } : { authorization: `Bearer ${place.key}` }
}

export function encodeBody(body: unknown): { readonly type: string; readonly bytes: Uint8Array } | null {
  if (body === undefined) return null
  if (body instanceof Uint8Array) return { type: 'application/octet-stream', bytes: body }
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) }
}

export function queryText(query: Query): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) parameters.append(name, String(each))
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}
