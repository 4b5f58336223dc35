import type { BlkioRate, ContainerSettings, PortSpec } from '../../core/containers/model.ts'
import { readArguments, readEnvironment, readExposed, readHealthcheck, readSignal } from './config.ts'
import { readMounts } from './inspect-mounts.ts'
import { readNetworking } from './inspect-networks.ts'
import {
  amountOf,
  at,
  entriesOf,
  flagOr,
  isNothing,
  type Json,
  listOf,
  numberOr,
  textOf,
  textOr,
  textsOf,
  wordOf,
  wordsOf,
  wrong,
} from './json.ts'

/** Of a whole answer. Numbers and words by which the engine says that nothing was said are null. */
export function readSettings(json: Json, id: string): ContainerSettings {
  const config = at(json, 'Config')
  const host = at(json, 'HostConfig')
  if (isNothing(config)) return wrong(config, 'an object')
  if (isNothing(host)) return wrong(host, 'an object')
  const hostname = wordOf(at(config, 'Hostname'))
  const graceSeconds = numberOr(at(config, 'StopTimeout'), null)
  return {
    command: readArguments(at(config, 'Cmd')),
    entrypoint: readArguments(at(config, 'Entrypoint')),
    environment: readEnvironment(at(config, 'Env')),
    labels: wordsOf(at(config, 'Labels')),
    annotations: wordsOf(at(host, 'Annotations')),
    user: wordOf(at(config, 'User')),
    workingDir: wordOf(at(config, 'WorkingDir')),
    hostname: hostname === id.slice(0, 12) ? null : hostname,
    domainname: wordOf(at(config, 'Domainname')),
    isTty: flagOr(at(config, 'Tty'), false),
    isStdinOpen: flagOr(at(config, 'OpenStdin'), false),
    stopSignal: readSignal(at(config, 'StopSignal')),
    stopGraceMs: graceSeconds === null ? null : graceSeconds * 1_000,
    healthcheck: readHealthcheck(at(config, 'Healthcheck')),
    restart: readRestart(at(host, 'RestartPolicy')),
    ...readNetworking(host, at(json, 'NetworkSettings')),
    ports: readPorts(at(host, 'PortBindings')),
    expose: readExposed(at(config, 'ExposedPorts')),
    mounts: readMounts(host, config),
    macAddress: wordOf(at(config, 'MacAddress')),
    ...readPrivileges(host),
    ...readNamespaces(host),
    ...readLimits(host),
    logging: readLogging(at(host, 'LogConfig')),
  }
}

function readRestart(json: Json): ContainerSettings['restart'] {
  const name = textOr(at(json, 'Name'), '') || 'no'
  if (name !== 'no' && name !== 'always' && name !== 'unless-stopped' && name !== 'on-failure')
    return wrong(at(json, 'Name'), 'no, always, unless-stopped or on-failure')
  return { name, retriesMax: numberOr(at(json, 'MaximumRetryCount'), 0) }
}

function readPorts(json: Json): readonly PortSpec[] {
  return entriesOf(json).flatMap(([key, bindings]) => {
    const [number, protocol = 'tcp'] = key.split('/')
    const containerPort = Number(number)
    if (!Number.isInteger(containerPort)) return wrong({ value: key, path: bindings.path }, 'a port such as 80/tcp')
    if (protocol !== 'tcp' && protocol !== 'udp' && protocol !== 'sctp')
      return wrong({ value: key, path: bindings.path }, 'tcp, udp or sctp')
    return listOf(bindings).map((each) => {
      const hostPort = textOr(at(each, 'HostPort'), '')
      return {
        hostAddress: textOr(at(each, 'HostIp'), ''),
        // Empty, 0 or a range: the engine chooses.
        hostPort: /^[1-9]\d*$/.test(hostPort) ? Number(hostPort) : null,
        containerPort,
        protocol,
      }
    })
  })
}

function readLogging(json: Json): ContainerSettings['logging'] {
  const driver = wordOf(at(json, 'Type'))
  return driver === null ? null : { driver, options: wordsOf(at(json, 'Config')) }
}

