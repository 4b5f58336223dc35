import type { ListenerPool } from '../../core/model.ts'
import { didYouMean } from '../../formats/suggest.ts'
import { eventNames } from './event-names.ts'
import { entryOf, fail, failEntry, readValue, type Section, textOf, warn } from './section.ts'
import { parseBoolean, parseInteger, parseList } from './values.ts'

/** supervisord's is 10: with more than a few programs, events of its start are lost before a listener is ready. */
const bufferUsual = 1_024

export interface DecodedListener {
  readonly pool: ListenerPool
  /** Before others, and stopped after them. */
  readonly priority: number
  /** Of all that makes it another pool for supervisord. */
  readonly identity: unknown
}

/** What `[eventlistener:x]` says beyond its program, in the order in which supervisord reads it. */
export function decodeListener(section: Section): DecodedListener {
  const priority = readValue(section, 'priority', parseInteger, -1)
  const bufferMax = readBuffer(section)
  const result = readResult(section)
  const events = readEvents(section)
  if (readValue(section, 'redirect_stderr', parseBoolean, false)) {
    const message = `[${section.section.name}] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol`
    failEntry(section, entryOf(section, 'redirect_stderr')!, message, 'remove it')
  }
  const pool = { events, bufferMax, result: result.kind }
  return { pool, priority, identity: { events: events.toSorted(), bufferMax, handler: result.handler } }
}

function readBuffer(section: Section): number {
  const size = readValue(section, 'buffer_size', parseInteger, bufferUsual)
  if (size >= 1) return size
  const message = `[${section.section.name}] section sets invalid buffer_size (${size})`
  failEntry(section, entryOf(section, 'buffer_size')!, message, 'write 1 or more')
  return bufferUsual
}

const defaultHandler = 'supervisor.dispatchers:default_handler'

function readResult(section: Section): { readonly kind: ListenerPool['result']; readonly handler: string } {
  const handler = textOf(section, 'result_handler') ?? defaultHandler
  if (handler === defaultHandler) return { kind: 'ok', handler }
  if (handler === 'supervisor_stdout:event_handler') return { kind: 'print', handler }
  const message = `the result handler ${handler} is Python and cannot be loaded: every result counts as done`
  warn(section, entryOf(section, 'result_handler')!, 'result_handler', message, '')
  return { kind: 'any', handler }
}

function readEvents(section: Section): readonly string[] {
  const entry = entryOf(section, 'events')
  const text = textOf(section, 'events')
  const shown = `[${section.section.name}]`
  // One that cannot be read was told.
  if (entry !== null && text === null) return []
  const names = [...new Set(parseList(text ?? '').map((name) => name.toUpperCase()))]
  if (names.length === 0) {
    const message = `${shown} section requires an "events" line`
    fail(section, entry ?? section.section, 'events', message, 'write events = PROCESS_STATE')
  }
  for (const name of names) {
    if (eventNames.includes(name)) continue
    const hint = didYouMean(name, eventNames, `there are ${eventNames.slice(1, 4).join(', ')} and others`)
    fail(section, entry!, 'events', `Unknown event type ${name} in ${shown} events`, hint)
  }
  return names
}
