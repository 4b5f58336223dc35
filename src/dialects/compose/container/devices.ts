import type { ContainerSettings, DeviceRequest } from '../../../core/containers/model.ts'
import { deviceMap, gpuMap, requestMap } from '../keys-container.ts'
import { readNamedTexts } from '../named-texts.ts'
import {
  type Context,
  error,
  type Keys,
  optional,
  readInteger,
  readItems,
  readKeys,
  readText,
  readTexts,
  report,
  type Setting,
} from '../values.ts'

type Device = ContainerSettings['devices'][number]

export interface DeviceSettings {
  readonly devices: Setting | null
  readonly gpus: Setting | null
  /** `deploy.resources.reservations.devices` */
  readonly reserved: Setting | null
}

/** Devices by their paths, and those that a driver gives: reserved ones, graphics processors, and those by CDI names. */
export function decodeDevices(
  context: Context,
  { devices, gpus, reserved }: DeviceSettings,
): Pick<ContainerSettings, 'devices' | 'deviceRequests'> {
  const items = optional(devices, (one) => readItems(context, one, 'write a list: ["/dev/ttyUSB0"]')) ?? []
  const read = items.map((item) => decodeDevice(context, item)).filter((device) => device !== null)
  const deviceIds = read.filter((device) => typeof device === 'string')
  const byName: readonly DeviceRequest[] =
    deviceIds.length === 0 ? [] : [{ driver: cdiDriver, count: 0, deviceIds, capabilities: [], options: {} }]
  return {
    devices: read.filter((device) => typeof device !== 'string'),
    deviceRequests: [
      ...(optional(reserved, (one) => decodeReserved(context, one)) ?? []),
      ...(optional(gpus, (one) => decodeGpus(context, one)) ?? []),
      ...byName,
    ],
  }
}

/** What the engine calls devices of the Container Device Interface. */
export const cdiDriver = 'cdi'

/** A text: its name by the Container Device Interface, `vendor.com/class=name`. */
function decodeDevice(context: Context, setting: Setting): Device | string | null {
  if (setting.node.kind === 'map') return decodeDeviceMap(context, setting)
  const text = readText(context, setting)
  if (text === null) return null
  if (/^[^/:=]+\/[^:=]+=[^/]+$/.test(text)) return text
  const [source = '', target = source, permissions = 'rwm', ...more] = text.split(':')
  if (source.startsWith('/') && target.startsWith('/') && /^[rwm]{1,3}$/.test(permissions) && more.length === 0)
    return { source, target, permissions }
  return error(
    context,
    setting,
    `'${text}' is not a device`,
    'write /dev/SOURCE, /dev/SOURCE:/dev/TARGET or /dev/SOURCE:/dev/TARGET:rw',
  )
}

function decodeDeviceMap(context: Context, setting: Setting): Device | null {
  const keys = readKeys(context, setting, deviceMap)
  if (keys === null) return null
  const sourceSetting = keys.get('source')
  if (sourceSetting === null)
    return report(context, setting.node, setting.path, 'the device has no source', "write 'source: /dev/…'")
  const source = readText(context, sourceSetting)
  const target = optional(keys.get('target'), (one) => readText(context, one))
  const permissions = optional(keys.get('permissions'), (one) => readText(context, one)) ?? 'rwm'
  if (source === null) return null
  for (const [key, path] of [
    ['source', source],
    ['target', target ?? source],
  ] as const)
    if (!path.startsWith('/'))
      return error(context, keys.get(key) ?? sourceSetting, `'${path}' is not the path of a device`, 'write /dev/…')
  if (/^[rwm]{1,3}$/.test(permissions)) return { source, target: target ?? source, permissions }
  return error(context, keys.get('permissions')!, `'${permissions}' are no permissions`, 'write some of r, w and m')
}

// ---- of a driver -----------------------------------------------------------------------------------------------

function decodeReserved(context: Context, setting: Setting): readonly DeviceRequest[] {
  const items = readItems(context, setting, 'write a list: [{capabilities: [gpu], count: 1}]') ?? []
  return items.map((item) => decodeReservedOne(context, item)).filter((request) => request !== null)
}

function decodeReservedOne(context: Context, setting: Setting): DeviceRequest | null {
  const keys = readKeys(context, setting, requestMap)
  if (keys === null) return null
  const capabilities = keys.get('capabilities')
  if (capabilities === null)
    return report(context, setting.node, setting.path, 'no capabilities are said', "write 'capabilities: [gpu]'")
  return decodeRequest(context, keys, readTexts(context, capabilities, 'write a list: [gpu]') ?? [])
}

function decodeGpus(context: Context, setting: Setting): readonly DeviceRequest[] {
  if (setting.node.kind !== 'list') {
    const text = readText(context, setting)
    if (text === 'all') return [{ driver: '', count: -1, deviceIds: [], capabilities: [['gpu']], options: {} }]
    if (text !== null) error(context, setting, `'${text}' is neither all nor a list`, 'write all, or [{count: 1}]')
    return []
  }
  const items = readItems(context, setting, '') ?? []
  return items.flatMap((item) => {
    const keys = readKeys(context, item, gpuMap)
    if (keys === null) return []
    const said = optional(keys.get('capabilities'), (one) => readTexts(context, one, 'write a list: [utility]')) ?? []
    const request = decodeRequest(context, keys, [...said, 'gpu'])
    return request === null ? [] : [request]
  })
}

function decodeRequest(
  context: Context,
  keys: Keys<'driver' | 'count' | 'device_ids' | 'options'>,
  capabilities: readonly string[],
): DeviceRequest | null {
  const [countSetting, idsSetting] = [keys.get('count'), keys.get('device_ids')]
  if (countSetting !== null && idsSetting !== null)
    return error(context, countSetting, 'device_ids says already how many there are', 'write only one of the two')
  const deviceIds = optional(idsSetting, (one) => readTexts(context, one, 'write a list of devices')) ?? []
  const count = optional(countSetting, (one) => readCount(context, one)) ?? (deviceIds.length === 0 ? -1 : 0)
  return {
    driver: optional(keys.get('driver'), (one) => readText(context, one)) ?? '',
    count,
    deviceIds,
    capabilities: [capabilities],
    options: optional(keys.get('options'), (one) => readNamedTexts(context, one)) ?? {},
  }
}

function readCount(context: Context, setting: Setting): number | null {
  const { node } = setting
  if (node.kind === 'scalar' && node.value === 'all') return -1
  return readInteger(context, setting, { min: -1, max: 1_024 })
}
