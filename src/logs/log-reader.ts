import type { LogReadFrom, LogReadOptions } from '../engine/ports.ts'
import { isStreamPath } from './log-name.ts'
import { type LogPart, nextPart, openParts } from './log-parts.ts'
import { watchLog } from './log-watch.ts'

/**
 * The bytes of a log, from where `from` says, then as they come if followed, until `signal` aborts. One chunk is read
 * for each that is asked for. Rotation meanwhile loses and repeats nothing; only what was rotated away altogether
 * before it was asked for is skipped. `path` null: a stream that is thrown away.
 */
export async function* readLog(path: string | null, options: LogReadOptions): AsyncGenerator<Uint8Array> {
  if (path === null || isStreamPath(path)) return
  const { from, follow, signal } = options
  // Before anything is read, so that no change is missed.
  using watch = follow ? watchLog(path, signal) : null
  const parts = await openParts(path)
  try {
    const start = await findStart(parts, from)
    for (const { handle } of parts.splice(0, start.index)) await handle.close()
    let { position } = start
    while (signal?.aborted !== true) {
      const part = parts[0]
      if (part === undefined) {
        if (watch === null) return
        await watch.changed()
        parts.push(...(await openParts(path)))
        continue
      }
      const isLast = parts.length === 1
      // Without follow a log that grows all the time ends where it ended when it was asked for.
      const end = isLast && !follow ? part.bytes : Number.POSITIVE_INFINITY
      position = yield* bytesOf(part, position, end)
      if (!isLast) {
        parts.shift()
        await part.handle.close()
        position = 0
        continue
      }
      if (watch === null) return
      const next = await nextPart(path, part)
      // Read on to the end of this one first: it may have grown between the last read and its rotation.
      if (next.kind === 'next') parts.push(next.part)
      else if (next.kind === 'current' && (await part.handle.stat()).size < position) position = 0
      else await watch.changed()
    }
  } finally {
    for (const { handle } of parts) await handle.close()
  }
}

/** Answers the position after the last byte given. */
async function* bytesOf({ handle }: LogPart, start: number, end: number): AsyncGenerator<Uint8Array, number> {
  let position = start
  while (position < end) {
    const chunk = Buffer.allocUnsafeSlow(Math.min(chunkBytes, end - position))
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position)
    if (bytesRead === 0) break
    position += bytesRead
    yield chunk.subarray(0, bytesRead)
  }
  return position
}

/** What one reader holds in memory, for each chunk its consumer keeps. */
const chunkBytes = 64 * 1024

interface Start {
  /** Of the part to begin with. */
  readonly index: number
  readonly position: number
}

async function findStart(parts: readonly LogPart[], from: LogReadFrom): Promise<Start> {
  if (from.kind === 'all') return { index: 0, position: 0 }
  return from.kind === 'bytes' ? bytesBeforeEnd(parts, from.bytes) : linesBeforeEnd(parts, from.lines)
}

function bytesBeforeEnd(parts: readonly LogPart[], bytes: number): Start {
  let left = bytes
  for (let index = parts.length - 1; index >= 0; index--) {
    const size = parts[index]!.bytes
    if (left <= size) return { index, position: size - left }
    left -= size
  }
  return { index: 0, position: 0 }
}

/** A last line without its end is a line. */
async function linesBeforeEnd(parts: readonly LogPart[], lines: number): Promise<Start> {
  const chunk = Buffer.allocUnsafeSlow(chunkBytes)
  let linesLeft = lines
  let isLastByte = true
  for (let index = parts.length - 1; index >= 0; index--) {
    const { handle, bytes } = parts[index]!
    for (let end = bytes; end > 0; ) {
      const start = Math.max(0, end - chunk.length)
      const { bytesRead } = await handle.read(chunk, 0, end - start, start)
      for (let at = bytesRead - 1; at >= 0; at--) {
        if (linesLeft === 0 && (isLastByte || chunk[at] === newline)) return { index, position: start + at + 1 }
        if (isLastByte || chunk[at] === newline) linesLeft--
        isLastByte = false
      }
      end = start
    }
  }
  return { index: 0, position: 0 }
}

const newline = 0x0a
