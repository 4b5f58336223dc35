import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec } from '../command.ts'
import {
  failedExit,
  fileOffer,
  forceOption,
  invalidExit,
  lenientOption,
  lockedExit,
  noWaitOption,
  outputOptions,
  timedOutExit,
  timeoutOption,
  waitOption,
} from './options.ts'

/** Commands about what the files declare. */

export const up: CommandSpec = {
  name: 'up',
  group: 'daily',
  summary: 'apply what the files declare, and only what changed',
  operands: '[FILE|DIR…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: fileOffer,
  options: [
    {
      ...waitOption,
      choices: ['running', 'healthy', 'committed'],
      what: 'return when all is running, or healthy, by its checks, or committed: its releases have proved themselves',
    },
    { ...noWaitOption, isHidden: true },
    { ...timeoutOption, what: 'wait at most this long (else what stop ladders, checks and pulls take, and 10 s)' },
    { ...forceOption, what: 'update locks hold back nothing until these changes are made' },
    lenientOption,
    ...outputOptions('table', 'json'),
  ],
  examples: [
    { command: 'holdfast up holdfast.yaml', what: 'this file is what is declared; starts a daemon where none runs' },
    { command: 'holdfast up', what: 'after editing the files' },
    { command: 'holdfast up --wait=healthy', what: 'returns when all of it works' },
    {
      command: 'holdfast up --wait=committed',
      what: 'returns when what changed has proved itself; 5 when it was taken back',
    },
  ],
  notes: [
    'Nothing is applied from files with any error.',
    'With files, and no daemon for this home, it starts one in the background and says so; nothing else ever starts one.',
  ],
  exits: [
    { code: exitCodes.failed, what: 'a unit came to something else, or the daemon could not be started' },
    { code: exitCodes.rejected, what: 'with --wait: a release was rejected, now or before' },
    invalidExit,
    lockedExit,
    timedOutExit,
  ],
  run: async (context) => (await import('../up.ts')).runUp(context),
}

export const apply: CommandSpec = {
  name: 'apply',
  group: 'change',
  summary: 'apply a target state of balena’s, and keep it over restarts',
  operands: 'FILE',
  operandsMin: 1,
  operandsMax: 1,
  offers: fileOffer,
  options: [
    { name: 'force', value: null, what: 'update locks hold back nothing until these changes are made' },
    { name: 'dry-run', value: null, what: 'only tell what it would change; exits 7 when it is anything' },
    {
      ...waitOption,
      choices: ['running', 'healthy', 'committed'],
      what: 'return when all is running, or healthy, by its checks, or committed: its releases have proved themselves',
    },
    {
      ...timeoutOption,
      what: 'with --wait: wait at most this long (else what stop ladders and checks take, and 10 s)',
    },
    ...outputOptions('table', 'json'),
  ],
  examples: [
    { command: 'holdfast apply target.json', what: 'version 3, the local version 2, or an apps.json' },
    { command: 'holdfast apply - < target.json', what: 'from stdin' },
    { command: 'holdfast apply --dry-run target.json', what: 'what it would change' },
  ],
  notes: [
    'It takes the place of the state applied before it, and of nothing else: what files declare stays. An app that it does not have is removed.',
    'Nothing is applied from a state with any error. Without a daemon for this home, it starts one in the background.',
  ],
  exits: [
    { code: exitCodes.failed, what: 'a unit came to something else, or the daemon could not be started' },
    { code: exitCodes.rejected, what: 'with --wait: a release was rejected, now or before' },
    invalidExit,
    { code: exitCodes.planNotEmpty, what: 'with --dry-run: something differs' },
    lockedExit,
    timedOutExit,
  ],
  run: async (context) => (await import('../apply.ts')).runApply(context),
}

export const plan: CommandSpec = {
  name: 'plan',
  group: 'daily',
  summary: "what 'up' would change, and why, field by field",
  operands: '[FILE|DIR…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: fileOffer,
  options: [lenientOption, ...outputOptions('table', 'json')],
  examples: [
    {
      command: 'holdfast plan',
      what: 'what was changed in the files; exits 0 when nothing differs, 7 when something does',
    },
    {
      command: 'holdfast plan other.yaml',
      what: 'this file, against what runs; without a daemon: what it would start',
    },
  ],
  notes: ['Values that may be secrets are not shown.'],
  exits: [invalidExit, { code: exitCodes.planNotEmpty, what: 'something differs' }],
  run: async (context) => (await import('../plan.ts')).runPlan(context),
}

export const reload: CommandSpec = {
  name: 'reload',
  group: 'change',
  summary: 'read the files again and report what differs; changes nothing',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: [lenientOption, ...outputOptions('table', 'json')],
  examples: [{ command: 'holdfast reload', what: 'what would holdfast up do?' }],
  notes: [],
  exits: [invalidExit],
  run: async (context) => (await import('../up.ts')).runReload(context),
}

