import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { Forbidden, HoldfastError, refusalOf, Unreachable } from '../client/errors.ts'
import { askPlainly } from '../client/plain-ask.ts'
import { codeOf, type Place, type Question, readText, send, sendUpgrade } from '../client/send.ts'
import { type Home, typed } from '../wire/home.ts'
import type { RouteName } from '../wire/routes.ts'

export { Forbidden, Refused, Unreachable } from '../client/errors.ts'
export type { Question } from '../client/send.ts'

/** Asks the daemon over its socket. */
export interface Client {
  /** The answer's JSON. Throws Unreachable, Forbidden or Refused. */
  ask<T>(route: RouteName, question?: Question): Promise<T>
  /** The answer's bytes, as they come. Throws as `ask` does. */
  stream(route: RouteName, question?: Question): Promise<AsyncIterable<Buffer>>
}

/** A connection that speaks another protocol from now on. */
export interface Upgraded {
  readonly socket: Duplex
  /** What came already. */
  readonly head: Buffer
  /** What an error of the socket means. */
  told(error: unknown): unknown
}

export function createClient(home: Home): Client {
  const place: Place = { kind: 'socket', path: home.socketPath }
  const telling = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw connectError(error, home)
    }
  }
  return {
    ask<T>(route: RouteName, question: Question = {}): Promise<T> {
      return telling(async () => {
        const { status, text } = await askPlainly(home.socketPath, route, question)
        if (status !== 200) throw refusalOf(status, text)
        return JSON.parse(text) as T
      })
    },
    stream(route, question = {}) {
      return telling(async () => {
        const response = await send(place, route, question, null)
        if (response.statusCode !== 200) throw refusalOf(response.statusCode, await readText(response))
        return pieces(response, home)
      })
    },
  }
}

/** Throws as a client's `ask` does. */
export async function openUpgraded(home: Home, route: RouteName, protocol: string): Promise<Upgraded> {
  const told = (error: unknown): unknown => connectError(error, home)
  try {
    const answer = await sendUpgrade({ kind: 'socket', path: home.socketPath }, route, protocol)
    if (!('head' in answer)) throw refusalOf(answer.statusCode, await readText(answer))
    return { ...answer, told }
  } catch (error) {
    throw told(error)
  }
}

async function* pieces(response: IncomingMessage, home: Home): AsyncGenerator<Buffer> {
  try {
    yield* response
  } catch (error) {
    throw connectError(error, home)
  }
}

/** The same with the commands that help here. */
function connectError(error: unknown, home: Home): unknown {
  const code = codeOf(error)
  // What the daemon answered is told already.
  if (error instanceof HoldfastError || !(error instanceof Error) || code === '') return error
  const options = { cause: error }
  if (code === 'ENOENT' || code === 'ECONNREFUSED') {
    return new Unreachable(
      `no daemon answers for ${home.name} (${home.socketPath}: ${code}); start it with: ${typed(home, 'up FILE')}, or in the foreground: ${typed(home, 'daemon FILE')}`,
      options,
    )
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new Forbidden(`${home.socketPath} belongs to another user; use that user, or root`, options)
  }
  return new Unreachable(
    `the daemon of ${home.name} broke off the connection (${error.message}); see: ${typed(home, 'ps')}`,
    options,
  )
}
