import type { RouteName, routes } from './routes.ts'

/** What the query parameters of the native API mean: for its description. The server's own parsers say what is refused. */
export const parameters: Readonly<Record<ParameterName, Parameter>> = {
  name: {
    type: 'string',
    isList: true,
    what: 'A service, service/n, app/service, app/service/n, or app/ for a whole app; globs too. Repeat it for several.',
  },
  label: {
    type: 'string',
    isList: true,
    what: 'key=value, key or key!=value: of what the names mean, or of everything, what has all of these. Repeat it.',
  },
  wide: { type: 'boolean', what: 'true: with more of each unit, as a WideUnitList.' },
  since: {
    type: 'string',
    what: 'Only from then on: ISO 8601, seconds since 1970, or how long ago it was (10m, 2h30m, 1d).',
  },
  until: { type: 'string', what: 'Only what is older than that; written as since.' },
  tail: { type: 'integer', what: 'Only the last so many: entries of a history, lines of a log.' },
  kind: {
    type: 'string',
    choices: ['transitions', 'commands', 'releases', 'daemon'],
    what: 'Only entries of this kind.',
  },
  after: {
    type: 'integer',
    what: 'Begin with what follows the entry of this number; else with what comes. Last-Event-ID goes before it.',
  },
  for: { type: 'string', choices: ['running', 'healthy', 'stopped', 'ended'], what: 'What to wait for.' },
  timeoutMs: { type: 'integer', what: 'Wait at most so many milliseconds.' },
  stream: { type: 'string', choices: ['stdout', 'stderr'], what: 'Only this stream, where they are kept apart.' },
  previous: { type: 'boolean', what: 'true: only what the start before the newest one printed.' },
  follow: { type: 'boolean', what: 'true: go on as more is printed.' },
  format: {
    type: 'string',
    choices: ['raw', 'chunks', 'events'],
    what:
      'raw: the bytes of one unit; chunks: a line of JSON (LogChunkHeader) before each piece of any unit; events: ' +
      'server-sent events (LogEvent), which go on from Last-Event-ID.',
  },
}

/** All that some route takes. */
export type ParameterName = (typeof routes)[RouteName]['query'][number]

export interface Parameter {
  readonly type: 'string' | 'integer' | 'boolean'
  /** May be given several times. */
  readonly isList?: boolean
  readonly choices?: readonly string[]
  readonly what: string
}
