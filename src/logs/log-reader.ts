import type { StreamRef } from '../engine/ports.ts'
import type { IndexRecord } from './log-index.ts'
import type { Reading, Segment } from './log-lines.ts'
import { closePart, type LogPart, type LogSource, nextPart, openParts, readPart, sizeOfPart } from './log-parts.ts'
import { isEverything, isWanted, modifiedMs, type Planned, type Range, rangesOf, type Wanted } from './log-select.ts'
import { recordsBetween } from './log-times.ts'

/** One log that is being read, and which of its files are open. */
export interface OpenLog {
  readonly ref: StreamRef
  readonly source: LogSource
  /** Oldest first. Each is closed when it is done with. */
  readonly parts: LogPart[]
}

export async function openLog(ref: StreamRef, source: LogSource): Promise<OpenLog> {
  return { ref, source, parts: await openParts(source) }
}

export async function closeLog({ source, parts }: OpenLog): Promise<void> {
  for (const part of parts.splice(0)) await closePart(source, part)
}

/** What there is now and is wanted, told by the index. Without follow a log that grows all the time ends here. */
export async function planOf({ source, parts }: OpenLog, wanted: Wanted): Promise<Planned[]> {
  const plan: Planned[] = []
  for (const [number, part] of parts.entries()) {
    const isRotated = number < parts.length - 1
    // It may have grown between its opening and its rotation.
    const end = isRotated ? ((await sizeOfPart(source, part)) ?? part.bytes) : part.bytes
    plan.push({ part, ranges: await rangesOf(source, part, end, wanted) })
  }
  return plan
}

/** The planned pieces, in order. */
export async function* readPlan(
  source: LogSource,
  plan: readonly Planned[],
  pieceBytes: number,
): AsyncGenerator<Segment> {
  for (const { part, ranges } of plan) {
    for (const range of ranges) yield* readRange(source, part, { ...range, isAfterGap: range.start > 0 }, pieceBytes)
  }
}

/**
 * The planned pieces, each part closed when it is done, and then what comes. Rotation and compression meanwhile lose and
 * repeat nothing; only what was rotated away altogether before it was asked for is skipped.
 */
export async function* followLog(
  log: OpenLog,
  plan: readonly Planned[],
  { wanted, pieceBytes }: { readonly wanted: Wanted; readonly pieceBytes: number },
): AsyncGenerator<Reading> {
  const { source, parts } = log
  const newest = plan.at(-1)
  for (const planned of plan) {
    yield* readPlan(source, [planned], pieceBytes)
    if (planned !== newest) await closeFirst(log)
  }
  let position = newest?.part.bytes ?? 0
  for (;;) {
    const part = parts[0]
    if (part === undefined) {
      yield 'idle'
      parts.push(...(await openParts(source)))
      position = 0
      continue
    }
    position = yield* readRest(source, part, position, { wanted, pieceBytes })
    if (parts.length > 1) {
      await closeFirst(log)
      position = 0
      continue
    }
    const next = await nextPart(source, part)
    // Read on to the end of this one first: it may have grown between the last read and its rotation.
    if (next.kind === 'next') parts.push(next.part)
    else if (next.kind === 'current' && ((await sizeOfPart(source, part)) ?? position) < position) position = 0
    else yield 'idle'
  }
}

async function closeFirst({ source, parts }: OpenLog): Promise<void> {
  const part = parts.shift()
  if (part !== undefined) await closePart(source, part)
}

async function* readRest(
  source: LogSource,
  part: LogPart,
  start: number,
  { wanted, pieceBytes }: { readonly wanted: Wanted; readonly pieceBytes: number },
): AsyncGenerator<Segment, number> {
  if (!Number.isFinite(start)) return start
  const range = { start, end: Number.POSITIVE_INFINITY, isCutAtStart: false, isCutAtEnd: false, isAfterGap: false }
  let position = start
  for await (const segment of readRange(source, part, range, pieceBytes)) {
    position += segment.bytes.length
    const { wallMs, attempt } = segment
    if (isEverything(wanted) || isWanted(wanted, { wallMs: wallMs ?? segment.orderMs, attempt: attempt ?? 0 }))
      yield segment
  }
  return position
}

/** A range whose ends were cut by time begins and ends with whole lines. */
async function* readRange(
  source: LogSource,
  part: LogPart,
  { start, end, isCutAtStart, isCutAtEnd, ...range }: Range & { readonly isAfterGap: boolean },
  pieceBytes: number,
): AsyncGenerator<Segment> {
  let position = isCutAtStart ? await lineStart(source, part, start) : start
  const last = isCutAtEnd ? await lineStart(source, part, end) : end
  let { isAfterGap } = range
  while (position < last) {
    const bytes = await readPart(source, part, position, Math.min(pieceBytes, last - position))
    if (bytes.length === 0) return
    const records = await recordsBetween(source, part, { from: position, to: position + bytes.length })
    for (const segment of cut(part, position, bytes, records)) {
      yield { ...segment, isAfterGap }
      isAfterGap = false
    }
    position += bytes.length
  }
}

/** The first position from this one on at which a line begins, or, in a line of great length, one as good as another. */
async function lineStart(source: LogSource, part: LogPart, position: number): Promise<number> {
  const bytes = await readPart(source, part, position - 1, lineBytesMax)
  const end = bytes.indexOf(newline)
  return end === -1 ? position - 1 + Math.max(bytes.length, 1) : position + end
}

const lineBytesMax = 64 * 1024
const newline = 0x0a

function* cut(
  part: LogPart,
  position: number,
  bytes: Buffer,
  records: readonly IndexRecord[],
): Generator<Omit<Segment, 'isAfterGap'>> {
  const [first] = records
  let at = 0
  let record: IndexRecord | null = null
  for (const next of [...records, null]) {
    const end = next === null ? bytes.length : Math.max(0, next.offset - position)
    if (end > at) {
      yield segmentOf(part, bytes.subarray(at, end), record, first)
      at = end
    }
    record = next
  }
}

function segmentOf(part: LogPart, bytes: Buffer, record: IndexRecord | null, later: IndexRecord | undefined) {
  if (record === null) {
    const orderMs = later?.wallMs ?? modifiedMs(part)
    return { bytes, wallMs: null, orderMs, attempt: null }
  }
  const { wallMs, attempt } = record
  return { bytes, wallMs, orderMs: wallMs, attempt: attempt === 0 ? null : attempt }
}
