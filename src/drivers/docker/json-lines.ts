import { malformed } from './connection.ts'
import { EngineError } from './engine-error.ts'

/** One event of the engine takes less than 4 KiB, with all labels some more. */
const lineBytesMax = 1024 * 1024
const newline = 0x0a

/** The values of a stream of JSON texts, one a line. Throws EngineError: `MALFORMED`, `TOO_LARGE`, and what the stream throws. */
export async function* jsonLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  for await (const text of textLines(chunks)) yield parsed(text)
}

/** The lines that are not empty, as they are. */
export async function* textLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let held: Buffer[] = []
  let heldBytes = 0
  for await (const chunk of chunks) {
    let from = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...held, chunk.subarray(from, end)])
      held = []
      heldBytes = 0
      from = end + 1
      yield* textOf(line)
    }
    held.push(chunk.subarray(from))
    heldBytes += chunk.length - from
    if (heldBytes > lineBytesMax) {
      const message = `a line of the container engine's answer is longer than ${lineBytesMax} bytes`
      throw new EngineError({ code: 'TOO_LARGE', message, retry: false })
    }
  }
  yield* textOf(Buffer.concat(held))
}

/** One of those lines. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw malformed(`a line of the container engine's answer is no JSON: ${JSON.stringify(text.slice(0, 80))}`, error)
  }
}

function* textOf(line: Buffer): Generator<string> {
  const text = line.toString('utf8').trim()
  if (text !== '') yield text
}
