import type { PortSpec } from '../../../core/containers/model.ts'
import { portMap } from '../keys-container.ts'
import { type Context, error, optional, readItems, readKeys, readText, report, type Setting } from '../values.ts'
import { type Ports, parsePortText, portsOf, spreadPorts } from './port-text.ts'
import type { Scene } from './scene.ts'

export function decodePorts(context: Context, setting: Setting, scene: Scene): readonly PortSpec[] {
  const items = readItems(context, setting, 'write a list: ["8080:80"]') ?? []
  const ports = new Map<string, PortSpec>()
  for (const item of items) {
    const parsed = item.node.kind === 'map' ? decodePortMap(context, item) : decodePortText(context, item)
    for (const port of takePorts(context, item, parsed, scene)) ports.set(JSON.stringify(port), port)
  }
  return [...ports.values()]
}

/** Ports that are told to others: `80/tcp`. */
export function decodeExpose(context: Context, setting: Setting, scene: Scene): readonly string[] {
  const items = readItems(context, setting, 'write a list: ["3000"]') ?? []
  const exposed = new Set<string>()
  for (const item of items) {
    const text = readText(context, item)
    if (text === null) continue
    if (text.includes(':')) {
      error(context, item, `'${text}' publishes a port`, 'write it below ports, or only the port of the container')
      continue
    }
    for (const port of takePorts(context, item, parsePortText(text), scene))
      exposed.add(`${port.containerPort}/${port.protocol}`)
  }
  return [...exposed]
}

function takePorts(context: Context, at: Setting, parsed: Ports | null, { portsLeft }: Scene): readonly PortSpec[] {
  if (parsed === null) return []
  if (parsed.kind === 'fault') {
    error(context, at, parsed.message, parsed.hint)
    return []
  }
  const before = portsLeft.count
  portsLeft.count -= parsed.count
  if (portsLeft.count >= 0) return spreadPorts(parsed)
  if (before >= 0) error(context, at, 'these are more ports than a host has', 'write smaller ranges')
  return []
}

function decodePortText(context: Context, setting: Setting): Ports | null {
  const text = readText(context, setting)
  return text === null ? null : parsePortText(text)
}

function decodePortMap(context: Context, setting: Setting): Ports | null {
  const keys = readKeys(context, setting, portMap)
  if (keys === null) return null
  const target = keys.get('target')
  if (target === null)
    return report(
      context,
      setting.node,
      setting.path,
      'the port has no target',
      "write 'target:' with the port of the container",
    )
  const text = (key: 'target' | 'published' | 'host_ip' | 'protocol' | 'mode' | 'name' | 'app_protocol') =>
    optional(keys.get(key), (one) => readText(context, one))
  for (const key of ['mode', 'name', 'app_protocol'] as const) text(key)
  const said = text('target')
  if (said === null) return null
  return portsOf({
    hostAddress: text('host_ip') ?? '',
    host: text('published') ?? '',
    target: said,
    protocol: text('protocol') ?? 'tcp',
  })
}
