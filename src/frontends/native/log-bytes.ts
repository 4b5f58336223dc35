import { createWholeLines } from '../../base/whole-lines.ts'
import type { State, UnitId } from '../../core/model.ts'
import type {
  AttemptChoice,
  EnginePort,
  LogChunk,
  LogReadFrom,
  LogReadOptions,
  LogReadPort,
  StreamRef,
} from '../../engine/ports.ts'
import { printChunkHeader } from '../../wire/log-chunks.ts'
import type { Answer, Asked } from './exchange.ts'
import { logEvents, timeOfLogEvent } from './log-events.ts'
import { countOf, isTrue, oneOf, timeOf } from './query.ts'
import { Refusal } from './refusal.ts'
import { selectByQuery } from './select.ts'

/** What `GET /v1/logs` asks for. */
export interface LogQuestion {
  readonly format: 'raw' | 'chunks' | 'events'
  readonly streams: readonly StreamRef[]
  readonly chunks: AsyncIterable<LogChunk>
}

/** What a question after logs means. Throws Refusal. */
export function logQuestion(
  { engine, logs }: { readonly engine: EnginePort; readonly logs: LogReadPort },
  { query, signal, lastEventId }: Pick<Asked, 'query' | 'signal' | 'lastEventId'>,
  nowMs: number,
): LogQuestion {
  const { state } = engine.snapshot()
  const units = selectByQuery(state, query) ?? [...state.units.keys()]
  const format = oneOf(query, 'format', ['raw', 'chunks', 'events']) ?? 'raw'
  if (format === 'raw' && units.length !== 1) {
    throw new Refusal('bad-request', 'raw are the bytes of one unit', 'name one unit, or ask for format=chunks')
  }
  const streams = streamsOf(state, units, oneOf(query, 'stream', ['stdout', 'stderr']))
  const lastMs = format === 'events' ? timeOfLogEvent(lastEventId) : null
  const options: LogReadOptions = {
    from: lastMs === null ? fromOf(query) : { kind: 'all' },
    follow: isTrue(query, 'follow'),
    sinceWallMs: lastMs ?? timeOf(query, 'since', nowMs),
    untilWallMs: timeOf(query, 'until', nowMs),
    signal,
    ...(isTrue(query, 'previous') ? { attempts: previousOf(state, units) } : {}),
  }
  refuseEndlessWait(options)
  return { format, streams, chunks: logs.read(streams, options) }
}

/** Throws Refusal. */
export function logAnswer(
  parts: { readonly engine: EnginePort; readonly logs: LogReadPort },
  asked: Pick<Asked, 'query' | 'signal' | 'lastEventId'>,
  nowMs: number,
): Extract<Answer, { kind: 'bytes' | 'events' }> {
  const { format, streams, chunks } = logQuestion(parts, asked, nowMs)
  if (format === 'events') return { kind: 'events', events: logEvents(chunks) }
  return { kind: 'bytes', bytes: gathered(format === 'raw' ? rawBytes(chunks, streams.length) : framed(chunks)) }
}

/** Of each unit the start before its newest one. */
function previousOf(state: State, units: readonly UnitId[]): ReadonlyMap<UnitId, AttemptChoice> {
  return new Map(units.map((unit) => [unit, { kind: 'before', before: state.units.get(unit)!.attempt }]))
}

/** What is over does not go on. */
function refuseEndlessWait({ follow, untilWallMs, attempts }: LogReadOptions): void {
  if (!follow) return
  if (untilWallMs !== null) throw new Refusal('bad-request', 'what ends at a time is not followed', 'leave until away')
  if (attempts !== undefined) {
    throw new Refusal('bad-request', 'a start that is over is not followed', 'leave previous away')
  }
}

/** The streams of units that are kept. Throws Refusal where none is, or where the chosen one is not. */
function streamsOf(state: State, units: readonly UnitId[], chosen: 'stdout' | 'stderr' | null): readonly StreamRef[] {
  const wanted = units.flatMap((unit) => keptOf(state, unit, chosen))
  const [unit] = units
  if (wanted.length > 0 || unit === undefined) return wanted
  if (chosen === 'stderr' && state.units.get(unit)!.spec.process.stderr === 'stdout') {
    throw new Refusal('no-such-log', `${unit} writes stderr into stdout`, 'leave --stream away')
  }
  throw new Refusal('no-such-log', `the output of ${unit} is thrown away`, 'its configuration says so')
}

function keptOf(state: State, unit: UnitId, chosen: 'stdout' | 'stderr' | null): readonly StreamRef[] {
  const { stdout, stderr } = state.units.get(unit)!.spec.process
  const streams: readonly StreamRef[] = [
    { unit, stream: 'stdout', spec: stdout },
    ...(stderr === 'stdout' ? [] : [{ unit, stream: 'stderr' as const, spec: stderr }]),
  ]
  return streams.filter(({ stream, spec }) => spec.path !== 'none' && (chosen === null || chosen === stream))
}

function fromOf(query: URLSearchParams): LogReadFrom {
  const lines = countOf(query, 'tail', 'lines')
  return lines === null ? { kind: 'all' } : { kind: 'lines', lines }
}

/** Lines of several streams are never cut into one another: what has no end yet is held back. */
async function* rawBytes(chunks: AsyncIterable<LogChunk>, streams: number): AsyncGenerator<Uint8Array> {
  const held = new Map<StreamRef, ReturnType<typeof createWholeLines>>()
  for await (const { stream, bytes } of chunks) {
    const lines = held.get(stream) ?? createWholeLines()
    held.set(stream, lines)
    yield streams === 1 ? bytes : lines.take(bytes)
  }
  for (const lines of held.values()) yield lines.rest()
}

async function* framed(chunks: AsyncIterable<LogChunk>): AsyncGenerator<Uint8Array> {
  for await (const { stream, bytes, wallMs, attempt } of chunks) {
    const time = wallMs === null ? null : new Date(wallMs).toISOString()
    yield printChunkHeader({ unit: stream.unit, stream: stream.stream, time, attempt, bytes: bytes.length })
    yield bytes
  }
}

/** Small pieces that are there at once go together: each write to the client costs more than the piece. */
async function* gathered(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const iterator = pieces[Symbol.asyncIterator]()
  let held: Uint8Array[] = []
  let heldBytes = 0
  let turn: Promise<'later'> | null = null
  try {
    for (;;) {
      const coming = iterator.next()
      let next = turn === null ? await coming : await Promise.race([coming, turn])
      if (next === 'later' || heldBytes >= gatheredBytes) {
        yield Buffer.concat(held)
        held = []
        heldBytes = 0
        turn = null
        if (next === 'later') next = await coming
      }
      if (next.done === true) break
      if (next.value.length === 0) continue
      held.push(next.value)
      heldBytes += next.value.length
      turn ??= nextTurn()
    }
    if (heldBytes > 0) yield Buffer.concat(held)
  } finally {
    await iterator.return?.()
  }
}

const gatheredBytes = 64 * 1024

/** Of the event loop: what does not come until then has to be read first. */
function nextTurn(): Promise<'later'> {
  return new Promise((resolve) => {
    setImmediate(resolve, 'later')
  })
}
