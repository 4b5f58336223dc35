import type { IncomingMessage } from 'node:http'
import { requestBytesMax } from '../../core/limits.ts'
import { Refusal } from './refusal.ts'

/** The JSON a request brings, of at most so many bytes; nothing at all counts as `{}`. */
export async function readBody(request: IncomingMessage, bytesMax = requestBytesMax): Promise<unknown> {
  const text = (await readBytes(request, bytesMax)).toString('utf8')
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Refusal('bad-request', `the body is not JSON (${error.message})`)
  }
}

/** The bytes a request brings, of at most so many. */
export async function readBytes(request: IncomingMessage, bytesMax = requestBytesMax): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= bytesMax) chunks.push(chunk)
  }
  // Read to its end all the same: who is still writing would meet a closed socket instead of this answer.
  if (bytes > bytesMax) throw new Refusal('too-large', `the body is larger than ${bytesMax} bytes`)
  return Buffer.concat(chunks)
}
