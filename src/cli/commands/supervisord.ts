import { exitCodes } from '../../wire/exit-codes.ts'
import type { CommandSpec } from '../command.ts'

/** Programs of supervisord, with the options of those: main.ts hands the words over as they are. */

export const supervisord: CommandSpec = {
  name: 'supervisord',
  group: 'replacement',
  summary: 'supervise what a supervisord.conf says, in place of supervisord',
  operands: '',
  operandsMin: 0,
  operandsMax: 0,
  options: [],
  examples: [
    { command: 'holdfast supervisord -n -c /etc/supervisor/supervisord.conf', what: 'in the foreground' },
    { command: 'holdfast supervisord', what: 'in the background, with the first file of the usual places' },
  ],
  notes: [
    'Options, sockets, log files, signals and exit codes are those of supervisord 4.2.5; supervisorctl and whoever speaks its XML-RPC work on it.',
    'It is holdfast daemon with that file as its source, so every command of Holdfast works on it too.',
    'Called by a link named supervisord it is that program.',
  ],
  exits: [
    { code: 0, what: 'everything has ended, as it was told' },
    { code: exitCodes.usage, what: 'the command line or the file is wrong, or it could not begin' },
  ],
  isAlone: true,
  isForeign: true,
  run: 'elsewhere',
}

export const supervisorctl: CommandSpec = {
  name: 'supervisorctl',
  group: 'replacement',
  summary: 'show and control what a supervisord runs, as supervisorctl does',
  operands: '[ACTION [ARGUMENT…]]',
  operandsMin: 0,
  operandsMax: Number.POSITIVE_INFINITY,
  offers: [
    {
      kind: 'words',
      words: [
        ...['status', 'start', 'stop', 'restart', 'signal', 'tail', 'maintail', 'clear', 'fg', 'pid', 'avail'],
        ...['reread', 'update', 'add', 'remove', 'reload', 'shutdown', 'open', 'version', 'help', 'exit', 'quit'],
      ],
    },
  ],
  options: [],
  examples: [
    { command: 'holdfast supervisorctl status', what: 'web   RUNNING   pid 4711, uptime 0:00:12' },
    { command: 'holdfast supervisorctl restart web worker:*', what: 'a process, and all of a group' },
    { command: 'holdfast supervisorctl -s http://127.0.0.1:9001 -u me -p secret', what: 'a session with another host' },
  ],
  notes: [
    'Output, exit codes and options are those of supervisor 4.2.5, so scripts for it work, and no Python is needed. It speaks to Holdfast and to supervisord alike.',
    '-c FILE: where [supervisorctl] is, else the first file of the usual places.  -s URL  -u NAME  -p PASSWORD: the server.  -r FILE: keep what is typed.  -i: ask before what ends the server.',
    'Without an action a session begins, with completion, that asks for a password where one is needed.',
    'Called by a link named supervisorctl it is that program.',
  ],
  exits: [
    { code: 0, what: 'done; a session always ends so' },
    { code: exitCodes.failed, what: 'something of it failed' },
    { code: exitCodes.usage, what: 'the command line is wrong; start was given no name, or none of a group' },
    { code: 3, what: 'status: a process does not run' },
    { code: 4, what: 'the server refuses the connection; status: no server, or no such process' },
    { code: 'other', what: '5: another version answers. 7: a process does not run, or there is no server' },
  ],
  isAlone: true,
  isForeign: true,
  run: 'elsewhere',
}
