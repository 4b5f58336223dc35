import type { ListenSocket, StdinSpec } from '../../core/model.ts'
import { nullStdin } from '../../core/target/plain.ts'
import { stdinFileMap, stdinSocketMap, tcpSocketMap, unixSocketMap } from './keys-streams.ts'
import { decodeTcp } from './probe.ts'
import {
  type Context,
  error,
  optional,
  readBoolean,
  readChoice,
  readInteger,
  readKeys,
  readOctal,
  readPath,
  readUser,
  type Setting,
} from './values.ts'

/** Merges Compose's `stdin_open` with what x-holdfast says. */
export function decodeStdin(context: Context, open: Setting | null, own: Setting | null): StdinSpec {
  const isOpen = optional(open, (one) => readBoolean(context, one)) ?? false
  const spec = optional(own, (one) => decodeOwn(context, one))
  if (open !== null && own !== null)
    error(context, open, 'x-holdfast.stdin says already what stdin is', 'write only one of the two')
  return spec ?? (isOpen ? { kind: 'pipe' } : nullStdin)
}

function decodeOwn(context: Context, setting: Setting): StdinSpec | null {
  const { node } = setting
  if (node.kind !== 'map') {
    // Without quotes YAML reads the word null as nothing.
    const isNull = node.kind === 'scalar' && node.value === null && node.source === 'null'
    const kind = isNull ? 'null' : readChoice(context, setting, ['null', 'pipe', 'events'])
    return kind === null ? null : { kind }
  }
  if (node.entries.has('socket')) return decodeSocket(context, setting)
  const keys = readKeys(context, setting, stdinFileMap)
  if (keys === null) return null
  const file = keys.get('file')
  if (file === null) return error(context, setting, 'stdin has no file', "write 'file: ./input', or 'stdin: pipe'")
  const path = readPath(context, file)
  return path === null ? null : { kind: 'file', path }
}

// ---- sockets ---------------------------------------------------------------------------------------------------

export const socketMode = 0o700

function decodeSocket(context: Context, setting: Setting): StdinSpec | null {
  const outer = readKeys(context, setting, stdinSocketMap)?.get('socket') ?? null
  if (outer === null) return null
  const isTcp = outer.node.kind === 'map' && outer.node.entries.has('tcp')
  const socket = isTcp ? tcpSocket(context, outer) : unixSocket(context, outer)
  return socket === null ? null : { kind: 'socket', socket }
}

function tcpSocket(context: Context, setting: Setting): ListenSocket | null {
  const keys = readKeys(context, setting, tcpSocketMap)
  if (keys === null) return null
  const address = optional(keys.get('tcp'), (one) => decodeTcp(context, one))
  const backlog = optional(keys.get('backlog'), (one) => readBacklog(context, one))
  return address === null ? null : { address, backlog }
}

function readBacklog(context: Context, setting: Setting): number | null {
  return readInteger(context, setting, { min: 1, max: 65_535 })
}

const modeForm = { max: 0o7777, what: 'octal permissions', hint: "write them as chmod takes them: '0660'" }

function unixSocket(context: Context, setting: Setting): ListenSocket | null {
  const keys = readKeys(context, setting, unixSocketMap)
  if (keys === null) return null
  const mode = optional(keys.get('mode'), (one) => readOctal(context, one, modeForm)) ?? socketMode
  const owner = optional(keys.get('owner'), (one) => readUser(context, one))
  const backlog = optional(keys.get('backlog'), (one) => readBacklog(context, one))
  const file = keys.get('unix')
  if (file === null)
    return error(context, setting, 'the socket has no address', "write 'unix: /run/php.sock' or 'tcp: 127.0.0.1:9000'")
  const path = readPath(context, file)
  return path === null ? null : { address: { kind: 'unix', path, mode, owner }, backlog }
}
