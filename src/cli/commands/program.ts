import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec } from '../command.ts'
import { fileOffer, lenientOption } from './options.ts'

/** Commands about the program itself. */

export const daemon: CommandSpec = {
  name: 'daemon',
  group: 'program',
  summary: 'supervise what the files declare, in the foreground',
  operands: '[FILE|DIR…]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: fileOffer,
  options: [
    lenientOption,
    {
      name: 'log-total',
      value: 'SIZE',
      what: 'what all logs may take together: 500MB (else 10 % of their disk, at most 4GB)',
    },
    {
      name: 'listen',
      value: 'ADDRESS:PORT',
      what: 'the API over TCP too, for who has a key (config key add): 8700 is this host alone; nothing is encrypted',
    },
    {
      name: 'driver',
      value: 'DRIVER',
      choices: ['process', 'fake'],
      what: 'process, or fake: units are only played, nothing is started (in a home of its own)',
    },
    { name: 'allow-empty', value: null, what: 'begin even where nothing is declared yet, and wait for up or apply' },
    {
      name: 'preload',
      value: 'FILE',
      offer: { kind: 'files' },
      what: 'an apps.json that the device came with: taken where no target state was ever applied',
    },
    {
      name: 'balena-config',
      value: 'FILE',
      offer: { kind: 'files' },
      what: 'the config.json of balenaOS: uuid and keys of the device (else CONFIG_MOUNT_POINT); it is only read',
    },
    {
      name: 'balena-locks',
      value: 'DIR',
      offer: { kind: 'directories' },
      what: 'where update locks of target states are (else /tmp/balena-supervisor/services)',
    },
  ],
  examples: [
    { command: 'holdfast daemon holdfast.yaml', what: 'run what this file declares, until SIGTERM' },
    { command: 'holdfast daemon /etc/supervisor/conf.d', what: 'the programs of a supervisord directory' },
    { command: 'holdfast daemon', what: 'the sources of last time' },
  ],
  notes: [
    'SIGTERM and SIGINT stop everything in order; SIGHUP reads the files again and reports what differs.',
    'Started again after a crash, it adopts what still runs.',
  ],
  exits: [
    { code: exitCodes.failed, what: 'it could not begin' },
    { code: exitCodes.configurationInvalid, what: 'the files have errors, and nothing was declared before' },
    { code: exitCodes.locked, what: 'another daemon runs for this home' },
    { code: exitCodes.daemonBug, what: 'a bug of ours; start it again, it adopts what runs' },
    { code: exitCodes.permission, what: 'the home may not be written' },
  ],
  isAlone: true,
  // main.ts starts the daemon itself: it loads nothing of the command line.
  run: 'elsewhere',
}

export const completion: CommandSpec = {
  name: 'completion',
  group: 'program',
  summary: 'completion for a shell',
  operands: 'SHELL',
  operandsMin: 1,
  operandsMax: 1,
  offers: [{ kind: 'words', words: ['bash', 'zsh', 'fish'] }],
  options: [],
  examples: [
    { command: 'holdfast completion bash > /etc/bash_completion.d/holdfast', what: 'for everybody' },
    { command: 'source <(holdfast completion bash)', what: 'in this bash' },
    { command: 'holdfast completion zsh > ~/.zfunc/_holdfast', what: 'where fpath has ~/.zfunc' },
    { command: 'holdfast completion fish > ~/.config/fish/completions/holdfast.fish', what: '' },
  ],
  notes: ['SHELL is bash, zsh or fish. Names of units come from a file that the daemon keeps beside its socket.'],
  isAlone: true,
  run: async (context) => (await import('../completion.ts')).runCompletion(context),
}

export const replay: CommandSpec = {
  name: 'replay',
  group: 'program',
  summary: 'run a flight recording again and compare',
  operands: 'FILE',
  operandsMin: 1,
  operandsMax: 1,
  offers: fileOffer,
  options: [],
  examples: [
    { command: 'holdfast replay flight.0', what: 'every transition, and whether today’s code decides the same' },
  ],
  notes: [],
  exits: [{ code: exitCodes.failed, what: 'it goes another way than recorded' }],
  isAlone: true,
  run: async ({ roles, operands, out, talk }) => roles.replay({ file: operands[0]!, out, talk }),
}

export const version: CommandSpec = {
  name: 'version',
  group: 'program',
  summary: 'the version of this program',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: [],
  examples: [{ command: 'holdfast version', what: '' }],
  notes: [],
  isAlone: true,
  run: async ({ out, roles }) => {
    out(`holdfast ${roles.version} (node ${process.versions.node}, ${process.platform}-${process.arch})\n`)
    return exitCodes.ok
  },
}

export const help: CommandSpec = {
  name: 'help',
  group: 'program',
  summary: 'help on a command or a topic',
  operands: '[COMMAND|TOPIC]',
  operandsMin: 0,
  operandsMax: 1,
  offers: [{ kind: 'commands' }],
  options: [],
  examples: [
    { command: 'holdfast help ps', what: 'examples, options, exit codes' },
    { command: 'holdfast help exit-codes', what: 'a topic; the others: commands, names, output, environment' },
  ],
  notes: [],
  isAlone: true,
  // It needs this very table, so it is done where the table is read.
  run: 'elsewhere',
}
