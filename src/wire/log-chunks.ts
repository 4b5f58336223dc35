/**
 * The format `chunks` of `GET /v1/logs`: for each piece of output one line of JSON that describes it, and then exactly so
 * many bytes as they were printed.
 */
export interface LogChunkHeader {
  readonly unit: string
  readonly stream: 'stdout' | 'stderr'
  /** When it was taken, ISO 8601 in UTC; null: nothing tells. */
  readonly time: string | null
  /** The start of the unit that printed it: the number of its first run; null: nothing tells. */
  readonly attempt: number | null
  readonly bytes: number
}

export interface ReceivedChunk {
  readonly header: LogChunkHeader
  readonly bytes: Buffer
}

export function printChunkHeader(header: LogChunkHeader): Buffer {
  return Buffer.from(`${JSON.stringify(header)}\n`)
}

/** Takes the answer in whatever pieces it comes and gives the chunks that are complete. Throws where it is no such answer. */
export function createChunkParser(): { take(bytes: Buffer): readonly ReceivedChunk[] } {
  let held: Buffer = Buffer.alloc(0)
  return {
    take(bytes) {
      held = held.length === 0 ? bytes : Buffer.concat([held, bytes])
      const chunks: ReceivedChunk[] = []
      for (;;) {
        const end = held.indexOf(newline)
        if (end === -1 && held.length > headerBytesMax)
          throw new Error('the daemon answered something else than chunks')
        if (end === -1) return chunks
        const header: LogChunkHeader = JSON.parse(held.toString('utf8', 0, end))
        const next = end + 1 + header.bytes
        if (held.length < next) return chunks
        chunks.push({ header, bytes: held.subarray(end + 1, next) })
        held = held.subarray(next)
      }
    },
  }
}

const newline = 0x0a
const headerBytesMax = 64 * 1024
