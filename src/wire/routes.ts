/** The native API as data: the server answers by it, the client asks by it, its description is generated from it. */
export const routes = {
  info: { method: 'GET', path: '/v1/info', query: [], summary: 'The daemon: version, home, mode, sources' },
  units: { method: 'GET', path: '/v1/units', query: ['name'], summary: 'What runs, as `holdfast ps`' },
  status: { method: 'GET', path: '/v1/status', query: ['name'], summary: 'Everything that is known of some units' },
  explain: {
    method: 'GET',
    path: '/v1/explain',
    query: ['name'],
    summary: 'Why a unit is as it is, and what happens next',
  },
  start: { method: 'POST', path: '/v1/start', query: [], summary: 'Want units up, and wait until they are' },
  stop: { method: 'POST', path: '/v1/stop', query: [], summary: 'Want units down, and wait until they are' },
  restart: { method: 'POST', path: '/v1/restart', query: [], summary: 'End running units and start them again' },
  run: { method: 'POST', path: '/v1/run', query: [], summary: 'One run now, as a job, and wait until it ends' },
  signal: { method: 'POST', path: '/v1/signal', query: [], summary: 'Send a signal to running units' },
  up: { method: 'POST', path: '/v1/up', query: [], summary: 'Read the configuration again and apply what changed' },
  reload: {
    method: 'POST',
    path: '/v1/reload',
    query: [],
    summary: 'Read the configuration again and report what would change',
  },
  upgrade: {
    method: 'POST',
    path: '/v1/upgrade',
    query: [],
    summary: 'Go on as another version of this program, with everything that runs left alone',
  },
  stdin: {
    method: 'POST',
    path: '/v1/stdin',
    query: ['name'],
    body: 'bytes',
    summary: 'Write to the stdin of a unit that has a pipe for it',
  },
  logs: {
    method: 'GET',
    path: '/v1/logs',
    query: ['name', 'stream', 'tail', 'since', 'until', 'previous', 'follow', 'format'],
    summary: 'What units printed: the bytes of one, or the pieces of several in the order of time',
  },
} as const satisfies Readonly<Record<string, Route>>

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Names of its query parameters; any other is refused. */
  readonly query: readonly string[]
  /** Its body is taken as it is; else it is JSON. */
  readonly body?: 'bytes'
  readonly summary: string
}

export type RouteName = keyof typeof routes
