import { isDeepStrictEqual } from 'node:util'
import type { Difference } from '../../../src/core/containers/compare.ts'
import type { ContainerSettings } from '../../../src/core/containers/model.ts'

export interface Change {
  readonly settings: Partial<ContainerSettings>
  /** That has to be found, or something below it. */
  readonly field: string
  readonly how: Difference['how']
}

/** One change of each setting, to something that no vector has. */
export function changesOf(declared: ContainerSettings, told: ContainerSettings): readonly Change[] {
  return [...remade(declared).map((change) => ({ how: 'recreate' as const, ...change })), ...inPlace(declared, told)]
}

type Settings = Partial<ContainerSettings>

function remade(now: ContainerSettings): readonly { readonly settings: Settings; readonly field: string }[] {
  const isNamed = (name: string) => now.networkMode.kind === 'named' && now.networkMode.name === name
  const device = { source: '/dev/changed', target: '/dev/changed', permissions: 'rwm' }
  const request = { driver: 'changed', count: 1, deviceIds: [], capabilities: [['changed']], options: {} }
  const rate = [{ path: '/dev/changed', rate: 5 }]
  const network = { network: 'changed', engineName: 'shop_changed', aliases: [], ipv4: null, ipv6: null }
  const joined = { ...network, linkLocalIps: [], macAddress: null, driverOpts: {} }
  const simple: Settings = {
    command: ['changed'],
    entrypoint: ['changed'],
    user: 'changed',
    workingDir: '/changed',
    hostname: 'changed',
    domainname: 'changed',
    isTty: !now.isTty,
    isStdinOpen: !now.isStdinOpen,
    stopSignal: 'SIGHUP',
    stopGraceMs: 77_000,
    healthcheck: {
      test: ['CMD', 'changed'],
      intervalMs: null,
      timeoutMs: null,
      startPeriodMs: null,
      startIntervalMs: null,
      retries: null,
    },
    networkMode: { kind: 'named', name: isNamed('none') ? 'host' : 'none' },
    ports: [...now.ports, { hostAddress: '', hostPort: 7, containerPort: 7, protocol: 'tcp' }],
    expose: [...now.expose, '7/tcp'],
    dns: [...now.dns, '8.8.8.8'],
    dnsOptions: [...now.dnsOptions, 'changed'],
    dnsSearch: [...now.dnsSearch, 'changed'],
    extraHosts: [...now.extraHosts, 'changed:1.2.3.4'],
    macAddress: '02:42:00:00:00:07',
    capAdd: [...now.capAdd, 'WAKE_ALARM'],
    capDrop: [...now.capDrop, 'WAKE_ALARM'],
    devices: [...now.devices, device],
    deviceCgroupRules: [...now.deviceCgroupRules, 'c 9:9 r'],
    deviceRequests: [...now.deviceRequests, request],
    groupAdd: [...now.groupAdd, 'changed'],
    securityOptions: [...now.securityOptions, 'apparmor=changed'],
    isPrivileged: !now.isPrivileged,
    isReadOnly: !now.isReadOnly,
    init: !now.init,
    ipc: now.ipc === 'host' ? 'private' : 'host',
    pid: now.pid === 'host' ? null : 'host',
    uts: now.uts === 'host' ? null : 'host',
    usernsMode: now.usernsMode === 'host' ? null : 'host',
    cgroupNamespace: 'changed',
    cgroupParent: '/changed',
    runtime: 'changed',
    shmBytes: 7_000_000,
    memorySwappiness: 77,
    isOomKillDisabled: !now.isOomKillDisabled,
    oomScoreAdj: 77,
    cpuRealtimePeriodUs: 77,
    cpuRealtimeRuntimeUs: 77,
    blkioWeightDevices: [{ path: '/dev/changed', weight: 77 }],
    blkioDeviceReadBps: rate,
    blkioDeviceWriteBps: rate,
    blkioDeviceReadIops: rate,
    blkioDeviceWriteIops: rate,
    logging: { driver: 'changed', options: {} },
  }
  const byName: readonly (keyof ContainerSettings)[] = [
    'environment',
    'labels',
    'annotations',
    'sysctls',
    'storageOptions',
  ]
  return [
    ...Object.entries(simple).map(([field, value]) => ({ settings: { [field]: value }, field })),
    ...byName.map((field) => ({
      settings: { [field]: { ...(now[field] as object), CHANGED: 'x' } },
      field: `${field}.CHANGED`,
    })),
    { settings: { ulimits: { ...now.ulimits, changed: { soft: 1, hard: 2 } } }, field: 'ulimits.changed' },
    {
      settings: {
        mounts: [
          ...now.mounts,
          { kind: 'tmpfs', target: '/changed', sizeBytes: null, mode: null, options: '' } as const,
        ],
      },
      field: 'mounts./changed',
    },
    ...now.mounts.map((mount) => ({
      settings: {
        mounts: now.mounts.map((each) =>
          each === mount ? { ...mount, ...changeMount(mount) } : each,
        ) as typeof now.mounts,
      },
      field: `mounts.${mount.target.replace(/\/$/, '')}`,
    })),
    ...Object.keys(now.environment)
      .filter((name) => !name.endsWith('_DEVICE_NAME_AT_INIT'))
      .map((name) => ({
        settings: { environment: { ...now.environment, [name]: 'changed' } },
        field: `environment.${name}`,
      })),
    ...Object.keys(now.labels).map((name) => ({
      settings: { labels: { ...now.labels, [name]: 'changed' } },
      field: `labels.${name}`,
    })),
    ...(now.networkMode.kind === 'networks'
      ? [{ settings: { networks: [...now.networks, joined] }, field: 'networks.changed' }, ...changedNetworks(now)]
      : []),
  ]
}

