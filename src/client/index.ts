import type { Agent, IncomingMessage } from 'node:http'
import type {
  ChangeReport,
  EventGap,
  ExplanationList,
  HistoryItem,
  HistoryList,
  Info,
  OutcomeList,
  PurgeReport,
  ReleaseList,
  ResourceList,
  ShutdownReport,
  StatusList,
  StdinReport,
  UnitChange,
  UnitList,
  UpgradeReport,
  UsageList,
  WideUnitList,
} from '../wire/api.ts'
import { chooseHome } from '../wire/home.ts'
import type { ApplyBody, NamesBody, PurgeBody, SignalBody, SourcesBody, UpgradeBody } from '../wire/requests.ts'
import type { RouteName, routes } from '../wire/routes.ts'
import { Forbidden, HoldfastError, refusalOf, Unreachable } from './errors.ts'
import { following } from './following.ts'
import { type LogLine, readLogLines } from './log-lines.ts'
import { codeOf, keepingAgent, type Place, type Question, readText, send } from './send.ts'

export type * from '../wire/api.ts'
export type { ApplyBody, NamesBody, PurgeBody, SignalBody, SourcesBody, UpgradeBody } from '../wire/requests.ts'
export { Forbidden, HoldfastError, Refused, Unreachable } from './errors.ts'
export type { LogLine } from './log-lines.ts'

/** Where the daemon is: by its socket, by its home (without either: as the command line finds it), or over TCP with a key. */
export type ConnectOptions =
  | { readonly socket: string }
  | { readonly home?: string }
  | { readonly url: string | URL; readonly key: string }

export interface CallOptions {
  /** Aborted: the call is given up and rejects with an AbortError; what it asked for may go on. */
  readonly signal?: AbortSignal
}

/**
 * A daemon, asked by methods that are named as the routes of docs/native-api.md. Everything may reject with Unreachable,
 * Forbidden or Refused (its `code` says why); nothing is sent before a method is called.
 */
export interface Holdfast {
  info: Get<'info', Info>
  units: ((query: QueryOf<'units'> & { readonly wide: true }, options?: CallOptions) => Promise<WideUnitList>) &
    Get<'units', UnitList>
  status: Get<'status', StatusList>
  explain: Get<'explain', ExplanationList>
  usage: Get<'usage', UsageList>
  releases: Get<'releases', ReleaseList>
  resources: Get<'resources', ResourceList>
  history: Get<'history', HistoryList>
  /** Resolves when the units have come to it, or cannot. */
  wait: Get<'wait', OutcomeList>
  start: Post<NamesBody, OutcomeList>
  stop: Post<NamesBody, OutcomeList>
  restart: Post<NamesBody, OutcomeList>
  run: Post<NamesBody, OutcomeList>
  signal: Post<SignalBody, OutcomeList>
  up(body?: SourcesBody, options?: CallOptions): Promise<ChangeReport>
  /** A target state of balena's takes the place of the one before. */
  apply: Post<ApplyBody, ChangeReport>
  /** Nothing is asked: `dryRun` tells what would be lost. */
  purge: Post<PurgeBody, PurgeReport>
  reload(body?: SourcesBody, options?: CallOptions): Promise<ChangeReport>
  upgrade(body?: UpgradeBody, options?: CallOptions): Promise<UpgradeReport>
  shutdown(options?: CallOptions): Promise<ShutdownReport>
  /** Refused with `stdin-full` where the pipe took less: `answer.bytesTaken` tells how much. */
  stdin(name: string, bytes: Uint8Array | string, options?: CallOptions): Promise<StdinReport>
  /** OpenMetrics text. */
  metrics(options?: CallOptions): Promise<string>
  openapi(options?: CallOptions): Promise<object>
  /** All units, then what changes of them; after a break it resumes, with all units again where that is needed. Never ends. */
  changes(options?: CallOptions): AsyncIterable<UnitList | UnitChange>
  /** What happens, as it happens; after a break it resumes, and a gap says where something is missing. Never ends. */
  events(query?: QueryOf<'events'>, options?: CallOptions): AsyncIterable<HistoryItem | EventGap>
  /** What units printed, line by line; with `follow` it goes on, until the connection breaks. */
  logs(query?: Omit<QueryOf<'logs'>, 'format'>, options?: CallOptions): AsyncIterable<LogLine>
  /** Closes the connections that are kept for what is asked next. */
  close(): void
}

export type QueryOf<R extends RouteName> = {
  readonly [Name in (typeof routes)[R]['query'][number]]?: string | number | boolean | readonly string[]
}

