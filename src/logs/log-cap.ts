import { statfsSync, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { errnoOf } from '../sys/errno.ts'
import { compressedPath, foreignIndexFolder, generationPath, indexPath, parseLogName } from './log-name.ts'
import { removeGeneration, unlinkIfThere } from './log-rotation.ts'

/** Keeps the log directory below a size, by removing the oldest rotated parts of our own logs. */
export interface LogCap {
  /** A part was added. */
  grown(): void
  /** What it keeps to; null: that cannot be told now. */
  bytesMax(): number | null
  /** Resolves when it is not at work; it rests for a second after each look. */
  idle(): Promise<void>
}

export interface LogCapOptions {
  readonly directory: string
  /** null: as `defaultBytesMax` finds. */
  readonly bytesMax: number | null
  /** Indices of users' files that are being written to: their `indexBase`. */
  readonly isIndexInUse: (indexBase: string) => boolean
  readonly warn: (message: string) => void
}

export function createLogCap(options: LogCapOptions): LogCap {
  const { directory, warn } = options
  let bytesMax = options.bytesMax
  let trouble = ''
  let looking: Promise<void> | null = null
  let resting: NodeJS.Timeout | null = null
  let isDirty = false

  async function look(): Promise<void> {
    isDirty = false
    const startedMs = performance.now()
    try {
      await removeOldest(options, limit())
      trouble = ''
    } catch (error) {
      const code = errnoOf(error)
      if (trouble !== code) warn(`${directory}: its size cannot be kept down (${code})`)
      trouble = code
    }
    resting = setTimeout(wake, Math.max(pauseMs, (performance.now() - startedMs) * restShare))
    resting.unref()
    looking = null
  }

  function limit(): number {
    bytesMax ??= defaultBytesMax(directory)
    return bytesMax
  }

  function wake(): void {
    resting = null
    if (isDirty && looking === null) looking = look()
  }

  return {
    grown() {
      isDirty = true
      if (resting === null) wake()
    },
    bytesMax() {
      try {
        return limit()
      } catch (error) {
        // Where this lasts, whoever looks at the directory tells.
        errnoOf(error)
        return null
      }
    },
    async idle() {
      while (looking !== null) await looking
    },
  }
}

/** A small disk is not filled with logs, and a large one is no reason to keep them for ever. */
export function defaultBytesMax(directory: string): number {
  const { blocks, bsize } = statfsSync(directory)
  return Math.min(4 * 1024 ** 3, Math.floor((blocks * bsize) / 10))
}

const pauseMs = 1_000

/** Looking at ten thousand logs takes long: then it is done less often, for one twentieth of the time at most. */
const restShare = 20

interface Part {
  /** The log it is of, or of an index the file itself. */
  readonly path: string
  /** null: the index of a file that nobody writes any more. */
  readonly generation: number | null
  readonly bytes: number
  readonly modifiedMs: number
  readonly inode: number
}

async function removeOldest(options: LogCapOptions, bytesMax: number): Promise<void> {
  const { total, parts } = await survey(options)
  let left = total
  // The older one of two that were finished at the same time has the higher number.
  parts.sort((a, b) => a.modifiedMs - b.modifiedMs || (b.generation ?? 0) - (a.generation ?? 0))
  for (const part of parts) {
    if (left <= bytesMax) return
    left -= remove(part)
  }
}

/**
 * The bytes that became free. A part is looked for again without a pause, since rotation may have moved it: then it is
 * left to the next time.
 */
function remove({ path, generation, inode, bytes }: Part): number {
  if (generation === null) {
    unlinkIfThere(path)
    return bytes
  }
  const place = { path, isOwn: true, indexBase: path }
  const names = [generationPath(path, generation), compressedPath(path, generation)]
  if (!names.some((name) => statSync(name, { throwIfNoEntry: false })?.ino === inode)) return 0
  const indexBytes = statSync(indexPath(place, generation), { throwIfNoEntry: false })?.size ?? 0
  removeGeneration(place, generation)
  return bytes + indexBytes
}

async function survey({ directory, isIndexInUse }: LogCapOptions): Promise<{ total: number; parts: Part[] }> {
  const parts: Part[] = []
  let total = 0
  for await (const name of namesBelow(directory, '')) {
    const path = join(directory, name)
    const found = await statIfThere(path)
    if (found === null) continue
    total += found.size
    const times = { bytes: found.size, modifiedMs: found.mtimeMs, inode: found.ino }
    if (name.startsWith(`${foreignIndexFolder}/`)) {
      if (!isIndexInUse(path.replace(/(?:\.\d+)?\.idx$/, ''))) parts.push({ path, generation: null, ...times })
      continue
    }
    const [, log, number] = /^(.*\.log)\.([1-9]\d*)(?:\.gz)?$/s.exec(name) ?? []
    if (log === undefined || parseLogName(log) === null) continue
    parts.push({ path: join(directory, log), generation: Number(number), ...times })
  }
  return { total, parts }
}

/** Relative to the directory; one folder is held in memory at a time. */
async function* namesBelow(directory: string, below: string): AsyncGenerator<string> {
  const entries = await readdir(join(directory, below), { withFileTypes: true }).catch((error: unknown) => {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  })
  for (const entry of entries) {
    const name = join(below, entry.name)
    if (entry.isDirectory()) yield* namesBelow(directory, name)
    else if (entry.isFile()) yield name
  }
}

async function statIfThere(path: string) {
  try {
    return await stat(path)
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null
    throw error
  }
}