function changeMount(mount: ContainerSettings['mounts'][number]): object {
  if (mount.kind === 'bind') return { source: '/changed' }
  if (mount.kind === 'volume') return { engineName: 'shop_changed' }
  return { sizeBytes: 7 }
}

function changedNetworks({ networks }: ContainerSettings) {
  const changes = {
    aliases: ['changed'],
    ipv4: '10.7.7.7',
    ipv6: 'fd00::7:7',
    linkLocalIps: ['169.254.7.7'],
    macAddress: '02:42:00:00:00:07',
    driverOpts: { changed: 'x' },
  }
  return networks.flatMap((network) =>
    Object.entries(changes).map(([key, value]) => ({
      settings: { networks: networks.map((each) => (each === network ? { ...each, [key]: value } : each)) },
      field: `networks.${network.network}.${key}`,
    })),
  )
}

/** A first limit of most kinds makes the container anew: the engine may drop it, and only says so in a warning. */
function inPlace(now: ContainerSettings, told: ContainerSettings): readonly Change[] {
  const hasQuota = told.cpuQuotaUs !== null || told.cpuPeriodUs !== null
  const limit = (field: keyof ContainerSettings, value: unknown, isInPlace: boolean): Change => ({
    settings: { [field]: value },
    field,
    how: isInPlace ? 'update' : 'recreate',
  })
  const isThere = (field: keyof ContainerSettings) => told[field] !== null
  const restart: Change = {
    settings: { restart: { name: 'on-failure', retriesMax: 7 } },
    field: 'restart',
    how: 'update',
  }
  const limits = [
    limit('memoryBytes', 77_000_000, told.memorySwapBytes !== -1 || isThere('memoryBytes')),
    limit('memoryReservationBytes', 7_000_000, isThere('memoryReservationBytes') || isThere('memoryBytes')),
    limit('memorySwapBytes', 777_000_000, told.memorySwapBytes !== -1),
    limit('nanoCpus', 777_000_000, !hasQuota),
    limit('cpuQuotaUs', 7_777, isThere('cpuQuotaUs')),
    limit('cpuPeriodUs', 77_777, hasQuota),
    limit('cpuShares', 777, isThere('cpuShares')),
    limit('cpuset', '7', isThere('cpuset')),
    limit('pidsMax', 777, isThere('pidsMax')),
    limit('blkioWeight', 777, isThere('blkioWeight')),
  ]
  return [
    restart,
    ...limits.filter(
      ({ field, settings }) =>
        !isDeepStrictEqual(now[field as keyof ContainerSettings], settings[field as keyof ContainerSettings]),
    ),
  ]
}
