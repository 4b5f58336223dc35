import { isDeepStrictEqual } from 'node:util'
import type {
  BlkioRate,
  ContainerHealthcheck,
  ContainerNetwork,
  ContainerSettings,
  ContainerSpec,
  DeviceRequest,
  MountSpec,
  UpdateStrategy,
} from '../../core/containers/model.ts'
import type { Service } from '../../core/model.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import { printDuration } from '../../formats/duration.ts'
import type { YamlRecord, YamlValue } from '../../formats/yaml-text.ts'
import { instanceLabels } from './container/container.ts'
import { cdiDriver } from './container/devices.ts'
import { printPort } from './container/port-text.ts'
import { handOverMs } from './container/update.ts'
import { printNamed, type Style, unlessEmpty, unlessUsual } from './print-value.ts'

/** The keys of a service that is a container, without those that processes have in the same way. */
export function printContainer(app: string, service: Service, container: ContainerSpec, style: Style): YamlRecord {
  const { settings } = container
  const usualName = `${app}-${service.name}-1`
  return {
    image: container.image,
    pull_policy: unlessUsual(style, container.pull, 'missing'),
    platform: container.platform ?? undefined,
    container_name: container.containerName === usualName ? undefined : container.containerName,
    command: settings.command ?? undefined,
    entrypoint: settings.entrypoint ?? undefined,
    working_dir: settings.workingDir ?? undefined,
    user: settings.user ?? undefined,
    environment: printNamed(settings.environment),
    ...printNetworking(service.name, settings, style),
    ...printMounts(settings.mounts),
    ...printHost(settings, style),
    ...printRights(settings, style),
    ...printUse(settings, style),
    healthcheck: printEngineCheck(settings.healthcheck),
    labels: printNamed(ownLabels(app, service.name, settings.labels)),
    annotations: printNamed(settings.annotations),
    logging: settings.logging === null ? undefined : printLogging(settings.logging),
  }
}

/** Below `x-holdfast`. */
export function printContainerExtras({ strategy, lockFiles }: ContainerSpec, style: Style): YamlRecord {
  return {
    update: printUpdate(strategy, style),
    lock: lockFiles.length === 0 ? undefined : lockFiles.length === 1 ? lockFiles[0] : lockFiles,
  }
}

function printUpdate(strategy: UpdateStrategy, style: Style): YamlValue | undefined {
  if (strategy.kind !== 'hand-over') return unlessUsual(style, strategy.kind, 'download-then-kill')
  const more: YamlRecord = {
    timeout: unlessUsual(style, printDuration(strategy.timeoutMs), printDuration(handOverMs)),
    done_files: strategy.doneFiles.length === 0 ? undefined : strategy.doneFiles,
  }
  return unlessEmpty(more) === undefined ? strategy.kind : { strategy: strategy.kind, ...more }
}

/** Without those that every container of the app has. */
function ownLabels(app: string, service: string, labels: ContainerSettings['labels']): ContainerSettings['labels'] {
  const usual = instanceLabels(app, service, 1)
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !Object.hasOwn(usual, name)))
}

function texts(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list
}

function flag(style: Style, value: boolean): boolean | undefined {
  return unlessUsual(style, value, false)
}

// ---- networks --------------------------------------------------------------------------------------------------

function printNetworking(service: string, settings: ContainerSettings, style: Style): YamlRecord {
  const { networkMode, networks } = settings
  return {
    network_mode: printMode(networkMode),
    networks: networkMode.kind === 'networks' ? printJoins(service, networks, style) : undefined,
    ports: texts(settings.ports.map((port) => printPort(port, style === 'complete'))),
    expose: texts(settings.expose),
    hostname: settings.hostname ?? undefined,
    domainname: settings.domainname ?? undefined,
    mac_address: settings.macAddress ?? undefined,
    dns: texts(settings.dns),
    dns_opt: texts(settings.dnsOptions),
    dns_search: texts(settings.dnsSearch),
    extra_hosts: texts(settings.extraHosts.map((line) => line.replace(':', '='))),
  }
}

function printMode(mode: ContainerSettings['networkMode']): string | undefined {
  switch (mode.kind) {
    case 'networks':
      return undefined
    case 'named':
      return mode.name
    case 'service':
      return `service:${mode.service}`
    case 'container':
      return `container:${mode.container}`
  }
}

