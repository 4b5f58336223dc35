import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Told } from '../../http/exchanges.ts'

/** What is answered, as data. Headers stand in the order they are sent in. */
export type Reply =
  | { readonly kind: 'whole'; readonly status: Status; readonly headers: Headers; readonly body: string | Uint8Array }
  /** With the page that Medusa shows for it. */
  | { readonly kind: 'error'; readonly status: Status; readonly headers?: Headers }
  /** Without an end. */
  | { readonly kind: 'stream'; readonly headers: Headers; readonly pieces: AsyncIterable<Uint8Array> }

export type Headers = readonly (readonly [name: string, value: string | number])[]

export type Status = keyof typeof statusTexts

const statusTexts = {
  200: 'OK',
  303: 'See Other',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  411: 'Length Required',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
} as const

/**
 * Sends the heads that supervisord's server (Medusa 1.12) sends, in their order. Resolves when the answer was given out,
 * with the bytes of head and body; rejects where it has no end, when the client is gone.
 */
export async function sendReply(response: ServerResponse, reply: Reply, told: Told): Promise<number> {
  switch (reply.kind) {
    case 'whole': {
      const body = typeof reply.body === 'string' ? Buffer.from(reply.body) : reply.body
      const headers: Headers = [...reply.headers, ['Content-Length', body.length]]
      return sendWhole(response, { status: reply.status, headers, body }, told)
    }
    case 'error': {
      const body = Buffer.from(errorPage(reply.status))
      const length: Headers = [['Content-Length', body.length]]
      const headers: Headers = [...(reply.headers ?? []), ...length, ['Content-Type', 'text/html']]
      return sendWhole(response, { status: reply.status, headers, body }, told)
    }
    case 'stream':
      return await sendPieces(response, reply, told)
  }
}

function sendWhole(
  response: ServerResponse,
  { status, headers, body }: { readonly status: Status; readonly headers: Headers; readonly body: Uint8Array },
  told: Told,
): number {
  const { req: request } = response
  const isKept = request.httpVersion === '1.0' && /^keep-alive$/i.test(request.headers.connection ?? '')
  const bytes = writeHead(response, status, isKept ? [...headers, ['Connection', 'Keep-Alive']] : headers)
  response.end(body)
  told('whole')
  return bytes + body.length
}

/** As fast as the client reads, and no faster: what it does not take is not read from the file either. */
async function sendPieces(
  response: ServerResponse,
  { headers, pieces }: Extract<Reply, { kind: 'stream' }>,
  told: Told,
): Promise<number> {
  const isChunked = response.req.httpVersion !== '1.0'
  let bytes = writeHead(response, 200, isChunked ? [...headers, ['Transfer-Encoding', 'chunked']] : headers)
  response.flushHeaders()
  told('part')
  await pipeline(
    Readable.from(
      noting(pieces, (piece) => {
        bytes += piece.length
        told('part')
      }),
      { highWaterMark: 1 },
    ),
    response,
  )
  return bytes
}

async function* noting(
  pieces: AsyncIterable<Uint8Array>,
  note: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    yield piece
    note(piece)
  }
}

function writeHead(response: ServerResponse, status: Status, headers: Headers): number {
  const isLast = response.getHeader('connection') === 'close'
  const last: Headers = isLast && !headers.some(([name]) => name === 'Connection') ? [['Connection', 'close']] : []
  const all: Headers = [['Server', 'Medusa/1.12'], ['Date', httpDate(new Date())], ...headers, ...last]
  // Node would say of each connection whether it is kept; Medusa leaves that to the version of HTTP.
  response.removeHeader('connection')
  const flat = all.flatMap(([name, value]) => [name, String(value)])
  response.writeHead(status, statusTexts[status], flat)
  return flat.reduce((bytes, text) => bytes + text.length + 2, `HTTP/1.1 ${status} ${statusTexts[status]}`.length + 4)
}

export function httpDate(date: Date): string {
  return date.toUTCString()
}

/** To the byte: clients compare and cache it. */
function errorPage(status: Status): string {
  const lines = [
    '<head>',
    '<title>Error response</title>',
    '</head>',
    '<body>',
    '<h1>Error response</h1>',
    `<p>Error code ${status}.`,
    `<p>Message: ${statusTexts[status]}.`,
    '</body>',
    '',
  ]
  return lines.join('\r\n')
}
