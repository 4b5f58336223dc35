import { pythonRepr } from '../../formats/python-text.ts'
import { absolutePath, normalPath } from './paths.ts'
import { beginSection, type Context, entryOf, fail, readValue, type Section, textOf, withNames } from './section.ts'
import type { HttpServerSettings } from './settings.ts'
import { bad, type InetAddress, ok, parseInetAddress, parseOctal, type Value } from './values.ts'

/** All HTTP servers, in the order in which supervisord reads them: those of TCP first. */
export function decodeServers(context: Context): readonly HttpServerSettings[] {
  const sections = [...context.document.sections.values()]
  const begin = (prefix: string) =>
    sections.filter(({ name }) => name.startsWith(prefix)).map((section) => beginSection(context, section))
  const inet = begin('inet_http_server').map(decodeInet)
  const unix = begin('unix_http_server').map(decodeUnix)
  return [...inet, ...unix].filter((server) => server !== null)
}

/** Where programs find supervisord: a socket of the file system, else of TCP; null: nothing listens. */
export function serverUrlOf(servers: readonly HttpServerSettings[]): string | null {
  for (const { address } of servers) if (address.kind === 'unix') return `unix://${address.path}`
  for (const { address } of servers)
    if (address.kind === 'inet') return `http://${address.host || 'localhost'}:${address.port}`
  return null
}

function decodeInet(section: Section): HttpServerSettings | null {
  const login = decodeLogin(section)
  if (isMissing(section, 'port')) return null
  const address = readValue<InetAddress | null>(section, 'port', parseInetAddress, null)
  if (address === null || login === 'bad') return null
  const webActionsByGet = readValue(section, 'holdfast_web_actions', parseWebActions, false)
  return { section: section.section.name, address: { kind: 'inet', ...address }, login, webActionsByGet }
}

function decodeUnix(section: Section): HttpServerSettings | null {
  const { context } = section
  if (isMissing(section, 'file')) return null
  const file = textOf(withNames(section, [['here', context.here]]), 'file')
  const login = decodeLogin(section)
  const owner = textOf(section, 'chown')
  const mode = readValue(section, 'chmod', parseMode, 0o700)
  const webActionsByGet = readValue(section, 'holdfast_web_actions', parseWebActions, false)
  if (file === null || login === 'bad') return null
  const path = normalPath(absolutePath(context, file.trim()))
  return { section: section.section.name, address: { kind: 'unix', path, mode, owner }, login, webActionsByGet }
}

function isMissing(section: Section, key: string): boolean {
  if (entryOf(section, key) !== null) return false
  const hint = key === 'port' ? 'write port = 127.0.0.1:9001' : 'write file = /run/supervisor.sock'
  fail(section, section.section, key, `section [${section.section.name}] has no ${key} value`, hint)
  return true
}

function decodeLogin(section: Section): HttpServerSettings['login'] | 'bad' {
  const username = textOf(section, 'username')
  const password = textOf(section, 'password')
  if (username === null && password === null) return null
  if (username !== null && password !== null) return { username, password }
  const missing = username === null ? 'username' : 'password'
  // One that cannot be read was told.
  if (entryOf(section, missing) !== null) return 'bad'
  const { name } = section.section
  const message = `Section [${name}] contains incomplete authentication: If a username or a password is specified, both the username and password must be specified`
  fail(section, section.section, missing, message, `write the ${missing}`)
  return 'bad'
}

function parseMode(text: string): Value<number> {
  const mode = parseOctal(text)
  return mode.kind === 'value' ? ok(mode.value) : bad(`Invalid chmod value ${text}`, mode.hint)
}

function parseWebActions(text: string): Value<boolean> {
  const word = text.toLowerCase()
  if (word === 'get' || word === 'post') return ok(word === 'get')
  return bad(`not a known way to take actions of the web page: ${pythonRepr(text)}`, 'write post or get')
}