export const down: CommandSpec = {
  name: 'down',
  group: 'daily',
  summary: 'stop everything in order, and end the daemon',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: [
    { name: 'yes', short: 'y', value: null, what: 'do not ask; needed where there is no terminal to ask on' },
    { ...timeoutOption, what: 'wait at most this long (else until everything has ended)' },
  ],
  examples: [
    { command: 'holdfast down', what: 'says what will be stopped, and asks' },
    { command: 'holdfast down --yes --timeout 60', what: 'in a script' },
  ],
  notes: ['When the time is over, or after Ctrl-C, the daemon goes on stopping.'],
  exits: [{ code: exitCodes.failed, what: 'the answer was no' }, timedOutExit],
  run: async (context) => (await import('../down.ts')).runDown(context),
}

export const check: CommandSpec = {
  name: 'check',
  group: 'files',
  summary: 'find what is wrong with files, without a daemon',
  operands: 'FILE|DIR…',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: fileOffer,
  options: [
    { name: 'strict', value: null, what: 'warnings are errors' },
    lenientOption,
    ...outputOptions('table', 'json'),
  ],
  examples: [
    { command: 'holdfast check holdfast.yaml', what: 'exits 0 when it is good, 6 when not' },
    { command: 'holdfast check --strict -o json /etc/supervisor/supervisord.conf', what: 'for programs' },
    { command: 'holdfast check /etc/service', what: 'service directories of runit' },
  ],
  notes: ['Of service directories (runit) every script and its interpreter is looked at; nothing is run.'],
  exits: [{ code: exitCodes.configurationInvalid, what: 'the files have errors' }],
  isAlone: true,
  run: async (context) => (await import('../check.ts')).runCheck(context),
}

export const config: CommandSpec = {
  name: 'config',
  group: 'files',
  summary: 'what the files come to, what their keys mean, and the keys of the API',
  operands: 'show [FILE|DIR…] | schema | explain [KEY] | key ACTION [NAME]',
  operandsMin: 1,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [{ kind: 'words', words: ['show', 'schema', 'explain', 'key'] }, { kind: 'files' }],
  options: [
    { name: 'resolved', value: null, what: 'show: with every default' },
    { name: 'origin', value: null, what: 'show: where each value was written, as file:line' },
    {
      name: 'output',
      short: 'o',
      value: 'FORMAT',
      choices: ['yaml', 'json', 'table'],
      what: 'show: yaml or json; key list: table or json',
    },
    { name: 'json', value: null, means: { option: 'output', value: 'json' }, what: 'short for --output json' },
    { name: 'read-only', value: null, what: 'key add: the key may look at everything and change nothing' },
    { ...lenientOption, what: 'show: unknown keys are warnings instead of errors' },
  ],
  examples: [
    { command: 'holdfast config show holdfast.yaml', what: 'what it declares, with its variables put in' },
    {
      command: 'holdfast config show --resolved --origin',
      what: 'every value the daemon’s files come to, and where from',
    },
    {
      command: 'holdfast config explain services.web.healthcheck',
      what: 'what a key means, its default and an example',
    },
    { command: 'holdfast config schema > holdfast.schema.json', what: 'the JSON Schema of holdfast.yaml, for editors' },
    { command: 'holdfast config key add grafana --read-only', what: 'a key for the API over TCP; it is shown once' },
  ],
  notes: [
    'show tells environment values as they are; it reads the files here, with the variables of this shell.',
    'What it prints for files of Compose’s format or supervisord’s is a holdfast.yaml that declares the same.',
  ],
  exits: [failedExit, { code: exitCodes.configurationInvalid, what: 'the files have errors' }],
  run: async (context) => (await import('../config.ts')).runConfig(context),
}

export const convert: CommandSpec = {
  name: 'convert',
  group: 'files',
  summary: 'write what files of another supervisor declare as holdfast.yaml',
  operands: 'FILE|DIR',
  operandsMin: 1,
  operandsMax: 1,
  offers: fileOffer,
  options: [
    {
      name: 'from',
      value: 'FORMAT',
      choices: ['compose', 'supervisord', 'runit'],
      what: 'how to read FILE (else by the end of its name), or runit: DIR has service directories',
    },
    { name: 'output', short: 'o', value: 'FILE', offer: { kind: 'files' }, what: 'write FILE; it must not exist yet' },
    lenientOption,
  ],
  examples: [
    {
      command: 'holdfast convert supervisord.conf > holdfast.yaml',
      what: 'a group becomes an app, a program a service',
    },
    { command: 'holdfast convert /etc/supervisor/conf.d -o holdfast.yaml', what: 'all files of a directory' },
    { command: 'holdfast convert --from runit /etc/service', what: 'a service directory becomes a service' },
    { command: 'holdfast plan holdfast.yaml', what: 'then: what would change? Nothing, where all could be said' },
  ],
  notes: ['What could not be carried over stands in comments at the top, and is told.'],
  exits: [failedExit, { code: exitCodes.configurationInvalid, what: 'the files have errors' }],
  isAlone: true,
  run: async (context) => (await import('../convert.ts')).runConvert(context),
}
