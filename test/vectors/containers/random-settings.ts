import type { Random } from '../../../src/base/prng.ts'
import type { ContainerSettings, MountSpec, NetworkMode } from '../../../src/core/containers/model.ts'

const words: readonly string[] = ['a', 'web', 'x-1', 'über', 'a b', 'a=b', '"', "'", '$HOME', '', '__proto__', '数']
const names: readonly string[] = ['A', 'LEVEL', 'x.y', 'constructor', '__proto__', 'toString', 'B_2']

/** Any settings that a decoder may give, sensible together or not: what an engine would refuse is among them. */
export function randomSettings(random: Random): ContainerSettings {
  const { chance, pick, whole } = random
  const maybe = <Value>(make: () => Value): Value | null => (chance(0.3) ? make() : null)
  const some = <Value>(make: (index: number) => Value): readonly Value[] =>
    chance(0.5) ? [] : Array.from({ length: whole(1, 4) }, (_, index) => make(index))
  const record = <Value>(make: () => Value): Readonly<Record<string, Value>> =>
    Object.fromEntries(some(() => [pick(names), make()] as const))
  const word = () => pick(words)
  const name = () => pick(['a', 'web', 'x-1', 'b.c'])
  const limit = () => maybe(() => whole(1, 1_000_000_000))
  const rates = () => some((index) => ({ path: `/dev/${index}`, rate: whole(1, 1_000) }))
  const namespace = () => maybe(() => pick(['host', 'private', 'service:db', `container:${'e'.repeat(64)}`]))
  const networkMode = randomMode(random)
  const hasNetworks = networkMode.kind === 'networks'
  return {
    command: maybe(() => some(word)),
    entrypoint: maybe(() => some(word)),
    environment: record(word),
    labels: record(word),
    annotations: record(word),
    user: maybe(name),
    workingDir: maybe(() => `/${name()}`),
    hostname: maybe(name),
    domainname: maybe(name),
    isTty: chance(0.2),
    isStdinOpen: chance(0.2),
    stopSignal: maybe(() => pick(['SIGTERM', 'term', '9', 'SIGUSR1', 'SIGRTMIN+3'])),
    stopGraceMs: maybe(() => whole(0, 60_000)),
    healthcheck: randomHealthcheck(random),
    restart: { name: pick(['no', 'always', 'unless-stopped', 'on-failure']), retriesMax: whole(0, 5) },
    networkMode,
    networks: hasNetworks
      ? ['front', 'back', 'other'].slice(0, whole(0, 3)).map((each) => randomNetwork(random, each))
      : [],
    ports: some((index) => ({
      hostAddress: pick(['', '127.0.0.1', '::1']),
      hostPort: maybe(() => 8_000 + index),
      containerPort: whole(1, 65_535),
      protocol: pick(['tcp', 'udp', 'sctp'] as const),
    })),
    expose: some(() => `${whole(1, 65_535)}/${pick(['tcp', 'udp'])}`),
    mounts: some((index) => randomMount(random, `/m${index}`)),
    dns: some(name),
    dnsOptions: some(name),
    dnsSearch: some(name),
    extraHosts: some(() => `${name()}:10.0.0.${whole(1, 9)}`),
    macAddress: maybe(() => '02:42:ac:11:00:07'),
    capAdd: some(() => pick(['NET_ADMIN', 'cap_sys_time', 'ALL'])),
    capDrop: some(() => pick(['MKNOD', 'CAP_CHOWN'])),
    devices: some((index) => ({ source: `/dev/${index}`, target: `/dev/t${index}`, permissions: pick(['r', 'rwm']) })),
    deviceCgroupRules: some(() => 'c 1:3 rwm'),
    deviceRequests: some(() => ({
      driver: name(),
      count: whole(-1, 3),
      deviceIds: some(name),
      capabilities: some(() => some(name)),
      options: record(word),
    })),
    groupAdd: some(name),
    securityOptions: some(() => pick(['no-new-privileges:true', 'label=disable', 'seccomp=unconfined', 'apparmor:x'])),
    sysctls: record(word),
    ulimits: Object.fromEntries(
      some(() => [pick(['nofile', 'nproc', 'core']), { soft: whole(-1, 9), hard: whole(-1, 9) }] as const),
    ),
    storageOptions: record(word),
    isPrivileged: chance(0.1),
    isReadOnly: chance(0.1),
    init: maybe(() => chance(0.5)),
    ipc: namespace(),
    pid: namespace(),
    uts: maybe(() => 'host'),
    usernsMode: maybe(() => 'host'),
    cgroupNamespace: maybe(() => pick(['host', 'private'])),
    cgroupParent: maybe(() => `/${name()}`),
    runtime: maybe(name),
    shmBytes: limit(),
    memoryBytes: limit(),
    memoryReservationBytes: limit(),
    memorySwapBytes: maybe(() => pick([-1, 100_000_000])),
    memorySwappiness: maybe(() => whole(0, 60)),
    isOomKillDisabled: chance(0.1),
    oomScoreAdj: maybe(() => pick([-500, 0, 500])),
    pidsMax: maybe(() => pick([-1, 7, 100])),
    nanoCpus: limit(),
    cpuShares: limit(),
    cpuQuotaUs: limit(),
    cpuPeriodUs: limit(),
    cpuRealtimePeriodUs: limit(),
    cpuRealtimeRuntimeUs: limit(),
    cpuset: maybe(() => pick(['0', '0-1'])),
    blkioWeight: maybe(() => whole(10, 1_000)),
    blkioWeightDevices: some((index) => ({ path: `/dev/${index}`, weight: whole(10, 1_000) })),
    blkioDeviceReadBps: rates(),
    blkioDeviceWriteBps: rates(),
    blkioDeviceReadIops: rates(),
    blkioDeviceWriteIops: rates(),
    logging: maybe(() => ({ driver: pick(['local', 'none', 'json-file']), options: record(word) })),
  }
}

