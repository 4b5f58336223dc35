import { assert } from '../../base/assert.ts'
import type { UnitId, Who } from '../../core/model.ts'
import type { Driver, EnginePort, LogReadPort, Snapshot, StdinPort, StreamRef } from '../../engine/ports.ts'
import { parseSignalName } from '../../formats/signal-name.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import { apiVersion, type ChangeReport, type Info, type UpgradeItem, type UpgradeReport } from '../../wire/api.ts'
import type { Parsed, SourcesRequest, UpgradeRequest } from '../../wire/requests.ts'
import { parseNamesRequest, parseSignalRequest, parseSourcesRequest, parseUpgradeRequest } from '../../wire/requests.ts'
import type { RouteName } from '../../wire/routes.ts'
import { type FactsOf, statusList } from './details.ts'
import { explanationList } from './explanations.ts'
import { runNow } from './jobs.ts'
import { logBytes } from './log-bytes.ts'
import { Refusal } from './refusal.ts'
import { selectOrRefuse } from './select.ts'
import { writeStdin } from './stdin.ts'
import { unitList } from './units.ts'
import { bringAbout, sendSignal, type Wish } from './wishes.ts'

export interface NativeParts {
  readonly engine: EnginePort
  readonly logs: LogReadPort
  /** The file a stream is written to, or would be; null when it is thrown away. */
  readonly logPathOf: (stream: StreamRef) => string | null
  readonly stdin: StdinPort
  readonly driver: Pick<Driver, 'facts'>
  readonly sources: SourcesPort
  readonly upgrades: UpgradePort
  /** What does not change while the daemon runs. */
  readonly identity: Pick<Info, 'version' | 'pid' | 'home' | 'startedAt' | 'directory'>
  readonly warn: (text: string) => void
}

/** The declared files, as the daemon reads them. */
export interface SourcesPort {
  /** Absolute paths. */
  current(): readonly string[]
  /** Reads and compares; with `apply`, and without errors, the result becomes the target. */
  read(options: SourcesRequest & { readonly apply: boolean; readonly by: Who }): Promise<ChangeReport>
}

/** Another version of the program takes our place. */
export interface UpgradePort {
  /** Tries the other version out, while we go on; throws a Refusal with what it said. */
  prepare(request: UpgradeRequest & { readonly by: Who }): Promise<PreparedUpgrade>
  latest(): UpgradeItem | null
}

export interface PreparedUpgrade {
  readonly report: UpgradeReport
  /** Whether the report reached its reader: without one nothing happens. */
  settled(isTaken: boolean): void
}

export interface Asked {
  readonly query: URLSearchParams
  /** Parsed JSON; a Buffer for routes that take bytes; null for GET. */
  readonly body: unknown
  readonly who: Who
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal
}

export type Answer =
  /** `settled` is told whether the answer was taken, once that is certain. */
  | { readonly kind: 'json'; readonly body: object; readonly settled?: (isTaken: boolean) => void }
  | { readonly kind: 'bytes'; readonly bytes: AsyncIterable<Uint8Array> }

export type Handler = (asked: Asked) => Promise<Answer>

/** One handler for each route. */
export function createHandlers(parts: NativeParts): Readonly<Record<RouteName, Handler>> {
  const { engine, driver } = parts
  const factsOf: FactsOf = (run, unit) => driver.facts(run, unit)
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
      return json(explanationList(presentOf(engine), chosenBy(engine, query), factsOf))
    },
    status: async ({ query }) => {
      const { logPathOf } = parts
      return json(statusList(presentOf(engine), query.getAll('name'), { factsOf, logPathOf }))
    },
    start: wish('start'),
    stop: wish('stop'),
    restart: wish('restart'),
    run: async ({ body, who, signal }) => {
      return json(await runNow(engine, valid(parseNamesRequest(body)), { by: who, signal }))
    },
    stdin: async ({ query, body }) => {
      assert(Buffer.isBuffer(body), 'the body of a stdin request is bytes')
      return json(writeStdin(engine.snapshot(), parts.stdin, { names: query.getAll('name'), bytes: body }))
    },
    signal: async ({ body, who }) => {
      const request = valid(parseSignalRequest(body))
      const signal = parseSignalName(request.signal)
      if (signal === null) throw new Refusal('bad-request', `no signal is called '${request.signal}'`)
      return json(await sendSignal(engine, { ...request, signal }, who))
    },
    up: read(true),
    reload: read(false),
    upgrade: async ({ body, who }) => {
      const { report, settled } = await parts.upgrades.prepare({ ...valid(parseUpgradeRequest(body)), by: who })
      return { kind: 'json', body: report, settled }
    },
    logs: async (asked) => ({ kind: 'bytes', bytes: logBytes(parts, asked, Date.now()) }),
  }
}

/** A snapshot's own time is that of the last turn, and an idle daemon takes none. */
function presentOf(engine: EnginePort): Snapshot {
  return { ...engine.snapshot(), now: bootNow() }
}

function infoOf({ engine, sources, upgrades, identity }: NativeParts): Info {
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
    upgrade: upgrades.latest(),
  }
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
