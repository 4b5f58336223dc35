import { signalNames } from '../../formats/signal-name.ts'
import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec } from '../command.ts'
import {
  failedExit,
  forceOption,
  labelOption,
  lockedExit,
  namesNote,
  noSuchServiceExit,
  notRunningExit,
  noWaitOption,
  outputOptions,
  timedOutExit,
  timeoutOption,
  unitOffer,
  waitOption,
} from './options.ts'

/** Commands that change what runs. */

export const start: CommandSpec = {
  name: 'start',
  group: 'daily',
  summary: 'start units, and keep them up',
  operands: 'NAME…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    waitOption,
    noWaitOption,
    timeoutOption,
    forceOption,
    labelOption,
    ...outputOptions('table', 'json', 'ndjson', 'name'),
  ],
  examples: [
    { command: 'holdfast start web', what: 'returns when it runs; exits 1 when it does not' },
    { command: 'holdfast start --wait=healthy web', what: 'returns when its checks pass' },
  ],
  notes: [namesNote],
  exits: [failedExit, noSuchServiceExit, lockedExit, timedOutExit],
  run: async (context) => (await import('../wish.ts')).runWish(context, 'start'),
}

export const stop: CommandSpec = {
  name: 'stop',
  group: 'daily',
  summary: 'stop units, until they are started again',
  operands: 'NAME…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [noWaitOption, timeoutOption, forceOption, labelOption, ...outputOptions('table', 'json', 'ndjson', 'name')],
  examples: [
    { command: 'holdfast stop web', what: 'returns when nothing of it lives any more' },
    { command: 'holdfast stop shop/', what: 'everything of one app' },
  ],
  notes: [namesNote],
  exits: [failedExit, noSuchServiceExit, lockedExit, timedOutExit],
  run: async (context) => (await import('../wish.ts')).runWish(context, 'stop'),
}

export const restart: CommandSpec = {
  name: 'restart',
  group: 'daily',
  summary: 'end running units and start them again',
  operands: 'NAME…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    waitOption,
    noWaitOption,
    timeoutOption,
    forceOption,
    labelOption,
    ...outputOptions('table', 'json', 'ndjson', 'name'),
  ],
  examples: [
    { command: 'holdfast restart web', what: 'returns when the new one runs' },
    { command: 'holdfast restart -l tier=front', what: 'all that have this label' },
  ],
  notes: [namesNote],
  exits: [failedExit, noSuchServiceExit, lockedExit, timedOutExit],
  run: async (context) => (await import('../wish.ts')).runWish(context, 'restart'),
}

