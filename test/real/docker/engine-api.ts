import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'

/** The Engine API as it is, without any help of what is tested. */
export interface EngineApi {
  readonly socketPath: string
  get<T = EngineJson>(path: string): Promise<T>
  post<T = EngineJson>(path: string, body?: unknown): Promise<T>
  remove<T = EngineJson>(path: string): Promise<T>
  /** The answer as it comes. A status of 400 and above rejects with an EngineRefusal. */
  stream(asked: AskedOfEngine): Promise<IncomingMessage>
}

export interface AskedOfEngine {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Buffer | string
}

/** What the engine says in JSON: the tests know the fields they look at. */
// biome-ignore lint/suspicious/noExplicitAny: the answers have hundreds of fields, and the tests are the check of them
export type EngineJson = any

export class EngineRefusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export function createEngineApi(socketPath: string): EngineApi {
  const ask = async (asked: AskedOfEngine): Promise<EngineJson> => {
    const answer = await text(await stream(asked))
    return answer.startsWith('{') || answer.startsWith('[') ? JSON.parse(answer) : answer
  }
  const stream = (asked: AskedOfEngine): Promise<IncomingMessage> => open(socketPath, asked)
  return {
    socketPath,
    get: (path) => ask({ method: 'GET', path }),
    post: (path, body) =>
      ask(
        body === undefined
          ? { method: 'POST', path }
          : { method: 'POST', path, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) },
      ),
    remove: (path) => ask({ method: 'DELETE', path }),
    stream,
  }
}

function open(socketPath: string, asked: AskedOfEngine): Promise<IncomingMessage> {
  const { method, path, headers = {}, body } = asked
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const answered = (response: IncomingMessage): void => {
    if (response.statusCode! < 400) {
      resolve(response)
      return
    }
    text(response).then(
      (said) => reject(new EngineRefusal(response.statusCode!, `${method} ${path}: ${response.statusCode} ${said}`)),
      reject,
    )
  }
  // A connection of its own each time: no test waits for a socket that another one keeps open.
  const asking = request({ socketPath, path, method, headers: { host: 'engine', ...headers }, agent: false }, answered)
  asking.on('error', reject)
  asking.end(body)
  return promise
}

/** Reads the JSON lines of a pull, a push or an import to their end; rejects with the error that one of them tells. */
export async function progressOf(response: IncomingMessage): Promise<readonly EngineJson[]> {
  const lines = (await text(response))
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as EngineJson)
  const failed = lines.find((line) => line.error !== undefined)
  if (failed !== undefined) throw new Error(failed.error)
  return lines
}
