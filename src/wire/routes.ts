/** The native API as data: the server answers by it, the client asks by it, its description is generated from it. */
export const routes = {
  info: { method: 'GET', path: '/v1/info', query: [], summary: 'The daemon: version, home, mode, sources' },
  units: { method: 'GET', path: '/v1/units', query: ['name'], summary: 'What runs, as `holdfast ps`' },
  explain: {
    method: 'GET',
    path: '/v1/explain',
    query: ['name'],
    summary: 'Why a unit is as it is, and what happens next',
  },
  start: { method: 'POST', path: '/v1/start', query: [], summary: 'Want units up, and wait until they are' },
  stop: { method: 'POST', path: '/v1/stop', query: [], summary: 'Want units down, and wait until they are' },
  restart: { method: 'POST', path: '/v1/restart', query: [], summary: 'End running units and start them again' },
  signal: { method: 'POST', path: '/v1/signal', query: [], summary: 'Send a signal to running units' },
  up: { method: 'POST', path: '/v1/up', query: [], summary: 'Read the configuration again and apply what changed' },
  reload: {
    method: 'POST',
    path: '/v1/reload',
    query: [],
    summary: 'Read the configuration again and report what would change',
  },
  logs: {
    method: 'GET',
    path: '/v1/logs',
    query: ['name', 'stream', 'tail', 'follow'],
    summary: 'The bytes a unit printed',
  },
} as const satisfies Readonly<Record<string, Route>>

export interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  /** Names of its query parameters; any other is refused. */
  readonly query: readonly string[]
  readonly summary: string
}

export type RouteName = keyof typeof routes
