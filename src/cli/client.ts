import type { IncomingMessage } from 'node:http'
import type { ApiError } from '../wire/api.ts'
import { type Home, typed } from '../wire/home.ts'
import { type RouteName, routes } from '../wire/routes.ts'

/** Asks the daemon over its socket. */
export interface Client {
  /** The answer's JSON. Throws Unreachable, Forbidden or Refused. */
  ask<T>(route: RouteName, question?: Question): Promise<T>
  /** The answer's bytes, as they come. Throws as `ask` does. */
  stream(route: RouteName, question?: Question): Promise<AsyncIterable<Buffer>>
}

export interface Question {
  readonly query?: Readonly<Record<string, string | readonly string[] | undefined>>
  /** Sent as JSON, a Buffer as it is. */
  readonly body?: unknown
}

/** No daemon answers on the socket. */
export class Unreachable extends Error {}

/** The socket is there, and we may not use it. */
export class Forbidden extends Error {}

/** The daemon answered that it will not, and why. */
export class Refused extends Error {
  readonly answer: ApiError

  constructor(answer: ApiError) {
    super(answer.hint === '' ? answer.message : `${answer.message}; ${answer.hint}`)
    this.answer = answer
  }
}

export function createClient(home: Home): Client {
  return {
    async ask<T>(route: RouteName, question: Question = {}): Promise<T> {
      const response = await send(home, route, question)
      const text = await readText(response)
      if (response.statusCode !== 200) throw refusal(response, text)
      return JSON.parse(text) as T
    },
    async stream(route, question = {}) {
      const response = await send(home, route, question)
      if (response.statusCode !== 200) throw refusal(response, await readText(response))
      return response
    },
  }
}

function send(home: Home, route: RouteName, question: Question): Promise<IncomingMessage> {
  // `import 'node:http'` would load undici as well, and double the time to start.
  const { request } = process.getBuiltinModule('node:http')
  const { method, path } = routes[route]
  const body = encodeBody(question.body)
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        socketPath: home.socketPath,
        method,
        path: path + queryText(question.query ?? {}),
        headers: {
          host: 'holdfast',
          connection: 'close',
          ...(body === null ? {} : { 'content-type': body.type, 'content-length': body.bytes.length }),
        },
      },
      resolve,
    )
    outgoing.on('error', (error) => reject(connectError(error, home)))
    outgoing.end(body?.bytes)
  })
}

function encodeBody(body: unknown): { readonly type: string; readonly bytes: Buffer } | null {
  if (body === undefined) return null
  if (Buffer.isBuffer(body)) return { type: 'application/octet-stream', bytes: body }
  return { type: 'application/json', bytes: Buffer.from(JSON.stringify(body)) }
}

function queryText(query: NonNullable<Question['query']>): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue
    for (const each of typeof value === 'string' ? [value] : value) parameters.append(name, each)
  }
  const text = parameters.toString()
  return text === '' ? '' : `?${text}`
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}

function refusal(response: IncomingMessage, text: string): Error {
  const answer = parseError(text)
  if (answer === null) return new Error(`the daemon answered ${response.statusCode} without saying why`)
  return answer.code === 'forbidden' ? new Forbidden(answer.message) : new Refused(answer)
}

function parseError(text: string): ApiError | null {
  try {
    const answer: ApiError = JSON.parse(text)
    return typeof answer === 'object' && answer !== null && answer.kind === 'Error' ? answer : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function connectError(error: Error, home: Home): Error {
  const code = 'code' in error ? error.code : ''
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new Unreachable(
      `no daemon answers for ${home.name} (${home.socketPath}: ${code}); start it with: ${typed(home, 'daemon FILE')}`,
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new Forbidden(`${home.socketPath} belongs to another user; use that user, or root`)
  }
  return new Unreachable(
    `the daemon of ${home.name} broke off the connection (${error.message}); see: ${typed(home, 'ps')}`,
  )
}