function randomMode({ chance, pick }: Random): NetworkMode {
  if (chance(0.6)) return { kind: 'networks' }
  return pick<NetworkMode>([
    { kind: 'named', name: 'host' },
    { kind: 'named', name: 'none' },
    { kind: 'named', name: 'bridge' },
    { kind: 'service', service: 'db' },
    { kind: 'container', container: 'e'.repeat(64) },
  ])
}

function randomNetwork({ chance, whole }: Random, network: string): ContainerSettings['networks'][number] {
  return {
    network,
    engineName: `shop_${network}`,
    aliases: chance(0.5) ? ['web', 'www'] : [],
    ipv4: chance(0.3) ? `10.0.0.${whole(2, 250)}` : null,
    ipv6: chance(0.3) ? `fd00::${whole(2, 9)}` : null,
    linkLocalIps: chance(0.2) ? ['169.254.8.8'] : [],
    macAddress: chance(0.3) ? '02:42:ac:1c:00:07' : null,
    driverOpts: chance(0.2) ? { a: 'b' } : {},
  }
}

function randomHealthcheck({ chance, pick, whole }: Random): ContainerSettings['healthcheck'] {
  if (chance(0.5)) return null
  if (chance(0.2)) return 'none'
  const time = () => (chance(0.5) ? null : whole(0, 100_000))
  return {
    test: pick([null, [], ['CMD', 'true'], ['CMD-SHELL', 'a | b']]),
    intervalMs: time(),
    timeoutMs: time(),
    startPeriodMs: time(),
    startIntervalMs: time(),
    retries: chance(0.5) ? null : whole(0, 5),
  }
}

function randomMount({ chance, pick, whole }: Random, target: string): MountSpec {
  const isReadOnly = chance(0.3)
  const engineName = chance(0.3) ? null : 'shop_data'
  return pick<MountSpec>([
    {
      kind: 'bind',
      source: pick(['/srv', '/a:b', '/x/']),
      target: chance(0.1) ? `${target}:x` : target,
      isReadOnly,
      isSourceMade: chance(0.5),
      propagation: chance(0.2) ? 'rshared' : null,
      selinux: null,
    },
    { kind: 'volume', volume: engineName, engineName, target, isReadOnly, isCopied: chance(0.7), subpath: null },
    {
      kind: 'tmpfs',
      target,
      sizeBytes: chance(0.5) ? whole(1, 1_000_000) : null,
      mode: chance(0.5) ? 0o1770 : null,
      options: pick(['', 'noexec', 'uid=7,noexec']),
    },
  ])
}
