import { boolean, choice, command, duration, integer, type KeySpec, mapOf, mapOrShort, text } from './key-table.ts'

/** Of health checks and hooks: what is run or asked beside the process of a service. */

const times = (interval: string, beside: KeySpec['beside'] = {}) =>
  ({
    interval: {
      what: 'From the end of one look to the next.',
      value: duration,
      default: interval,
      example: '10s',
      beside,
    },
    timeout: {
      what: 'A look that takes longer than this has failed.',
      value: duration,
      default: '30s',
      example: '5s',
      beside,
    },
    retries: {
      what: 'So many failures in a row make it unhealthy.',
      value: integer(1, 1_000_000),
      default: 3,
      example: 3,
      beside,
    },
    start_period: {
      what: 'A start may take this much longer: what never passed is unhealthy after start_period and retries intervals.',
      value: duration,
      default: '0s',
      example: '1m',
      beside,
    },
    start_interval: {
      what: 'The interval until it passed for the first time.',
      value: duration,
      default: '1s',
      example: '500ms',
      beside,
    },
  }) as const

export const healthcheckMap = mapOf({
  test: {
    what: 'The command that tells whether the service works: exit code 0 is healthy. A text is run by /bin/sh -c; a list begins with CMD (a program and its arguments), CMD-SHELL (one text for the shell) or NONE (no check). In a container it is run by the engine, and what is not written is as the image says.',
    value: {
      kind: 'either',
      of: [text('a command for the shell'), { kind: 'list', items: text('a word'), min: 1 }],
    },
    example: ['CMD', 'curl', '-f', 'http://127.0.0.1:8080/health'],
  },
  ...times('30s', { test: 'true' }),
  disable: { what: 'true: there is no check.', value: boolean, default: false, example: true },
})

const status = text('a status, or a range of them', '^[1-5][0-9][0-9](-[1-5][0-9][0-9])?$', {
  min: 100,
  max: 599,
})

export const httpMap = mapOf(
  {
    url: {
      what: 'What is asked for: http or https, without a name or password.',
      value: text('a URL of http or https', '^[hH][tT][tT][pP][sS]?://'),
      example: 'http://127.0.0.1:8080/health',
    },
    headers: {
      what: 'Sent with each request.',
      value: { kind: 'named', name: 'HEADER', value: text('the value of a header') },
      example: { Authorization: 'Bearer 1234' },
    },
    status: {
      what: 'The status that passes, or a range of them.',
      value: status,
      default: '200-399',
      example: '200-299',
    },
    body: {
      what: 'A pattern that the body has to match as well: a regular expression of JavaScript, matched in linear time.',
      value: text('a pattern'),
      example: '"status": ?"ok"',
    },
  },
  { required: ['url'], short: 'url' },
)

const probes = {
  exec: {
    what: 'A command, run as the service is: user, environment, directory. It passes with exit code 0.',
    value: command,
    example: ['pg_isready', '-q'],
    of: 'process',
    instead: 'write healthcheck, which the engine runs in the container',
  },
  http: {
    what: 'A URL, or a map with url, headers, status and body. It passes with such a status, and a body that matches.',
    value: mapOrShort(httpMap),
    example: 'http://127.0.0.1:8080/health',
  },
  tcp: {
    what: 'host:port, [::1]:port, or only a port of this host. It passes when the connection is accepted.',
    value: text('host:port, or a port', '^((\\[[0-9A-Fa-f:.]+(%[A-Za-z0-9_]+)?\\]|[^\\s:\\[\\]/]*):)?[0-9]{1,5}$', {
      min: 1,
      max: 65_535,
    }),
    example: '127.0.0.1:5432',
  },
  log: {
    what: 'A pattern that is looked for in the output of the service: a regular expression of JavaScript, matched in linear time; write $$ for $. As readiness it passes once a line of this start matched, as liveness when a line matched since the last look.',
    value: text('a pattern'),
    example: 'ready for connections',
    of: 'process',
    instead: 'write tcp, http or healthcheck',
  },
} as const satisfies Readonly<Record<string, KeySpec>>

export const readinessMap = mapOf({ ...probes, ...times('30s', { tcp: 5_432 }) })

export const livenessMap = mapOf({ ...probes, ...times('10s', { tcp: 5_432 }) })

export const hookMap = mapOf(
  {
    command: {
      what: 'What is run, split into words without a shell, or a list.',
      value: command,
      example: ['./prepare', '--all'],
    },
    timeout: {
      what: 'A hook that takes longer is stopped, and has failed; none: it may take as long as it likes.',
      value: { kind: 'either', of: [{ kind: 'literal', value: 'none' }, duration] },
      default: '90s',
      example: '10m',
    },
    ignore_failure: {
      what: 'true: what follows it is done even when it failed.',
      value: boolean,
      default: false,
      example: true,
    },
  },
  { required: ['command'], short: 'command' },
)

export const hooksMap = mapOf({
  pre_start: {
    what: 'Run before each start, as the service is; when it fails, the start has failed.',
    value: { kind: 'either', of: [command, hookMap] },
    example: './prepare --all',
  },
  post_stop: {
    what: 'Run after each run that existed, however it ended, before the next one.',
    value: { kind: 'either', of: [command, hookMap] },
    example: { command: './clean-up', ignore_failure: true },
  },
})

export const scheduleMap = mapOf(
  {
    cron: {
      what: 'The times, in the form of cron: five or six fields, or a nickname such as @daily. A time that begins with * stands in quotes.',
      value: text('times in the form of cron'),
      example: '30 4 * * *',
    },
    timezone: {
      what: 'The IANA name of the time zone the times are of.',
      value: text('the name of a time zone'),
      otherwise: 'that of the host',
      example: 'Europe/Berlin',
    },
    overlap: {
      what: 'What happens when it is due and the last run still lives: skip leaves this time out, queue runs once more afterwards, replace stops the last run.',
      value: choice('skip', 'queue', 'replace'),
      default: 'skip',
      example: 'queue',
    },
    missed: {
      what: 'What happens when it was due while nobody could start it: skip, or run-once for all missed times together.',
      value: choice('skip', 'run-once'),
      default: 'skip',
      example: 'run-once',
    },
  },
  { required: ['cron'], short: 'cron' },
)
