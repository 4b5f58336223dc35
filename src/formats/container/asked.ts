import type { ContainerSettings } from '../../core/containers/model.ts'

/**
 * Settings that an engine fills in where nothing is said, so that what it tells does not show whether anything was; and
 * those that it drops where its kernel or its version cannot do them (with a warning at most), so that what it tells
 * would differ for ever.
 */
const fields = [
  'annotations',
  'hostname',
  'macAddress',
  'ulimits',
  'storageOptions',
  'init',
  'ipc',
  'pid',
  'cgroupNamespace',
  'cgroupParent',
  'runtime',
  'shmBytes',
  'memoryBytes',
  'memoryReservationBytes',
  'memorySwapBytes',
  'memorySwappiness',
  'isOomKillDisabled',
  'pidsMax',
  'cpuShares',
  'cpuQuotaUs',
  'cpuPeriodUs',
  'cpuRealtimePeriodUs',
  'cpuRealtimeRuntimeUs',
  'cpuset',
  'blkioWeight',
  'blkioWeightDevices',
  'blkioDeviceReadBps',
  'blkioDeviceWriteBps',
  'blkioDeviceReadIops',
  'blkioDeviceWriteIops',
  'logging',
] as const satisfies readonly (keyof ContainerSettings)[]

/** For the label that remembers them, by the paths that the comparison names; null: there are none. */
export function askedText(settings: ContainerSettings): string | null {
  const { healthcheck, networkMode, networks } = settings
  const asked: [string, unknown][] = fields.map((field) => [field, settings[field]])
  if (healthcheck !== null && healthcheck !== 'none')
    asked.push(['healthcheck.startIntervalMs', healthcheck.startIntervalMs])
  if (networkMode.kind === 'container') asked.push(['networkMode', networkMode])
  for (const { network, macAddress } of networks) asked.push([`networks.${network}.macAddress`, macAddress])
  const declared = asked.filter(([, value]) => !saysNothing(value)).sort(([a], [b]) => (a < b ? -1 : 1))
  return declared.length === 0 ? null : JSON.stringify(Object.fromEntries(declared))
}

function saysNothing(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0
  return value === null || value === false
}
