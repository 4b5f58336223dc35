import type { Socket } from 'node:net'
import { type RouteName, routes } from '../wire/routes.ts'
import { encodeBody, type Question, queryText, withPatience } from './send.ts'

/** The whole of an answer. */
export interface PlainAnswer {
  readonly status: number
  readonly text: string
}

/**
 * One question over a connection of its own to the unix socket of a daemon: as much of HTTP/1.1 as our own server speaks.
 * Loading Node's client for it is 7 ms of each command. Rejects with the system's error where no answer comes.
 */
export function askPlainly(socketPath: string, route: RouteName, question: Question): Promise<PlainAnswer> {
  return withPatience(() => askOnce(socketPath, requestBytes(route, question), question.signal))
}

function requestBytes(route: RouteName, { query = {}, body }: Question): Uint8Array {
  const { method, path } = routes[route]
  const encoded = encodeBody(body)
  const head = [
    `${method} ${path}${queryText(query)} HTTP/1.1`,
    'host: holdfast',
    'connection: close',
    ...(encoded === null ? [] : [`content-type: ${encoded.type}`, `content-length: ${encoded.bytes.length}`]),
    '\r\n',
  ].join('\r\n')
  return encoded === null ? Buffer.from(head) : Buffer.concat([Buffer.from(head), encoded.bytes])
}

function askOnce(path: string, request: Uint8Array, signal: AbortSignal | undefined): Promise<PlainAnswer> {
  const { connect } = process.getBuiltinModule('node:net')
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ path, ...(signal === undefined ? {} : { signal }) })
    const chunks: Buffer[] = []
    let bytes = 0
    let bytesWanted: number | null = null
    const done = (): void => {
      socket.off('close', done)
      const answer = parseAnswer(Buffer.concat(chunks))
      if (answer === null) reject(brokenOff())
      else resolve(answer)
      socket.destroy()
    }
    socket.on('error', reject)
    socket.on('close', done)
    socket.on('data', (chunk) => {
      chunks.push(chunk)
      bytes += chunk.length
      bytesWanted ??= lengthOf(Buffer.concat(chunks))
      if (bytesWanted !== null && bytes >= bytesWanted) done()
    })
    socket.write(request)
  })
}

const headEnd = '\r\n\r\n'

/** Of the whole answer with its head; null: the head is not complete, or does not tell. */
function lengthOf(bytes: Buffer): number | null {
  const end = bytes.indexOf(headEnd)
  if (end === -1) return null
  const [, length] = /\r\ncontent-length: *(\d+)/i.exec(bytes.toString('latin1', 0, end)) ?? []
  return length === undefined ? null : end + headEnd.length + Number(length)
}

/** null: it is not whole. What has no length ends with the connection. */
function parseAnswer(bytes: Buffer): PlainAnswer | null {
  const end = bytes.indexOf(headEnd)
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(bytes.toString('latin1', 0, Math.min(end, 64))) ?? []
  const length = lengthOf(bytes) ?? bytes.length
  if (end === -1 || status === undefined || bytes.length < length) return null
  return { status: Number(status), text: bytes.toString('utf8', end + headEnd.length, length) }
}

function brokenOff(): Error {
  return Object.assign(new Error('the connection was closed before the answer'), { code: 'ECONNRESET' })
}
