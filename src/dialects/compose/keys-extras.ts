import {
  boolean,
  choice,
  command,
  duration,
  integer,
  mapOf,
  mapOrShort,
  number,
  oneOrMore,
  path,
  signal,
  text,
  type ValueSpec,
} from './key-table.ts'
import { hooksMap, livenessMap, readinessMap, scheduleMap } from './keys-checks.ts'
import { ownLimitsMap } from './keys-limits.ts'
import { updateMap } from './keys-project.ts'
import { logsMap, stdinFileMap, stdinSocketMap } from './keys-streams.ts'

/** Below `x-holdfast` of a service: what the Compose format has no words for. */

export const backoffMap = mapOf({
  initial: { what: 'The first pause.', value: duration, default: '200ms', example: '1s' },
  factor: {
    what: 'Each pause of the exponential shape is so many times the one before.',
    value: number(1, 100),
    default: 2,
    example: 1.5,
  },
  max: { what: 'The longest pause.', value: duration, default: '30s', example: '5m' },
  jitter: {
    what: 'The share of a pause that is spread, 0 to 1, so that many units do not restart in step.',
    value: number(0, 1),
    default: 0.2,
    example: 0.1,
  },
  shape: {
    what: 'exponential: each pause is factor times the one before. linear: each is longer by the first.',
    value: choice('exponential', 'linear'),
    default: 'exponential',
    example: 'linear',
  },
  free_restarts: {
    what: 'So many early exits in a row are answered at once, before the pauses begin.',
    value: integer(0, 1_000),
    default: 1,
    example: 0,
  },
})

export const budgetMap = mapOf(
  {
    max: { what: 'More restarts than this and the unit is failed.', value: integer(0, 1_000_000), example: 5 },
    within: {
      what: 'Only restarts within this time count, at most 1000 of them; without it, early exits in a row do.',
      value: duration,
      example: '10m',
    },
  },
  { required: ['max'] },
)

export const rungMap = mapOf(
  {
    signal: { what: 'The signal that is sent.', value: signal, example: 'SIGTERM' },
    scope: {
      what: 'Whom it is sent to: the main process, its process group, or the tree (the group, the cgroup and what the unit left behind).',
      value: choice('main', 'group', 'tree'),
      default: 'main',
      example: 'tree',
    },
    wait: {
      what: 'How long to wait for the end before the next step.',
      value: duration,
      default: '10s',
      example: '5s',
    },
  },
  { required: ['signal'] },
)

export const environmentValue = {
  kind: 'either',
  of: [
    {
      kind: 'named',
      name: 'NAME',
      value: { kind: 'either', of: [text('the value'), { kind: 'literal', value: null }] },
    },
    { kind: 'list', items: text('NAME=value, or NAME') },
  ],
} as const satisfies ValueSpec

export const instanceMap = mapOf(
  {
    n: { what: 'Its number, the last part of app/service/n.', value: integer(0, 1_000_000_000), example: 0 },
    name: {
      what: 'What its process is called in events and for supervisorctl.',
      value: text('a name'),
      otherwise: 'as its service',
      example: 'web_00',
    },
    command: { what: 'In place of that of the service.', value: command, example: ['./web', '--shard', '0'] },
    working_dir: { what: 'In place of that of the service.', value: path, example: '/srv/web-0' },
    environment: {
      what: 'Besides that of the service, and before it.',
      value: environmentValue,
      example: { SHARD: '0' },
    },
    logs: { what: 'In place of those of the service, key by key.', value: logsMap, example: { stdout: 'web-0.log' } },
  },
  { required: ['n'] },
)

