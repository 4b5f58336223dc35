import { renameSync, type Stats, statSync, unlinkSync, utimesSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { errnoOf } from '../sys/errno.ts'
import { gzipHeader, type Origin, plainHeaderBytes } from './gzip-origin.ts'
import { compressedPath, generationPath, unfinishedPath } from './log-name.ts'
import { hasGeneration, unlinkIfThere } from './log-rotation.ts'

/** Compresses rotated parts, one at a time in the whole daemon, on threads of zlib's. */
export interface Compressor {
  /** Some part of this log may be due. */
  request(path: string): void
  /** Resolves when nothing is left to do. */
  idle(): Promise<void>
}

/** `.1` stays as it is: a flood drops the parts behind it soon, and whoever follows by name finds it. */
const firstCompressed = 2

export function createCompressor({ warn }: { readonly warn: (message: string) => void }): Compressor {
  const requested = new Set<string>()
  const troubles = new Map<string, string>()
  let running: Promise<void> | null = null

  async function run(): Promise<void> {
    for (const path of requested) {
      requested.delete(path)
      try {
        await compressParts(path)
      } catch (error) {
        const trouble = troubleOf(error)
        if (troubles.get(path) !== trouble)
          warn(`${path}: rotated files cannot be compressed (${trouble}); they stay as they are`)
        troubles.set(path, trouble)
      }
    }
    running = null
  }

  return {
    request(path) {
      requested.add(path)
      running ??= run()
    },
    async idle() {
      while (running !== null) await running
    },
  }
}

/** The system's, or zlib's; anything else is a bug and thrown on. */
function troubleOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return /^(?:Z|ERR_STREAM)_/.test(code) ? code : errnoOf(error)
}

async function compressParts(path: string): Promise<void> {
  unlinkIfThere(unfinishedPath(path))
  for (;;) {
    const generation = firstPlain(path)
    if (generation === null) return
    const outcome = await compressPart(path, generation)
    if (outcome === 'changed') return
  }
}

function firstPlain(path: string): number | null {
  for (let generation = firstCompressed; hasGeneration({ path }, generation); generation++) {
    const there = statSync(generationPath(path, generation), { throwIfNoEntry: false })
    if (there?.isFile() && there.size > 0) return generation
  }
  return null
}

/** Rotation may move the part on, or drop it, at any time: its place is looked for when the compressed one is complete. */
async function compressPart(path: string, generation: number): Promise<'compressed' | 'gone' | 'changed'> {
  const unfinished = unfinishedPath(path)
  const from = await openIfThere(generationPath(path, generation))
  if (from === null) return 'gone'
  try {
    const found = await from.stat({ bigint: true })
    const origin: Origin = {
      device: found.dev,
      inode: found.ino,
      bornNs: found.birthtimeNs,
      modifiedNs: found.mtimeNs,
      bytes: Number(found.size),
    }
    if ((await writeCompressed(from, origin, unfinished)) === 'gone') return 'gone'
    const after = await from.stat({ bigint: true })
    if (after.mtimeNs !== found.mtimeNs || after.size !== found.size) return 'changed'
    return putInPlace(path, generation, await from.stat())
  } finally {
    await from.close()
    unlinkIfThere(unfinished)
  }
}

async function writeCompressed(from: FileHandle, origin: Origin, unfinished: string): Promise<'written' | 'gone'> {
  const { createGzip } = await import('node:zlib')
  const { mode, uid, gid } = await from.stat()
  const to = await open(unfinished, 'w', mode & 0o777)
  try {
    if (process.geteuid?.() === 0) await to.chown(uid, gid)
    const gzip = createGzip()
    await pipeline(
      () => bytesOf(from, origin.bytes),
      gzip,
      (compressed: AsyncIterable<Buffer>) => withHeader(compressed, gzipHeader(origin)),
      async (compressed: AsyncIterable<Buffer>) => {
        for await (const bytes of compressed) await to.appendFile(bytes)
      },
    )
    return 'written'
  } catch (error) {
    if (error instanceof Dropped) return 'gone'
    throw error
  } finally {
    await to.close()
  }
}

/** The part was rotated away: what would come of it is not wanted any more. */
class Dropped extends Error {}

async function* bytesOf(from: FileHandle, end: number): AsyncGenerator<Buffer> {
  for (let position = 0; position < end; ) {
    if (position % droppedCheckBytes === 0 && (await from.stat()).nlink === 0) throw new Dropped()
    const bytes = Buffer.allocUnsafeSlow(Math.min(pieceBytes, end - position))
    const { bytesRead } = await from.read(bytes, 0, bytes.length, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield bytes.subarray(0, bytesRead)
  }
}

const pieceBytes = 64 * 1024
const droppedCheckBytes = 16 * pieceBytes

async function* withHeader(compressed: AsyncIterable<Buffer>, header: Buffer): AsyncGenerator<Buffer> {
  let held = Buffer.alloc(0)
  let isPast = false
  for await (const bytes of compressed) {
    if (isPast) {
      yield bytes
      continue
    }
    held = Buffer.concat([held, bytes])
    if (held.length < plainHeaderBytes) continue
    isPast = true
    yield Buffer.concat([header, held.subarray(plainHeaderBytes)])
  }
}

/** Without a pause in it, so that no rotation comes between. A death in it leaves both, and each is complete. */
function putInPlace(path: string, first: number, { dev, ino, atime, mtime }: Stats): 'compressed' | 'gone' {
  for (let generation = first; ; generation++) {
    const there = statSync(generationPath(path, generation), { throwIfNoEntry: false })
    if (there?.ino === ino && there.dev === dev) {
      utimesSync(unfinishedPath(path), atime, mtime)
      renameSync(unfinishedPath(path), compressedPath(path, generation))
      unlinkSync(generationPath(path, generation))
      return 'compressed'
    }
    if (!hasGeneration({ path }, generation) && generation > first) return 'gone'
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
