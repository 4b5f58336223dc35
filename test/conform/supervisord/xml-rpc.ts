import { connect } from 'node:net'

/** As it came over the wire: what is a number, a truth value or a text stays apart, and members keep their order. */
export type Value = number | boolean | string | readonly Value[] | { readonly [name: string]: Value }

export type Answer =
  | { readonly kind: 'value'; readonly value: Value }
  | { readonly kind: 'fault'; readonly code: number; readonly text: string }
  /** Anything but 200. */
  | { readonly kind: 'http'; readonly status: number }

export interface Address {
  /** A path, or a port of 127.0.0.1. */
  readonly at: string
  /** `name:password` */
  readonly user?: string
}

/** A client of its own, so that what is compared is not told by the code that is tested. */
export interface RpcClient {
  /** Rejects when nobody answers. */
  call(method: string, params: readonly unknown[]): Promise<Answer>
}

export function createRpcClient(address: Address): RpcClient {
  return {
    async call(method, params) {
      const { status, body } = await post(address, printCall(method, params))
      return status === 200 ? parseAnswer(body) : { kind: 'http', status }
    },
  }
}

const deadlineMs = 60_000

/**
 * A connection for each call, read to its end: where names are not of ASCII the original tells a length of characters for
 * some answers, and a client that believes it goes astray.
 */
function post(address: Address, body: string): Promise<{ readonly status: number; readonly body: string }> {
  const { at, user } = address
  const lines = [
    'POST /RPC2 HTTP/1.1',
    'Host: localhost',
    'Connection: close',
    'Content-Type: text/xml',
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...(user === undefined ? [] : [`Authorization: Basic ${Buffer.from(user).toString('base64')}`]),
  ]
  return new Promise((resolve, reject) => {
    const socket = at.startsWith('/') ? connect(at) : connect(Number(at), '127.0.0.1')
    const chunks: Buffer[] = []
    socket.setTimeout(deadlineMs, () => socket.destroy(new Error(`no answer within ${deadlineMs} ms`)))
    socket.on('error', reject)
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => {
      const answer = Buffer.concat(chunks).toString()
      const status = Number(/^HTTP\/1\.\d (\d+)/.exec(answer)?.[1])
      if (Number.isNaN(status)) reject(new Error(`no answer to ${lines[0]}: ${JSON.stringify(answer)}`))
      else resolve({ status, body: answer.slice(answer.indexOf('\r\n\r\n') + 4) })
    })
    socket.write(`${lines.join('\r\n')}\r\n\r\n${body}`)
  })
}

function printCall(method: string, params: readonly unknown[]): string {
  const printed = params.map((each) => `<param>${printValue(each)}</param>`).join('')
  return `<?xml version='1.0'?>\n<methodCall>\n<methodName>${escaped(method)}</methodName>\n<params>${printed}</params>\n</methodCall>\n`
}

function printValue(value: unknown): string {
  if (typeof value === 'boolean') return `<value><boolean>${value ? 1 : 0}</boolean></value>`
  if (typeof value === 'number')
    return Number.isInteger(value) ? `<value><int>${value}</int></value>` : `<value><double>${value}</double></value>`
  if (typeof value === 'string') return `<value><string>${escaped(value)}</string></value>`
  if (Array.isArray(value)) return `<value><array><data>${value.map(printValue).join('')}</data></array></value>`
  const members = Object.entries(value as Record<string, unknown>).map(
    ([name, each]) => `<member><name>${escaped(name)}</name>${printValue(each)}</member>`,
  )
  return `<value><struct>${members.join('')}</struct></value>`
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

function unescaped(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&apos;', "'")
    .replaceAll('&amp;', '&')
}

export function parseAnswer(text: string): Answer {
  const tokens: readonly string[] = text.match(/<[^>]*>|[^<]+/g) ?? []
  let at = 0
  /** Goes on behind the next of that name. */
  const skipTo = (tag: string): void => {
    while (at < tokens.length && tokens[at] !== tag) at++
    if (at++ >= tokens.length) throw new Error(`no ${tag} in ${text}`)
  }
  const skipBlanks = (): void => {
    while (tokens[at]?.trim() === '') at++
  }
  const textUntil = (end: string): string => {
    let found = ''
    while (at < tokens.length && tokens[at] !== end) found += tokens[at++]
    at++
    return unescaped(found)
  }
  const value = (): Value => {
    skipTo('<value>')
    const found = typed()
    skipTo('</value>')
    return found
  }
  const typed = (): Value => {
    const untyped = at
    skipBlanks()
    const tag = tokens[at] ?? ''
    switch (tag) {
      case '<int>':
      case '<i4>':
      case '<double>':
        at++
        return Number(textUntil(tag.replace('<', '</')))
      case '<boolean>':
        at++
        return textUntil('</boolean>') === '1'
      case '<string>':
        at++
        return textUntil('</string>')
      case '<string/>':
      case '<string />':
        at++
        return ''
      case '<array>':
        return list()
      case '<struct>':
        return members()
    }
    at = untyped
    const end = tokens.indexOf('</value>', at)
    const found = unescaped(tokens.slice(at, end).join(''))
    at = end
    return found
  }
  const list = (): readonly Value[] => {
    const found: Value[] = []
    skipTo('<array>')
    skipBlanks()
    if (tokens[at] === '<data/>' || tokens[at] === '<data />') at++
    else {
      skipTo('<data>')
      for (skipBlanks(); tokens[at] === '<value>'; skipBlanks()) found.push(value())
      skipTo('</data>')
    }
    skipTo('</array>')
    return found
  }
  const members = (): { readonly [name: string]: Value } => {
    const found: Record<string, Value> = {}
    skipTo('<struct>')
    for (skipBlanks(); tokens[at] === '<member>'; skipBlanks()) {
      skipTo('<name>')
      const name = textUntil('</name>')
      found[name] = value()
      skipTo('</member>')
    }
    skipTo('</struct>')
    return found
  }
  const answered = value()
  if (!text.includes('<fault>')) return { kind: 'value', value: answered }
  const { faultCode, faultString } = answered as { readonly faultCode: number; readonly faultString: string }
  return { kind: 'fault', code: faultCode, text: faultString }
}
