import { historyBytesMax, historyKept, historyTextCharsMax, historyUnitsMax } from '../core/limits.ts'
import type { Command, Now, Release, State, UnitId } from '../core/model.ts'
import { changedReleases } from '../core/release/changed.ts'
import type { HistoryEntry, HistoryPort, HistoryQuery, Listener } from '../engine/ports.ts'
import { openHistoryFiles } from './history-files.ts'
import { printHistoryLine } from './history-lines.ts'

export interface History extends HistoryPort {
  /** To be subscribed to the engine before its first turn. */
  readonly turn: Listener
  /** The daemon itself started, ended, or became another version. */
  daemon(what: DaemonEntry['what'], detail: string, now: Now): void
  /** What was written last before we opened it; null: nothing. */
  readonly before: HistoryEntry | null
  close(): void
}

type DaemonEntry = Extract<HistoryEntry, { kind: 'daemon' }>
/** An entry without its number. */
type News = HistoryEntry extends infer E ? (E extends HistoryEntry ? Omit<E, 'seq'> : never) : never

export interface HistoryOptions {
  /** Where `history.ndjson` and the older `history.1.ndjson` are kept. */
  readonly directory: string
  readonly warn: (message: string) => void
  readonly bytesMax?: number
}

/** While it cannot be written, it is tried again with what comes this much later. */
const retryMs = 10_000

/**
 * Transitions, commands, releases and the daemon's own lives, numbered over all of them. One write for each turn that has news, not
 * flushed: what a power cut takes from it is in the flight recorder. Never throws: trouble is told once, what comes
 * meanwhile is written later as far as it is still in memory, and what is not leaves a hole in the numbers.
 */
export function openHistory({ directory, warn, bytesMax = historyBytesMax }: HistoryOptions): History {
  const told = new Set<string>()
  const unreadable = (path: string, errno: string): void => {
    if (!told.has(path)) warn(`${path}: cannot be read (${errno}); what it holds is missing in the history`)
    told.add(path)
  }
  const files = openHistoryFiles({ directory, bytesMax, unreadable })
  const listeners = new Set<(entries: readonly HistoryEntry[]) => void>()
  const before = files.last()
  let seq = before?.seq ?? 0
  let written = seq
  /** The latest ones, oldest first; those that are not written are among them, as far as there is room. */
  let kept: HistoryEntry[] = []
  let releases: State['releases'] | null = null
  let trouble: { readonly retryBootMs: number } | null = null

  function add(news: readonly News[], { bootMs }: Now): void {
    if (news.length === 0) return
    const entries = news.map((one) => numbered(one, ++seq))
    kept.push(...entries)
    write(bootMs)
    if (kept.length > 2 * historyKept) kept = kept.slice(-historyKept)
    for (const listener of listeners) listener(entries)
  }

  function write(nowBootMs: number): void {
    if (trouble !== null && nowBootMs < trouble.retryBootMs) return
    const unwritten = kept.filter((entry) => entry.seq > written)
    try {
      files.append(unwritten.map(printHistoryLine).join(''))
      written = seq
      if (trouble !== null) warn('the history is written again')
      trouble = null
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
      if (trouble === null) {
        warn(
          `the history in ${directory} cannot be written (${error.code}); supervision goes on, writing is tried again`,
        )
      }
      trouble = { retryBootMs: nowBootMs + retryMs }
    }
  }

  function* entriesAfter(after: number, transitionsOf?: ReadonlySet<UnitId>): Generator<HistoryEntry> {
    if (after >= seq) return
    let last = after
    if (after + 1 < (kept[0]?.seq ?? seq + 1)) {
      for (const entry of files.entries(after, transitionsOf)) {
        last = entry.seq
        yield entry
      }
    }
    for (const entry of kept) if (entry.seq > last) yield entry
  }

  return {
    before,
    turn({ state, now }, transitions, commands) {
      const asked = commands.filter((command) => isTold(command, transitions.length > 0))
      const changed = changedReleases(releases, { state, now })
      releases = state.releases
      add(
        [
          ...asked.map((command) => commandNews(command, now)),
          ...changed.map((release) => releaseNews(release, now)),
          ...transitions.map((transition): News => ({ kind: 'transition', transition })),
        ],
        now,
      )
    },
    daemon: (what, detail, now) => add([{ kind: 'daemon', atWallMs: now.wallMs, what, detail: cut(detail) }], now),
    latest: () => seq,
    read(query) {
      const { after = 0, tail = null, transitionsOf } = query
      if (tail !== null) {
        const recent = select(kept, query)
        if (recent.length >= tail && (recent[0]?.seq ?? 1) > after) return recent
      }
      return select(entriesAfter(after, transitionsOf), query)
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    close: files.close,
  }
}

/** What the daemon asks of itself says something when it ends everything, and where something came of it. */
function isTold({ by, kind }: Command, hasConsequence: boolean): boolean {
  return by.kind !== 'daemon' || kind === 'shutdown' || hasConsequence
}

function commandNews(command: Command, now: Now): News {
  const units = 'units' in command ? command.units : []
  return {
    kind: 'command',
    atWallMs: now.wallMs,
    command: command.kind,
    by: command.by,
    units: units.slice(0, historyUnitsMax),
    unitsTotal: units.length,
    detail: cut(detailOf(command)),
  }
}

/** What it was for, where that is no unit, or why. */
function detailOf(command: Command): string {
  if (command.kind === 'signal') return command.signal
  if (command.kind === 'purge') return command.volumes.join(', ')
  if (command.kind === 'override-locks') return command.apps.join(', ')
  if (command.kind === 'own-images') return Object.keys(command.images).join(', ')
  return 'why' in command ? command.why : ''
}

function releaseNews({ app, id, status, why }: Release, now: Now): News {
  return { kind: 'release', atWallMs: now.wallMs, app, release: id, status, why: cut(why) }
}

function numbered(news: News, seq: number): HistoryEntry {
  return news.kind === 'transition' ? { ...news, seq, transition: { ...news.transition, seq } } : { ...news, seq }
}

function cut(text: string): string {
  return text.length > historyTextCharsMax ? `${text.slice(0, historyTextCharsMax - 1)}…` : text
}

function select(entries: Iterable<HistoryEntry>, query: HistoryQuery): readonly HistoryEntry[] {
  const { head = Number.POSITIVE_INFINITY, tail = null, transitionsOf, matches = () => true } = query
  const sinceWallMs = query.sinceWallMs ?? Number.NEGATIVE_INFINITY
  const untilWallMs = query.untilWallMs ?? Number.POSITIVE_INFINITY
  let found: HistoryEntry[] = []
  for (const entry of entries) {
    if (found.length >= head) break
    const wallMs = wallMsOf(entry)
    if (wallMs < sinceWallMs || wallMs >= untilWallMs) continue
    if (transitionsOf !== undefined && !(entry.kind === 'transition' && transitionsOf.has(entry.transition.unit)))
      continue
    if (!matches(entry)) continue
    found.push(entry)
    if (tail !== null && found.length > 2 * tail) found = lastOf(found, tail)
  }
  return tail === null ? found : lastOf(found, tail)
}

function lastOf<T>(all: T[], count: number): T[] {
  return all.slice(Math.max(0, all.length - count))
}

function wallMsOf(entry: HistoryEntry): number {
  return entry.kind === 'transition' ? entry.transition.atWallMs : entry.atWallMs
}
