import { stateRequestBytesMax } from '../core/limits.ts'

/** The native API as data: the server answers by it, the client asks by it, its description is generated from it. */
export const routes = {
  info: {
    method: 'GET',
    path: '/v1/info',
    query: [],
    answer: 'Info',
    summary: 'The daemon: version, home, mode, sources',
  },
  units: {
    method: 'GET',
    path: '/v1/units',
    query: ['name', 'label', 'wide'],
    answer: 'UnitList',
    variant: 'WideUnitList',
    summary: 'What runs, as `holdfast ps`',
  },
  status: {
    method: 'GET',
    path: '/v1/status',
    query: ['name', 'label'],
    answer: 'StatusList',
    summary: 'Everything that is known of some units',
  },
  releases: {
    method: 'GET',
    path: '/v1/releases',
    query: [],
    answer: 'ReleaseList',
    summary: 'What release each app is on, and what was rejected',
  },
  resources: {
    method: 'GET',
    path: '/v1/resources',
    query: [],
    answer: 'ResourceList',
    summary: 'Images, volumes and networks that apps need of the container engine',
  },
  usage: {
    method: 'GET',
    path: '/v1/usage',
    query: [],
    answer: 'UsageList',
    summary: 'Processor time and memory of all units',
  },
  changes: {
    method: 'GET',
    path: '/v1/changes',
    query: [],
    answer: 'events',
    events: { snapshot: 'UnitList', change: 'UnitChange' },
    summary: 'Server-sent events: all units, then what changes of them',
  },
  history: {
    method: 'GET',
    path: '/v1/history',
    query: ['name', 'label', 'since', 'until', 'tail', 'kind'],
    answer: 'HistoryList',
    summary: 'What happened: every transition and command, with who asked',
  },
  events: {
    method: 'GET',
    path: '/v1/events',
    query: ['name', 'label', 'after', 'kind'],
    answer: 'events',
    events: {
      transition: 'TransitionItem',
      command: 'CommandItem',
      release: 'ReleaseChangeItem',
      daemon: 'DaemonItem',
      gap: 'EventGap',
    },
    summary: 'Server-sent events: the history as it is made',
  },
  wait: {
    method: 'GET',
    path: '/v1/wait',
    query: ['name', 'label', 'for', 'timeoutMs'],
    answer: 'OutcomeList',
    summary: 'Wait until units are running, healthy, stopped or ended',
  },
  shutdown: {
    method: 'POST',
    path: '/v1/shutdown',
    query: [],
    body: 'none',
    answer: 'ShutdownReport',
    summary: 'Stop everything in order, then end the daemon',
  },
  metrics: {
    method: 'GET',
    path: '/v1/metrics',
    query: [],
    answer: 'text',
    summary: 'The same for machines: OpenMetrics text',
  },
  openapi: {
    method: 'GET',
    path: '/v1/openapi.json',
    query: [],
    answer: 'openapi',
    summary: 'This API, described as OpenAPI 3.1',
  },
  explain: {
    method: 'GET',
    path: '/v1/explain',
    query: ['name', 'label'],
    answer: 'ExplanationList',
    summary: 'Why a unit is as it is, and what happens next',
  },
  start: {
    method: 'POST',
    path: '/v1/start',
    query: [],
    body: 'NamesBody',
    answer: 'OutcomeList',
    summary: 'Want units up, and wait until they are',
  },
  stop: {
    method: 'POST',
    path: '/v1/stop',
    query: [],
    body: 'NamesBody',
    answer: 'OutcomeList',
    summary: 'Want units down, and wait until they are',
  },
  restart: {
    method: 'POST',
    path: '/v1/restart',
    query: [],
    body: 'NamesBody',
    answer: 'OutcomeList',
    summary: 'End running units and start them again',
  },
  run: {
    method: 'POST',
    path: '/v1/run',
    query: [],
    body: 'NamesBody',
    answer: 'OutcomeList',
    summary: 'One run now, as a job, and wait until it ends',
  },
  signal: {
    method: 'POST',
    path: '/v1/signal',
    query: [],
    body: 'SignalBody',
    answer: 'OutcomeList',
    summary: 'Send a signal to running units',
  },
  up: {
    method: 'POST',
    path: '/v1/up',
    query: [],
    body: 'SourcesBody',
    answer: 'ChangeReport',
    summary: 'Read the configuration again and apply what changed',
  },
  apply: {
    method: 'POST',
    path: '/v1/apply',
    query: [],
    body: 'ApplyBody',
    bodyBytesMax: stateRequestBytesMax,
    answer: 'ChangeReport',
    summary: 'Take a target state of balena’s in place of the one before, and keep it',
  },
  reload: {
    method: 'POST',
    path: '/v1/reload',
    query: [],
    body: 'SourcesBody',
    answer: 'ChangeReport',
    summary: 'Read the configuration again and report what would change',
  },
  purge: {
    method: 'POST',
    path: '/v1/purge',
    query: [],
    body: 'PurgeBody',
    answer: 'PurgeReport',
    summary: 'Remove what volumes hold, for good; they are made anew where something declares them',
  },
  upgrade: {
    method: 'POST',
    path: '/v1/upgrade',
    query: [],
    body: 'UpgradeBody',
    answer: 'UpgradeReport',
    summary: 'Go on as another version of this program, with everything that runs left alone',
  },
  stdin: {
    method: 'POST',
    path: '/v1/stdin',
    query: ['name'],
    body: 'bytes',
    answer: 'StdinReport',
    summary: 'Write to the stdin of a unit that has a pipe for it',
  },
  exec: {
    method: 'POST',
    path: '/v1/exec',
    query: [],
    body: 'none',
    answer: 'frames',
    summary: 'Run a command beside a unit: the connection is upgraded, and is its stdin, output and terminal',
  },
  logs: {
    method: 'GET',
    path: '/v1/logs',
    query: ['name', 'label', 'stream', 'tail', 'since', 'until', 'previous', 'follow', 'format'],
    answer: 'bytes',
    summary: 'What units printed: the bytes of one, or the pieces of several in the order of time',
  },
} as const satisfies Readonly<Record<string, Route>>

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Names of its query parameters; any other is refused. `parameters.ts` tells what they mean. */
  readonly query: readonly string[]
  /** The type of its JSON in `requests.ts`; none: `{}`, or nothing at all; bytes: it is taken as it is. */
  readonly body?: string
  /** Where it may be larger than `requestBytesMax`. */
  readonly bodyBytesMax?: number
  /** The type of its JSON in `api.ts`; else events, bytes, frames, text that is no JSON, or openapi. */
  readonly answer: string
  /** Another type that its JSON may have, by a parameter. */
  readonly variant?: string
  /** Of an answer that is events: the type of each event's data. */
  readonly events?: Readonly<Record<string, string>>
  readonly summary: string
}

export type RouteName = keyof typeof routes
