import { assert } from '../../base/assert.ts'
import type { UnitId, Who } from '../../core/model.ts'
import type {
  Driver,
  EnginePort,
  ExecPort,
  HistoryPort,
  LogReadPort,
  Snapshot,
  StdinPort,
  StreamRef,
} from '../../engine/ports.ts'
import { parseSignalName } from '../../formats/signal-name.ts'
import { bootNow } from '../../sys/boot-clock.ts'
import {
  apiVersion,
  type ChangeReport,
  type Info,
  type UnitList,
  type UpgradeItem,
  type UpgradeReport,
} from '../../wire/api.ts'
import { execProtocol } from '../../wire/exec-frames.ts'
import type { ApplyRequest, Parsed, SourcesRequest, UpgradeRequest } from '../../wire/requests.ts'
import {
  parseApplyRequest,
  parseNamesRequest,
  parsePurgeRequest,
  parseSignalRequest,
  parseSourcesRequest,
  parseUpgradeRequest,
} from '../../wire/requests.ts'
import { printTcpAddress, type TcpAddress } from '../../wire/tcp-address.ts'
import { createChanges } from './changes.ts'
import { neededEngine } from './containers.ts'
import { type FactsOf, statusList } from './details.ts'
import type { Answer, Handler, Handlers } from './exchange.ts'
import { explanationList } from './explanations.ts'
import { historyEvents, historyList } from './history.ts'
import { runNow } from './jobs.ts'
import { keptBytes } from './kept-bytes.ts'
import { logAnswer } from './log-bytes.ts'
import { metrics } from './metrics.ts'
import { openApi } from './openapi.ts'
import { processTree } from './process-tree.ts'
import { purge } from './purge.ts'
import { isTrue } from './query.ts'
import { Refusal } from './refusal.ts'
import { releaseList } from './releases.ts'
import { resourceList } from './resources.ts'
import { selectByQuery } from './select.ts'
import { settleTarget } from './settle-target.ts'
import { shutDown } from './shutdown.ts'
import { writeStdin } from './stdin.ts'
import { unitList, wideUnitList } from './units.ts'
import { createUsageLook } from './usage.ts'
import { waitFor } from './wait.ts'
import { bringAbout, commandOrRefuse, sendSignal, type Wish } from './wishes.ts'

export interface NativeParts {
  readonly engine: EnginePort
  readonly logs: LogReadPort
  /** The file a stream is written to, or would be; null when it is thrown away. */
  readonly logPathOf: (stream: StreamRef) => string | null
  readonly stdin: StdinPort
  readonly exec: ExecPort
  readonly driver: Pick<Driver, 'facts' | 'factsOfAll'>
  readonly sources: SourcesPort
  readonly upgrades: UpgradePort
  readonly history: HistoryPort
  /** Who asked for the end of the daemon is answered before it: called with the beginning of an answer, gives its end. */
  readonly lastAnswers: { hold(): () => void }
  /** What does not change while the daemon runs. */
  readonly identity: Pick<
    Info,
    'version' | 'pid' | 'home' | 'startedAt' | 'directory' | 'driver' | 'logTotalBytesMax' | 'engineSocket'
  >
  /** Where clients connect over TCP at present; null: nowhere. */
  tcpAddress(): TcpAddress | null
  readonly warn: (text: string) => void
}

/** The declared files, as the daemon reads them. */
export interface SourcesPort {
  /** Absolute paths. */
  current(): readonly string[]
  /** Reads and compares; with `apply`, and without errors, the result becomes the target. */
  read(options: SourcesReading): Promise<ChangeReport>
  /**
   * The same with a target state of balena's in place of the one that was applied last, and with the files as they were read last.
   * With `apply`, and without errors, it is kept, and holds over restarts.
   */
  applyState(options: StateApplication): Promise<ChangeReport>
}

export interface StateApplication extends Pick<ApplyRequest, 'name' | 'force'> {
  readonly text: string
  readonly apply: boolean
  readonly by: Who
}