function printJoins(service: string, networks: readonly ContainerNetwork[], style: Style): YamlValue | undefined {
  const names = networks.map(({ network }) => network)
  const isSorted = isDeepStrictEqual(names, names.toSorted())
  const joins = networks.map((join, index) => {
    const aliases = join.aliases.filter((alias) => alias !== service)
    const said: YamlRecord = {
      aliases: texts(aliases),
      ipv4_address: join.ipv4 ?? undefined,
      ipv6_address: join.ipv6 ?? undefined,
      link_local_ips: texts(join.linkLocalIps),
      mac_address: join.macAddress ?? undefined,
      driver_opts: printNamed(join.driverOpts),
      priority: isSorted ? undefined : networks.length - index,
    }
    return [join.network, unlessEmpty(said)] as const
  })
  const isPlain = joins.every(([, said]) => said === undefined)
  if (!isPlain) return Object.fromEntries(joins.map(([name, said]) => [name, said ?? {}]))
  return unlessUsual(style, names, ['default'])
}

// ---- mounts ----------------------------------------------------------------------------------------------------

function printMounts(mounts: readonly MountSpec[]): YamlRecord {
  const volumes = mounts.flatMap((mount) => (mount.kind === 'tmpfs' ? [] : [printMount(mount)]))
  const tmpfs = mounts.flatMap((mount) => (mount.kind === 'tmpfs' ? [printTmpfs(mount)] : []))
  return { volumes: volumes.length === 0 ? undefined : volumes, tmpfs: texts(tmpfs) }
}

function printMount(mount: Exclude<MountSpec, { kind: 'tmpfs' }>): YamlRecord {
  const { target, isReadOnly } = mount
  const common = { target, read_only: isReadOnly || undefined }
  if (mount.kind === 'bind') {
    const bind = unlessEmpty({
      propagation: mount.propagation ?? undefined,
      create_host_path: mount.isSourceMade ? undefined : false,
      selinux: mount.selinux ?? undefined,
    })
    return { type: 'bind', source: mount.source, ...common, bind }
  }
  const volume = unlessEmpty({ nocopy: mount.isCopied ? undefined : true, subpath: mount.subpath ?? undefined })
  return { type: 'volume', source: mount.volume ?? undefined, ...common, volume }
}

function printTmpfs({ target, sizeBytes, mode, options }: Extract<MountSpec, { kind: 'tmpfs' }>): string {
  const said = [
    ...(sizeBytes === null ? [] : [`size=${sizeBytes}`]),
    ...(mode === null ? [] : [`mode=${mode.toString(8)}`]),
    ...(options === '' ? [] : [options]),
  ]
  return said.length === 0 ? target : `${target}:${said.join(',')}`
}

// ---- what it is in ---------------------------------------------------------------------------------------------

function printHost(settings: ContainerSettings, style: Style): YamlRecord {
  return {
    tty: flag(style, settings.isTty),
    stdin_open: flag(style, settings.isStdinOpen),
    init: settings.init ?? undefined,
    ipc: settings.ipc ?? undefined,
    pid: settings.pid ?? undefined,
    uts: settings.uts ?? undefined,
    userns_mode: settings.usernsMode ?? undefined,
    cgroup: settings.cgroupNamespace ?? undefined,
    cgroup_parent: settings.cgroupParent ?? undefined,
    runtime: settings.runtime ?? undefined,
    sysctls: printNamed(settings.sysctls),
    storage_opt: printNamed(settings.storageOptions),
  }
}

function printRights(settings: ContainerSettings, style: Style): YamlRecord {
  const named = settings.deviceRequests.filter(({ driver }) => driver === cdiDriver)
  const devices: readonly YamlValue[] = [
    ...settings.devices.map(printDevice),
    ...named.flatMap(({ deviceIds }) => deviceIds),
  ]
  return {
    read_only: flag(style, settings.isReadOnly),
    privileged: flag(style, settings.isPrivileged),
    cap_add: texts(settings.capAdd),
    cap_drop: texts(settings.capDrop),
    security_opt: texts(settings.securityOptions),
    group_add: texts(settings.groupAdd),
    devices: devices.length === 0 ? undefined : devices,
    device_cgroup_rules: texts(settings.deviceCgroupRules),
  }
}

