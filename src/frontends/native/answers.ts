import type { IncomingMessage, ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type ApiError, apiVersion } from '../../wire/api.ts'
import type { Told } from '../http/exchanges.ts'
import type { Answer, ServerSentEvent } from './exchange.ts'
import { Refusal, statusOf } from './refusal.ts'

/** Resolves when the answer was given out; rejects where it could not be, and where it has no end, when the client is gone. */
export async function send(response: ServerResponse, answer: Answer, told: Told): Promise<void> {
  switch (answer.kind) {
    case 'json':
      tellSettled(response, answer.settled)
      return sendWhole(response, { status: 200, type: jsonType, bytes: Buffer.from(JSON.stringify(answer.body)) }, told)
    case 'text': {
      const { contentType: type, text } = answer
      return sendWhole(
        response,
        { status: 200, type, bytes: typeof text === 'string' ? Buffer.from(text) : text },
        told,
      )
    }
    case 'bytes':
      return sendPieces(response, { 'content-type': 'application/octet-stream' }, answer.bytes, told)
    case 'events':
      return sendPieces(
        response,
        { 'content-type': 'text/event-stream', 'cache-control': 'no-store' },
        eventTexts(answer.events),
        told,
      )
  }
}

/** Answers with what went wrong. */
export function refuse(response: ServerResponse, error: unknown, told: Told): void {
  const known = error instanceof Refusal ? error : null
  const body: ApiError = {
    apiVersion,
    kind: 'Error',
    code: known?.code ?? 'failed',
    message: known?.message ?? 'the daemon could not answer; its own output tells why',
    hint: known?.hint ?? '',
    ...known?.facts,
  }
  // What is left of the request is not waited for.
  if (hasMore(response.req)) response.setHeader('connection', 'close')
  if (body.code === 'unauthorized') response.setHeader('www-authenticate', 'Bearer')
  sendWhole(response, { status: statusOf[body.code], type: jsonType, bytes: Buffer.from(JSON.stringify(body)) }, told)
}

/**
 * One event as it is sent: https://html.spec.whatwg.org/multipage/server-sent-events.html. JSON on one line needs one
 * `data:` only.
 */
export function eventText({ event, id, data }: ServerSentEvent): string {
  return `${id === null ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`
}

const jsonType = 'application/json'

function sendWhole(
  response: ServerResponse,
  { status, type, bytes }: { readonly status: number; readonly type: string; readonly bytes: Uint8Array },
  told: Told,
): void {
  response.writeHead(status, { 'content-type': type, 'content-length': bytes.length })
  response.end(bytes)
  told('whole')
}

/** As fast as the client reads, and no faster: what it does not take is not asked for either. */
async function sendPieces(
  response: ServerResponse,
  headers: Readonly<Record<string, string>>,
  pieces: AsyncIterable<Uint8Array | string>,
  told: Told,
): Promise<void> {
  response.writeHead(200, headers)
  response.flushHeaders()
  told('part')
  await pipeline(Readable.from(noting(pieces, told), { highWaterMark: 1 }), response)
}

async function* noting<T>(pieces: AsyncIterable<T>, told: Told): AsyncGenerator<T> {
  for await (const piece of pieces) {
    yield piece
    told('part')
  }
}

async function* eventTexts(events: AsyncIterable<ServerSentEvent>): AsyncGenerator<string> {
  for await (const event of events) yield eventText(event)
}

/** `finish` comes when all was handed to the kernel; without it the client was gone before. */
function tellSettled(response: ServerResponse, settled: ((isTaken: boolean) => void) | undefined): void {
  if (settled === undefined) return
  let isTaken = false
  response.once('finish', () => {
    isTaken = true
  })
  response.once('close', () => settled(isTaken))
}

/** Node takes note of the end of a request only after it has passed it on. */
function hasMore({ complete, headers }: IncomingMessage): boolean {
  const { 'content-length': length = '0', 'transfer-encoding': encoding } = headers
  return !complete && (length !== '0' || encoding !== undefined)
}
