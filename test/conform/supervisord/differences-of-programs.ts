import { type Difference, pairs } from '../runit/difference.ts'

const allTries = 'a program that somebody stops or starts by hand has all its tries again'

const moreTries = [5, 6, 7].flatMap((run) => [
  `INFO spawned: 'counts' with pid <counts#${run}>`,
  'WARN exited: counts (exit status 1; not expected)',
])

const failedStart = 'what cannot be executed is a start that failed, and says why where people look first'

const atFirstStart = 'a socket is opened with the first program that it is for'

const holdingLimit = 'a limit that holds: no file is larger, also where it parts a line'

const leaders = 'what a program inherits is the default of the system, and outlives the daemon'

/** Of starting, stopping and what programs are given. */
export const differencesOfPrograms: readonly Difference[] = [
  {
    where: 'states / programs that do not start: tries that are left after a stop',
    original: [],
    ours: moreTries.map((line) => `said: ${line}`),
    reason: allTries,
  },
  {
    where: 'states / programs that do not start: the end',
    original: [],
    ours: moreTries,
    reason: allTries,
  },
  ...pairs(
    'states / programs that do not start: commands that cannot be started',
    failedStart,
    [
      /^format: FATAL, exit status 0, "Exited too quickly/,
      /^format: FATAL, exit status 0, "couldn't exec DIR\/bin\/format: ENOEXEC"/,
    ],
    [
      /^nodirectory: FATAL, exit status 0, "Exited too quickly/,
      /^nodirectory: FATAL, exit status 0, "couldn't chdir to \/no\/such\/directory: ENOENT"/,
    ],
  ),
  {
    where: 'states / programs that do not start: commands that cannot be started',
    original: [
      ...twice([
        "format.err: supervisor: couldn't exec DIR/bin/format: ENOEXEC",
        'format.err: supervisor: child process was not spawned',
      ]),
      ...twice([
        "nodirectory.err: supervisor: couldn't chdir to /no/such/directory: ENOENT",
        'nodirectory.err: supervisor: child process was not spawned',
      ]),
    ],
    ours: ['format.err: (empty)', 'nodirectory.err: (empty)'],
    reason: failedStart,
  },
  ...['format', 'nodirectory'].flatMap((name) =>
    [1, 2].map((run) => ({
      where: 'states / programs that do not start: the end',
      original: [
        `INFO spawned: '${name}' with pid <${name}#${run}>`,
        `WARN exited: ${name} (exit status 127; not expected)`,
      ],
      ours: [],
      reason: failedStart,
    })),
  ),
  {
    where: 'states / programs that do not start: the end',
    original: [],
    ours: [
      ...twice(["INFO spawnerr: couldn't chdir to /no/such/directory: ENOENT"]),
      ...twice(["INFO spawnerr: couldn't exec DIR/bin/format: ENOEXEC"]),
    ],
    reason: failedStart,
  },
  ...pairs(
    'groups / groups of every kind: what is started first, and what all are called',
    'priority counts for every program, as the manual says',
    [
      'spawned: zeta m1 mixed-m3-0-of-2 mixed-m3-1-of-2 m2 workers_08 workers_09 workers_10 alpha m4 beta',
      'spawned: zeta m2 mixed-m3-0-of-2 mixed-m3-1-of-2 m1 workers_08 workers_09 workers_10 m4 alpha beta',
    ],
  ),
  ...pairs(
    'output / log files: files that grow are rotated',
    holdingLimit,
    ...['nobackup.out', 'small.out', 'small.out.1', 'small.out.2'].map(
      (name) => [sizeOf(name, '\\d+'), sizeOf(name, '(?:\\d\\d?|100)')] as const,
    ),
    [/^small\.out\.[12]: small \d \.+$/, /^small\.out\.[12]: small \d \.+$/],
    [null, /^small\.out\.[12]: \(no newline at the end\)$/],
    // The rest of a line that began in the file before.
    [null, /^(?:small\.out(?:\.[12])?|nobackup\.out): \.*$/],
  ),
  ...pairs(
    'output / log files: files that grow are rotated',
    'what is cleared is cleared with its rotated files',
    [sizeOf('small.out.1', '307'), null],
    [sizeOf('small.out.2', '109'), null],
  ),
  ...pairs('output / log files: colours are left out', 'a sequence that comes in pieces is left out as well', [
    'colours.out: no end 31mof it',
    'colours.out: no end of it',
  ]),
  ...pairs(
    'output / files that are moved away: USR2 opens them again, clear makes them anew',
    'a log that is moved away is made anew with the next output',
    ['moved.old: before the signal', 'moved.out: before the signal'],
    [/^moved\.old: mode \d+, uid 0, 12 bytes$/, /^moved\.old: mode \d+, uid 0, 30 bytes$/],
  ),
  ...pairs(
    'listeners / several processes of a pool, and events told twice: who hears of what',
    'nobody needs to hear of an event twice',
    [/^of sleeps: .*:PROCESS_STATE_STOPPED .*from_state:STOPPING/, null],
  ),
  {
    where: 'fcgi / sockets: a unix socket that two share',
    original: [
      'owned.sock: mode 140700, uid 65534, 0 bytes',
      'unix.sock: mode 140770, uid 0, 0 bytes',
      'a client hears: ECONNREFUSED',
    ],
    ours: ['a client hears: ENOENT'],
    reason: atFirstStart,
  },
  ...['tcp://localhost:PORT', 'unix://DIR/owned.sock', 'unix://DIR/unix.sock'].map((socket) => ({
    where: 'fcgi / sockets: the end',
    original: [`INFO Creating socket ${socket}`, `INFO Closing socket ${socket}`],
    ours: [],
    reason: atFirstStart,
  })),
  {
    where: 'environment / what a program is given: its user, its mask and its directory',
    original: [
      'relative: EXITED, exit status 127, "Bad exit code 127", "DATE"',
      "relative.err: supervisor: couldn't exec bin/umask: ENOENT",
      'relative.err: supervisor: child process was not spawned',
    ],
    ours: ['relative: STOPPED, exit status 0, "", "Not started"', 'relative.err: (no such file)'],
    reason: "a relative path is looked up where it is run: in the program's directory",
  },
  {
    where: 'environment / what a program is given: the end',
    original: [
      "INFO spawned: 'relative' with pid <relative#1>",
      'WARN exited: relative (exit status 127; not expected)',
    ],
    ours: [],
    reason: "a relative path is looked up where it is run: in the program's directory",
  },
  {
    where: 'environment / *',
    original: [],
    ours: [/out: HOLDFAST_ATTEMPT=N$/, /out: HOLDFAST_ROLE=main$/, /out: HOLDFAST_RUN=N$/, /out: HOLDFAST_UNIT=HOME\//],
    reason: 'a program of Holdfast can tell which unit it is',
  },
  ...pairs(
    'environment / what a program is given: values that are not what they look like',
    'environment= is read as by supervisor after 4.3, where quotes work as in a shell',
    ["changed-quoted.out: A=a 'b", "changed-quoted.out: A=a 'b'"],
    ['changed-quoted.out: B=x', 'changed-quoted.out: B=xy'],
  ),
  ...pairs(
    'environment / what a program is given: its descriptors, signals and group',
    leaders,
    ['SigIgn: 0000000001001000', 'SigIgn: 0000000000000000'],
    ...(['stdin', 'stdout', 'stderr'] as const).map(
      (stream, fd) =>
        [
          `descriptor ${fd}: pipe:[N]`,
          `descriptor ${fd}: DIR/home/run/process/fifo/held%2Fheld%2F0.${stream}`,
        ] as const,
    ),
  ),
]

function sizeOf(name: string, bytes: string): RegExp {
  return new RegExp(`^${name.replaceAll('.', '\\.')}: mode 100644, uid 0, ${bytes} bytes$`)
}

function twice(lines: readonly string[]): readonly string[] {
  return [...lines, ...lines]
}
