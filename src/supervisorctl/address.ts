import type { IpcNetConnectOpts, TcpNetConnectOpts } from 'node:net'
import { type Raised, raise } from './raised.ts'

/** Where the server of a URL is, for node:net, and what it is called in `Host:`. */
export interface Address {
  readonly kind: 'address'
  readonly connect: TcpNetConnectOpts | IpcNetConnectOpts
  readonly host: string
}

/** Only `http://` and `unix://` lead anywhere; the latter is followed by the path, as it is. */
export function addressOf(url: string): Address | Raised {
  if (url.startsWith('unix://')) {
    return { kind: 'address', connect: { path: url.slice('unix://'.length) }, host: 'localhost' }
  }
  if (!url.startsWith('http://')) return raise('ValueError', `Unknown protocol for serverurl ${url}`)
  const authority = /^[^/?#]*/.exec(url.slice('http://'.length))![0]
  const host = authority.slice(authority.lastIndexOf('@') + 1)
  const [, name = '', digits = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(host) ?? []
  if (!/^[0-9]*$/.test(digits)) {
    return raise('ValueError', `Port could not be cast to integer value as '${digits}'`)
  }
  const port = digits === '' ? portByDefault : Number(digits)
  if (port > portMax) return raise('ValueError', 'Port out of range 0-65535')
  return {
    kind: 'address',
    connect: { host: name.replace(/^\[|\]$/g, '').toLowerCase() || 'localhost', port },
    host: host || 'localhost',
  }
}

const portByDefault = 80
const portMax = 65_535

/** Whether it reads as a URL: a scheme, and something behind it. */
export function isUrl(text: string): boolean {
  const scheme = schemeOf(text)
  if (scheme === null) return false
  const rest = text.slice(scheme.length + 1).replace(/^\/\//, '')
  return /^[^?#]/.test(rest)
}

/** In lower case; null: it has none. */
export function schemeOf(text: string): string | null {
  return /^[A-Za-z0-9+.-]+(?=:)/.exec(text)?.[0].toLowerCase() ?? null
}
