import { unitsMax } from '../../core/limits.ts'
import {
  boolean,
  choice,
  command,
  duration,
  integer,
  type KeySpec,
  mapOf,
  path,
  signal,
  text,
  type ValueSpec,
} from './key-table.ts'
import { healthcheckMap } from './keys-checks.ts'
import { environmentValue, extraMap } from './keys-extras.ts'
import { limitKeys, resourcesMap } from './keys-limits.ts'

/** The Compose format from its top, as far as this version acts on it. */

export const restartPolicyMap = mapOf({
  condition: {
    what: 'any: after every exit; on-failure: after failures; none: never.',
    value: choice('any', 'on-failure', 'none'),
    default: 'any',
    example: 'on-failure',
  },
  delay: { what: 'The same pause before each restart.', value: duration, example: '5s' },
  max_attempts: {
    what: 'So many restarts after early exits in a row; the exit after them is failed.',
    value: integer(0, 1_000_000),
    otherwise: 'without end',
    example: 3,
  },
  window: {
    what: 'A run that lived this long is stable, and clears the count of attempts.',
    value: duration,
    default: '10s',
    example: '1m',
  },
})

const units = integer(0, unitsMax)

export const deployMap = mapOf(
  {
    replicas: {
      what: 'How many units of the service there are; the same as scale.',
      value: units,
      default: 1,
      example: 3,
    },
    restart_policy: {
      what: 'When it is started again; wins over restart.',
      value: restartPolicyMap,
      example: { condition: 'on-failure', max_attempts: 3 },
    },
    resources: {
      what: 'Limits of resources; the same as mem_limit, cpus, pids_limit and mem_reservation of the service.',
      value: resourcesMap,
      example: { limits: { memory: '512M' } },
    },
  },
  { notYet: ['endpoint_mode', 'labels', 'mode', 'placement', 'rollback_config', 'update_config'] },
)

export const envFileMap = mapOf(
  {
    path: { what: 'The file.', value: path, example: './web.env' },
    required: { what: 'false: it may be missing.', value: boolean, default: true, example: false },
  },
  { required: ['path'], notYet: ['format'] },
)

const labelsValue: ValueSpec = {
  kind: 'either',
  of: [
    {
      kind: 'named',
      name: 'NAME',
      value: { kind: 'either', of: [text('the value'), { kind: 'literal', value: null }] },
    },
    { kind: 'list', items: text('name=value, or name') },
  ],
}

const envFile: ValueSpec = { kind: 'either', of: [path, envFileMap] }

export const dependencyMap = mapOf(
  {
    condition: {
      what: 'What is waited for: that the other service runs, that its readiness check passes, or that it has ended with success.',
      value: choice('service_started', 'service_healthy', 'service_completed_successfully'),
      example: 'service_healthy',
    },
    required: {
      what: 'false: it does not matter when there is no such service.',
      value: boolean,
      default: true,
      example: false,
    },
    restart: {
      what: 'true: restart of the other service restarts this one as well.',
      value: boolean,
      default: false,
      example: true,
    },
  },
  { required: ['condition'] },
)

