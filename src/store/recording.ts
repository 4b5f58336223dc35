import { unknownEngine } from '../core/containers/none.ts'
import type { Event, Now, State } from '../core/model.ts'
import type { Recorder } from '../engine/ports.ts'
import { createRedaction, type Redaction } from './redaction.ts'

/** A line of a recording. */
export type RecordedEntry =
  /** The complete state that what follows starts from: nothing before it is needed. */
  | { readonly kind: 'begin'; readonly format: 1; readonly now: Now; readonly state: State }
  /** What a turn was given, and when. */
  | { readonly kind: 'turn'; readonly now: Now; readonly events: readonly Event[] }
  /** How the turn before it went; missing where we died in it. */
  | ({ readonly kind: 'settled' } & RecordedSettled)

export type RecordedSettled = Parameters<Recorder['settled']>[0]

/** One line of JSON, without the secrets of what is recorded: the core only compares them, and `redaction` keeps them apart. */
export function printEntry(entry: RecordedEntry, redaction: Redaction = createRedaction()): string {
  return `${JSON.stringify(printable(entry, redaction))}\n`
}

/** A line that cannot be replayed. Lines count from 1. */
export interface DamagedLine {
  readonly kind: 'damaged'
  readonly message: string
}

/**
 * The entries of a recording in order, each with its line. A line torn apart by a death of ours is left out where it
 * is normal: at the end, and before a `begin`. Anything else that cannot be read is a `damaged` entry: what follows it
 * cannot be trusted until the next `begin`.
 */
export function* readRecording(text: string): Generator<{ line: number; entry: RecordedEntry | DamagedLine }> {
  let doubtful: { line: number; entry: DamagedLine } | null = null
  let line = 0
  for (const part of linesOf(text)) {
    line++
    if (part === '') continue
    const entry = parseEntry(part, line)
    if (doubtful !== null && entry.kind !== 'begin') yield doubtful
    doubtful = null
    if (entry.kind === 'torn') doubtful = { line, entry: { kind: 'damaged', message: entry.message } }
    else yield { line, entry }
  }
}

function* linesOf(text: string): Generator<string> {
  for (let start = 0; start < text.length; ) {
    const newline = text.indexOf('\n', start)
    const end = newline === -1 ? text.length : newline
    yield text.slice(start, end)
    start = end + 1
  }
}

function parseEntry(text: string, line: number): RecordedEntry | DamagedLine | { kind: 'torn'; message: string } {
  let entry: RecordedEntry
  try {
    entry = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    return {
      kind: 'torn',
      message: `line ${line}: is no complete JSON (${error.message}); replay from the next 'begin'`,
    }
  }
  switch (entry?.kind) {
    case 'begin':
      if (entry.format !== 1)
        return damaged(line, `has format ${entry.format}; replay it with the Holdfast that wrote it`)
      return { ...entry, state: readState(entry.state) }
    case 'turn':
    case 'settled':
      return entry
    default:
      return damaged(line, `is no line of a recording (kind 'begin', 'turn' or 'settled'); is this the right file?`)
  }
}

/** What JSON has no word for, maps and sets, is written as lists. */
function printableState(state: State): object {
  return {
    ...state,
    units: [...state.units],
    releases: [...state.releases],
    containerEngine: mapped(state.containerEngine, (value) => (isCollection(value) ? [...value] : value)),
  }
}

/** An older version wrote nothing of containers and releases. */
function readState(written: State): State {
  const lists: Readonly<Record<string, unknown>> = { ...written.containerEngine }
  const engine = mapped(unknownEngine(), (plain, key) => {
    const value = Object.hasOwn(lists, key) ? lists[key] : plain
    if (!Array.isArray(value)) return value
    return plain instanceof Map ? new Map(value) : plain instanceof Set ? new Set(value) : value
  })
  return {
    ...written,
    units: new Map(written.units),
    releases: new Map(written.releases ?? []),
    containerEngine: engine as unknown as State['containerEngine'],
  }
}

function isCollection(value: unknown): value is Iterable<unknown> {
  return value instanceof Map || value instanceof Set
}

function mapped(record: object, change: (value: unknown, key: string) => unknown): object {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value, key)]))
}

function damaged(line: number, message: string): DamagedLine {
  return { kind: 'damaged', message: `line ${line}: ${message}` }
}

function printable(entry: RecordedEntry, redaction: Redaction): object {
  switch (entry.kind) {
    case 'begin':
      return { ...entry, state: printableState(redaction.state(entry.state)) }
    case 'turn':
      return { ...entry, events: entry.events.map(redaction.event) }
    case 'settled':
      return entry
  }
}
