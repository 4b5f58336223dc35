import { pipeline, Readable } from 'node:stream'

/** The bytes of a compressed file, by their position in what it was. Fast forwards; backwards it begins again. */
export interface Gunzipped {
  /** At most `bytesMax` of what is there; nothing: this is the end, or the file is damaged from here on. */
  readAt(position: number, bytesMax: number): Promise<Buffer>
  close(): Promise<void>
}

/** `readCompressed` answers nothing at the end of the file. */
export function createGunzipped(readCompressed: (position: number) => Promise<Buffer>): Gunzipped {
  let pieces: AsyncGenerator<Buffer> | null = null
  let held: Buffer = Buffer.alloc(0)
  let heldAt = 0

  async function restart(): Promise<void> {
    await pieces?.return(undefined)
    pieces = inflate(readCompressed)
    held = Buffer.alloc(0)
    heldAt = 0
  }

  return {
    async readAt(position, bytesMax) {
      if (pieces === null || position < heldAt) await restart()
      while (position >= heldAt + held.length) {
        const next = await pieces!.next()
        if (next.done === true) return Buffer.alloc(0)
        heldAt += held.length
        held = next.value
      }
      return held.subarray(position - heldAt, position - heldAt + bytesMax)
    },
    async close() {
      await pieces?.return(undefined)
      pieces = null
    },
  }
}

async function* inflate(readCompressed: (position: number) => Promise<Buffer>): AsyncGenerator<Buffer> {
  const { createGunzip } = await import('node:zlib')
  const gunzip = createGunzip({ chunkSize: pieceBytes })
  // Its end, good or bad, shows below.
  pipeline(Readable.from(compressedPieces(readCompressed), { highWaterMark: 1 }), gunzip, () => {})
  try {
    for await (const piece of gunzip) yield piece
  } catch (error) {
    if (!isDamage(error)) throw error
  }
}

async function* compressedPieces(readCompressed: (position: number) => Promise<Buffer>): AsyncGenerator<Buffer> {
  for (let position = 0; ; ) {
    const bytes = await readCompressed(position)
    if (bytes.length === 0) return
    position += bytes.length
    yield bytes
  }
}

/** A machine that lost its power may leave a file that is cut off. */
function isDamage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('Z_')
}

const pieceBytes = 64 * 1024
