import { malformed } from './connection.ts'

/** A piece of what a container printed. */
export interface OutputPiece {
  readonly stream: 'stdout' | 'stderr'
  readonly bytes: Buffer
}

export interface Demux {
  /** The pieces in these bytes, in their order; a piece of a frame is passed on as it comes. Throws EngineError. */
  take(bytes: Buffer): readonly OutputPiece[]
}

const headBytes = 8
const streams: readonly OutputPiece['stream'][] = ['stdout', 'stdout', 'stderr', 'stderr']

/**
 * Takes apart a stream without a terminal: frames of a head (stream, three zeros, length as 32 bits big-endian) and a
 * payload; see "Stream format" of the Engine API's attach. 3 is what the engine itself has to say.
 */
export function createDemux(): Demux {
  let head = Buffer.alloc(0)
  let left = 0
  let stream: OutputPiece['stream'] = 'stdout'
  return {
    take(bytes) {
      const pieces: OutputPiece[] = []
      for (let rest = bytes; rest.length > 0; ) {
        if (left === 0) {
          const missing = headBytes - head.length
          head = Buffer.concat([head, rest.subarray(0, missing)])
          rest = rest.subarray(missing)
          if (head.length < headBytes) break
          stream = streamOf(head)
          left = head.readUInt32BE(4)
          head = Buffer.alloc(0)
        }
        const piece = rest.subarray(0, left)
        if (piece.length > 0) pieces.push({ stream, bytes: piece })
        left -= piece.length
        rest = rest.subarray(piece.length)
      }
      return pieces
    },
  }
}

/** The same of all of a stream. */
export async function* demux(chunks: AsyncIterable<Buffer>): AsyncGenerator<OutputPiece> {
  const frames = createDemux()
  for await (const chunk of chunks) yield* frames.take(chunk)
}

function streamOf(head: Buffer): OutputPiece['stream'] {
  const stream = streams[head[0]!]
  if (stream === undefined || head[1] !== 0 || head[2] !== 0 || head[3] !== 0) {
    throw malformed(`a frame of output begins with ${head.toString('hex')}, which is none`)
  }
  return stream
}