function readPrivileges(host: Json) {
  return {
    capAdd: textsOf(at(host, 'CapAdd')),
    capDrop: textsOf(at(host, 'CapDrop')),
    devices: listOf(at(host, 'Devices')).map((each) => ({
      source: textOf(at(each, 'PathOnHost')),
      target: textOr(at(each, 'PathInContainer'), ''),
      permissions: textOr(at(each, 'CgroupPermissions'), ''),
    })),
    deviceCgroupRules: textsOf(at(host, 'DeviceCgroupRules')),
    deviceRequests: listOf(at(host, 'DeviceRequests')).map((each) => ({
      driver: textOr(at(each, 'Driver'), ''),
      count: numberOr(at(each, 'Count'), 0),
      deviceIds: textsOf(at(each, 'DeviceIDs')),
      capabilities: listOf(at(each, 'Capabilities')).map(textsOf),
      options: wordsOf(at(each, 'Options')),
    })),
    groupAdd: textsOf(at(host, 'GroupAdd')),
    securityOptions: textsOf(at(host, 'SecurityOpt')),
    isPrivileged: flagOr(at(host, 'Privileged'), false),
    isReadOnly: flagOr(at(host, 'ReadonlyRootfs'), false),
  }
}

function readNamespaces(host: Json) {
  return {
    dns: textsOf(at(host, 'Dns')),
    dnsOptions: textsOf(at(host, 'DnsOptions')),
    dnsSearch: textsOf(at(host, 'DnsSearch')),
    extraHosts: textsOf(at(host, 'ExtraHosts')),
    sysctls: wordsOf(at(host, 'Sysctls')),
    storageOptions: wordsOf(at(host, 'StorageOpt')),
    init: flagOr(at(host, 'Init'), null),
    ipc: wordOf(at(host, 'IpcMode')),
    pid: wordOf(at(host, 'PidMode')),
    uts: wordOf(at(host, 'UTSMode')),
    usernsMode: wordOf(at(host, 'UsernsMode')),
    cgroupNamespace: wordOf(at(host, 'CgroupnsMode')),
    cgroupParent: wordOf(at(host, 'CgroupParent')),
    runtime: wordOf(at(host, 'Runtime')),
  }
}

function readLimits(host: Json) {
  const amount = (key: string, ...nothing: readonly number[]) => amountOf(at(host, key), 0, ...nothing)
  return {
    ulimits: readUlimits(at(host, 'Ulimits')),
    shmBytes: amount('ShmSize'),
    memoryBytes: amount('Memory'),
    memoryReservationBytes: amount('MemoryReservation'),
    memorySwapBytes: amount('MemorySwap'),
    // Here 0 says something.
    memorySwappiness: amountOf(at(host, 'MemorySwappiness'), -1),
    isOomKillDisabled: flagOr(at(host, 'OomKillDisable'), false),
    oomScoreAdj: amount('OomScoreAdj'),
    pidsMax: amount('PidsLimit', -1),
    nanoCpus: amount('NanoCpus'),
    cpuShares: amount('CpuShares'),
    cpuQuotaUs: amount('CpuQuota'),
    cpuPeriodUs: amount('CpuPeriod'),
    cpuRealtimePeriodUs: amount('CpuRealtimePeriod'),
    cpuRealtimeRuntimeUs: amount('CpuRealtimeRuntime'),
    cpuset: wordOf(at(host, 'CpusetCpus')),
    blkioWeight: amount('BlkioWeight'),
    blkioWeightDevices: listOf(at(host, 'BlkioWeightDevice')).map((each) => ({
      path: textOf(at(each, 'Path')),
      weight: numberOr(at(each, 'Weight'), 0),
    })),
    blkioDeviceReadBps: readRates(at(host, 'BlkioDeviceReadBps')),
    blkioDeviceWriteBps: readRates(at(host, 'BlkioDeviceWriteBps')),
    blkioDeviceReadIops: readRates(at(host, 'BlkioDeviceReadIOps')),
    blkioDeviceWriteIops: readRates(at(host, 'BlkioDeviceWriteIOps')),
  }
}

/** Podman writes `RLIMIT_NOFILE` for nofile. */
function readUlimits(json: Json): ContainerSettings['ulimits'] {
  const limits = listOf(json).map((each) => [
    textOf(at(each, 'Name'))
      .replace(/^RLIMIT_/, '')
      .toLowerCase(),
    { soft: numberOr(at(each, 'Soft'), 0), hard: numberOr(at(each, 'Hard'), 0) },
  ])
  return Object.fromEntries(limits)
}

function readRates(json: Json): readonly BlkioRate[] {
  return listOf(json).map((each) => ({ path: textOf(at(each, 'Path')), rate: numberOr(at(each, 'Rate'), 0) }))
}