export interface SourcesReading extends Pick<SourcesRequest, 'sources' | 'lenient'> {
  readonly sinceStart?: boolean
  /** With `apply`: update locks hold back nothing until what is declared then is made. */
  readonly force?: boolean
  readonly apply: boolean
  readonly by: Who
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

/** One handler for each route. */
export function createHandlers(parts: NativeParts): Handlers {
  const { engine, driver } = parts
  const allUnits = keptBytes((snapshot) => withDriver(parts, unitList(snapshot, null)))
  const usage = createUsageLook(parts)
  const changes = createChanges({
    engine,
    life: `${Date.parse(parts.identity.startedAt)}-${parts.identity.pid}`,
    listNow: () => withDriver(parts, unitList(engine.snapshot(), null)),
  })
  const factsOf: FactsOf = (run, unit) => driver.facts(run, unit)
  const wish = (kind: Wish): Handler => {
    return async ({ body, who }) => json(await bringAbout(engine, kind, valid(parseNamesRequest(body)), who))
  }
  const read = (apply: boolean): Handler => {
    return async ({ body, who }) => {
      const request = valid(parseSourcesRequest(body))
      const before = engine.snapshot()
      const report = await parts.sources.read({ ...request, apply, by: who })
      await takeLoaded(engine, report, request.loadedImages, who)
      const { waitFor, timeoutMs } = request
      if (!report.isApplied || waitFor === null) return json(report)
      const { items, rejections } = await settleTarget(engine, before, { waitFor, timeoutMs })
      return json({ ...report, outcomes: items, rejections } satisfies ChangeReport)
    }
  }
  return {
    info: async () => json(infoOf(parts)),
    units: async ({ query }) => {
      if (query.size === 0) return { kind: 'text', contentType: 'application/json', text: allUnits(engine.snapshot()) }
      const chosen = chosenBy(engine, query)
      const isWide = isTrue(query, 'wide')
      const list = isWide ? wideUnitList(presentOf(engine), chosen) : unitList(engine.snapshot(), chosen)
      return json(withDriver(parts, list))
    },
    explain: async ({ query }) => {
      return json(explanationList(presentOf(engine), chosenBy(engine, query), factsOf))
    },
    status: async ({ query }) => {
      const { logPathOf, history } = parts
      const sight = { factsOf, logPathOf, processTree, history }
      return json(withDriver(parts, statusList(presentOf(engine), query.getAll('name'), sight, query.getAll('label'))))
    },
    releases: async () => json(releaseList(presentOf(engine))),
    resources: async () => json(withDriver(parts, resourceList(presentOf(engine)))),
    usage: async () => json(usage.list()),
    changes: async (asked) => ({ kind: 'events', events: changes.events(asked) }),
    history: async ({ query }) => json(historyList(parts, query, Date.now())),
    events: async (asked) => ({ kind: 'events', events: historyEvents(parts, asked) }),
    wait: async (asked) => json(await waitFor(engine, asked)),
    shutdown: async ({ who }) => {
      const settled = parts.lastAnswers.hold()
      return shutDown(engine, who).then(
        (body) => ({ kind: 'json', body, settled }),
        (error) => {
          settled()
          throw error
        },
      )
    },
    metrics: async () => metrics({ snapshot: presentOf(engine), facts: usage.facts(), identity: parts.identity }),
    openapi: async () => openApi(parts.identity),
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
    apply: async ({ body, who }) => {
      const { state, name, force, loadedImages, dryRun, waitFor, timeoutMs } = valid(parseApplyRequest(body))
      const before = engine.snapshot()
      const report = await parts.sources.applyState({ text: state, name, force, apply: !dryRun, by: who })
      await takeLoaded(engine, report, loadedImages, who)
      if (!report.isApplied || waitFor === null) return json(report)
      const { items, rejections } = await settleTarget(engine, before, { waitFor, timeoutMs })
      return json({ ...report, outcomes: items, rejections } satisfies ChangeReport)
    },
    reload: read(false),
    purge: async ({ body, who }) => json(await purge(engine, valid(parsePurgeRequest(body)), who)),
    upgrade: async ({ body, who }) => {
      const { report, settled } = await parts.upgrades.prepare({ ...valid(parseUpgradeRequest(body)), by: who })
      return { kind: 'json', body: report, settled }
    },
    exec: async () => {
      throw new Refusal('bad-request', 'a command needs the connection itself', `send Upgrade: ${execProtocol}`)
    },
    logs: async (asked) => logAnswer(parts, asked, Date.now()),
  }
}

/** What is declared from now on needs them, so that none is removed as soon as it is ours. */
async function takeLoaded(
  engine: EnginePort,
  { isApplied }: ChangeReport,
  images: Readonly<Record<string, string>>,
  by: Who,
): Promise<void> {
  if (isApplied && Object.keys(images).length > 0) await commandOrRefuse(engine, { kind: 'own-images', images, by })
}

/** A snapshot's own time is that of the last turn, and an idle daemon takes none. */
function presentOf(engine: EnginePort): Snapshot {
  return { ...engine.snapshot(), now: bootNow() }
}

function infoOf({ engine, sources, upgrades, identity, tcpAddress }: NativeParts): Info {
  const { state, storeTrouble } = engine.snapshot()
  const address = tcpAddress()
  return {
    apiVersion,
    kind: 'Info',
    ...identity,
    mode: state.mode.kind,
    modeWhy: state.mode.kind === 'running' ? '' : state.mode.why,
    sources: sources.current(),
    units: state.units.size,
    rssBytes: process.memoryUsage.rss(),
    storeTrouble,
    listen: address === null ? null : printTcpAddress(address),
    upgrade: upgrades.latest(),
    containerEngine: neededEngine(state, bootNow()),
  }
}

/** Nobody is to take what is played for what runs. */
function withDriver<T extends Pick<UnitList, 'warnings'>>({ identity }: NativeParts, list: T): T {
  if (identity.driver === 'process') return list
  const played = 'these units are only played by the fake driver: no process is started, no pid is real'
  return { ...list, warnings: [played, ...list.warnings] }
}

function chosenBy(engine: EnginePort, query: URLSearchParams): readonly UnitId[] | null {
  return selectByQuery(engine.snapshot().state, query)
}

function valid<T>(parsed: Parsed<T>): T {
  if (parsed.kind === 'bad') throw new Refusal('bad-request', parsed.message)
  return parsed.value
}

function json(body: object): Answer {
  return { kind: 'json', body }
}
