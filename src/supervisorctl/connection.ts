import { connect, type Socket } from 'node:net'
import { rpcAnswerCharsMax } from '../core/limits.ts'
import { pythonRepr } from '../formats/python-text.ts'
import { type Address, addressOf } from './address.ts'
import { type Raised, raise, raiseStatus, raiseSystem } from './raised.ts'
import { createResponseReader, type ResponseHead, type ResponseSink } from './response-reader.ts'

export interface Login {
  readonly username: string
  readonly password: string
}

/** A server, whose connection stays open between requests; there is one request at a time. */
export interface Connection {
  /** The body of a response with status 200. */
  post(body: string): Promise<Buffer | Raised>
  close(): void
}

/** Connects with the first request, and again when the server has closed in between. */
export function createConnection(url: string, login: Login | null): Connection {
  const address = addressOf(url)
  let socket: Socket | null = null
  let isClosed = false

  return {
    async post(body) {
      if (address.kind === 'raised') return address
      if (socket === null || socket.destroyed) socket = open(address)
      const { answer, staysOpen } = await exchange(socket, printRequest(address, login, body))
      // Whoever closes does not wait for an answer, and must not hear that there is none.
      if (isClosed) return new Promise(() => {})
      if (!staysOpen) socket.destroy()
      return answer
    },
    close() {
      isClosed = true
      socket?.destroy()
    },
  }
}

function open(address: Address): Socket {
  // Between requests, and after the last, it is enough to see that it is gone.
  return connect(address.connect).on('error', () => {})
}

function printRequest({ host }: Address, login: Login | null, body: string): string {
  const lines = [
    'POST /RPC2 HTTP/1.1',
    `Host: ${host}`,
    'Accept-Encoding: identity',
    'User-Agent: holdfast-supervisorctl',
    'Content-Type: text/xml',
    'Accept: text/xml',
    ...authorization(login),
    `Content-Length: ${Buffer.byteLength(body)}`,
  ]
  return `${lines.join('\r\n')}\r\n\r\n${body}`
}

function authorization(login: Login | null): readonly string[] {
  if (login === null) return []
  return [`Authorization: Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`]
}

interface Exchanged {
  readonly answer: Buffer | Raised
  readonly staysOpen: boolean
}

function exchange(socket: Socket, request: string): Promise<Exchanged> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    let size = 0
    let head: ResponseHead | null = null
    const end = (answer: Buffer | Raised, staysOpen = false): void => {
      socket.off('data', onData).off('close', onClose).off('error', onError)
      resolve({ answer, staysOpen })
    }
    const reader = createResponseReader({
      head: (known) => {
        head = known
        if (known.status !== 200) end(raiseStatus(known.status, known.reason))
      },
      body: (bytes) => {
        size += bytes.length
        if (size > rpcAnswerCharsMax) end(raise('MemoryError', `the answer is longer than ${rpcAnswerCharsMax} bytes`))
        else parts.push(bytes)
      },
      end: () => end(Buffer.concat(parts), head!.staysOpen),
      bad: (line) => end(raise('http.client.BadStatusLine', line)),
    })
    const onData = (bytes: Buffer): void => reader.push(bytes)
    const onError = (error: Error): void => end(raiseSystem(error))
    const onClose = (): void => {
      if (!reader.close()) end(cutOff(head, size))
    }
    socket.on('data', onData).on('error', onError).on('close', onClose)
    socket.write(request)
  })
}

function cutOff(head: ResponseHead | null, size: number): Raised {
  if (head !== null) return raise('http.client.IncompleteRead', `IncompleteRead(${size} bytes read)`)
  return raise('http.client.RemoteDisconnected', 'Remote end closed connection without response')
}

export interface Stream {
  /** null: the server has ended it. Otherwise why there is none. */
  readonly ended: Promise<string | null>
  close(): void
}

/** Follows a log: `path` is below the server's root. */
export function openStream(
  url: string,
  { path, login, onBytes }: { readonly path: string; readonly login: Login | null; onBytes(bytes: Buffer): void },
): Stream {
  const address = addressOf(url)
  if (address.kind === 'raised') return { ended: Promise.resolve(cannotConnect(address)), close: () => {} }
  const socket = connect(address.connect)
  const ended = new Promise<string | null>((resolve) => {
    const end = (trouble: string | null): void => {
      socket.destroy()
      resolve(trouble)
    }
    const sink: ResponseSink = {
      head: ({ status }) => status !== 200 && end(`Cannot read, status code ${status}`),
      body: (bytes) => !socket.destroyed && onBytes(bytes),
      end: () => end(null),
      bad: (line) => end(`Cannot read, no status in ${pythonRepr(line)}`),
    }
    const reader = createResponseReader(sink)
    socket.on('data', (bytes) => reader.push(bytes))
    socket.on('error', (error) => end(cannotConnect(raiseSystem(error))))
    socket.on('close', () => end(null))
    // Names may have letters that a request line may not.
    const lines = [`GET ${encodeURI(path)} HTTP/1.1`, `Host: ${address.host}`, 'Accept: */*', ...authorization(login)]
    socket.write(`${lines.join('\r\n')}\r\n\r\n`)
  })
  return { ended, close: () => socket.destroy() }
}

function cannotConnect({ type, text }: Raised): string {
  return `Cannot connect, error: <class '${type}'> (${text})`
}
