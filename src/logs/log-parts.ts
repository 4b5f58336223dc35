import { constants, statSync } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { headerBytes, type Origin, parseGzipOrigin } from './gzip-origin.ts'
import { createGunzipped, type Gunzipped } from './log-gunzip.ts'
import type { Handles } from './log-handles.ts'
import { compressedPath, generationPath, indexPath, type LogPlace } from './log-name.ts'

/** A log that is read. */
export interface LogSource {
  readonly place: LogPlace
  readonly handles: Handles
}

/**
 * One file of a log, held open: wherever it is renamed to, and even deleted, its bytes can be read to their end. Where
 * so many are open that it was closed, it is found again under its new name, or compressed.
 */
export interface LogPart extends FileKey {
  /** When it was opened; of what somebody else compressed, not known. */
  readonly bytes: number
  readonly modifiedNs: bigint
  /** Where it was last; since, it can only have moved to a higher number. */
  generation: number
  readonly index: PartIndex
  gunzipped: Gunzipped | null
}

/** A file, as it is there now. */
interface FileKey {
  device: bigint
  /** Is given to another file as soon as this one is gone. */
  inode: bigint
  /** 0 where the file system does not tell. */
  bornNs: bigint
  isCompressed: boolean
  /** What it was compressed from, if we did it. */
  origin: Origin | null
}

/** Where the index was read last; its own object, because its file is open or closed apart from the part's. */
export interface PartIndex {
  isMissing: boolean
  number: number
  offset: number
}

/** All files of a log, oldest first, each once, even while they are being rotated. The caller closes them. */
export async function openParts(source: LogSource): Promise<LogPart[]> {
  const parts: LogPart[] = []
  for (let part = await openOldest(source); part !== null; ) {
    parts.push(part)
    const next = await nextPart(source, part)
    part = next.kind === 'next' ? next.part : null
  }
  return parts
}

export async function closePart({ handles }: LogSource, part: LogPart): Promise<void> {
  await part.gunzipped?.close()
  part.gunzipped = null
  await handles.drop(part)
  await handles.drop(part.index)
}

/** At most `bytesMax` from `position` on. Nothing: this is the end, or the part was rotated away altogether. */
export async function readPart(source: LogSource, part: LogPart, position: number, bytesMax: number): Promise<Buffer> {
  if (part.gunzipped !== null) return part.gunzipped.readAt(position, bytesMax)
  const bytes = await readFileOf(source, part, position, bytesMax)
  if (!part.isCompressed) return bytes
  // Only what is done with the file made known that it is compressed by now.
  part.gunzipped = createGunzipped((at) => readFileOf(source, part, at, compressedBytes))
  return part.gunzipped.readAt(position, bytesMax)
}

const compressedBytes = 64 * 1024

/** Its size now, also where it has been compressed; null: it is gone, or nobody knows. */
export async function sizeOfPart({ place, handles }: LogSource, part: LogPart): Promise<number | null> {
  const size = await handles.use(
    part,
    () => openAgain(place, part),
    async (handle) => (await handle.stat()).size,
  )
  return part.isCompressed ? (part.origin?.bytes ?? null) : size
}

async function readFileOf(
  { place, handles }: LogSource,
  part: LogPart,
  position: number,
  bytesMax: number,
): Promise<Buffer> {
  const read = async (handle: FileHandle) => {
    const bytes = Buffer.allocUnsafeSlow(bytesMax)
    const { bytesRead } = await handle.read(bytes, 0, bytesMax, position)
    return bytes.subarray(0, bytesRead)
  }
  return (await handles.use(part, () => openAgain(place, part), read)) ?? Buffer.alloc(0)
}

export type Next =
  | { readonly kind: 'next'; readonly part: LogPart }
  /** It is still the file that is written to. */
  | { readonly kind: 'current' }
  /** It was renamed, and there is no newer one yet. */
  | { readonly kind: 'none' }

/** The file that was begun when `part` was rotated. Needs no help of the writer, who may rotate meanwhile. */
export async function nextPart(source: LogSource, part: LogPart): Promise<Next> {
  const { path } = source.place
  for (let misses = 0; ; ) {
    const generation = await generationOf(path, part)
    if (generation === 0) return { kind: 'current' }
    if (generation === null) {
      // A file that still has a name may just have been on its way to the next one, one without may have been compressed.
      misses += (await linksOf(source, part)) === 0 ? missedMax / 2 : 1
      if (misses > missedMax) return oldestSince(source, part)
      continue
    }
    const next = await openNewer(source, generation)
    if (next === null) return { kind: 'none' }
    if (await isInOrder(path, part, generation, next)) return { kind: 'next', part: next }
    await closePart(source, next)
  }
}