export const run: CommandSpec = {
  name: 'run',
  group: 'daily',
  summary: 'run a job once, now, and end as it does',
  operands: 'NAME…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: unitOffer,
  options: [
    { ...noWaitOption, what: 'only start it, do not wait for its end' },
    { ...timeoutOption, what: 'wait at most this long (else until it ends); the job goes on' },
    labelOption,
    ...outputOptions('table', 'json', 'ndjson', 'name'),
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
  exits: [
    { code: 'other', what: 'of the job itself, where one unit was run' },
    { code: exitCodes.failed, what: 'no process came of it, it runs already, or one of several failed' },
    noSuchServiceExit,
    timedOutExit,
  ],
  run: async (context) => (await import('../run.ts')).runRun(context),
}

export const stdin: CommandSpec = {
  name: 'stdin',
  group: 'change',
  summary: 'write to the stdin of a service that has a pipe for it',
  operands: 'NAME',
  operandsMin: 1,
  operandsMax: 1,
  offers: unitOffer,
  options: [
    { name: 'text', value: 'LINE', what: 'send this line, in place of what comes on stdin' },
    { ...timeoutOption, what: 'give up when nothing is taken for so long (else wait until it reads)' },
  ],
  examples: [
    { command: "holdfast stdin game --text 'save-all'", what: 'one line' },
    { command: 'holdfast stdin worker < jobs.txt', what: 'the bytes of a file' },
  ],
  notes: ['The service needs x-holdfast.stdin: pipe. Its stdin stays open when this command ends.', namesNote],
  exits: [failedExit, noSuchServiceExit, { code: exitCodes.timedOut, what: 'it read nothing for so long' }],
  run: async (context) => (await import('../stdin.ts')).runStdin(context),
}

export const exec: CommandSpec = {
  name: 'exec',
  group: 'change',
  summary: 'run a command beside a unit, in its settings',
  operands: 'NAME COMMAND…',
  operandsMin: 2,
  operandsMax: Number.POSITIVE_INFINITY,
  endsWithFirstOperand: true,
  offers: [{ kind: 'units' }, { kind: 'files' }],
  options: [
    { name: 'interactive', short: 'i', value: null, what: 'pass our stdin on to it (else it has none)' },
    { name: 'tty', short: 't', value: null, what: 'give it a terminal, as large as ours' },
    { name: 'user', short: 'u', value: 'USER', what: 'as this user, or user:group (else as the unit)' },
    { name: 'workdir', short: 'w', value: 'DIR', what: 'in this directory (else that of the unit)' },
    {
      name: 'env',
      short: 'e',
      value: 'NAME=VALUE',
      isRepeatable: true,
      what: 'with this variable on top of those of the unit; NAME alone: as it is here',
    },
  ],
  examples: [
    { command: 'holdfast exec -it web sh', what: 'a shell beside it; exit or Ctrl-D ends that' },
    { command: 'holdfast exec web env', what: 'what is in its environment' },
    { command: 'holdfast exec -i db psql < dump.sql', what: 'the bytes of a file go to its stdin' },
  ],
  notes: [
    'It has the user, environment, directory, limits and cgroup of the unit, or runs in its container. It ends with this command.',
    'What follows NAME is the command, its options included. Other options stand before NAME.',
    namesNote,
  ],
  exits: [
    {
      code: 'other',
      what: 'of the command itself; 126: it could not be run, 127: it was not found, 128 and the number of a signal that ended it',
    },
    notRunningExit,
    noSuchServiceExit,
  ],
  run: async (context) => (await import('../exec.ts')).runExec(context),
}

export const signal: CommandSpec = {
  name: 'signal',
  group: 'change',
  summary: 'send a signal to running units',
  operands: 'SIGNAL NAME…',
  operandsMin: 2,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [{ kind: 'words', words: signalNames }, { kind: 'units' }],
  options: [labelOption, ...outputOptions('table', 'json', 'ndjson', 'name')],
  examples: [
    { command: 'holdfast signal HUP web', what: 'to its main process' },
    { command: 'holdfast signal SIGUSR1 app/', what: 'to every unit of an app' },
  ],
  notes: ['Changes no wish: what ends by a signal is restarted by its policy.', namesNote],
  exits: [notRunningExit, noSuchServiceExit],
  run: async (context) => (await import('../signal.ts')).runSignal(context),
}

export const purge: CommandSpec = {
  name: 'purge',
  group: 'change',
  summary: 'remove what volumes hold, for good',
  operands: 'APP|APP/VOLUME…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  options: [
    { name: 'yes', short: 'y', value: null, what: 'do not ask; needed where there is no terminal to ask on' },
    forceOption,
    noWaitOption,
    { ...timeoutOption, what: 'wait at most this long (else what stop ladders and pulls take, and 10 s)' },
    ...outputOptions('table', 'json'),
  ],
  examples: [
    { command: 'holdfast purge shop/data', what: 'says what will be lost and stopped, and asks' },
    { command: 'holdfast purge --yes shop', what: 'every volume of an app, in a script' },
  ],
  notes: [
    'What uses a volume is stopped for it. A declared one is made anew, empty, and what was stopped is started again.',
    'Volumes that nothing declares any more are removed too, where Holdfast made them. See: holdfast resources volumes',
  ],
  exits: [
    { code: exitCodes.failed, what: 'the answer was no, or the engine refused it; it is tried again' },
    { code: exitCodes.noSuchService, what: 'no such volume' },
    lockedExit,
    timedOutExit,
  ],
  run: async (context) => (await import('../purge.ts')).runPurge(context),
}

export const upgrade: CommandSpec = {
  name: 'upgrade',
  group: 'change',
  summary: 'go on as another version of this program; what runs is left alone',
  operands: '[DIR]',
  operandsMin: 0,
  operandsMax: 1,
  offers: [{ kind: 'directories' }],
  options: [{ ...timeoutOption, what: 'wait at most this long (else 60 s)' }],
  examples: [
    { command: 'holdfast upgrade /opt/holdfast-2', what: 'the version unpacked there' },
    { command: 'holdfast upgrade', what: 'where this one lies, after it was replaced in place' },
  ],
  notes: [
    'The new version is tried out first, and refused when it cannot go on with what runs here.',
    'When it fails within its first 10 s, the old version returns. docs/upgrade.md says how.',
  ],
  exits: [{ code: exitCodes.failed, what: 'the old version goes on' }, timedOutExit],
  run: async (context) => (await import('../upgrade.ts')).runUpgrade(context),
}
