import type { AttemptChoice, LogReadFrom } from '../engine/ports.ts'
import { type LogPart, type LogSource, readPart } from './log-parts.ts'
import { allRecords } from './log-times.ts'

/** What of a log is asked for. */
export interface Wanted {
  readonly sinceWallMs: number | null
  readonly untilWallMs: number | null
  readonly attempt: number | null
}

/** A piece of a part, by positions; its ends may lie in mid-line where it was cut by time. */
export interface Range {
  readonly start: number
  readonly end: number
  readonly isCutAtStart: boolean
  readonly isCutAtEnd: boolean
}

export function isEverything({ sinceWallMs, untilWallMs, attempt }: Wanted): boolean {
  return sinceWallMs === null && untilWallMs === null && attempt === null
}

/** Clocks jump: each piece is asked by itself, and nothing is concluded for what stands before or after it. */
export function isWanted(
  { sinceWallMs, untilWallMs, attempt }: Wanted,
  piece: { readonly wallMs: number; readonly attempt: number },
): boolean {
  if (attempt !== null) {
    if (piece.attempt !== attempt) return false
  }
  return (sinceWallMs === null || piece.wallMs >= sinceWallMs) && (untilWallMs === null || piece.wallMs < untilWallMs)
}

/** What stands before the first record is at most as old as that; without an index the file's own time counts. */
export function modifiedMs(part: LogPart): number {
  return Number(part.modifiedNs / 1_000_000n)
}

/** Which pieces of a part up to `end` are wanted, told by its index without reading the part. */
export async function rangesOf(source: LogSource, part: LogPart, end: number, wanted: Wanted): Promise<Range[]> {
  if (isEverything(wanted)) return [{ start: 0, end, isCutAtStart: false, isCutAtEnd: false }]
  const isExact = wanted.attempt !== null
  const ranges: Range[] = []
  let start: number | null = null
  let isFirst = true
  const close = (at: number): void => {
    if (start !== null && at > start) {
      ranges.push({ start, end: at, isCutAtStart: start > 0 && !isExact, isCutAtEnd: at < end && !isExact })
      // The clock jumped to and fro without end: the newest pieces count.
      if (ranges.length > 2 * rangesMax) ranges.splice(0, rangesMax)
    }
    start = null
  }
  const piece = (at: number, isIn: boolean): void => {
    if (!isIn) close(at)
    else start ??= at
  }
  for await (const records of allRecords(source, part)) {
    for (const record of records) {
      if (record.offset >= end) break
      if (isFirst && record.offset > 0) piece(0, isWanted(wanted, { wallMs: record.wallMs, attempt: 0 }))
      isFirst = false
      piece(record.offset, isWanted(wanted, record))
    }
  }
  if (isFirst) piece(0, isWanted(wanted, { wallMs: modifiedMs(part), attempt: 0 }))
  close(end)
  return ranges
}

/** Of one part. */
const rangesMax = 16_384

/** The attempt a choice means, by the indices of a unit's streams. null: there is none. */
export async function chosenAttempt(
  logs: readonly { readonly source: LogSource; readonly parts: readonly LogPart[] }[],
  choice: AttemptChoice,
): Promise<number | null> {
  if (choice.kind === 'is') return choice.attempt
  let newest = 0
  for (const { source, parts } of logs) newest = Math.max(newest, await newestBefore(source, parts, choice.before))
  return newest === 0 ? null : newest
}

/** Their numbers only grow: the newest part that has any tells. */
async function newestBefore(source: LogSource, parts: readonly LogPart[], before: number): Promise<number> {
  for (const part of parts.toReversed()) {
    let newest = 0
    for await (const records of allRecords(source, part)) {
      for (const { attempt } of records) if (attempt < before) newest = Math.max(newest, attempt)
    }
    if (newest > 0) return newest
  }
  return 0
}

/** A part with the pieces of it that are to be read. */
export interface Planned {
  readonly part: LogPart
  readonly ranges: readonly Range[]
}

/** Leaves away what stands before the last so many lines or bytes; tells how many there are. */
export async function trimToEnd(
  source: LogSource,
  plan: readonly Planned[],
  from: Exclude<LogReadFrom, { kind: 'all' }>,
): Promise<{ readonly plan: Planned[]; readonly count: number }> {
  const trimmed: Planned[] = []
  const tail = from.kind === 'bytes' ? bytesTail(from.bytes) : linesTail(from.lines)
  for (const { part, ranges } of plan.toReversed()) {
    const kept: Range[] = []
    for (const range of ranges.toReversed()) {
      if (tail.isDone()) break
      const start = await tail.startIn(source, part, range)
      kept.unshift(start === null ? range : { ...range, start, isCutAtStart: false })
    }
    trimmed.unshift({ part, ranges: kept })
  }
  return { plan: trimmed, count: tail.count() }
}

