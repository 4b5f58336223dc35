import type {
  ContainerHealthcheck,
  ContainerNetwork,
  ContainerSettings,
  MountSpec,
  NetworkMode,
  PortSpec,
} from '../../core/containers/model.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import { shellWord } from '../../wire/home.ts'

/** What is declared of containers, as people write it. */

/** `8080:80/tcp`, `127.0.0.1:9000-9001:9000-9001/tcp`: ports that follow one another are one text. */
export function portTexts(ports: readonly PortSpec[]): readonly string[] {
  const ranges: { readonly first: PortSpec; last: PortSpec }[] = []
  for (const port of ports) {
    const range = ranges.at(-1)
    if (range !== undefined && isNext(range.last, port)) range.last = port
    else ranges.push({ first: port, last: port })
  }
  return ranges.map(({ first, last }) => {
    const { hostAddress, protocol } = first
    const address = hostAddress.includes(':') ? `[${hostAddress}]` : hostAddress
    const host = first.hostPort === null ? '' : span(first.hostPort, last.hostPort ?? first.hostPort)
    const published = [address, host].filter((part) => part !== '').join(':')
    return `${published === '' ? '' : `${published}:`}${span(first.containerPort, last.containerPort)}/${protocol}`
  })
}

function isNext(a: PortSpec, b: PortSpec): boolean {
  const isSame = a.hostAddress === b.hostAddress && a.protocol === b.protocol
  if (!isSame || a.hostPort === null || b.hostPort === null) return false
  return b.hostPort === a.hostPort + 1 && b.containerPort === a.containerPort + 1
}

function span(first: number, last: number): string {
  return first === last ? String(first) : `${first}-${last}`
}

export function networkModeText(mode: NetworkMode): string {
  switch (mode.kind) {
    case 'networks':
      return 'networks'
    case 'named':
      return mode.name
    case 'service':
      return `service:${mode.service}`
    case 'container':
      return `container:${mode.container}`
  }
}

/** `back (as db; 172.20.0.9)`; by its own name every service is known. */
export function networkText({ network, aliases, ipv4, ipv6 }: ContainerNetwork, service: string): string {
  const others = aliases.filter((alias) => alias !== service)
  const said = [
    ...(others.length === 0 ? [] : [`as ${others.join(', ')}`]),
    ...[ipv4, ipv6].filter((address) => address !== null),
  ]
  return said.length === 0 ? network : `${network} (${said.join('; ')})`
}

/** `data:/data`, `/etc/app:/etc/app:ro`, `/data` where the volume has no name. */
export function mountText(mount: MountSpec): string {
  if (mount.kind === 'tmpfs') return tmpfsText(mount)
  const source = mount.kind === 'bind' ? mount.source : mount.volume
  const options = [
    ...(mount.isReadOnly ? ['ro'] : []),
    ...(mount.kind === 'bind' ? [mount.propagation, mount.selinux].filter((word) => word !== null) : []),
    ...(mount.kind === 'volume' && !mount.isCopied ? ['nocopy'] : []),
    ...(mount.kind === 'volume' && mount.subpath !== null ? [`subpath=${mount.subpath}`] : []),
  ]
  return [
    ...(source === null ? [] : [source]),
    mount.target,
    ...(options.length === 0 ? [] : [options.join(',')]),
  ].join(':')
}

function tmpfsText({ target, sizeBytes, mode, options }: Extract<MountSpec, { kind: 'tmpfs' }>): string {
  const said = [
    ...(sizeBytes === null ? [] : [`size=${printByteSize(sizeBytes)}`]),
    ...(mode === null ? [] : [`mode=${mode.toString(8)}`]),
    ...(options === '' ? [] : [options]),
  ]
  return said.length === 0 ? target : `${target}:${said.join(',')}`
}

/** `unless-stopped`, `on-failure:5`. */
export function restartText({ name, retriesMax }: ContainerSettings['restart']): string {
  return name === 'on-failure' && retriesMax > 0 ? `${name}:${retriesMax}` : name
}

/** `curl -f localhost`, and the text of a shell as it is. */
export function testText({ test }: Pick<ContainerHealthcheck, 'test'>): string | null {
  const [how, ...words] = test ?? []
  if (how === undefined) return null
  if (how === 'CMD-SHELL') return words.join(' ')
  return how === 'CMD' ? words.map(shellWord).join(' ') : how.toLowerCase()
}

/** 1_500_000_000: `1.5`. */
export function coresText(nanoCpus: number): string {
  return String(nanoCpus / 1e9)
}
