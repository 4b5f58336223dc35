import type { IncomingMessage } from 'node:http'
import { type Route, type RouteName, routes } from '../../wire/routes.ts'
import { readBody, readBytes } from './body.ts'
import { Refusal } from './refusal.ts'

/** Which route a request means, and what it says with it. Throws Refusal. */
export function routeOf(request: IncomingMessage): { readonly route: RouteName; readonly query: URLSearchParams } {
  const [path = '/', search] = splitUrl(request.url ?? '/')
  const route = byPath.get(path)
  if (route === undefined) throw new Refusal('no-such-route', `there is no ${path} here`, 'see docs/native-api.md')
  const { method, query: known } = routes[route]
  if (request.method !== method)
    throw new Refusal('bad-request', `${path} is asked with ${method}, not ${request.method}`)
  const query = new URLSearchParams(search)
  for (const name of query.keys()) {
    if ((known as readonly string[]).includes(name)) continue
    throw new Refusal('bad-request', `unknown parameter '${name}'`, `known are: ${known.join(', ') || 'none'}`)
  }
  return { route, query }
}

/** The parsed JSON of a request, its bytes for a route that takes them, null for GET. Rejects with a Refusal. */
export function bodyOf({ method, body, bodyBytesMax }: Route, request: IncomingMessage): Promise<unknown> | null {
  if (method !== 'POST') return null
  return body === 'bytes' ? readBytes(request, bodyBytesMax) : readBody(request, bodyBytesMax)
}

/** The last event a client has that comes back; null: it comes for the first time. */
export function lastEventIdOf({ headers }: IncomingMessage): string | null {
  const id = headers['last-event-id']
  return typeof id === 'string' && id !== '' ? id : null
}

const byPath: ReadonlyMap<string, RouteName> = new Map(
  (Object.keys(routes) as RouteName[]).map((name) => [routes[name].path, name]),
)

/** Clients of a proxy's kind send the whole address. */
function splitUrl(url: string): readonly string[] {
  const text = url.startsWith('/') || !URL.canParse(url) ? url : new URL(url).pathname + new URL(url).search
  const at = text.indexOf('?')
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}