/** As a map where its parts could not be told apart. */
function printDevice(device: ContainerSettings['devices'][number]): YamlValue {
  const { source, target, permissions } = device
  return /:/.test(source + target) ? { source, target, permissions } : `${source}:${target}:${permissions}`
}

/** `deploy` of a container, for what has no key of the service. */
export function printDeploy({ deviceRequests }: ContainerSettings): YamlRecord | undefined {
  const devices = deviceRequests.filter(({ driver }) => driver !== cdiDriver).map(printRequest)
  return devices.length === 0 ? undefined : { resources: { reservations: { devices } } }
}

function printRequest({ driver, count, deviceIds, capabilities, options }: DeviceRequest): YamlRecord {
  return {
    capabilities: capabilities[0] ?? [],
    driver: driver === '' ? undefined : driver,
    count: deviceIds.length > 0 ? undefined : count === -1 ? 'all' : count,
    device_ids: texts(deviceIds),
    options: printNamed(options),
  }
}

// ---- what it may use -------------------------------------------------------------------------------------------

function printUse(settings: ContainerSettings, style: Style): YamlRecord {
  return {
    ulimits: printUlimits(settings.ulimits),
    mem_limit: size(settings.memoryBytes),
    mem_reservation: size(settings.memoryReservationBytes),
    memswap_limit: settings.memorySwapBytes === -1 ? -1 : size(settings.memorySwapBytes),
    mem_swappiness: settings.memorySwappiness ?? undefined,
    oom_kill_disable: flag(style, settings.isOomKillDisabled),
    oom_score_adj: settings.oomScoreAdj ?? undefined,
    pids_limit: settings.pidsMax ?? undefined,
    cpus: settings.nanoCpus === null ? undefined : printCpus(settings.nanoCpus),
    cpu_shares: settings.cpuShares ?? undefined,
    cpu_quota: settings.cpuQuotaUs ?? undefined,
    cpu_period: settings.cpuPeriodUs ?? undefined,
    cpu_rt_period: settings.cpuRealtimePeriodUs ?? undefined,
    cpu_rt_runtime: settings.cpuRealtimeRuntimeUs ?? undefined,
    cpuset: settings.cpuset ?? undefined,
    shm_size: size(settings.shmBytes),
    blkio_config: printBlkio(settings),
  }
}

function size(bytes: number | null): string | undefined {
  return bytes === null ? undefined : printByteSize(bytes)
}

// Without an exponent, which decoders of sizes do not know.
function printCpus(nanoCpus: number): string {
  return (nanoCpus / 1e9).toFixed(9).replace(/\.?0+$/, '')
}

function printUlimits(ulimits: ContainerSettings['ulimits']): YamlRecord | undefined {
  const said = Object.entries(ulimits).map(
    ([name, { soft, hard }]) => [name, soft === hard ? soft : { soft, hard }] as const,
  )
  return unlessEmpty(Object.fromEntries(said))
}

function printBlkio(settings: ContainerSettings): YamlRecord | undefined {
  const list = (rates: readonly BlkioRate[], isBytes: boolean) =>
    rates.length === 0
      ? undefined
      : rates.map(({ path, rate }) => ({ path, rate: isBytes ? printByteSize(rate) : rate }))
  const weights = settings.blkioWeightDevices
  return unlessEmpty({
    weight: settings.blkioWeight ?? undefined,
    weight_device: weights.length === 0 ? undefined : weights.map(({ path, weight }) => ({ path, weight })),
    device_read_bps: list(settings.blkioDeviceReadBps, true),
    device_write_bps: list(settings.blkioDeviceWriteBps, true),
    device_read_iops: list(settings.blkioDeviceReadIops, false),
    device_write_iops: list(settings.blkioDeviceWriteIops, false),
  })
}

function printEngineCheck(check: ContainerHealthcheck | 'none' | null): YamlRecord | undefined {
  if (check === null) return undefined
  if (check === 'none') return { disable: true }
  const time = (ms: number | null) => (ms === null ? undefined : printDuration(ms))
  return {
    test: check.test ?? undefined,
    interval: time(check.intervalMs),
    timeout: time(check.timeoutMs),
    retries: check.retries ?? undefined,
    start_period: time(check.startPeriodMs),
    start_interval: time(check.startIntervalMs),
  }
}

function printLogging({ driver, options }: NonNullable<ContainerSettings['logging']>): YamlRecord {
  return { driver, options: printNamed(options) }
}
