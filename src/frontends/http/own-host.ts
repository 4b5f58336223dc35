import { isIP } from 'node:net'
import { hostname } from 'node:os'

/** Whether a Host header names this host in a way that nobody else can make a name of. */
export function isOwnHost(header: string | undefined): boolean {
  const host = (header ?? '').replace(/:\d*$/, '').toLowerCase()
  return isIP(host.replace(/^\[(.*)\]$/, '$1')) !== 0 || host === 'localhost' || isHostName(host)
}

function isHostName(host: string): boolean {
  const own = hostname().toLowerCase()
  const [short = ''] = own.split('.')
  return host !== '' && (host === own || host === short || host === `${short}.local`)
}
