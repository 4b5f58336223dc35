import { createReadStream } from 'node:fs'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip, createZstdDecompress } from 'node:zlib'

const chunkBytes = 256 * 1024

/** Measured on 200 MB of programs and libraries: 38.4 % of the size; 6, the usual one, comes to 37.4 % and takes 1.7 times as long. */
const gzipLevel = 4

export function gzipped(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  return through(chunks, createGzip({ level: gzipLevel, chunkSize: chunkBytes }))
}

/** Of a layer as an engine saves it: Docker as it is, containerd as the registry had it. */
export async function* uncompressed(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]()
  const first = await iterator.next()
  if (first.done === true) return
  async function* all(): AsyncGenerator<Uint8Array> {
    yield first.value as Uint8Array
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value
  }
  const [a, b, c, d] = first.value
  if (a === 0x1f && b === 0x8b) yield* through(all(), createGunzip({ chunkSize: chunkBytes }))
  else if (a === 0x28 && b === 0xb5 && c === 0x2f && d === 0xfd) yield* through(all(), createZstdDecompress())
  else yield* all()
}

/** `-` is stdin. */
export function fileChunks(path: string): AsyncIterable<Uint8Array> {
  return path === '-' ? process.stdin : createReadStream(path, { highWaterMark: chunkBytes })
}

async function* through(chunks: AsyncIterable<Uint8Array>, transform: Transform): AsyncGenerator<Buffer> {
  // Not by its own iterator: that would be closed, and with it what others still read.
  const flowing = pipeline(Readable.from(chunks, { objectMode: true }), transform)
  // What goes wrong there ends the transform, and is thrown where that is read.
  flowing.catch(() => {})
  yield* transform as AsyncIterable<Buffer>
  await flowing
}
