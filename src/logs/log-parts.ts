import { constants } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { generationPath } from './log-name.ts'

/** One file of a log, held open: wherever it is renamed to, and even deleted, its bytes can be read to their end. */
export interface LogPart extends FileKey {
  readonly handle: FileHandle
  /** When it was opened. */
  readonly bytes: number
  readonly modifiedNs: bigint
  /** Where it was then; since, it can only have moved to a higher number. */
  readonly generation: number
}

interface FileKey {
  readonly device: bigint
  readonly inode: bigint
}

/** All files of a log, oldest first, each once, even while they are being rotated. The caller closes them. */
export async function openParts(path: string): Promise<LogPart[]> {
  const parts: LogPart[] = []
  for (let part = await openOldest(path); part !== null; ) {
    parts.push(part)
    const next = await nextPart(path, part)
    part = next.kind === 'next' ? next.part : null
  }
  return parts
}

export type Next =
  | { readonly kind: 'next'; readonly part: LogPart }
  /** It is still the file that is written to. */
  | { readonly kind: 'current' }
  /** It was renamed, and there is no newer one yet. */
  | { readonly kind: 'none' }

/** The file that was begun when `part` was rotated. Needs no help of the writer, who may rotate meanwhile. */
export async function nextPart(path: string, part: LogPart): Promise<Next> {
  for (let misses = 0; ; ) {
    const generation = await generationOf(path, part)
    if (generation === 0) return { kind: 'current' }
    if (generation === null) {
      // A file that still has a name may just have been on its way to the next one.
      if (++misses > missedMax || (await part.handle.stat()).nlink === 0) return oldestSince(path, part)
      continue
    }
    const next = await openNewer(path, generation)
    if (next === null) return { kind: 'none' }
    if (await isInOrder(path, part, generation, next)) return { kind: 'next', part: next }
    await next.handle.close()
  }
}

function isSame(a: FileKey, b: FileKey): boolean {
  return a.inode === b.inode && a.device === b.device
}

async function openPart(path: string, generation: number): Promise<LogPart | null> {
  const handle = await unlessMissing(open(generationPath(path, generation), constants.O_RDONLY | constants.O_NONBLOCK))
  if (handle === null) return null
  const found = await handle.stat({ bigint: true })
  const { dev, ino, size, mtimeNs } = found
  if (!found.isFile()) {
    // A named pipe gives its bytes once: they are for somebody else.
    await handle.close()
    return null
  }
  return { handle, device: dev, inode: ino, bytes: Number(size), modifiedNs: mtimeNs, generation }
}

async function openOldest(path: string): Promise<LogPart | null> {
  for (;;) {
    const last = (await lastGeneration(path)) + missedMax
    const oldest = await openNewer(path, last + 1)
    if (oldest === null || !(await hasAny(path, oldest.generation + 1, last))) return oldest
    await oldest.handle.close()
  }
}

async function openNewer(path: string, generation: number): Promise<LogPart | null> {
  for (let newer = generation - 1; newer >= 0; newer--) {
    const part = await openPart(path, newer)
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
    if ((await keyAt(path, generation)) !== null) return true
  }
  return false
}

async function isAt(path: string, part: LogPart, generation: number): Promise<boolean> {
  const key = await keyAt(path, generation)
  return key !== null && isSame(key, part)
}

async function generationOf(path: string, part: LogPart): Promise<number | null> {
  for await (const generation of generationsOf(path, part.generation)) {
    const key = await keyAt(path, generation)
    if (key !== null && isSame(key, part)) return generation
  }
  return null
}

/** Numbers to look at, upwards from where a file was. It only moves upwards as well, so it is met, unless it falls off the end. */
async function* generationsOf(path: string, first: number): AsyncGenerator<number> {
  let next = first
  yield next++
  for (let last = await lastGeneration(path); next <= last; last = await lastGeneration(path)) {
    while (next <= last) yield next++
  }
  // A listing may miss what is renamed meanwhile.
  for (let beyond = 0; beyond < missedMax; beyond++) yield next++
}

const missedMax = 8

async function lastGeneration(path: string): Promise<number> {
  const prefix = `${basename(path)}.`
  const names = (await unlessMissing(readdir(dirname(path)))) ?? []
  const numbers = names.filter((name) => name.startsWith(prefix)).map((name) => Number(name.slice(prefix.length)))
  return numbers.reduce((last, number) => (Number.isSafeInteger(number) ? Math.max(last, number) : last), 0)
}

/** `part` fell off the end, or was moved away by somebody else: go on with the oldest that was written to after it. */
async function oldestSince(path: string, part: LogPart): Promise<Next> {
  const { mtimeNs, nlink } = await part.handle.stat({ bigint: true })
  const parts = await openParts(path)
  // Written to within one tick of the file system's clock, files look alike: what fell off has no older ones left,
  // what was moved away may have.
  const isSince = (other: LogPart) => (nlink === 0n ? other.modifiedNs >= mtimeNs : other.modifiedNs > mtimeNs)
  const index = parts.findIndex(isSince)
  const [next] = index === -1 ? [] : parts.splice(index, 1)
  for (const { handle } of parts) await handle.close()
  const found = next ?? (await openPart(path, 0))
  return found === null ? { kind: 'none' } : { kind: 'next', part: found }
}

async function keyAt(path: string, generation: number): Promise<FileKey | null> {
  const found = await unlessMissing(stat(generationPath(path, generation), { bigint: true }))
  return found === null ? null : { device: found.dev, inode: found.ino }
}

async function unlessMissing<T>(promise: Promise<T>): Promise<T | null> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}