export type Get<R extends RouteName, Answer> = (query?: QueryOf<R>, options?: CallOptions) => Promise<Answer>
export type Post<Body, Answer> = (body: Body, options?: CallOptions) => Promise<Answer>

/** A client of one daemon. Throws HoldfastError where the options name no place. */
export function connect(options: ConnectOptions = {}): Holdfast {
  const place = placeOf(options)
  let agent: Agent | null = null

  const begin = async (route: RouteName, question: Question, how: 'kept' | 'own'): Promise<IncomingMessage> => {
    agent ??= keepingAgent(place)
    return await telling(place, async () => {
      const response = await send(place, route, question, how === 'kept' ? agent : null)
      if (response.statusCode !== 200) throw refusalOf(response.statusCode, await readText(response))
      return response
    })
  }
  const text = async (route: RouteName, question: Question): Promise<string> => {
    const response = await begin(route, question, 'kept')
    return await telling(place, () => readText(response))
  }
  const json = async <T>(route: RouteName, question: Question): Promise<T> => JSON.parse(await text(route, question))
  const get =
    (route: RouteName) =>
    (query: Question['query'] = {}, { signal }: CallOptions = {}) =>
      json<never>(route, { query, signal })
  const post =
    (route: RouteName) =>
    (body: object = {}, { signal }: CallOptions = {}) =>
      json<never>(route, { body, signal })
  const events = (route: RouteName, query: Question['query'], { signal }: CallOptions) =>
    following({ begin: (lastEventId) => begin(route, { query, signal, lastEventId }, 'own'), signal })

  return {
    info: get('info'),
    units: get('units'),
    status: get('status'),
    explain: get('explain'),
    usage: get('usage'),
    releases: get('releases'),
    resources: get('resources'),
    history: get('history'),
    wait: get('wait'),
    start: post('start'),
    stop: post('stop'),
    restart: post('restart'),
    run: post('run'),
    signal: post('signal'),
    up: post('up'),
    apply: post('apply'),
    purge: post('purge'),
    reload: post('reload'),
    upgrade: post('upgrade'),
    shutdown: (call) => post('shutdown')({}, call),
    stdin: (name, bytes, { signal } = {}) => {
      return json('stdin', { query: { name }, body: typeof bytes === 'string' ? Buffer.from(bytes) : bytes, signal })
    },
    metrics: ({ signal } = {}) => text('metrics', { signal }),
    openapi: (call) => get('openapi')({}, call),
    async *changes(call = {}) {
      for await (const { data } of events('changes', {}, call)) yield JSON.parse(data)
    },
    async *events(query = {}, call = {}) {
      for await (const { data } of events('events', query, call)) yield JSON.parse(data)
    },
    async *logs(query = {}, { signal } = {}) {
      const response = await begin('logs', { query: { ...query, format: 'chunks' }, signal }, 'own')
      yield* untilBroken(place, readLogLines(response))
    },
    close() {
      agent?.destroy()
      agent = null
    },
  }
}

function placeOf(options: ConnectOptions): Place {
  if ('socket' in options) return { kind: 'socket', path: options.socket }
  if ('url' in options) {
    if (!URL.canParse(String(options.url)) || !/^https?:$/.test(new URL(options.url).protocol)) {
      throw new HoldfastError(`'${options.url}' is no address of a daemon; write http://127.0.0.1:8700`)
    }
    return { kind: 'url', url: new URL(options.url), key: options.key }
  }
  const choice = chooseHome({ option: options.home, environment: process.env, uid: process.geteuid?.() ?? 0 })
  if (choice.kind === 'bad') throw new HoldfastError(choice.message)
  return { kind: 'socket', path: choice.home.socketPath }
}

async function telling<T>(place: Place, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw connectError(place, error)
  }
}

async function* untilBroken<T>(place: Place, items: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items
  } catch (error) {
    throw connectError(place, error)
  }
}

function connectError(place: Place, cause: unknown): unknown {
  const code = codeOf(cause)
  if (cause instanceof HoldfastError || !(cause instanceof Error) || code === '' || code === 'ABORT_ERR') return cause
  const where = place.kind === 'socket' ? place.path : place.url.href
  if (code === 'EACCES' || code === 'EPERM') return new Forbidden(`${where} belongs to another user`, { cause })
  const isAbsent = code === 'ENOENT' || code === 'ECONNREFUSED'
  const problem = isAbsent
    ? `no daemon answers at ${where} (${code})`
    : `the daemon at ${where} broke off (${cause.message})`
  return new Unreachable(problem, { cause })
}
