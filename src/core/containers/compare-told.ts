/** A field as Compose files name it: `mem_limit`, `healthcheck.interval`. */
export function toldField(field: string): string {
  const [first = '', ...rest] = field.split('.')
  const name = names[first] ?? snake(first)
  // What stands below is named by people, but for the parts of a healthcheck and of addresses.
  return [name, ...(first === 'healthcheck' ? rest.map(snake) : rest)].join('.')
}

/** A value, given as JSON, as people write it; as it is where there is no shorter word. */
export function toldValue(field: string, text: string): string {
  if (/Bytes$/.test(field) && /^\d+$/.test(text)) return bytesText(Number(text))
  if (field === 'memorySwapBytes' && text === '-1') return 'unlimited'
  if (field === 'nanoCpus' && /^\d+$/.test(text)) return String(Number(text) / 1e9)
  if (/Ms$/.test(field) && /^\d+$/.test(text)) return `${Number(text) / 1_000}s`
  const restart = field === 'restart' ? /^\{"name":"([a-z-]+)","retriesMax":(\d+)\}$/.exec(text) : null
  if (restart !== null) return `${restart[1]}${restart[2] === '0' ? '' : `:${restart[2]}`}`
  if (text === '[]' || text === '{}') return 'none'
  const words = text.startsWith('["') ? wordsOf(text) : null
  return words === null || words.some((word) => /[\s"\\]/.test(word)) ? text : words.join(isCommand(field) ? ' ' : ', ')
}

function isCommand(field: string): boolean {
  return field === 'command' || field === 'entrypoint'
}

/** A list of texts, and of nothing else. */
function wordsOf(text: string): readonly string[] | null {
  const list: unknown = JSON.parse(text)
  return Array.isArray(list) && list.every((word) => typeof word === 'string') ? list : null
}

const mebibyte = 1024 ** 2

function bytesText(bytes: number): string {
  return bytes > 0 && bytes % mebibyte === 0 ? `${bytes / mebibyte} MiB` : `${bytes} B`
}

function snake(name: string): string {
  return name.replace(/Ms$|Us$/, '').replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}

/** Those that are not merely written otherwise. */
const names: Readonly<Record<string, string>> = {
  isTty: 'tty',
  isStdinOpen: 'stdin_open',
  stopGraceMs: 'stop_grace_period',
  mounts: 'volumes',
  dnsOptions: 'dns_opt',
  securityOptions: 'security_opt',
  storageOptions: 'storage_opt',
  deviceRequests: 'deploy.resources.reservations.devices',
  isPrivileged: 'privileged',
  isReadOnly: 'read_only',
  cgroupNamespace: 'cgroup',
  shmBytes: 'shm_size',
  memoryBytes: 'mem_limit',
  memoryReservationBytes: 'mem_reservation',
  memorySwapBytes: 'memswap_limit',
  memorySwappiness: 'mem_swappiness',
  isOomKillDisabled: 'oom_kill_disable',
  pidsMax: 'pids_limit',
  nanoCpus: 'cpus',
  cpuRealtimePeriodUs: 'cpu_rt_period',
  cpuRealtimeRuntimeUs: 'cpu_rt_runtime',
  blkioWeight: 'blkio_config.weight',
  blkioWeightDevices: 'blkio_config.weight_device',
  blkioDeviceReadBps: 'blkio_config.device_read_bps',
  blkioDeviceWriteBps: 'blkio_config.device_write_bps',
  blkioDeviceReadIops: 'blkio_config.device_read_iops',
  blkioDeviceWriteIops: 'blkio_config.device_write_iops',
  isInternal: 'internal',
  isAttachable: 'attachable',
  enableIpv6: 'enable_ipv6',
  isConfigOnly: 'config_only',
}