/** Is this file the one that `part` is, or became? */
function isSame(part: LogPart, key: FileKey): boolean {
  if (part.isCompressed === key.isCompressed) return isSameFile(part, key)
  const { origin } = key
  if (origin === null || part.isCompressed) return false
  // Where no birth is told, what we know of ours tells it from an older part that had the same inode.
  return isSameFile(part, origin) && origin.bytes >= part.bytes && origin.modifiedNs >= part.modifiedNs
}

function isSameFile(a: Pick<FileKey, 'device' | 'inode' | 'bornNs'>, b: Pick<FileKey, 'device' | 'inode' | 'bornNs'>) {
  return a.inode === b.inode && a.device === b.device && a.bornNs === b.bornNs
}

/** Names the file as it was before it was compressed. */
export function partKey({ origin, device, inode, bornNs }: LogPart): string {
  const file = origin ?? { device, inode, bornNs }
  return `${file.device}:${file.inode}:${file.bornNs}`
}

async function openPart({ place, handles }: LogSource, generation: number): Promise<LogPart | null> {
  const opened = await openGeneration(place.path, generation)
  if (opened === null) return null
  const { handle, key, size, mtimeNs } = opened
  const part: LogPart = {
    ...key,
    bytes: key.isCompressed ? (key.origin?.bytes ?? Number.POSITIVE_INFINITY) : size,
    modifiedNs: key.origin?.modifiedNs ?? mtimeNs,
    generation,
    index: { isMissing: false, number: 0, offset: Number.POSITIVE_INFINITY },
    gunzipped: null,
  }
  handles.keep(part, handle)
  return part
}

async function openGeneration(path: string, generation: number) {
  for (const isCompressed of generation === 0 ? [false] : [false, true]) {
    const name = isCompressed ? compressedPath(path, generation) : generationPath(path, generation)
    const handle = await unlessMissing(open(name, constants.O_RDONLY | constants.O_NONBLOCK))
    if (handle === null) continue
    const found = await handle.stat({ bigint: true })
    const { dev, ino, size, mtimeNs, birthtimeNs } = found
    if (!found.isFile()) {
      // A named pipe gives its bytes once: they are for somebody else.
      await handle.close()
      return null
    }
    const origin = isCompressed ? await originOf(handle) : null
    const key: FileKey = { device: dev, inode: ino, bornNs: birthtimeNs, isCompressed, origin }
    return { handle, key, size: Number(size), mtimeNs }
  }
  return null
}

async function originOf(handle: FileHandle): Promise<Origin | null> {
  const header = Buffer.alloc(headerBytes)
  const { bytesRead } = await handle.read(header, 0, headerBytes, 0)
  return parseGzipOrigin(header.subarray(0, bytesRead))
}

/** Where it is now, and as what. null: it was rotated away. */
async function openAgain({ path }: LogPlace, part: LogPart): Promise<FileHandle | null> {
  for (let misses = 0; misses <= missedMax; ) {
    const generation = await generationOf(path, part)
    const opened = generation === null ? null : await openGeneration(path, generation)
    if (opened !== null && isSame(part, opened.key)) {
      Object.assign(part, opened.key)
      return opened.handle
    }
    await opened?.handle.close()
    misses++
  }
  return null
}

/**
 * The index of the part. Between two turns of the event loop our own writer is never in mid-rotation: what is looked at
 * without a pause belongs together.
 */
export async function openIndex({ place }: LogSource, part: LogPart): Promise<FileHandle | null> {
  for (let misses = 0; misses <= missedMax; misses++) {
    const generation = await generationOf(place.path, part)
    if (generation === null) return null
    const name = indexPath(place, generation)
    const handle = await unlessMissing(open(name, constants.O_RDONLY))
    const { ino } = handle === null ? { ino: null } : await handle.stat()
    const log = statSync(generationPath(place.path, generation), { throwIfNoEntry: false, bigint: true })
    const index = statSync(name, { throwIfNoEntry: false })
    const isStill = part.isCompressed || log === undefined || log.ino === part.inode
    if (isStill && (index?.ino ?? null) === ino) {
      // A file that is written to may get one yet.
      if (handle === null) part.index.isMissing = generation > 0
      return handle
    }
    await handle?.close()
  }
  return null
}

async function openOldest(source: LogSource): Promise<LogPart | null> {
  const { path } = source.place
  for (let misses = 0; ; ) {
    const last = (await lastGeneration(path)) + missedMax
    const oldest = await openNewer(source, last + 1)
    if (oldest === null) {
      // All of them may have moved on past the place that was looked at.
      if (++misses > missedMax || !(await hasAny(path, 1, await lastGeneration(path)))) return null
      continue
    }
    if (await isOldest(path, oldest)) return oldest
    await closePart(source, oldest)
  }
}

