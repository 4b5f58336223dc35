import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec, ExitSpec } from '../command.ts'

/**
 * Programs of runit, with the options of those, by which nothing here is parsed: main.ts hands the words over as they are.
 */

export const sv: CommandSpec = {
  name: 'sv',
  group: 'replacement',
  summary: 'show and control service directories, as runit does',
  operands: 'COMMAND SERVICE…',
  operandsMin: 2,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [
    {
      kind: 'words',
      words: [
        ...['status', 'up', 'down', 'once', 'exit', 'start', 'stop', 'restart', 'reload', 'shutdown', 'check'],
        ...['pause', 'cont', 'hup', 'alarm', 'interrupt', 'quit', '1', '2', 'term', 'kill'],
        ...['try-restart', 'force-stop', 'force-reload', 'force-restart', 'force-shutdown'],
      ],
    },
    { kind: 'directories' },
  ],
  options: [],
  examples: [
    { command: 'holdfast sv status nginx', what: 'run: nginx: (pid 4711) 12s; run: log: (pid 4710) 12s' },
    { command: 'holdfast sv restart nginx', what: 'waits until the new one runs, 7 s at most' },
    { command: 'holdfast sv -w 30 force-stop ./nginx', what: 'a directory; SIGKILL after 30 s' },
  ],
  notes: [
    'Output, exit codes and options are those of runit 2.1.2, so scripts for it work. It speaks to whatever supervises the directory, a daemon of Holdfast or runsv, by the files in its supervise directory.',
    'SERVICE is a name in $SVDIR (else /etc/service), or a path: it begins with / or a dot, or ends with /. NAME/log is the logger of NAME.',
    'Of up, down, once, exit, status and the signals pause, cont, hup, alarm, interrupt, quit, 1, 2, term, kill the first letter is enough. -v waits for them too, -w SECONDS so long (else $SVWAIT, else 7).',
    'start, stop, restart, try-restart, reload, shutdown and check always wait; force-… and then kill.',
    'Called by a link named sv it is sv; by a link of another name that leads to that one, it is an init script for the service of that name.',
  ],
  exits: [
    { code: 0, what: 'all is as it was asked for' },
    {
      code: exitCodes.failed,
      what: 'one service had trouble; of several, as many as had, at most 99. A service that is down has none',
    },
    { code: exitCodes.usage, what: 'two had trouble; as an init script: the command line is wrong' },
    { code: 'other', what: '100: the command line is wrong. As an init script, status gives 3: down, 4: unknown' },
  ],
  isAlone: true,
  isForeign: true,
  run: 'elsewhere',
}

/** What they end with is that of the program they become. */
const chainExits: readonly ExitSpec[] = [
  { code: 0, what: 'PROGRAM has ended so' },
  { code: 'other', what: '100: the command line is wrong. 111: it cannot be done. Else those of PROGRAM' },
]

export const chpst: CommandSpec = {
  name: 'chpst',
  group: 'replacement',
  summary: 'start a program with another user, environment, limits…, as runit does',
  operands: 'PROGRAM…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [{ kind: 'files' }],
  options: [],
  examples: [
    { command: 'holdfast chpst -u www-data:www-data nginx', what: 'as this user, with this group alone' },
    { command: 'holdfast chpst -e ./env -o 4096 ./server', what: 'variables from files; 4096 open files' },
    { command: 'holdfast chpst -L /run/lock/job ./job', what: 'only if nobody has the lock' },
  ],
  notes: [
    'Options and exit codes are those of runit 2.1.2. The program takes the place of chpst, with its process id.',
    '-u [:]USER[:GROUP…]  -U [:]USER[:GROUP] (sets UID and GID only)  -b NAME (as which it is called)  -e DIR  -/ ROOT  -n NICE  -l LOCK, -L LOCK (wait for it, or fail)  -P (a session of its own)  -0 -1 -2 (close)',
    'Limits: -m BYTES (memory)  -d (data)  -o (open files)  -p (processes)  -f (file size)  -c (core file)  -r (resident)  -t SECONDS (processor time).',
    'Called by a link named setuidgid, envuidgid, envdir, pgrphack, setlock or softlimit, it is that program of daemontools.',
  ],
  exits: chainExits,
  isAlone: true,
  isForeign: true,
  run: 'elsewhere',
}

export const svlogd: CommandSpec = {
  name: 'svlogd',
  group: 'replacement',
  summary: 'write stdin to log directories that rotate, as runit does',
  operands: 'DIR…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [{ kind: 'directories' }],
  options: [],
  examples: [
    { command: 'holdfast svlogd -tt /var/log/nginx', what: 'with the time in UTC before each line' },
    { command: 'holdfast svlogd ./main', what: 'as the last line of log/run' },
  ],
  notes: [
    'Options, files and signals are those of runit 2.1.2: each DIR has a current file and older ones, @….s, and its settings in DIR/config.',
    '-t, -tt, -ttt: TAI64N, UTC, or UTC with a T before each line.  -r C: this for what cannot be printed, -R CHARS: and for these.  -v: say what is done.',
    'HUP reads the settings again, ALRM rotates, TERM ends it after the line it is at.',
  ],
  exits: [
    { code: 0, what: 'its input has ended, or TERM came' },
    { code: 'other', what: '111: the command line is wrong, or no DIR can be written' },
  ],
  isAlone: true,
  isForeign: true,
  run: 'elsewhere',
}

export const runsvdir: CommandSpec = {
  name: 'runsvdir',
  group: 'replacement',
  summary: 'supervise a directory of service directories, in place of runit',
  operands: 'DIR [LOG]',
  operandsMin: 1,
  operandsMax: 2,
  offers: [{ kind: 'directories' }],
  options: [],
  examples: [
    { command: 'holdfast runsvdir /etc/service', what: 'what runit supervises there, until SIGHUP' },
    { command: 'holdfast runsvdir ~/service keep-it', what: 'what no logger reads is kept: holdfast logs' },
  ],
  notes: [
    'It is holdfast daemon with DIR as its source, whatever is in DIR by now: sv and every command of Holdfast work on it.',
    'What the services say goes to its own stdout and stderr, where they have no logger; with LOG (seven characters at least) into the logs of Holdfast. -P says nothing new: every service has a session of its own.',
    'SIGTERM ends it alone: the services run on, and the next one adopts them; as the first process of a container it ends them too. SIGHUP and SIGINT end everything in order, SIGALRM looks at DIR at once.',
  ],
  exits: [
    { code: 0, what: 'everything has ended, or was left running' },
    { code: 1, what: 'the command line is wrong, or it could not begin' },
    { code: 111, what: 'everything has ended, by SIGHUP' },
    { code: 'other', what: 'as holdfast daemon' },
  ],
  isAlone: true,
  isForeign: true,
  run: 'elsewhere',
}
