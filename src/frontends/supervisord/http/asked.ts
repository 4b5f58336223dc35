import type { IncomingHttpHeaders } from 'node:http'
import type { Who } from '../../../core/model.ts'
import type { HttpServerSettings } from '../../../dialects/supervisord/settings.ts'

/** One request, read as a whole, of somebody who may ask. */
export interface Asked {
  readonly method: string
  /** Without what follows a `?`, percent signs resolved. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingHttpHeaders
  /** null: no length was stated, so nothing was read. */
  readonly body: Buffer | null
  readonly who: Who
  /** The server it came to, as it is declared now. */
  readonly server: HttpServerSettings
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
  /** Aborts when answers without an end have to end, too. */
  readonly ending: AbortSignal
}

/** What a request's target says. */
export function readTarget(url: string): Pick<Asked, 'path' | 'query'> {
  const at = url.indexOf('?')
  const path = at === -1 ? url : url.slice(0, at)
  return { path: unquote(path), query: new URLSearchParams(at === -1 ? '' : url.slice(at + 1)) }
}

/** What stands in a form, in the body or behind the `?`; the body counts more. Empty: it is not there. */
export function fieldOf({ query, body, method }: Asked, name: string): string {
  const form = method === 'POST' && body !== null ? new URLSearchParams(body.toString('utf8')) : null
  return form?.getAll(name).at(-1) || query.get(name) || ''
}

/** As Python does it: what cannot be resolved stays. */
function unquote(text: string): string {
  return text.replace(/(?:%[\da-fA-F]{2})+/g, (whole) => Buffer.from(whole.replaceAll('%', ''), 'hex').toString('utf8'))
}
