import { boolean, integer, type KeySpec, mapOf, mapOrShort, path, size, text } from './key-table.ts'

/** Below `x-holdfast` of a service: where its output goes, and what it reads. */

const limitKeys = {
  max_size: {
    what: 'A log larger than this is rotated; 0: never for its size.',
    value: size,
    default: '10m',
    example: '50m',
  },
  max_files: {
    what: 'How many files there are of a log, with the one being written.',
    value: integer(1, 1_000),
    default: 4,
    example: 10,
  },
  max_age: {
    what: 'A log begun longer ago than this is rotated with the next output; takes days (7d) as well; 0: never for its age.',
    value: { kind: 'duration', hasDays: true },
    default: 0,
    example: '7d',
  },
  compress: { what: 'true: rotated files are compressed with gzip.', value: boolean, default: false, example: true },
} as const satisfies Readonly<Record<string, KeySpec>>

export const syslogMap = mapOf(
  {
    ident: { what: 'The name that its lines have there.', value: text('a name'), example: 'web' },
    prefix: {
      what: 'What stands before each line.',
      value: text('any text'),
      otherwise: 'nothing',
      example: 'worker 1: ',
    },
  },
  { required: ['ident'], short: 'ident' },
)

/** What is done with the output of a process on its way to the log. */
const handlingKeys = {
  strip_ansi: {
    what: 'true: terminal sequences, such as colours, are left out.',
    value: boolean,
    default: false,
    example: true,
    of: 'process',
    instead: 'let the program print none',
  },
  syslog: {
    what: 'Each line goes to syslog as well: the name that it has there, or a map with ident and prefix; false: it does not.',
    value: { kind: 'either', of: [{ kind: 'literal', value: false }, text('a name'), syslogMap] },
    default: false,
    example: 'web',
    of: 'process',
    instead: 'write logging of the service',
  },
  capture: {
    what: 'What the program prints between <!--XSUPERVISOR:BEGIN--> and <!--XSUPERVISOR:END--> is told to event listeners instead of logged, so much of it at most; 0: it is logged.',
    value: size,
    default: 0,
    example: '1m',
    of: 'process',
    instead: 'only processes of this host tell event listeners',
  },
  events: {
    what: 'true: what is logged is told to event listeners as well.',
    value: boolean,
    default: false,
    example: true,
    of: 'process',
    instead: 'only processes of this host tell event listeners',
  },
} as const satisfies Readonly<Record<string, KeySpec>>

export const streamMap = mapOf(
  {
    path: {
      what: 'A path, none (thrown away), or own (a file in the log directory).',
      value: path,
      default: 'own',
      example: 'web.log',
    },
    ...limitKeys,
    ...handlingKeys,
  },
  { short: 'path' },
)

export const logsMap = mapOf({
  stdout: {
    what: 'A path, none (thrown away) or own (a file in the log directory); or a map with path and settings for this stream alone.',
    value: mapOrShort(streamMap),
    default: 'own',
    example: 'web.log',
  },
  stderr: {
    what: 'stdout (one stream with it, in order), own, a path or none; or a map with path and settings for this stream alone.',
    value: mapOrShort(streamMap),
    default: 'stdout',
    example: 'own',
  },
  ...limitKeys,
  ...handlingKeys,
})

const backlog: KeySpec = {
  what: 'How many connections wait at most.',
  value: integer(1, 65_535),
  otherwise: 'what the system allows',
  example: 128,
}

export const unixSocketMap = mapOf(
  {
    unix: { what: 'A path of the file system.', value: path, example: '/run/php.sock' },
    mode: {
      what: 'Who may connect: the permissions of its file, octal.',
      value: text('octal permissions', '^(0o?)?[0-7]{1,4}$', { min: 0, max: 7_777 }),
      default: '0700',
      example: '0660',
    },
    owner: {
      what: 'Whom its file belongs to: name, uid, name:group or uid:gid.',
      value: text('a user', '^[^\\s:]+(:[^\\s:]+)?$', { min: 0, max: 4_294_967_294 }),
      otherwise: 'whoever the service runs as',
      example: 'www-data',
    },
    backlog,
  },
  { required: ['unix'] },
)

export const tcpSocketMap = mapOf(
  {
    tcp: {
      what: 'An address of this host with a port; only a port: of 127.0.0.1.',
      value: text('host:port, [::1]:port, or a port', undefined, { min: 1, max: 65_535 }),
      example: '127.0.0.1:9000',
    },
    backlog,
  },
  { required: ['tcp'] },
)

export const stdinFileMap = mapOf(
  { file: { what: 'A file that is read from its beginning by each run.', value: path, example: './input' } },
  { required: ['file'] },
)

export const stdinSocketMap = mapOf(
  {
    socket: {
      what: 'A socket that listens, as FastCGI programs take it: unix with a path, or tcp with an address. Services of an app with the same one share it; it is opened with the first run and closed with the last.',
      value: { kind: 'either', of: [unixSocketMap, tcpSocketMap] },
      example: { unix: '/run/php.sock', mode: '0660' },
    },
  },
  { required: ['socket'] },
)