/** Goes backwards from range to range. */
interface Tail {
  isDone(): boolean
  /** Lines or bytes found until now. */
  count(): number
  /** null: all of it. */
  startIn(source: LogSource, part: LogPart, range: Range): Promise<number | null>
}

function bytesTail(bytes: number): Tail {
  let left = bytes
  return {
    isDone: () => left === 0,
    count: () => bytes - left,
    async startIn(source, part, { start, end }) {
      const last = Number.isFinite(end) ? end : await lengthOf(source, part)
      const taken = Math.min(left, Math.max(0, last - start))
      left -= taken
      return last - taken
    },
  }
}

/** A last line without its end is a line. */
function linesTail(lines: number): Tail {
  let left = lines
  let isLastByte = true
  /** Answers the position of the byte after which the wanted lines begin. */
  const search = (bytes: Buffer, at: number): number | null => {
    for (let index = bytes.length - 1; index >= 0; index--) {
      const isEnd = isLastByte || bytes[index] === newline
      isLastByte = false
      if (!isEnd) continue
      if (left === 0) return at + index + 1
      left--
    }
    return null
  }
  let isFound = lines === 0
  return {
    isDone: () => isFound,
    count: () => lines - left,
    async startIn(source, part, range) {
      for await (const { at, bytes } of piecesBackwards(source, part, range, () => left)) {
        const start = search(bytes, at)
        if (start === null) continue
        isFound = true
        return start
      }
      return null
    },
  }
}

interface Piece {
  readonly at: number
  readonly bytes: Buffer
}

async function* piecesBackwards(
  source: LogSource,
  part: LogPart,
  range: Range,
  linesLeft: () => number,
): AsyncGenerator<Piece> {
  if (part.isCompressed) return yield* compressedBackwards(source, part, range, linesLeft)
  const last = Number.isFinite(range.end) ? range.end : await lengthOf(source, part)
  for (let end = last; end > range.start; ) {
    const at = Math.max(range.start, end - pieceBytes)
    const bytes = await readFully(source, part, at, end - at)
    yield { at, bytes }
    end = at
  }
}

/** A compressed part is read forwards only: once to count the lines of its pieces, then the pieces from the end on. */
async function* compressedBackwards(
  source: LogSource,
  part: LogPart,
  { start, end }: Range,
  linesLeft: () => number,
): AsyncGenerator<Piece> {
  const counts: { at: number; newlines: number; length: number }[] = []
  for (let at = start; at < end; ) {
    const bytes = await readFully(source, part, at, Math.min(pieceBytes, end - at))
    if (bytes.length === 0) break
    counts.push({ at, newlines: countNewlines(bytes), length: bytes.length })
    at += bytes.length
  }
  for (let last = counts.length; last > 0; ) {
    // As many pieces as hold one line end more than are wanted.
    let first = last
    for (let newlines = 0; first > 0 && last - first < groupMax && newlines <= linesLeft(); ) {
      newlines += counts[--first]!.newlines
    }
    const group: Piece[] = []
    for (const { at, length } of counts.slice(first, last)) {
      group.push({ at, bytes: await readFully(source, part, at, length) })
    }
    yield* group.toReversed()
    last = first
  }
}

/** Pieces of a compressed part in memory at once; each further group reads it from its beginning again. */
const groupMax = 64

/** Of a part whose length is not known: somebody else compressed it. */
export async function lengthOf(source: LogSource, part: LogPart): Promise<number> {
  let at = 0
  for (;;) {
    const bytes = await readPart(source, part, at, pieceBytes)
    if (bytes.length === 0) return at
    at += bytes.length
  }
}

/** All that was asked for, as far as it is there. */
async function readFully(source: LogSource, part: LogPart, position: number, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = []
  for (let length = 0; length < bytesMax; ) {
    const bytes = await readPart(source, part, position + length, bytesMax - length)
    if (bytes.length === 0) break
    pieces.push(bytes)
    length += bytes.length
  }
  return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
}

function countNewlines(bytes: Buffer): number {
  let count = 0
  for (let at = bytes.indexOf(newline); at !== -1; at = bytes.indexOf(newline, at + 1)) count++
  return count
}

const pieceBytes = 64 * 1024
const newline = 0x0a
