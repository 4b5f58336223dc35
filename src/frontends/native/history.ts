import { nextRound } from '../../base/pause.ts'
import type { State, Transition, UnitId } from '../../core/model.ts'
import { phaseWords } from '../../core/shown.ts'
import { selectUnits } from '../../core/target/select.ts'
import { whoText } from '../../core/text.ts'
import type { EnginePort, HistoryEntry, HistoryPort } from '../../engine/ports.ts'
import { apiVersion, type EventGap, type HistoryItem, type HistoryList } from '../../wire/api.ts'
import type { Asked, ServerSentEvent } from './exchange.ts'
import { exitItem } from './jobs.ts'
import { createBell } from './news.ts'
import { countOf, oneOf, timeOf } from './query.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'

interface Parts {
  readonly engine: Pick<EnginePort, 'snapshot'>
  readonly history: HistoryPort
}

type Matches = (entry: HistoryEntry) => boolean

/** What `holdfast history` shows. Throws Refusal. */
export function historyList(parts: Parts, query: URLSearchParams, nowMs: number): HistoryList {
  const { history } = parts
  const entries = history.read({
    sinceWallMs: timeOf(query, 'since', nowMs),
    untilWallMs: timeOf(query, 'until', nowMs),
    tail: countOf(query, 'tail', 'entries'),
    matches: allOf(ofKind(query), ofUnits(parts, query, 'past too')),
  })
  return { apiVersion, kind: 'HistoryList', items: entries.map(historyItem) }
}

// ---- as it is made ---------------------------------------------------------------------------------------------

/** Of a client that is behind, this many entries are looked at before it is asked whether it takes more. */
const batchEntries = 256

/**
 * Each entry as an event named after its kind, with its number as id; from the next one on, or after the one the client
 * has. No queue: a client that takes its time is behind by a number, and reads on from memory, or from the files. Where
 * numbers are missing it is told by a `gap` event. Throws Refusal, before the first event.
 */
export function historyEvents(
  parts: Parts,
  { query, lastEventId, signal }: Pick<Asked, 'query' | 'lastEventId' | 'signal'>,
): AsyncIterable<ServerSentEvent> {
  const { history } = parts
  const after = firstAfter(query, lastEventId) ?? history.latest()
  const matches = allOf(ofKind(query), ofUnits(parts, query, 'present'))
  return eventsAfter({ history, matches, after, signal })
}

function firstAfter(query: URLSearchParams, lastEventId: string | null): number | null {
  if (lastEventId === null) return countOf(query, 'after', 'an entry')
  // One that is not ours, after the history was lost: all that is kept is new to whoever has it.
  return /^\d{1,15}$/.test(lastEventId) ? Number(lastEventId) : 0
}

async function* eventsAfter(options: {
  readonly history: HistoryPort
  readonly matches: Matches
  readonly after: number
  readonly signal: AbortSignal
}): AsyncGenerator<ServerSentEvent> {
  const { history, matches, signal } = options
  const bell = createBell(signal)
  const stop = history.subscribe(bell.ring)
  // A history that was lost begins anew, with smaller numbers.
  const isAnother = options.after > history.latest()
  let after = isAnother ? 0 : options.after
  let isLost = isAnother
  try {
    while (!signal.aborted) {
      const batch = history.read({ after, head: batchEntries })
      for (const entry of batch) {
        isLost ||= entry.seq > after + 1
        if (isLost) yield gap(entry.seq)
        isLost = false
        after = entry.seq
        if (matches(entry)) yield eventOf(entry)
      }
      if (batch.length < batchEntries) await bell.rung()
      // Reading on must not hold up the engine.
      else await nextRound()
    }
  } finally {
    stop()
  }
}

function gap(nextSeq: number): ServerSentEvent {
  const data: EventGap = { apiVersion, kind: 'EventGap', nextSeq }
  return { event: 'gap', id: String(nextSeq - 1), data }
}

function eventOf(entry: HistoryEntry): ServerSentEvent {
  return { event: entry.kind, id: String(entry.seq), data: historyItem(entry) }
}

// ---- which -----------------------------------------------------------------------------------------------------

const kinds: Readonly<Record<string, HistoryEntry['kind']>> = {
  transitions: 'transition',
  commands: 'command',
  releases: 'release',
  daemon: 'daemon',
}

function ofKind(query: URLSearchParams): Matches {
  const kind = oneOf(query, 'kind', Object.keys(kinds))
  return kind === null ? () => true : (entry) => entry.kind === kinds[kind]
}

