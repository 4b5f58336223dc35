import type { PortSpec } from '../../core/containers/model.ts'

export type Ports =
  | { readonly kind: 'ports'; readonly ports: readonly PortSpec[] }
  /** A phrase about the text, and what to do about it. */
  | { readonly kind: 'error'; readonly message: string; readonly hint: string }

/**
 * Ports as Compose writes them in one text: `[ADDRESS:][HOST[-HOST]:]CONTAINER[-CONTAINER][/PROTOCOL]`, ranges spread out.
 * `unsaid`: which port of the host it is where none is written: the engine's choice (Compose), or the container's (balena).
 */
export function parsePortText(text: string, unsaid: 'chosen' | 'same'): Ports {
  const match = /^(?:(.*):)?(\d+(?:-\d+)?)(?:\/([A-Za-z]+))?$/.exec(text.trim())
  if (match === null) return bad(`'${text}' is not a port`)
  const [, front, containerText = '', protocolText = 'tcp'] = match
  const protocol = parseProtocol(protocolText)
  if (protocol === null) return bad(`'${protocolText}' is not a protocol`, 'write tcp, udp or sctp')
  const container = parseRange(containerText)
  const { address, hostText } = frontOf(front)
  const host = hostText === '' ? null : parseRange(hostText)
  if (container === null || (hostText !== '' && host === null)) return bad(`'${text}' is not a port`)
  if (address === null)
    return bad(`'${text}' does not begin with an address`, 'write it as 127.0.0.1:8080:80 or [::1]:8080:80')
  const isSame = unsaid === 'same' && (front === undefined || front === '')
  return spreadPorts({ hostAddress: address, host: isSame ? container : host, container, protocol })
}

export interface PortRange {
  readonly first: number
  readonly last: number
}

/**
 * One entry for each port. Of a range of the host for one port of the container Compose lets the engine choose one: here it is
 * refused, because what is open then changes with each container.
 */
export function spreadPorts(range: {
  readonly hostAddress: string
  /** null: the engine chooses. */
  readonly host: PortRange | null
  readonly container: PortRange
  readonly protocol: PortSpec['protocol']
}): Ports {
  const { hostAddress, host, container, protocol } = range
  const count = container.last - container.first + 1
  if (host !== null && host.last - host.first + 1 !== count) {
    return bad('the ranges of the host and of the container have different lengths', 'make both equally long')
  }
  const ports = Array.from({ length: count }, (_, index): PortSpec => {
    const hostPort = host === null ? null : host.first + index
    return { hostAddress, hostPort, containerPort: container.first + index, protocol }
  })
  return { kind: 'ports', ports }
}

/** `80` or `80-90`; null: it is none. */
export function parseRange(text: string): PortRange | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  if (match === null) return null
  const first = Number(match[1])
  const last = match[2] === undefined ? first : Number(match[2])
  return first >= 1 && last >= first && last <= 65_535 ? { first, last } : null
}

export function parseProtocol(text: string): PortSpec['protocol'] | null {
  const name = text.toLowerCase()
  return name === 'tcp' || name === 'udp' || name === 'sctp' ? name : null
}

/** `127.0.0.1:8080`, `[::1]:8080`, `8080`, `127.0.0.1:` (the engine chooses the port). */
function frontOf(front: string | undefined): { readonly address: string | null; readonly hostText: string } {
  if (front === undefined || /^[\d-]*$/.test(front)) return { address: '', hostText: front ?? '' }
  const split = /^(.*):([\d-]*)$/.exec(front)
  // An address of IPv4 alone has no colon: `127.0.0.1::80` is meant, and written as the one above.
  const [address, hostText] = split === null ? [front, ''] : [split[1]!, split[2]!]
  const bare = /^\[(.*)\]$/.exec(address)?.[1] ?? address
  return { address: isAddress(bare) ? bare : null, hostText }
}

function isAddress(text: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return text.split('.').every((part) => Number(part) <= 255)
  return text.includes(':') && /^[0-9a-fA-F:.]+$/.test(text)
}

function bad(message: string, hint = "write it as '8080:80', '8080-8090:80-90' or '53:53/udp'"): Ports {
  return { kind: 'error', message, hint }
}
