import type { LogPosition } from '../engine/ports.ts'
import { closePart, type LogPart, type LogSource, openParts, partKey, readPart, sizeOfPart } from './log-parts.ts'
import { lengthOf } from './log-select.ts'
import { allRecords } from './log-times.ts'

/** Before anything was written. */
export const startPosition: LogPosition = { key: '', offset: 0 }

export async function endPosition(source: LogSource): Promise<LogPosition> {
  return withParts(source, async (parts) => endOf(source, parts))
}

/** What was written after `since`, wherever it has been rotated to; see LogReadPort.readSince. */
export async function readSince(
  source: LogSource,
  since: LogPosition | null,
  { attempt, bytesMax }: { readonly attempt: number; readonly bytesMax: number },
): Promise<{ readonly bytes: Buffer; readonly position: LogPosition }> {
  return withParts(source, async (parts) => {
    const position = await endOf(source, parts)
    const start = since === null ? await attemptStart(source, parts, attempt) : await placeOf(source, parts, since)
    // It printed nothing yet.
    if (start === null) return { bytes: Buffer.alloc(0), position }
    const pieces: Buffer[] = []
    let left = bytesMax
    for (let number = parts.length - 1; number >= start.number && left > 0; number--) {
      const part = parts[number]!
      const from = number === start.number ? start.offset : 0
      const end = number === parts.length - 1 ? position.offset : await bytesOf(source, part)
      const piece = await readBetween(source, part, Math.max(from, end - left), end)
      pieces.unshift(piece)
      left -= piece.length
    }
    return { bytes: Buffer.concat(pieces), position }
  })
}

interface Start {
  readonly number: number
  readonly offset: number
}

async function withParts<T>(source: LogSource, work: (parts: readonly LogPart[]) => Promise<T>): Promise<T> {
  const parts = await openParts(source)
  try {
    return await work(parts)
  } finally {
    for (const part of parts) await closePart(source, part)
  }
}

async function endOf(source: LogSource, parts: readonly LogPart[]): Promise<LogPosition> {
  const last = parts.at(-1)
  return last === undefined ? startPosition : { key: partKey(last), offset: await bytesOf(source, last) }
}

/** Of a file that is gone, or was cut, all that came after it counts. */
async function placeOf(source: LogSource, parts: readonly LogPart[], { key, offset }: LogPosition): Promise<Start> {
  const number = parts.findLastIndex((part) => partKey(part) === key)
  if (number === -1) return { number: 0, offset: 0 }
  return { number, offset: offset <= (await bytesOf(source, parts[number]!)) ? offset : 0 }
}

/** Of its first record: what an earlier start printed stands before it. */
async function attemptStart(source: LogSource, parts: readonly LogPart[], attempt: number): Promise<Start | null> {
  for (const [number, part] of parts.entries()) {
    for await (const records of allRecords(source, part)) {
      const first = records.find((record) => record.attempt === attempt)
      if (first !== undefined) return { number, offset: first.offset }
    }
  }
  return null
}

async function bytesOf(source: LogSource, part: LogPart): Promise<number> {
  const size = await sizeOfPart(source, part)
  if (size !== null) return size
  return Number.isFinite(part.bytes) ? part.bytes : lengthOf(source, part)
}

async function readBetween(source: LogSource, part: LogPart, start: number, end: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let at = start; at < end; ) {
    const bytes = await readPart(source, part, at, Math.min(pieceBytes, end - at))
    if (bytes.length === 0) break
    pieces.push(bytes)
    at += bytes.length
  }
  return Buffer.concat(pieces)
}

const pieceBytes = 64 * 1024
