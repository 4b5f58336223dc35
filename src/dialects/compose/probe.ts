import type { Probe } from '../../core/model.ts'
import { compileLinear } from '../../formats/linear-pattern.ts'
import { readCommand } from './command.ts'
import { httpMap } from './keys-checks.ts'
import { type Context, child, error, readKeys, readText, report, type Setting } from './values.ts'

export const probeKinds = ['exec', 'http', 'tcp', 'log'] as const

/** Reads one way to check, of the key that says which. */
export function decodeProbe(context: Context, kind: (typeof probeKinds)[number], setting: Setting): Probe | null {
  switch (kind) {
    case 'exec': {
      const command = readCommand(context, setting)
      return command === null ? null : { kind, command }
    }
    case 'http':
      return decodeHttp(context, setting)
    case 'tcp':
      return decodeTcp(context, setting)
    case 'log': {
      const pattern = readPattern(context, setting)
      return pattern === null ? null : { kind, pattern }
    }
  }
}

function readPattern(context: Context, setting: Setting): string | null {
  const pattern = readText(context, setting)
  if (pattern === null) return null
  const compiled = compileLinear(pattern)
  if (compiled instanceof RegExp) return pattern
  return error(context, setting, `it ${compiled}`, "write a plainer one, such as 'listening on port \\d+'")
}

// ---- http ------------------------------------------------------------------------------------------------------

type Http = Extract<Probe, { kind: 'http' }>

const statusDefault = { statusMin: 200, statusMax: 399 }

function decodeHttp(context: Context, setting: Setting): Http | null {
  if (setting.node.kind !== 'map') {
    const url = readUrl(context, setting)
    return url === null ? null : { kind: 'http', url, headers: {}, ...statusDefault, bodyPattern: null }
  }
  const keys = readKeys(context, setting, httpMap)
  if (keys === null) return null
  const [url, headers, status, body] = [keys.get('url'), keys.get('headers'), keys.get('status'), keys.get('body')]
  if (url === null) return error(context, setting, 'the check has no url', "write 'url: http://127.0.0.1:8080/health'")
  const read = readUrl(context, url)
  const rest = {
    headers: (headers && readHeaders(context, headers)) ?? {},
    ...((status && readStatus(context, status)) ?? statusDefault),
    bodyPattern: body && readPattern(context, body),
  }
  return read === null ? null : { kind: 'http', url: read, ...rest }
}

function readUrl(context: Context, setting: Setting): string | null {
  const text = readText(context, setting)
  if (text === null) return null
  const url = URL.parse(text)
  if (url === null || !/^https?:\/\//i.test(text)) {
    return error(
      context,
      setting,
      `'${text}' is not a URL of http or https`,
      'write it whole: http://127.0.0.1:8080/health',
    )
  }
  if (url.username === '' && url.password === '') return text
  return error(context, setting, 'a name or password in a URL is not sent', 'write headers: {Authorization: …}')
}

function readHeaders(context: Context, setting: Setting): Readonly<Record<string, string>> | null {
  if (setting.node.kind !== 'map')
    return error(context, setting, 'a map of headers is expected here', "write 'Name: value' lines below it")
  const headers = new Map<string, string>()
  const names = new Set<string>()
  for (const entry of setting.node.entries.values()) {
    const one = child(setting, entry)
    const value = readText(context, one)
    if (!/^[\w!#$%&'*+.^`|~-]+$/.test(entry.key) || names.has(entry.key.toLowerCase())) {
      const message = `'${entry.key}' is no name of a header, or stands here twice`
      report(context, entry, one.path, message, 'write each once: Name: value')
    } else if (value !== null && !/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) {
      error(
        context,
        one,
        'the value holds characters that no header can have',
        'write it on one line, in Latin letters',
      )
    } else if (value !== null) {
      headers.set(entry.key, value)
    }
    names.add(entry.key.toLowerCase())
  }
  return Object.fromEntries(headers)
}

function readStatus(context: Context, setting: Setting): typeof statusDefault | null {
  const text = readText(context, setting)
  if (text === null) return null
  const match = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/.exec(text)
  const [statusMin, statusMax] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])]
  if (statusMin <= statusMax) return { statusMin, statusMax }
  return error(context, setting, `'${text}' is neither a status nor a range of them`, 'write 200, or 200-399')
}

// ---- tcp -------------------------------------------------------------------------------------------------------

/** An address with a port: of a probe, and of a socket. */
export function decodeTcp(context: Context, setting: Setting): Extract<Probe, { kind: 'tcp' }> | null {
  const text = readText(context, setting)
  if (text === null) return null
  const match = /^(?:(?:\[([\da-f:.]+(?:%\w+)?)\]|([^\s:[\]/]*)):)?(\d{1,5})$/i.exec(text)
  const port = Number(match?.[3])
  if (port >= 1 && port <= 65_535) return { kind: 'tcp', host: match?.[1] || match?.[2] || '127.0.0.1', port }
  return error(
    context,
    setting,
    `'${text}' is not an address with a port`,
    'write host:port, [::1]:port, or only the port of this host',
  )
}
