import type { BlkioRate, ContainerSettings, ContainerSpec } from '../../core/containers/model.ts'
import { plainSettings } from '../../core/target/plain-container.ts'
import { printByteSize } from '../../formats/byte-size.ts'
import { printDuration } from '../../formats/duration.ts'
import { shellWord } from '../../wire/home.ts'
import {
  coresText,
  mountText,
  networkModeText,
  networkText,
  portTexts,
  restartText,
  testText,
} from './container-words.ts'

/** A setting by the name that Compose files have for it, and its value as text. */
type Value = readonly [field: string, text: string]

/** What is said of a container beyond what its image and the engine make of it. */
export function* containerValues(spec: ContainerSpec, service: string): Iterable<Value> {
  const { settings, strategy } = spec
  yield ['image', spec.image]
  if (spec.platform !== null) yield ['platform', spec.platform]
  if (spec.pull !== 'missing') yield ['pull_policy', spec.pull]
  yield ['container_name', spec.containerName]
  for (const field of Object.keys(tellers) as (keyof ContainerSettings)[]) yield* told(settings, field, service)
  yield ['update.strategy', strategy.kind]
  if (strategy.kind === 'hand-over') {
    yield ['update.timeout', printDuration(strategy.timeoutMs)]
    if (strategy.doneFiles.length > 0) yield ['update.done_files', strategy.doneFiles.join(', ')]
  }
  if (spec.lockFiles.length > 0) yield ['lock', spec.lockFiles.join(', ')]
}

function told<F extends keyof ContainerSettings>(settings: ContainerSettings, field: F, service: string) {
  const value = settings[field]
  const isSaid = value !== null && value !== plainSettings[field]
  return isSaid ? tellers[field](value as NonNullable<typeof value>, service) : []
}

type Tellers = {
  readonly [F in keyof ContainerSettings]: (
    value: NonNullable<ContainerSettings[F]>,
    service: string,
  ) => Iterable<Value>
}

const words = (field: string) => (value: readonly string[]) => [[field, value.map(shellWord).join(' ')] as const]
const text = (field: string) => (value: string | number | boolean) => [[field, String(value)] as const]
const list = (field: string) => (values: readonly string[]) =>
  values.length === 0 ? [] : [[field, values.join(', ')] as const]
const record = (field: string) => (values: Readonly<Record<string, string>>) =>
  Object.entries(values).map(([name, value]) => [`${field}.${name}`, value] as const)
const bytes = (field: string) => (value: number) => [[field, printByteSize(value)] as const]
const time = (field: string) => (ms: number) => [[field, printDuration(ms)] as const]
const micros = (field: string) => (value: number) => [[field, `${value}us`] as const]
const rates = (field: string, isBytes: boolean) => (values: readonly BlkioRate[]) =>
  values.map(
    ({ path, rate }) => [`blkio_config.${field}.${path}`, isBytes ? printByteSize(rate) : String(rate)] as const,
  )

