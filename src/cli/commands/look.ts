import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec, OptionSpec } from '../command.ts'
import {
  labelOption,
  namesNote,
  noSuchServiceExit,
  notRunningExit,
  outputOptions,
  timedOutExit,
  timeoutOption,
  unitOffer,
} from './options.ts'

/** Commands that look, and change nothing. */

const kindOption: OptionSpec = {
  name: 'kind',
  value: 'KIND',
  choices: ['commands', 'transitions', 'releases', 'daemon'],
  what: 'only commands (what somebody asked for), transitions, releases, or what the daemon itself did',
}

export const ps: CommandSpec = {
  name: 'ps',
  aliases: ['ls'],
  group: 'daily',
  summary: 'what runs, and since when',
  operands: '[NAME…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [...outputOptions('table', 'wide', 'json', 'ndjson', 'name'), labelOption],
  examples: [
    { command: 'holdfast ps', what: 'all units' },
    { command: 'holdfast ps web', what: 'one service; exits 3 when it is not running' },
    { command: "holdfast ps 'web*' -l tier=front", what: 'by pattern and label' },
    { command: 'holdfast ps -o json', what: 'for programs' },
  ],
  notes: [namesNote],
  exits: [notRunningExit, noSuchServiceExit],
  run: async (context) => (await import('../ps.ts')).runPs(context),
}

export const status: CommandSpec = {
  name: 'status',
  group: 'daily',
  summary: 'everything about a service, on one screen',
  operands: '[NAME…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    { name: 'tail', short: 'n', value: 'LINES', what: 'so many lines of output (else as many as fit); 0: none' },
    ...outputOptions('table', 'wide', 'json', 'ndjson', 'name'),
    labelOption,
  ],
  examples: [
    { command: 'holdfast status web', what: 'one service; exits 3 when it is not running' },
    { command: 'holdfast status', what: 'the daemon, and all units' },
    { command: 'holdfast status -n 0 web', what: 'without its output' },
  ],
  notes: ['It tells health, usage and limits, dependencies, schedule, past runs and what was printed last.', namesNote],
  exits: [notRunningExit, noSuchServiceExit],
  run: async (context) => (await import('../status.ts')).runStatus(context),
}

export const releases: CommandSpec = {
  name: 'releases',
  group: 'look',
  summary: 'what release each app is on, and what was rejected',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: [...outputOptions('table', 'wide', 'json', 'ndjson', 'name')],
  examples: [
    { command: 'holdfast releases', what: 'those whose changes have to prove themselves' },
    { command: 'holdfast releases -o json', what: 'for programs' },
  ],
  notes: ['A change that does not prove itself in time is taken back, and told. docs/releases.md tells how.'],
  exits: [],
  run: async (context) => (await import('../releases.ts')).runReleases(context),
}

export const resources: CommandSpec = {
  name: 'resources',
  group: 'look',
  summary: 'images, volumes and networks that containers need',
  operands: '[images|volumes|networks]',
  operandsMin: 0,
  operandsMax: 1,
  offers: [{ kind: 'words', words: ['images', 'volumes', 'networks'] }],
  options: [...outputOptions('table', 'wide', 'json', 'ndjson', 'name')],
  examples: [
    { command: 'holdfast resources', what: 'what is there, missing, on its way, or needed by nobody' },
    { command: 'holdfast resources volumes', what: 'also those that nothing declares any more' },
  ],
  notes: [
    'OURS are images that Holdfast pulled, and removes when nothing needs them, and what it made. Volumes are removed by purge only.',
  ],
  exits: [],
  run: async (context) => (await import('../resources.ts')).runResources(context),
}

export const logs: CommandSpec = {
  name: 'logs',
  group: 'daily',
  summary: 'what services printed',
  operands: '[NAME…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
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
      choices: ['text', 'json', 'ndjson'],
      what: 'text (as printed), or json and ndjson: one object a line',
    },
    { name: 'json', value: null, means: { option: 'output', value: 'json' }, what: 'short for --output json' },
    labelOption,
  ],
  examples: [
    { command: 'holdfast logs -f web', what: 'what it prints, as it prints it' },
    { command: 'holdfast logs -f', what: 'what everything prints' },
    { command: 'holdfast logs -n 20 web', what: 'its last 20 lines' },
    { command: 'holdfast logs --since 10m --grep "error|warn" web db', what: 'two services, in the order of time' },
    { command: 'holdfast logs --previous web', what: 'why did it die?' },
    { command: 'holdfast logs worker > worker.log', what: 'the very bytes it wrote' },
  ],
  notes: ['The bytes of one unit are passed on as they are; of several, each line is marked with its unit.', namesNote],
  exits: [noSuchServiceExit],
  run: async (context) => (await import('../logs.ts')).runLogs(context),
}

