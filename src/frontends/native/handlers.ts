import type { UnitId, Who } from '../../core/model.ts'
import type { Driver, EnginePort, LogReadFrom, LogReadPort } from '../../engine/ports.ts'
import { parseSignalName } from '../../formats/signal-name.ts'
import { apiVersion, type ChangeReport, type Info } from '../../wire/api.ts'
import type { Parsed, SourcesRequest } from '../../wire/requests.ts'
import { parseNamesRequest, parseSignalRequest, parseSourcesRequest } from '../../wire/requests.ts'
import type { RouteName } from '../../wire/routes.ts'
import { explanationList } from './explanations.ts'
import { logBytes, streamsOf } from './log-bytes.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'
import { unitList } from './units.ts'
import { bringAbout, sendSignal, type Wish } from './wishes.ts'

export interface NativeParts {
  readonly engine: EnginePort
  readonly logs: LogReadPort
  readonly driver: Pick<Driver, 'facts'>
  readonly sources: SourcesPort
  /** What does not change while the daemon runs. */
  readonly identity: Pick<Info, 'version' | 'pid' | 'home' | 'startedAt'>
  readonly warn: (text: string) => void
}

/** The declared files, as the daemon reads them. */
export interface SourcesPort {
  /** Absolute paths. */
  current(): readonly string[]
  /** Reads and compares; with `apply`, and without errors, the result becomes the target. */
  read(options: SourcesRequest & { readonly apply: boolean; readonly by: Who }): Promise<ChangeReport>
}

export interface Asked {
  readonly query: URLSearchParams
  readonly body: unknown
  readonly who: Who
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export type Answer =
  | { readonly kind: 'json'; readonly body: object }
  | { readonly kind: 'bytes'; readonly bytes: AsyncIterable<Uint8Array> }

export type Handler = (asked: Asked) => Promise<Answer>

/** One handler for each route. */
export function createHandlers(parts: NativeParts): Readonly<Record<RouteName, Handler>> {
  const { engine, driver } = parts
  const wish = (kind: Wish): Handler => {
    return async ({ body, who }) => json(await bringAbout(engine, kind, valid(parseNamesRequest(body)), who))
  }
  const read = (apply: boolean): Handler => {
    return async ({ body, who }) => {
      return json(await parts.sources.read({ ...valid(parseSourcesRequest(body)), apply, by: who }))
    }
  }
  return {
    info: async () => json(infoOf(parts)),
    units: async ({ query }) => json(unitList(engine.snapshot(), chosenBy(engine, query))),
    explain: async ({ query }) => {
      return json(explanationList(engine.snapshot(), chosenBy(engine, query), (run) => driver.facts(run)))
    },
    start: wish('start'),
    stop: wish('stop'),
    restart: wish('restart'),
    signal: async ({ body, who }) => {
      const request = valid(parseSignalRequest(body))
      const signal = parseSignalName(request.signal)
      if (signal === null) throw new Refusal('bad-request', `no signal is called '${request.signal}'`)
      return json(await sendSignal(engine, { ...request, signal }, who))
    },
    up: read(true),
    reload: read(false),
    logs: async (asked) => ({ kind: 'bytes', bytes: readLogs(parts, asked) }),
  }
}

function infoOf({ engine, sources, identity }: NativeParts): Info {
  const { state, storeTrouble } = engine.snapshot()
  return {
    apiVersion,
    kind: 'Info',
    ...identity,
    mode: state.mode.kind,
    modeWhy: state.mode.kind === 'running' ? '' : state.mode.why,
    sources: sources.current(),
    units: state.units.size,
    storeTrouble,
  }
}

function readLogs({ engine, logs }: NativeParts, { query, signal }: Asked): AsyncIterable<Uint8Array> {
  const { state } = engine.snapshot()
  const units = selectOrRefuse(state, query.getAll('name'))
  if (units.length !== 1) throw new Refusal('bad-request', 'logs are read one unit at a time', 'name one unit')
  const stream = query.get('stream')
  if (stream !== null && stream !== 'stdout' && stream !== 'stderr') {
    throw new Refusal('bad-request', `stream is stdout or stderr, not '${stream}'`)
  }
  const follow = query.get('follow') === 'true'
  return logBytes(logs, streamsOf(state, units[0]!, stream), { from: fromOf(query.get('tail')), follow, signal })
}

function fromOf(tail: string | null): LogReadFrom {
  if (tail === null) return { kind: 'all' }
  if (!/^\d{1,9}$/.test(tail)) throw new Refusal('bad-request', `tail is a number of lines, not '${tail}'`)
  return { kind: 'lines', lines: Number(tail) }
}

function chosenBy(engine: EnginePort, query: URLSearchParams): readonly UnitId[] | null {
  const names = query.getAll('name')
  return names.length === 0 ? null : selectOrRefuse(engine.snapshot().state, names)
}

function valid<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'bad') throw new Refusal('bad-request', parsed.message)
  return parsed.value
}

function json(body: object): Answer {
  return { kind: 'json', body }
}
