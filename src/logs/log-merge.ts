import type { LogChunk, LogReadFrom, LogReadOptions, StreamRef } from '../engine/ports.ts'
import { type Reading, type Segment, wholeLines } from './log-lines.ts'
import type { LogSource } from './log-parts.ts'
import { closeLog, followLog, type OpenLog, openLog, planOf, readPlan } from './log-reader.ts'
import { chosenAttempt, type Planned, trimToEnd, type Wanted } from './log-select.ts'
import { type Bell, createBell, type LogWatch, watchLog } from './log-watch.ts'

/** The pieces of some logs, woven by their times; see LogReadPort.read. */
export async function* readLogs(
  logs: readonly { readonly ref: StreamRef; readonly source: LogSource }[],
  options: LogReadOptions,
): AsyncGenerator<LogChunk> {
  const { follow, signal } = options
  const bell = createBell()
  const open: OpenLog[] = []
  const watches: LogWatch[] = []
  signal?.addEventListener('abort', bell.ring)
  const pieceBytes = Math.max(pieceBytesMin, Math.floor(pieceBytesMax / Math.ceil(logs.length / fullPiecesMax)))
  let cursors: Cursor[] = []
  try {
    for (const { ref, source } of logs) {
      // Before anything is read, so that no change is missed.
      if (follow) watches.push(watchLog(source.place.path, bell))
      open.push(await openLog(ref, source))
    }
    for (const unit of new Set(open.map(({ ref }) => ref.unit))) {
      const ofUnit = [...open.entries()].filter(([, log]) => log.ref.unit === unit)
      cursors.push(...(await cursorsOf(ofUnit, { options, watches, pieceBytes })))
    }
    cursors = cursors.toSorted((a, b) => a.number - b.number)
    yield* merged(cursors, bell, signal)
  } finally {
    signal?.removeEventListener('abort', bell.ring)
    for (const watch of watches) watch.close()
    for (const { readings } of cursors) await readings.return?.()
    for (const log of open) await closeLog(log)
  }
}

/** What one stream holds in memory; with many streams less, so that all of them together stay small. */
const pieceBytesMax = 64 * 1024
const pieceBytesMin = 4 * 1024
const fullPiecesMax = 16

interface Cursor {
  readonly ref: StreamRef
  /** Its place in the order asked for. */
  readonly number: number
  readonly readings: AsyncIterator<Reading>
  readonly watch: LogWatch | null
  readonly skip: Skip | null
  head: Segment | null
  state: 'reading' | 'idle' | 'ended'
}

/** Streams of a unit were each cut to as much as is wanted of both: what is too much goes from the beginning. */
interface Skip {
  readonly kind: 'lines' | 'bytes'
  left: number
  /** Streams whose last piece ended within a line that is left out. */
  readonly midLine: Set<StreamRef>
}

/** Of the streams of one unit. */
async function cursorsOf(
  logs: readonly (readonly [number, OpenLog])[],
  about: { readonly options: LogReadOptions; readonly watches: readonly LogWatch[]; readonly pieceBytes: number },
): Promise<Cursor[]> {
  const { options, watches, pieceBytes } = about
  const { sinceWallMs = null, untilWallMs = null, attempts, from, follow } = options
  const choice = attempts?.get(logs[0]![1].ref.unit) ?? null
  const opened = logs.map(([, log]) => log)
  const attempt = choice === null ? null : await chosenAttempt(opened, choice)
  // There was no such start: nothing was printed by it, and nothing will be.
  if (choice !== null && attempt === null) return []
  const wanted: Wanted = { sinceWallMs, untilWallMs, attempt }
  const plans: Planned[][] = []
  for (const log of opened) plans.push(await planOf(log, wanted))
  const skip = await trimPlans(opened, plans, from)
  return logs.map(([number, log], at) => {
    const plan = plans[at]!
    const segments = follow ? followLog(log, plan, { wanted, pieceBytes }) : readPlan(log.source, plan, pieceBytes)
    return {
      ref: log.ref,
      number,
      readings: wholeLines(segments)[Symbol.asyncIterator](),
      watch: watches[number] ?? null,
      skip,
      head: null,
      state: 'reading',
    }
  })
}

async function trimPlans(logs: readonly OpenLog[], plans: Planned[][], from: LogReadFrom): Promise<Skip | null> {
  if (from.kind === 'all') return null
  let total = 0
  for (const [at, log] of logs.entries()) {
    const { plan, count } = await trimToEnd(log.source, plans[at]!, from)
    plans[at] = plan
    total += count
  }
  const wanted = from.kind === 'lines' ? from.lines : from.bytes
  return total <= wanted ? null : { kind: from.kind, left: total - wanted, midLine: new Set() }
}

async function* merged(
  cursors: readonly Cursor[],
  bell: Bell,
  signal: AbortSignal | undefined,
): AsyncGenerator<LogChunk> {
  while (signal?.aborted !== true) {
    for (const cursor of cursors) {
      if (cursor.state === 'idle' && cursor.watch?.hasChanged() === true) cursor.state = 'reading'
    }
    await Promise.all(cursors.filter(({ head, state }) => head === null && state === 'reading').map(advance))
    const next = earliest(cursors)
    if (next !== null) {
      const { bytes, wallMs, attempt } = next.head!
      next.head = null
      const kept = next.skip === null ? bytes : skipIn(next.skip, next.ref, bytes)
      if (kept.length > 0) yield { stream: next.ref, bytes: kept, wallMs, attempt }
      continue
    }
    if (cursors.every(({ state }) => state === 'ended')) return
    await bell.rung()
  }
}

async function advance(cursor: Cursor): Promise<void> {
  const { value, done } = await cursor.readings.next()
  if (done === true) cursor.state = 'ended'
  else if (value === 'idle') cursor.state = 'idle'
  else cursor.head = value
}

/** Where times are equal, the one that was asked for first. Within a log its order counts, whatever its clock did. */
function earliest(cursors: readonly Cursor[]): Cursor | null {
  let found: Cursor | null = null
  for (const cursor of cursors) {
    if (cursor.head === null) continue
    if (found === null || cursor.head.orderMs < found.head!.orderMs) found = cursor
  }
  return found
}

/** What is left of a piece after what is too much. */
function skipIn(skip: Skip, ref: StreamRef, bytes: Buffer): Buffer {
  if (skip.kind === 'bytes') {
    const skipped = Math.min(skip.left, bytes.length)
    skip.left -= skipped
    return bytes.subarray(skipped)
  }
  let at = 0
  if (skip.midLine.delete(ref)) {
    at = bytes.indexOf(newline) + 1
    if (at === 0) {
      skip.midLine.add(ref)
      return bytes.subarray(bytes.length)
    }
  }
  for (; skip.left > 0 && at < bytes.length; skip.left--) {
    const end = bytes.indexOf(newline, at) + 1
    if (end === 0) skip.midLine.add(ref)
    at = end === 0 ? bytes.length : end
  }
  return bytes.subarray(at)
}

const newline = 0x0a
