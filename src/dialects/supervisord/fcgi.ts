import type { ListenSocket } from '../../core/model.ts'
import { plainPriority } from '../../core/target/plain.ts'
import { pythonRepr } from '../../formats/python-text.ts'
import { absolutePath, normalPath } from './paths.ts'
import { entryOf, fail, failEntry, readValue, type Section, textOf, withNames } from './section.ts'
import { bad, ok, parseInteger, parseOctal, parsePort, type Value } from './values.ts'

export interface DecodedFcgi {
  readonly priority: number
  readonly socket: ListenSocket
  /** Of all that makes it another one for supervisord. */
  readonly identity: unknown
}

/** What `[fcgi-program:x]` says beyond its program, in the order in which supervisord reads it. null: it has no socket. */
export function decodeFcgi(section: Section, name: string): DecodedFcgi | null {
  const priority = readValue(section, 'priority', parseInteger, plainPriority)
  textOf(section, 'user')
  const backlog = readValue<number | null>(section, 'socket_backlog', parseBacklog, null)
  const owner = textOf(section, 'socket_owner')
  const mode = readValue<number | null>(section, 'socket_mode', parseMode, null)
  const address = readAddress(withNames(section, [['program_name', name]]), { owner, mode })
  if (address === null) return null
  // Owner, mode and backlog do not count for it.
  const url = address.kind === 'unix' ? address.path : `${address.host}:${address.port}`
  return { priority, socket: { address, backlog }, identity: { url } }
}

interface Ownership {
  readonly owner: string | null
  readonly mode: number | null
}

function readAddress(section: Section, { owner, mode }: Ownership): ListenSocket['address'] | null {
  const entry = entryOf(section, 'socket')
  const text = textOf(section, 'socket')
  const shown = `[${section.section.name}]`
  if (entry === null || text === '') {
    const message = `${shown} section requires a "socket" line`
    return fail(
      section,
      entry ?? section.section,
      'socket',
      message,
      'write socket = unix:///run/%(program_name)s.sock',
    )
  }
  if (text === null) return null
  const hint = 'write unix:///absolute/path or tcp://host:port'
  if (text.startsWith('unix://')) {
    const path = text.slice(7)
    if (path.startsWith('/')) return unixAddress(section, path, { owner, mode })
    const message = `the path of the socket is not absolute: ${path}`
    return failEntry(
      section,
      entry,
      message,
      hint,
      tupleText('Unix socket path %s is not an absolute path', path, shown),
    )
  }
  if (owner !== null || mode !== null) {
    const message = `socket_owner and socket_mode params should only be used with a Unix domain socket in ${shown} socket`
    return failEntry(section, entry, message, 'remove them')
  }
  const [, host, digits] = /^tcp:\/\/([^\s:]+):(\d+)\n?$/.exec(text) ?? []
  if (host === undefined || digits === undefined) {
    const original = tupleText('Bad socket format %s', text, shown)
    return failEntry(section, entry, `this is no address of a socket: ${text}`, hint, original)
  }
  const port = parsePort(digits)
  if (port.kind === 'value') return { kind: 'tcp', host: host.toLowerCase(), port: port.value }
  return failEntry(section, entry, `${port.message} in ${shown} socket`, hint)
}

function unixAddress({ context }: Section, text: string, { owner, mode }: Ownership): ListenSocket['address'] {
  const path = normalPath(absolutePath(context, text))
  return { kind: 'unix', path, mode: mode ?? 0o700, owner }
}

// The pair itself is printed, not put together.
function tupleText(format: string, value: string, shown: string): string {
  return `(${pythonRepr(format)}, ${pythonRepr(value)}) in ${shown} socket`
}

function parseBacklog(text: string): Value<number | null> {
  const backlog = parseInteger(text)
  if (backlog.kind === 'error' || (backlog.value >= 1 && backlog.value <= 65_535)) return backlog
  return bad(`Invalid socket_backlog value ${backlog.value}`, 'write a number from 1 to 65535')
}

function parseMode(text: string): Value<number | null> {
  const mode = parseOctal(text)
  return mode.kind === 'value' ? ok(mode.value) : bad(`Invalid socket_mode value ${text}`, mode.hint)
}
