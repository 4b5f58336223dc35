import { connect, type Socket } from 'node:net'

/** A connection that stays, for calls without parameters, one after the other. */
export interface RpcConnection {
  /** The body of the answer. Rejects when it is none. */
  call(method: string): Promise<string>
  close(): void
}

const timeoutMs = 30_000

/** Parses nothing but the length of an answer, so that the time is the server's. */
export async function openRpc(path: string): Promise<RpcConnection> {
  const socket = connect(path)
  let answered: PromiseWithResolvers<string> | null = null
  let chunks: Buffer[] = []
  let held = 0
  let wanted = Number.POSITIVE_INFINITY
  const fail = (error: Error): void => answered?.reject(error)
  socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)))
  socket.on('error', fail)
  socket.on('close', () => fail(new Error('the connection was closed')))
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    if (wanted === Number.POSITIVE_INFINITY) wanted = wholeBytes(Buffer.concat(chunks))
    if (held < wanted) return
    const whole = Buffer.concat(chunks)
    chunks = []
    held = 0
    wanted = Number.POSITIVE_INFINITY
    const text = whole.toString('latin1')
    if (text.startsWith('HTTP/1.1 200 ')) answered?.resolve(text.slice(text.indexOf('\r\n\r\n') + 4))
    else fail(new Error(`no answer: ${text.slice(0, 100)}`))
  })
  await opened(socket)
  return {
    call(method) {
      if (socket.destroyed) return Promise.reject(new Error('the connection was closed'))
      answered = Promise.withResolvers()
      socket.write(requestOf(method))
      return answered.promise
    },
    close: () => socket.destroy(),
  }
}

/** On a connection of its own, as clients of the original make one for each command. */
export async function callOnce(path: string, method: string): Promise<string> {
  const connection = await openRpc(path)
  try {
    return await connection.call(method)
  } finally {
    connection.close()
  }
}

/** Connected, and listened to by nobody for its errors. */
export async function openSilently(path: string): Promise<Socket> {
  const socket = connect(path)
  await opened(socket)
  socket.on('error', () => {})
  return socket
}

function requestOf(method: string): string {
  const body = `<?xml version='1.0'?>\n<methodCall><methodName>${method}</methodName><params></params></methodCall>\n`
  const head = ['POST /RPC2 HTTP/1.1', 'Host: localhost', 'Content-Type: text/xml', `Content-Length: ${body.length}`]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** Of the answer with its head; not known before all of the head is there. */
function wholeBytes(start: Buffer): number {
  const end = start.indexOf('\r\n\r\n')
  if (end === -1) return Number.POSITIVE_INFINITY
  const length = /^content-length: *(\d+)/im.exec(start.toString('latin1', 0, end))?.[1]
  return end + 4 + Number(length ?? 0)
}

function opened(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
}