export const top: CommandSpec = {
  name: 'top',
  group: 'daily',
  summary: 'everything on one screen, live',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: [
    { name: 'interval', short: 'n', value: 'SECONDS', what: 'look at processor and memory so often (else 2)' },
    { name: 'once', short: '1', value: null, what: 'one picture as text, and end' },
  ],
  examples: [
    { command: 'holdfast top', what: 'q ends it, ? tells the keys' },
    { command: 'holdfast top --interval 10', what: 'on a slow line, or a small device' },
    { command: 'holdfast top --once', what: 'one picture as text, for scripts and mail' },
  ],
  notes: ['It needs a terminal that can place text; --once does not. docs/top.md tells its keys and behaviour.'],
  run: async (context) => (await import('../top/top.ts')).runTop(context),
}

export const explain: CommandSpec = {
  name: 'explain',
  group: 'daily',
  summary: 'why a unit is as it is, and what happens next',
  operands: '[NAME…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [...outputOptions('table', 'wide', 'json', 'ndjson', 'name'), labelOption],
  examples: [
    { command: 'holdfast explain web', what: 'one service, and which command decides' },
    { command: 'holdfast explain', what: 'everything that is not as it should be' },
  ],
  notes: [namesNote],
  exits: [noSuchServiceExit],
  run: async (context) => (await import('../explain.ts')).runExplain(context),
}

export const history: CommandSpec = {
  name: 'history',
  group: 'look',
  summary: 'what happened, and who asked for it',
  operands: '[NAME…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    {
      name: 'tail',
      short: 'n',
      value: 'N',
      what: 'only the last N entries, or all (else 100, where no time is given)',
    },
    { name: 'since', value: 'TIME', what: 'only from then on: 10m (ago), 2026-02-28T13:00, or seconds since 1970' },
    { name: 'until', value: 'TIME', what: 'only what is older than that' },
    kindOption,
    ...outputOptions('table', 'wide', 'json', 'ndjson'),
    labelOption,
  ],
  examples: [
    { command: 'holdfast history web', what: 'its transitions, and what was asked of it' },
    { command: 'holdfast history --since 1h --kind commands', what: 'who did what within the last hour' },
    { command: 'holdfast history -n all -o ndjson', what: 'everything that is kept, for programs' },
  ],
  notes: ['It outlives the daemon and what is declared; the oldest goes. As it happens: holdfast events', namesNote],
  exits: [noSuchServiceExit],
  run: async (context) => (await import('../history.ts')).runHistory(context),
}

export const events: CommandSpec = {
  name: 'events',
  group: 'look',
  summary: 'what happens, as it happens',
  operands: '[NAME…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    kindOption,
    {
      name: 'output',
      short: 'o',
      value: 'FORMAT',
      choices: ['table', 'ndjson'],
      what: 'table (for people) or ndjson (one item a line)',
    },
    labelOption,
  ],
  examples: [
    { command: 'holdfast events', what: 'everything, until it is interrupted' },
    { command: 'holdfast events web -o ndjson', what: 'of one service, for programs' },
  ],
  notes: [
    'When the daemon is upgraded or started again, it goes on where it was; what was before is in: holdfast history',
    namesNote,
  ],
  exits: [noSuchServiceExit],
  run: async (context) => (await import('../events.ts')).runEvents(context),
}

export const wait: CommandSpec = {
  name: 'wait',
  group: 'look',
  summary: 'wait until units have come to something',
  operands: 'NAME…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    {
      name: 'for',
      value: 'STATE',
      choices: ['healthy', 'running', 'stopped', 'ended'],
      what: 'healthy (also without this option; what is not checked: running), running, stopped or ended',
    },
    { ...timeoutOption, what: 'wait at most this long (else until it comes about)' },
    ...outputOptions('table', 'json'),
    labelOption,
  ],
  examples: [
    { command: 'holdfast wait web', what: 'returns when it is healthy' },
    { command: 'holdfast wait migrate --for ended -t 300', what: 'returns when the job has ended well' },
  ],
  notes: ['It asks nothing of the units. What has ended before counts as ended.', namesNote],
  exits: [
    { code: exitCodes.failed, what: 'it will not come about without a decision: it failed, or ended badly' },
    noSuchServiceExit,
    timedOutExit,
  ],
  run: async (context) => (await import('../wait.ts')).runWait(context),
}
