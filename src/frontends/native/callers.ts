import type { IncomingMessage } from 'node:http'
import type { Who } from '../../core/model.ts'
import { type Route, type RouteName, routes } from '../../wire/routes.ts'
import { isOwnHost } from '../http/own-host.ts'
import { peerUser } from '../http/peer-user.ts'
import type { Keys } from './keys.ts'
import { Refusal } from './refusal.ts'

/** Who makes a request. Throws Refusal where they may not. */
export type CallerOf = (request: IncomingMessage, route: RouteName) => Who

/** Of the unix socket: the user whom the kernel names; root and the daemon's own may ask. */
export function peerCallers(): CallerOf {
  const own = process.geteuid?.()
  return ({ socket }) => {
    const user = peerUser(socket)
    if (user !== null && (user.uid === 0 || user.uid === own)) return user
    throw new Refusal('forbidden', 'only root and the user of the daemon may ask', 'use one of them')
  }
}

/** Over TCP: whoever has a key, for what it is good for. */
export function keyCallers(keys: Keys): CallerOf {
  return (request, route) => {
    refuseBrowser(request)
    const key = keyOf(request)
    const entry = key === null ? null : keys.find(key)
    if (entry === null) {
      const problem = key === null ? 'a key is needed over TCP' : 'this key is not known here'
      throw new Refusal(
        'unauthorized',
        problem,
        'send Authorization: Bearer KEY; make one with: holdfast config key add NAME',
      )
    }
    const { method }: Route = routes[route]
    if (entry.scope === 'read' && method !== 'GET') {
      throw new Refusal('forbidden', `the key ${entry.name} is for reading only`, 'use one made without --read-only')
    }
    return { kind: 'key', name: entry.name }
  }
}

/**
 * A page that a browser shows may not speak with us, whatever its address resolves to by now (DNS rebinding). It cannot
 * choose the Host header, which is the name it was loaded from.
 */
function refuseBrowser({ headers }: IncomingMessage): void {
  if (isOwnHost(headers.host) && headers.origin === undefined) return
  const problem =
    headers.origin === undefined
      ? `'${headers.host ?? ''}' is not a name of this host`
      : 'pages of browsers may not ask'
  throw new Refusal('forbidden', problem, 'ask by the IP address, localhost or the name of this host, from a program')
}

function keyOf({ headers }: IncomingMessage): string | null {
  return /^Bearer +(\S+)$/i.exec(headers.authorization ?? '')?.[1] ?? null
}