function allOf(...all: readonly Matches[]): Matches {
  return (entry) => all.every((matches) => matches(entry))
}

/**
 * What happened to the units that these names mean, and what was asked of them; no names: everything. `past too`: also names
 * of what is no longer declared, as far as the history knows it. Throws Refusal.
 */
function ofUnits({ engine, history }: Parts, query: URLSearchParams, which: 'present' | 'past too'): Matches {
  const [names, labels] = [query.getAll('name'), query.getAll('label')]
  if (names.length === 0 && labels.length === 0) return () => true
  const { state } = engine.snapshot()
  const past = names.filter((name) => selectUnits(state, [name]).kind === 'unknown' && which === 'past too')
  for (const name of past) if (!isInHistory(history, name)) selectOrRefuse(state, [name])
  const present = names.filter((name) => !past.includes(name))
  const isPastOnly = present.length === 0 && labels.length === 0
  const named = isPastOnly ? () => false : presentUnits(engine, present, labels)
  const isMeant = (unit: UnitId) => named(unit) || past.some((name) => isNamedSo(unit, name))
  const isAppMeant = (app: string): boolean => {
    if (past.some((name) => name.startsWith(`${app}/`))) return true
    return [...engine.snapshot().state.units.values()].some((unit) => unit.app === app && isMeant(unit.id))
  }
  return concerning(isMeant, isAppMeant)
}

/** Names are looked up again when something else is declared: `web` means its new units too. */
function presentUnits(
  engine: Parts['engine'],
  names: readonly string[],
  labels: readonly string[],
): (unit: UnitId) => boolean {
  let { target } = engine.snapshot().state
  let units = new Set(selectOrRefuse(engine.snapshot().state, names, labels))
  return (unit) => {
    const { state } = engine.snapshot()
    if (state.target !== target) {
      target = state.target
      units = new Set([...units, ...selectedNow(state, names, labels)])
    }
    return units.has(unit)
  }
}

/** None where a name means nothing any more. */
function selectedNow(state: State, names: readonly string[], labels: readonly string[]): readonly UnitId[] {
  try {
    return selectOrRefuse(state, names, labels)
  } catch (error) {
    if (error instanceof Refusal) return []
    throw error
  }
}

function concerning(isMeant: (unit: UnitId) => boolean, isAppMeant: (app: string) => boolean): Matches {
  return (entry) => {
    switch (entry.kind) {
      case 'transition':
        return isMeant(entry.transition.unit)
      case 'command':
        // Of many units not all are written down; and some commands are for everything.
        return entry.unitsTotal > entry.units.length || entry.unitsTotal === 0 || entry.units.some(isMeant)
      case 'release':
        return isAppMeant(entry.app)
      case 'daemon':
        return false
    }
  }
}

function isInHistory(history: HistoryPort, name: string): boolean {
  const matches: Matches = (entry) => entry.kind === 'transition' && isNamedSo(entry.transition.unit, name)
  return history.read({ matches, head: 1 }).length > 0
}

/** `service`, `app/service`, `app/service/n` or `app/`. */
function isNamedSo(unit: UnitId, name: string): boolean {
  const [app, service] = unit.split('/')
  return name === unit || name === service || name === `${app}/${service}` || name === `${app}/`
}

// ---- as it is told ---------------------------------------------------------------------------------------------

export function historyItem(entry: HistoryEntry): HistoryItem {
  const { seq } = entry
  switch (entry.kind) {
    case 'transition':
      return { kind: 'transition', seq, ...transitionPart(entry.transition) }
    case 'command': {
      const { command, by, units, unitsTotal, detail } = entry
      return { kind: 'command', seq, at: iso(entry.atWallMs), command, by: whoText(by), units, unitsTotal, detail }
    }
    case 'release': {
      const { atWallMs, app, release, status, why } = entry
      return { kind: 'release', seq, at: iso(atWallMs), app, release, status, why }
    }
    case 'daemon':
      return { kind: 'daemon', seq, at: iso(entry.atWallMs), what: entry.what, detail: entry.detail }
  }
}

function transitionPart({ atWallMs, unit, run, from, to, why, exit }: Transition) {
  return { at: iso(atWallMs), unit, run, from: phaseWords[from], to: phaseWords[to], why, exit: exitItem(exit) }
}

/** The words of `ps`, where it has one for a phase alone. */
function iso(wallMs: number): string {
  return new Date(wallMs).toISOString()
}
