import { once } from 'node:events'
import { createConnection, type Socket } from 'node:net'

/** A client that says whatever it is told to, byte by byte. */
export interface RawClient {
  readonly socket: Socket
  /** All that came. */
  text(): string
  write(text: string | Uint8Array): void
  /** Resolves when what came looks like this. */
  until(pattern: RegExp): Promise<void>
  /** Resolves when the other side has closed it. */
  readonly closed: Promise<unknown>
}

export async function connect(where: string | number): Promise<RawClient> {
  const socket = typeof where === 'string' ? createConnection(where) : createConnection(where, '127.0.0.1')
  socket.on('error', () => {}) // told by `closed`
  const closed = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  let text = ''
  const progress = new EventTarget()
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    progress.dispatchEvent(new Event('data'))
  })
  return {
    socket,
    closed,
    text: () => text,
    write: (more) => void socket.write(more),
    async until(pattern) {
      while (!pattern.test(text)) await once(progress, 'data')
    },
  }
}

/** One request on a connection of its own; resolves with all of the answer to it. */
export async function askOnce(where: string | number, request: string): Promise<string> {
  const client = await connect(where)
  client.write(request)
  await client.until(/\r\n\r\n/)
  const length = Number(/\r\nContent-Length: (\d+)\r\n/.exec(client.text())?.[1] ?? 0)
  const isBare = request.startsWith('HEAD ')
  if (!isBare) while (bodyOf(client.text()).length < length) await once(client.socket, 'data')
  client.socket.destroy()
  return client.text()
}

export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

export function get(target: string, ...headers: readonly string[]): string {
  return [`GET ${target} HTTP/1.1`, 'Host: localhost', ...headers, '', ''].join('\r\n')
}

export function post(target: string, body: string, ...headers: readonly string[]): string {
  const length = `Content-Length: ${Buffer.byteLength(body)}`
  return [`POST ${target} HTTP/1.1`, 'Host: localhost', length, ...headers, '', body].join('\r\n')
}

export function call(method: string): string {
  return post('/RPC2', `<methodCall><methodName>${method}</methodName></methodCall>`)
}
