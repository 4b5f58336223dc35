import type { CommandSpec, OptionSpec } from './command.ts'

const outputOption: OptionSpec = {
  name: 'output',
  short: 'o',
  value: 'FORMAT',
  choices: ['table', 'json', 'name'],
  what: 'table (for people), json (one document) or name (one unit a line)',
}

const timeoutOption: OptionSpec = {
  name: 'timeout',
  short: 't',
  value: 'SECONDS',
  what: 'wait at most this long (else what the stop ladder takes, and 10 s)',
}

const noWaitOption: OptionSpec = { name: 'no-wait', value: null, what: 'only say it, do not wait for it to come about' }

const lenientOption: OptionSpec = { name: 'lenient', value: null, what: 'unknown keys are warnings instead of errors' }

const namesNote =
  'NAME is service, service/n, app/service, app/service/n, or app/ for a whole app; supervisord’s group:name works too.'

/** Every command, in the order help shows them. */
export const commands: readonly CommandSpec[] = [
  {
    name: 'daemon',
    summary: 'supervise what the files declare, in the foreground',
    operands: '[FILE|DIR…]',
    operandsMin: 0,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [lenientOption],
    examples: [
      { command: 'holdfast daemon holdfast.yaml', what: 'run what this file declares, until SIGTERM' },
      { command: 'holdfast daemon /etc/supervisor/conf.d', what: 'the programs of a supervisord directory' },
      { command: 'holdfast daemon', what: 'the sources of last time' },
    ],
    notes: [
      'SIGTERM and SIGINT stop everything in order; SIGHUP reads the files again and reports what differs.',
      'Started again after a crash, it adopts what still runs.',
    ],
    // main.ts starts the daemon itself: it loads nothing of the command line.
    run: 'elsewhere',
  },
  {
    name: 'ps',
    summary: 'what runs, and since when',
    operands: '[NAME…]',
    operandsMin: 0,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [outputOption],
    examples: [
      { command: 'holdfast ps', what: 'all units' },
      { command: 'holdfast ps web', what: 'one service; exits 3 when it is not running' },
      { command: 'holdfast ps -o json', what: 'for programs' },
    ],
    notes: [namesNote],
    run: async (context) => (await import('./ps.ts')).runPs(context),
  },
  {
    name: 'status',
    summary: 'everything about a service, on one screen',
    operands: '[NAME…]',
    operandsMin: 0,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [{ ...outputOption, choices: ['table', 'json'], what: 'table (for people) or json' }],
    examples: [
      {
        command: 'holdfast status web',
        what: 'one service; exits 3 when it is not running',
      },
      { command: 'holdfast status', what: 'the daemon, and all units' },
    ],
    notes: [
      'It tells health, usage and limits, dependencies, schedule, past runs and where its output goes.',
      namesNote,
    ],
    run: async (context) => (await import('./status.ts')).runStatus(context),
  },
  {
    name: 'logs',
    summary: 'what services printed',
    operands: '[NAME…]',
    operandsMin: 0,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [
      { name: 'follow', short: 'f', value: null, what: 'go on as more is printed' },
      { name: 'tail', short: 'n', value: 'LINES', what: 'only the last LINES lines of each unit' },
      { name: 'since', value: 'TIME', what: 'only from then on: 10m (ago), 2026-02-28T13:00, or seconds since 1970' },
      { name: 'until', value: 'TIME', what: 'only what is older than that' },
      { name: 'grep', value: 'REGEX', what: 'only lines that match this JavaScript regular expression' },
      { name: 'previous', short: 'p', value: null, what: 'only what the start before the newest one printed' },
      {
        name: 'stream',
        value: 'STREAM',
        choices: ['stdout', 'stderr'],
        what: 'stdout or stderr, where they are kept apart',
      },
      { name: 'timestamps', short: 't', value: null, what: 'with the time at which each line was taken' },
      {
        name: 'output',
        short: 'o',
        value: 'FORMAT',
        choices: ['text', 'json'],
        what: 'text (as printed) or json (one object a line)',
      },
    ],
    examples: [
      { command: 'holdfast logs -f web', what: 'what it prints, as it prints it' },
      { command: 'holdfast logs -f', what: 'what everything prints' },
      { command: 'holdfast logs -n 20 web', what: 'its last 20 lines' },
      { command: 'holdfast logs --since 10m --grep "error|warn" web db', what: 'two services, in the order of time' },
      { command: 'holdfast logs --previous web', what: 'why did it die?' },
      { command: 'holdfast logs worker > worker.log', what: 'the very bytes it wrote' },
    ],
    notes: [
      'The bytes of one unit are passed on as they are; of several, each line is marked with its unit.',
      namesNote,
    ],
    run: async (context) => (await import('./logs.ts')).runLogs(context),
  },
  {
    name: 'explain',
    summary: 'why a unit is as it is, what happens next, and which command decides',
    operands: '[NAME…]',
    operandsMin: 0,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [{ ...outputOption, choices: ['table', 'json'], what: 'table (for people) or json' }],
    examples: [
      { command: 'holdfast explain web', what: 'one service' },
      { command: 'holdfast explain', what: 'everything that is not as it should be' },
    ],
    notes: [namesNote],
    run: async (context) => (await import('./explain.ts')).runExplain(context),
  },
  {
    name: 'start',
    summary: 'start units, and keep them up',
    operands: 'NAME…',
    operandsMin: 1,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [timeoutOption, noWaitOption],
    examples: [{ command: 'holdfast start web', what: 'returns when it runs; exits 1 when it does not' }],
    notes: [namesNote],
    run: async (context) => (await import('./wish.ts')).runWish(context, 'start'),
  },
  {
    name: 'stop',
    summary: 'stop units, until they are started again',
    operands: 'NAME…',
    operandsMin: 1,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [timeoutOption, noWaitOption],
    examples: [{ command: 'holdfast stop web', what: 'returns when nothing of it lives any more' }],
    notes: [namesNote],
    run: async (context) => (await import('./wish.ts')).runWish(context, 'stop'),
  },
  {
    name: 'restart',
    summary: 'end running units and start them again',
    operands: 'NAME…',
    operandsMin: 1,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [timeoutOption, noWaitOption],
    examples: [{ command: 'holdfast restart web', what: 'returns when the new one runs' }],
    notes: [namesNote],
    run: async (context) => (await import('./wish.ts')).runWish(context, 'restart'),
  },
  {
    name: 'run',
    summary: 'run a job once, now, and end as it does',
    operands: 'NAME…',
    operandsMin: 1,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [
      { ...timeoutOption, what: 'wait at most this long (else until it ends); the job goes on' },
      { ...noWaitOption, what: 'only start it, do not wait for its end' },
    ],
    examples: [
      { command: 'holdfast run backup', what: 'returns when it has ended, with its exit code' },
      { command: 'holdfast run --no-wait backup', what: 'returns when it is on its way' },
    ],
    notes: [
      'Of several units it exits 1 when one of them fails. What a signal ended gives 128 and its number.',
      'What runs already is left alone, and nothing is run. Past runs are in: holdfast status NAME.',
      namesNote,
    ],
    run: async (context) => (await import('./run.ts')).runRun(context),
  },
  {
    name: 'stdin',
    summary: 'write to the stdin of a service that has a pipe for it',
    operands: 'NAME',
    operandsMin: 1,
    operandsMax: 1,
    options: [
      { name: 'text', value: 'LINE', what: 'send this line, in place of what comes on stdin' },
      { ...timeoutOption, what: 'give up when nothing is taken for so long (else wait until it reads)' },
    ],
    examples: [
      { command: "holdfast stdin game --text 'save-all'", what: 'one line' },
      { command: 'holdfast stdin worker < jobs.txt', what: 'the bytes of a file' },
    ],
    notes: ['The service needs x-holdfast.stdin: pipe. Its stdin stays open when this command ends.', namesNote],
    run: async (context) => (await import('./stdin.ts')).runStdin(context),
  },
  {
    name: 'signal',
    summary: 'send a signal to running units',
    operands: 'SIGNAL NAME…',
    operandsMin: 2,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [],
    examples: [
      { command: 'holdfast signal HUP web', what: 'to its main process' },
      { command: 'holdfast signal SIGUSR1 app/', what: 'to every unit of an app' },
    ],
    notes: ['Changes no wish: what ends by a signal is restarted by its policy.', namesNote],
    run: async (context) => (await import('./signal.ts')).runSignal(context),
  },
  {
    name: 'up',
    summary: 'read the configuration again and apply what changed, and only that',
    operands: '[FILE|DIR…]',
    operandsMin: 0,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [lenientOption],
    examples: [
      { command: 'holdfast up', what: 'after editing the files' },
      { command: 'holdfast up other.yaml', what: 'from now on this file is what is declared' },
    ],
    notes: ['Nothing is applied from files with any error.'],
    run: async (context) => (await import('./up.ts')).runUp(context),
  },
  {
    name: 'reload',
    summary: 'read the configuration again and report what differs; changes nothing',
    operands: '',
    operandsMin: 0,
    operandsMax: 0,
    options: [lenientOption],
    examples: [{ command: 'holdfast reload', what: 'what would holdfast up do?' }],
    notes: [],
    run: async (context) => (await import('./up.ts')).runReload(context),
  },
  {
    name: 'upgrade',
    summary: 'go on as another version of this program; what runs is left alone',
    operands: '[DIR]',
    operandsMin: 0,
    operandsMax: 1,
    options: [{ ...timeoutOption, what: 'wait at most this long (else 60 s)' }],
    examples: [
      { command: 'holdfast upgrade /opt/holdfast-2', what: 'the version unpacked there' },
      { command: 'holdfast upgrade', what: 'where this one lies, after it was replaced in place' },
    ],
    notes: [
      'The new version is tried out first, and refused when it cannot go on with what runs here.',
      'When it fails within its first 10 s, the old version returns. docs/upgrade.md says how.',
    ],
    run: async (context) => (await import('./upgrade.ts')).runUpgrade(context),
  },
  {
    name: 'check',
    summary: 'find what is wrong with files, without a daemon',
    operands: 'FILE|DIR…',
    operandsMin: 1,
    operandsMax: Number.POSITIVE_INFINITY,
    options: [lenientOption],
    examples: [{ command: 'holdfast check holdfast.yaml', what: 'exits 0 when it is good, 6 when not' }],
    notes: [],
    run: async (context) => (await import('./check.ts')).runCheck(context),
  },
  {
    name: 'replay',
    summary: 'run a flight recording again and compare',
    operands: 'FILE',
    operandsMin: 1,
    operandsMax: 1,
    options: [],
    examples: [
      { command: 'holdfast replay flight.0', what: 'every transition, and whether today’s code decides the same' },
    ],
    notes: ['Exits 1 where it goes another way than recorded.'],
    run: async ({ roles, operands, out, talk }) => roles.replay({ file: operands[0]!, out, talk }),
  },
  {
    name: 'version',
    summary: 'the version of this program',
    operands: '',
    operandsMin: 0,
    operandsMax: 0,
    options: [],
    examples: [{ command: 'holdfast version', what: '' }],
    notes: [],
    run: async ({ out, roles }) => {
      out(`holdfast ${roles.version} (node ${process.versions.node}, ${process.platform}-${process.arch})\n`)
      return 0
    },
  },
  {
    name: 'help',
    summary: 'help on a command',
    operands: '[COMMAND]',
    operandsMin: 0,
    operandsMax: 1,
    options: [],
    examples: [{ command: 'holdfast help ps', what: 'examples, options, exit codes' }],
    notes: [],
    // It needs this very table, so it is done where the table is read.
    run: 'elsewhere',
  },
]