const tellers: Tellers = {
  command: words('command'),
  entrypoint: words('entrypoint'),
  environment: record('environment'),
  labels: record('labels'),
  annotations: record('annotations'),
  user: text('user'),
  workingDir: text('working_dir'),
  hostname: text('hostname'),
  domainname: text('domainname'),
  isTty: text('tty'),
  isStdinOpen: text('stdin_open'),
  stopSignal: text('stop_signal'),
  stopGraceMs: time('stop_grace_period'),
  healthcheck: healthcheckValues,
  restart: (restart) => [['restart', restartText(restart)]],
  networkMode: (mode) => (mode.kind === 'networks' ? [] : [['network_mode', networkModeText(mode)]]),
  networks: (networks, service) => list('networks')(networks.map((one) => networkText(one, service))),
  ports: (ports) => list('ports')(portTexts(ports)),
  expose: list('expose'),
  mounts: (mounts) => [
    ...list('volumes')(mounts.filter(({ kind }) => kind !== 'tmpfs').map(mountText)),
    ...list('tmpfs')(mounts.filter(({ kind }) => kind === 'tmpfs').map(mountText)),
  ],
  dns: list('dns'),
  dnsOptions: list('dns_opt'),
  dnsSearch: list('dns_search'),
  extraHosts: list('extra_hosts'),
  macAddress: text('mac_address'),
  capAdd: list('cap_add'),
  capDrop: list('cap_drop'),
  devices: (devices) =>
    list('devices')(devices.map(({ source, target, permissions }) => `${source}:${target}:${permissions}`)),
  deviceCgroupRules: list('device_cgroup_rules'),
  deviceRequests: (requests) =>
    list('deploy.resources.reservations.devices')(
      requests.map(({ driver, count, deviceIds, capabilities }) =>
        [
          driver,
          deviceIds.length > 0 ? deviceIds.join('+') : count === -1 ? 'all' : `${count} of`,
          capabilities.join('+'),
        ]
          .filter((part) => part !== '')
          .join(' '),
      ),
    ),
  groupAdd: list('group_add'),
  securityOptions: list('security_opt'),
  sysctls: record('sysctls'),
  ulimits: (ulimits) =>
    Object.entries(ulimits).map(([name, { soft, hard }]) => [
      `ulimits.${name}`,
      soft === hard ? String(soft) : `soft ${soft}, hard ${hard}`,
    ]),
  storageOptions: record('storage_opt'),
  isPrivileged: text('privileged'),
  isReadOnly: text('read_only'),
  init: text('init'),
  ipc: text('ipc'),
  pid: text('pid'),
  uts: text('uts'),
  usernsMode: text('userns_mode'),
  cgroupNamespace: text('cgroup'),
  cgroupParent: text('cgroup_parent'),
  runtime: text('runtime'),
  shmBytes: bytes('shm_size'),
  memoryBytes: bytes('mem_limit'),
  memoryReservationBytes: bytes('mem_reservation'),
  memorySwapBytes: (value) => [['memswap_limit', value === -1 ? 'unlimited' : printByteSize(value)]],
  memorySwappiness: text('mem_swappiness'),
  isOomKillDisabled: text('oom_kill_disable'),
  oomScoreAdj: text('oom_score_adj'),
  pidsMax: (value) => [['pids_limit', value === -1 ? 'unlimited' : String(value)]],
  nanoCpus: (value) => [['cpus', coresText(value)]],
  cpuShares: text('cpu_shares'),
  cpuQuotaUs: micros('cpu_quota'),
  cpuPeriodUs: micros('cpu_period'),
  cpuRealtimePeriodUs: micros('cpu_rt_period'),
  cpuRealtimeRuntimeUs: micros('cpu_rt_runtime'),
  cpuset: text('cpuset'),
  blkioWeight: text('blkio_config.weight'),
  blkioWeightDevices: (devices) =>
    devices.map(({ path, weight }) => [`blkio_config.weight_device.${path}`, String(weight)]),
  blkioDeviceReadBps: rates('device_read_bps', true),
  blkioDeviceWriteBps: rates('device_write_bps', true),
  blkioDeviceReadIops: rates('device_read_iops', false),
  blkioDeviceWriteIops: rates('device_write_iops', false),
  logging: ({ driver, options }) => [['logging.driver', driver], ...record('logging.options')(options)],
}

function* healthcheckValues(check: NonNullable<ContainerSettings['healthcheck']>): Iterable<Value> {
  if (check === 'none') {
    yield ['healthcheck', 'none']
    return
  }
  const { intervalMs, timeoutMs, startPeriodMs, startIntervalMs, retries } = check
  yield ['healthcheck', testText(check) ?? 'as the image says']
  const times = {
    interval: intervalMs,
    timeout: timeoutMs,
    start_period: startPeriodMs,
    start_interval: startIntervalMs,
  }
  for (const [name, ms] of Object.entries(times)) if (ms !== null) yield [`healthcheck.${name}`, printDuration(ms)]
  if (retries !== null) yield ['healthcheck.retries', String(retries)]
}
