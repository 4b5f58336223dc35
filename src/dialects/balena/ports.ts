import type { PortSpec } from '../../core/containers/model.ts'
import { parsePortText, parseProtocol, parseRange, spreadPorts } from '../../formats/compose-values/port-text.ts'
import { fail, optional, type Reading, readFields, readItems, readWord, type Setting } from './reading.ts'

/** Short and long forms; the same port twice counts once. */
export function readPorts(reading: Reading, setting: Setting): readonly PortSpec[] {
  const ports = readItems(reading, setting, portForms).flatMap((item) => readPort(reading, item))
  const unique = new Map(ports.map((port) => [JSON.stringify(port), port]))
  return [...unique.values()]
}

const portForms = 'ports, such as "8080:80"'

function readPort(reading: Reading, setting: Setting): readonly PortSpec[] {
  if (setting.node.kind === 'map') return readLongPort(reading, setting)
  const text = readWord(reading, setting, portForms)
  if (text === null) return []
  const parsed = parsePortText(text, 'same')
  if (parsed.kind === 'ports') return parsed.ports
  fail(reading, setting, parsed.message, parsed.hint)
  return []
}

function readLongPort(reading: Reading, setting: Setting): readonly PortSpec[] {
  const fields = readFields(reading, setting, '{"target": 80, "published": "8080"}')
  if (fields === null) return []
  const range = (key: string) => {
    return optional(fields.get(key), (one) => {
      const text = readWord(reading, one, 'a port')
      if (text === null) return null
      return parseRange(text) ?? fail(reading, one, `'${text}' is not a port`, 'write a number from 1 to 65535')
    })
  }
  const [container, published] = [range('target'), range('published')]
  if (container === null) {
    if (fields.get('target') === null)
      fail(reading, setting, 'this port has no "target"', 'write the port of the container')
    return []
  }
  const hostAddress = optional(fields.get('host_ip'), (one) => readWord(reading, one, 'an address')) ?? ''
  const protocol = optional(fields.get('protocol'), (one) => {
    const text = readWord(reading, one, '"tcp", "udp" or "sctp"')
    if (text === null) return null
    return parseProtocol(text) ?? fail(reading, one, `'${text}' is not a protocol`, 'write "tcp", "udp" or "sctp"')
  })
  const host = fields.get('published') === null ? container : published
  const spread = spreadPorts({ hostAddress, host, container, protocol: protocol ?? 'tcp' })
  if (spread.kind === 'ports') return spread.ports
  fail(reading, setting, spread.message, spread.hint)
  return []
}
