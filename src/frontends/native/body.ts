import type { IncomingMessage } from 'node:http'
import { requestBytesMax } from '../../core/limits.ts'
import { Refusal } from './refusal.ts'

/** The JSON a request brings, of at most `requestBytesMax`; nothing at all counts as `{}`. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const text = (await readBytes(request)).toString('utf8')
  if (text === '') return {}
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw new Refusal('bad-request', `the body is not JSON (${error.message})`)
  }
}

/** The bytes a request brings, of at most `requestBytesMax`. */
export async function readBytes(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes <= requestBytesMax) chunks.push(chunk)
  }
  // Read to its end all the same: who is still writing would meet a closed socket instead of this answer.
  if (bytes > requestBytesMax) throw new Refusal('too-large', `the body is larger than ${requestBytesMax} bytes`)
  return Buffer.concat(chunks)
}
