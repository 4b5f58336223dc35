import { isOwnHost } from '../../http/own-host.ts'
import type { Asked } from './asked.ts'

/**
 * Whether a page that we did not send asks by somebody's browser: a page of another site, or one whose name leads here by now (DNS
 * rebinding). A browser that sends a login of ours along does so for the name it was given for only; without a login, the
 * name the page was loaded from has to be one of this host, which no page can choose. Programs tell nothing of the kind.
 */
export function isForeign({ headers, server }: Pick<Asked, 'headers' | 'server'>): boolean {
  const { origin, host, 'sec-fetch-site': site } = headers
  if (origin === undefined && site === undefined) return false
  if (site !== undefined ? site !== 'same-origin' && site !== 'none' : origin?.replace(/^https?:\/\//, '') !== host)
    return true
  return server.address.kind === 'inet' && server.login === null && !isOwnHost(host)
}