export const serviceMap = mapOf(
  {
    command: {
      what: 'What is run: a text, split into words with quotes and backslashes but without a shell, or a list of words. For a shell write ["sh", "-c", "…"].',
      value: command,
      example: ['node', 'server.js'],
    },
    working_dir: {
      what: 'The directory it runs in.',
      value: path,
      otherwise: 'the directory of this file',
      example: './web',
    },
    environment: {
      what: "Variables: a map, or a list of NAME=value. A name without a value takes the daemon's own, and is left out when there is none.",
      value: environmentValue,
      example: { NODE_ENV: 'production' },
    },
    env_file: {
      what: 'Files of NAME=value lines, read again at each start; later files win, and environment wins over all.',
      value: { kind: 'either', of: [path, { kind: 'list', items: envFile }] },
      example: [{ path: './web.env', required: false }],
    },
    user: {
      what: 'Whom it runs as: name, uid, name:group or uid:gid.',
      value: text('a user', '^[^\\s:]+(:[^\\s:]+)?$', { min: 0, max: 4_294_967_294 }),
      otherwise: "the daemon's own",
      example: 'www-data',
    },
    restart: {
      what: 'When it is started again. The default differs from Compose, whose default is no: what has only a command exists for Holdfast, which keeps it running unless told otherwise. on-failure:N is failed after N early exits in a row.',
      value: {
        kind: 'either',
        of: [
          choice('no', 'always', 'unless-stopped', 'on-failure'),
          { kind: 'literal', value: false },
          text('on-failure:N', '^on-failure:[0-9]{1,6}$'),
        ],
      },
      otherwise: 'always; no for what has a schedule or runs once',
      example: 'on-failure:5',
    },
    deploy: { what: 'What Compose says of a service in a swarm.', value: deployMap, example: { replicas: 3 } },
    scale: {
      what: 'How many units of the service there are, 0 allowed. They are app/service/1, app/service/2 and so on.',
      value: units,
      default: 1,
      example: 3,
    },
    depends_on: {
      what: 'What must be there before it is started, and is stopped after it: a list of services, or a map with a condition for each.',
      value: {
        kind: 'either',
        of: [
          { kind: 'list', items: text('a service') },
          { kind: 'named', name: 'SERVICE', value: dependencyMap },
        ],
      },
      example: { db: { condition: 'service_started', required: false } },
    },
    stop_signal: {
      what: 'The first signal that stops it, sent to its main process.',
      value: signal,
      default: 'SIGTERM',
      example: 'SIGINT',
    },
    stop_grace_period: {
      what: 'How long it has until SIGKILL to everything it started.',
      value: duration,
      default: '10s',
      example: '30s',
    },
    healthcheck: {
      what: 'Tells whether it works: ps shows it, and who depends on it with service_healthy waits for it.',
      value: healthcheckMap,
      example: { test: ['CMD', 'curl', '-f', 'http://127.0.0.1:8080/health'], interval: '10s' },
    },
    labels: {
      what: 'What commands select it by (-l tier=front): a map, or a list of name=value. A change of them restarts nothing.',
      value: labelsValue,
      example: { tier: 'front' },
    },
    stdin_open: {
      what: 'true: its stdin is a pipe; the same as x-holdfast.stdin: pipe.',
      value: boolean,
      default: false,
      example: true,
    },
    ...limitKeys,
    'x-holdfast': {
      what: 'What the Compose format has no words for; other programs ignore it.',
      value: extraMap,
      example: { stable_after: '30s' },
    },
  },
  {
    required: ['command'],
    notYet: [
      'annotations',
      'attach',
      'build',
      'cap_add',
      'cap_drop',
      'cgroup',
      'cgroup_parent',
      'configs',
      'container_name',
      'cpu_count',
      'cpu_percent',
      'cpu_period',
      'cpu_quota',
      'cpu_rt_period',
      'cpu_rt_runtime',
      'credential_spec',
      'develop',
      'device_cgroup_rules',
      'devices',
      'dns',
      'dns_opt',
      'dns_search',
      'domainname',
      'driver_opts',
      'entrypoint',
      'expose',
      'extends',
      'external_links',
      'extra_hosts',
      'gpus',
      'group_add',
      'hostname',
      'image',
      'init',
      'ipc',
      'isolation',
      'label_file',
      'links',
      'logging',
      'mac_address',
      'mem_swappiness',
      'models',
      'network_mode',
      'networks',
      'oom_kill_disable',
      'pid',
      'platform',
      'ports',
      'post_start',
      'pre_stop',
      'privileged',
      'profiles',
      'provider',
      'pull_policy',
      'pull_refresh_after',
      'read_only',
      'runtime',
      'secrets',
      'security_opt',
      'shm_size',
      'storage_opt',
      'sysctls',
      'tmpfs',
      'tty',
      'use_api_socket',
      'userns_mode',
      'uts',
      'volumes',
      'volumes_from',
    ],
  },
)

export const appMap = mapOf({
  priority: {
    what: 'Apps start ascending and stop descending by it, where no dependency says otherwise; it counts before that of services.',
    value: integer(-1_000_000, 1_000_000),
    default: 999,
    example: 10,
  },
})

export const topMap = mapOf(
  {
    name: {
      what: 'The name of the app: lower case letters, digits, - and _.',
      value: text('the name of an app', '^[a-z0-9][a-z0-9_-]*$'),
      otherwise: 'the name of the directory, as Compose normalises it',
      example: 'shop',
    },
    services: {
      what: 'What is kept running, by name.',
      value: { kind: 'named', name: 'NAME', value: serviceMap },
      example: { web: { command: 'node server.js' } },
    },
    version: { what: 'Has no meaning any more; remove it.', value: text('anything'), example: '3.8' },
    'x-holdfast': {
      what: 'What the Compose format has no words for, of the app as a whole.',
      value: appMap,
      example: { priority: 10 },
    },
  } satisfies Readonly<Record<string, KeySpec>>,
  { required: ['services'], notYet: ['networks', 'volumes', 'configs', 'secrets', 'include', 'models'] },
)