/** Is there no file beyond it? Where it stayed in its place meanwhile, so did the others. */
async function isOldest(path: string, part: LogPart): Promise<boolean> {
  const generation = await generationOf(path, part)
  if (generation === null) return false
  if (await hasAny(path, generation + 1, (await lastGeneration(path)) + missedMax)) return false
  return isAt(path, part, generation)
}

async function openNewer(source: LogSource, generation: number): Promise<LogPart | null> {
  for (let newer = generation - 1; newer >= 0; newer--) {
    const part = await openPart(source, newer)
    if (part !== null) return part
  }
  return null
}

/** Was `next` the one right after `part` when it was opened? Files only move upwards: it was if both are where they were. */
async function isInOrder(path: string, part: LogPart, generation: number, next: LogPart): Promise<boolean> {
  if (!(await isAt(path, part, generation)) || !(await isAt(path, next, next.generation))) return false
  return !(await hasAny(path, next.generation + 1, generation - 1))
}

async function hasAny(path: string, first: number, last: number): Promise<boolean> {
  for (let generation = last; generation >= first; generation--) {
    for (const name of [generationPath(path, generation), compressedPath(path, generation)]) {
      if ((await unlessMissing(stat(name)))?.isFile() === true) return true
    }
  }
  return false
}

async function isAt(path: string, part: LogPart, generation: number): Promise<boolean> {
  const plain = part.isCompressed ? null : await keyOf(generationPath(path, generation))
  if (plain !== null) return isSameFile(part, plain)
  if (generation === 0) return false
  if (part.isCompressed) {
    const compressed = await keyOf(compressedPath(path, generation))
    return compressed !== null && isSameFile(part, compressed)
  }
  const handle = await unlessMissing(open(compressedPath(path, generation), constants.O_RDONLY))
  if (handle === null) return false
  try {
    return isSame(part, { device: 0n, inode: 0n, bornNs: 0n, isCompressed: true, origin: await originOf(handle) })
  } finally {
    await handle.close()
  }
}

async function keyOf(path: string): Promise<Pick<FileKey, 'device' | 'inode' | 'bornNs'> | null> {
  const found = await unlessMissing(stat(path, { bigint: true }))
  return found === null ? null : { device: found.dev, inode: found.ino, bornNs: found.birthtimeNs }
}

async function generationOf(path: string, part: LogPart): Promise<number | null> {
  for await (const generation of generationsOf(path, part.generation)) {
    if (!(await isAt(path, part, generation))) continue
    part.generation = generation
    return generation
  }
  return null
}

/** Numbers to look at, upwards from where a file was. It only moves upwards as well, so it is met, unless it falls off the end. */
async function* generationsOf(path: string, first: number): AsyncGenerator<number> {
  let next = first
  yield next++
  for (;;) {
    // A listing may miss what is renamed meanwhile.
    const last = (await lastGeneration(path)) + missedMax
    if (next > last) return
    while (next <= last) yield next++
  }
}

const missedMax = 8

async function lastGeneration(path: string): Promise<number> {
  const prefix = `${basename(path)}.`
  const names = (await unlessMissing(readdir(dirname(path)))) ?? []
  const numbers = names
    .filter((name) => name.startsWith(prefix))
    .map((name) => Number(name.slice(prefix.length).replace(/\.gz$/, '')))
  return numbers.reduce((last, number) => (Number.isSafeInteger(number) ? Math.max(last, number) : last), 0)
}

/** `part` fell off the end, or was moved away by somebody else: go on with the oldest that was written to after it. */
async function oldestSince(source: LogSource, part: LogPart): Promise<Next> {
  const { handles, place } = source
  const now = await handles.use(
    part,
    () => openAgain(place, part),
    (handle) => handle.stat({ bigint: true }),
  )
  const { mtimeNs, nlink } = now ?? { mtimeNs: part.modifiedNs, nlink: 0n }
  const endNs = part.isCompressed ? (part.origin?.modifiedNs ?? part.modifiedNs) : mtimeNs
  const parts = await openParts(source)
  // Written to within one tick of the file system's clock, files look alike: what fell off has no older ones left,
  // what was moved away may have.
  const isSince = (other: LogPart) => (nlink === 0n ? other.modifiedNs >= endNs : other.modifiedNs > endNs)
  const index = parts.findIndex(isSince)
  const [next] = index === -1 ? [] : parts.splice(index, 1)
  for (const other of parts) await closePart(source, other)
  const found = next ?? (await openPart(source, 0))
  return found === null ? { kind: 'none' } : { kind: 'next', part: found }
}

/** How many names the part has; one that is closed and not found has none. */
async function linksOf({ handles, place }: LogSource, part: LogPart): Promise<number> {
  const links = await handles.use(
    part,
    () => openAgain(place, part),
    async (handle) => (await handle.stat()).nlink,
  )
  return links ?? 0
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