export const extraMap = mapOf({
  autostart: {
    what: 'Whether it is started with the daemon. What has a schedule is not.',
    value: boolean,
    default: true,
    example: false,
  },
  success_exit_codes: {
    what: 'The exit codes that are a success; on-failure does not restart after them.',
    value: { kind: 'list', items: integer(0, 255) },
    default: [0],
    example: [0, 143],
    of: 'process',
    instead: 'the engine decides by exit code 0 alone: remove it',
  },
  stable_after: {
    what: 'A run that lived this long is stable: its exit clears the counter of early exits and is followed by the next run at once.',
    value: duration,
    default: '10s',
    example: '30s',
  },
  early_exits: {
    what: 'What follows an exit before stable_after: by-policy, what restart says; always, another try whatever restart says, as with supervisord.',
    value: choice('by-policy', 'always'),
    default: 'by-policy',
    example: 'always',
    of: 'process',
    instead: 'the engine starts containers again, as restart says: remove it',
  },
  backoff: {
    what: 'The pause before restarts after early exits in a row.',
    value: backoffMap,
    example: { initial: '1s', max: '5m' },
    of: 'process',
    instead: 'the engine starts containers again, with pauses of its own: remove it',
  },
  restart_budget: {
    what: 'How many restarts until the unit is failed: max within a time, or without within, early exits in a row.',
    value: budgetMap,
    example: { max: 5, within: '10m' },
    of: 'process',
    instead: 'the engine counts by itself: write restart: on-failure:5',
  },
  stop: {
    what: 'The whole stop ladder, in place of stop_signal and stop_grace_period: one step after the other, until nothing lives.',
    value: { kind: 'list', items: rungMap, min: 1, max: 32 },
    otherwise: 'stop_signal to main and stop_grace_period, then KILL to the tree and 5 s',
    example: [
      { signal: 'INT', wait: '30s' },
      { signal: 'KILL', scope: 'tree', wait: '5s' },
    ],
    of: 'process',
    instead: 'write stop_signal and stop_grace_period',
  },
  manual_stop: {
    what: 'How long a stop by hand lasts: until somebody starts it again, or until the daemon is restarted, as with supervisord.',
    value: choice('until-started', 'until-daemon-restart'),
    default: 'until-started',
    example: 'until-daemon-restart',
  },
  umask: {
    what: 'The mask of new files, octal.',
    value: text('an octal mask', '^(0o?)?[0-7]{1,3}$', { min: 0, max: 777 }),
    otherwise: "the daemon's",
    example: '022',
    of: 'process',
    instead: 'it is set in the image: remove it',
  },
  cgroup: {
    what: 'true: each run is put in a cgroup of its own, so that nothing it starts can get away. Limits of memory, processor time, processes and input and output do so by themselves.',
    value: boolean,
    default: false,
    example: true,
    of: 'process',
    instead: 'each container has one: remove it',
  },
  inherit_environment: {
    what: "true: its environment is on top of the daemon's whole environment, else of a small clean one.",
    value: boolean,
    default: false,
    example: true,
    of: 'process',
    instead: 'write what it needs below environment',
  },
  inherit_directory: {
    what: "true: where working_dir says nothing it runs in the daemon's own directory (/ without inherit_environment), else in the directory of the file.",
    value: boolean,
    default: false,
    example: true,
    of: 'process',
    instead: 'write working_dir',
  },
  priority: {
    what: 'Start ascending, stop descending, where no dependency says otherwise.',
    value: integer(-1_000_000, 1_000_000),
    default: 999,
    example: 10,
  },
  instances: {
    what: 'The units one by one, in place of scale: each with its number, and with what it has of its own.',
    value: { kind: 'list', items: instanceMap },
    example: [{ n: 0 }, { n: 1, environment: { SHARD: '1' } }],
    of: 'process',
    instead: 'write scale',
  },
  logs: {
    what: 'Where its output goes, and when it is rotated.',
    value: logsMap,
    example: { max_size: '50m', max_files: 10 },
  },
  readiness: {
    what: 'Tells whether the service works: ps shows it, and who depends on it with service_healthy waits for it. It has one of exec, http, tcp and log.',
    value: readinessMap,
    example: { tcp: 5_432, interval: '10s' },
  },
  liveness: {
    what: 'Ends a run that no longer answers, as a failure; the restart policy decides what follows. It has one of exec, http, tcp and log.',
    value: livenessMap,
    example: { http: 'http://127.0.0.1:8080/alive', timeout: '5s' },
  },
  hooks: {
    what: 'Commands around its runs.',
    value: hooksMap,
    example: { pre_start: './prepare --all' },
    of: 'process',
    instead: 'put them into the entrypoint of the image',
  },
  schedule: {
    what: 'Runs it at times of the calendar: a text in the form of cron, or a map with cron, timezone, overlap and missed. It is not started with the daemon, and its restart is no unless written.',
    value: mapOrShort(scheduleMap),
    example: '30 4 * * *',
    of: 'process',
    instead: 'schedule a process of this host',
  },
  once: {
    what: 'Runs it with the daemon until it has succeeded: each-boot once for each start of the host, ever once for each change of it.',
    value: choice('each-boot', 'ever'),
    example: 'ever',
    of: 'process',
    instead: 'write restart: on-failure',
  },
  stdin: {
    what: "'null' (nothing to read), pipe (kept open by the daemon over restarts of either; see holdfast stdin), a file, a socket that listens, or events (what happens is told there; the app has a listener).",
    value: {
      kind: 'either',
      of: [choice('null', 'pipe', 'events'), { kind: 'literal', value: null }, stdinFileMap, stdinSocketMap],
    },
    default: 'null',
    example: 'pipe',
    of: 'process',
    instead: 'write stdin_open: true',
  },
  limits: {
    what: 'Limits that Compose has no words for, and whether they are required; best-effort alone says that none is.',
    value: mapOrShort(ownLimitsMap),
    example: { nice: 5, enforcement: 'best-effort' },
    of: 'process',
    instead: 'write mem_limit, cpus, ulimits and the others of the service',
  },
  update: {
    what: 'Of a container: how it gives place to the next one. A strategy, or a map with more.',
    value: mapOrShort(updateMap),
    default: 'download-then-kill',
    example: { strategy: 'hand-over', timeout: '30s' },
    of: 'container',
  },
  lock: {
    what: 'Of a container: files of the host. While one of them exists that Holdfast did not make, no container of the app is ended, replaced or renamed.',
    value: oneOrMore(path),
    example: './updates.lock',
    of: 'container',
  },
})
