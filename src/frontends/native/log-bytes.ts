import { createWholeLines } from '../../base/whole-lines.ts'
import type { State, UnitId } from '../../core/model.ts'
import type { LogReadOptions, LogReadPort, StreamRef } from '../../engine/ports.ts'
import { Refusal } from './refusal.ts'

/** The bytes of a unit's log; where its streams are kept apart and none was chosen, both: one after the other, or woven line by line. */
export function logBytes(
  logs: LogReadPort,
  streams: readonly StreamRef[],
  options: LogReadOptions,
): AsyncIterable<Uint8Array> {
  const sources = streams.map((stream) => logs.read(stream, options))
  if (sources.length === 1) return sources[0]!
  return options.follow ? woven(sources) : inOrder(sources)
}

/** The streams of a unit that are kept. Throws Refusal where the chosen one is not. */
export function streamsOf(state: State, unit: UnitId, chosen: 'stdout' | 'stderr' | null): readonly StreamRef[] {
  const { stdout, stderr } = state.units.get(unit)!.spec.process
  const kept: readonly StreamRef[] = [
    { unit, stream: 'stdout', spec: stdout },
    ...(stderr === 'stdout' ? [] : [{ unit, stream: 'stderr' as const, spec: stderr }]),
  ]
  const wanted = kept.filter(({ stream, spec }) => spec.path !== 'none' && (chosen === null || chosen === stream))
  if (wanted.length > 0) return wanted
  if (chosen === 'stderr' && stderr === 'stdout') {
    throw new Refusal('no-such-log', `${unit} writes stderr into stdout`, 'leave --stream away')
  }
  throw new Refusal('no-such-log', `the output of ${unit} is thrown away`, 'its configuration says so')
}

async function* inOrder(sources: readonly AsyncIterable<Uint8Array>[]): AsyncIterable<Uint8Array> {
  for (const source of sources) yield* source
}

/** Whichever has something, in whole lines, so that lines of both stay readable. */
async function* woven(sources: readonly AsyncIterable<Uint8Array>[]): AsyncIterable<Uint8Array> {
  const readers = sources.map((source) => ({ iterator: source[Symbol.asyncIterator](), lines: createWholeLines() }))
  const pending = new Map(
    readers.map((reader) => [reader, reader.iterator.next().then((result) => ({ reader, result }))]),
  )
  try {
    while (pending.size > 0) {
      const { reader, result } = await Promise.race(pending.values())
      const bytes = result.done === true ? reader.lines.rest() : reader.lines.take(result.value)
      if (result.done === true) pending.delete(reader)
      else
        pending.set(
          reader,
          reader.iterator.next().then((next) => ({ reader, result: next })),
        )
      if (bytes.length > 0) yield bytes
    }
  } finally {
    for (const { iterator } of readers) await iterator.return?.()
  }
}
