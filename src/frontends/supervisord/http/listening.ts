import { lookup } from 'node:dns/promises'
import { isIPv4, type Server } from 'node:net'
import { constants } from 'node:os'
import { errnoOf } from '../../../sys/errno.ts'
import { listenTo } from '../../http/quiet-server.ts'

/** supervisord's own words. */
export const inUse =
  'Another program is already listening on a port that one of our HTTP servers is configured to use.  Shut this program down first before starting supervisord.'

/** IPv4, as supervisord has it; an empty host: every address. */
export async function listenAtAddress(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  const address = host === '' ? '0.0.0.0' : isIPv4(host) ? host : (await lookup(host, { family: 4 })).address
  await listenTo(server, { host: address, port })
}

/** Why a server cannot be opened, as supervisord says it where it does. */
export function refusalOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return error instanceof Error ? error.message : String(error)
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') return `Cannot open an HTTP server: ${error.message}`
  const errno = errnoOf(error)
  if (errno === 'EADDRINUSE') return inUse
  const number = constants.errno[errno as keyof typeof constants.errno]
  return `Cannot open an HTTP server: socket.error reported errno.${errno} (${number})`
}
