import type { PortSpec } from '../../../core/containers/model.ts'

/** What was understood: a port, and how many follow it; or a sentence that says why not, and what to do. */
export type Ports =
  | { readonly kind: 'ports'; readonly first: PortSpec; readonly count: number }
  | { readonly kind: 'fault'; readonly message: string; readonly hint: string }

/** `[[ADDRESS:]HOST:]CONTAINER[/PROTOCOL]`, where HOST and CONTAINER are a port or a range. */
export function parsePortText(text: string): Ports {
  const match =
    text.length > charsMax
      ? null
      : /^(?:(?:\[([^\]]*)\]|(.*?)):)??(?:(\d*(?:-\d+)?):)?(\d+(?:-\d+)?)(?:\/([a-zA-Z]+))?$/.exec(text)
  const [, bracketed, plain, host, target = '', protocol = 'tcp'] = match ?? []
  const hostAddress = bracketed ?? plain ?? ''
  if (match === null || (hostAddress !== '' && host === undefined)) return fault(`'${text}' is not a port`, forms)
  return portsOf({ hostAddress, host: host ?? '', target, protocol })
}

/** Two ports, an address and what stands between them are shorter; matching is not linear. */
const charsMax = 200

const forms =
  'write HOST:CONTAINER such as "8080:80", with an address before it and /udp behind it where they are needed'

/** The same of its parts; `host` and `target` are a port or a range, `host` may be empty. */
export function portsOf(parts: {
  readonly hostAddress: string
  readonly host: string
  readonly target: string
  readonly protocol: string
}): Ports {
  const protocol = protocols.find((one) => one === parts.protocol.toLowerCase())
  if (protocol === undefined) return fault(`'${parts.protocol}' is none of ${protocols.join(', ')}`, 'write tcp')
  if (
    parts.hostAddress !== '' &&
    !/^(?:\d{1,3}(?:\.\d{1,3}){3}|[\da-fA-F:.]*:[\da-fA-F:.]*(?:%\w+)?)$/.test(parts.hostAddress)
  )
    return fault(`'${parts.hostAddress}' is not an address of this host`, forms)
  const targets = rangeOf(parts.target)
  const hosts = parts.host === '' ? null : rangeOf(parts.host)
  if (targets === null || targets.first === 0 || (parts.host !== '' && hosts === null))
    return fault(
      `'${parts.host === '' || hosts !== null ? parts.target : parts.host}' is not a port`,
      'ports are 1 to 65535; a range is first-last',
    )
  const count = targets.last - targets.first + 1
  if (hosts !== null && hosts.last - hosts.first + 1 !== count) {
    return count === 1
      ? fault(
          `${parts.host} leaves open which port of the host it is`,
          'write one port, or only that of the container for any',
        )
      : fault(`the ranges ${parts.host} and ${parts.target} are not equally long`, 'make them so')
  }
  const hostPort = hosts === null || hosts.first === 0 ? null : hosts.first
  return {
    kind: 'ports',
    first: { hostAddress: parts.hostAddress, hostPort, containerPort: targets.first, protocol },
    count,
  }
}

/** Each of them. */
export function spreadPorts({ first, count }: Extract<Ports, { kind: 'ports' }>): readonly PortSpec[] {
  return Array.from({ length: count }, (_, index) => ({
    ...first,
    hostPort: first.hostPort === null ? null : first.hostPort + index,
    containerPort: first.containerPort + index,
  }))
}

const protocols = ['tcp', 'udp', 'sctp'] as const

/** As parsePortText reads it back; `isComplete`: with its protocol also where it is the usual one. */
export function printPort({ hostAddress, hostPort, containerPort, protocol }: PortSpec, isComplete: boolean): string {
  const address = hostAddress.includes(':') ? `[${hostAddress}]:` : hostAddress === '' ? '' : `${hostAddress}:`
  const host = hostPort === null ? (address === '' ? '' : ':') : `${hostPort}:`
  return `${address}${host}${containerPort}${isComplete || protocol !== 'tcp' ? `/${protocol}` : ''}`
}

function fault(message: string, hint: string): Ports {
  return { kind: 'fault', message, hint }
}

/** 0 as the first port: any. */
function rangeOf(text: string): { readonly first: number; readonly last: number } | null {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text)
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  if (text === '0') return { first: 0, last: 0 }
  return first >= 1 && first <= last && last <= 65_535 ? { first, last } : null
}
