import { unitsMax } from '../../core/limits.ts'
import {
  boolean,
  choice,
  containerCommand,
  duration,
  integer,
  type KeySpec,
  list,
  mapOf,
  pairs,
  path,
  signal,
  text,
  type ValueSpec,
} from './key-table.ts'
import { healthcheckMap } from './keys-checks.ts'
import { containerKeys } from './keys-container.ts'
import { environmentValue, extraMap } from './keys-extras.ts'
import { limitKeys, resourcesMap } from './keys-limits.ts'
import {
  byName,
  configMap,
  extendsMap,
  includeValue,
  listenerMap,
  networkMap,
  releaseMap,
  secretMap,
  volumeMap,
} from './keys-project.ts'

/** The Compose format from its top, as far as this version acts on it. */

export const restartPolicyMap = mapOf({
  condition: {
    what: 'any: after every exit; on-failure: after failures; none: never.',
    value: choice('any', 'on-failure', 'none'),
    default: 'any',
    example: 'on-failure',
  },
  delay: {
    what: 'The same pause before each restart.',
    value: duration,
    example: '5s',
    of: 'process',
    instead: 'the engine has pauses of its own: remove it',
  },
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
  {
    notYet: {
      endpoint_mode: 'it is for swarms: remove it',
      labels: 'services have no labels of their own: write labels beside deploy',
      mode: 'it is for swarms: write replicas',
      placement: 'it is for swarms: remove it',
      rollback_config: 'write x-holdfast.release at the top',
      update_config: 'write x-holdfast.update of the service',
    },
  },
)

export const envFileMap = mapOf(
  {
    path: { what: 'The file.', value: path, example: './web.env' },
    required: { what: 'false: it may be missing.', value: boolean, default: true, example: false },
    format: {
      what: 'Of a container: raw takes values as they are, with quotes and dollar signs.',
      value: choice('raw'),
      example: 'raw',
      of: 'container',
    },
  },
  { required: ['path'] },
)

const labelsValue: ValueSpec = pairs('the value')

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
      what: "What is run: a text, split into words with quotes and backslashes but without a shell, or a list of words. For a shell write ['sh', '-c', '…']. Of a container it is in place of the image's, and an empty one removes it.",
      value: containerCommand,
      example: ['node', 'server.js'],
    },
    working_dir: {
      what: 'The directory it runs in.',
      value: path,
      otherwise: 'the directory of this file; of a container as the image says',
      example: './web',
    },
    environment: {
      what: "Variables: a map, or a list of NAME=value. A name without a value takes the daemon's own, and is left out when there is none.",
      value: environmentValue,
      example: { NODE_ENV: 'production' },
    },
    env_file: {
      what: 'Files of NAME=value lines; later files win, and environment wins over all. Those of a process are read again at each start, those of a container with this file.',
      value: { kind: 'either', of: [path, { kind: 'list', items: envFile }] },
      example: [{ path: './web.env', required: false }],
    },
    user: {
      what: 'Whom it runs as: name, uid, name:group or uid:gid. Of a container, users of the image.',
      value: text('a user', '^[^\\s:]+(:[^\\s:]+)?$', { min: 0, max: 4_294_967_294 }),
      otherwise: "the daemon's own; of a container as the image says",
      example: 'www-data',
    },
    restart: {
      what: 'When it is started again. The default of a process differs from Compose, whose default is no: what has only a command exists for Holdfast, which keeps it running unless told otherwise. A container is started again by the engine. on-failure:N is failed after N early exits in a row.',
      value: {
        kind: 'either',
        of: [
          choice('no', 'always', 'unless-stopped', 'on-failure'),
          { kind: 'literal', value: false },
          text('on-failure:N', '^on-failure:[0-9]{1,6}$'),
        ],
      },
      otherwise: 'always; no for containers, and for what has a schedule or runs once',
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
      what: 'What must be there before it is started, and is stopped after it: a list of services, or a map with a condition for each. app/service is one of another app.',
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
      otherwise: 'SIGTERM; of a container as the image says',
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
    ...containerKeys,
    extends: {
      what: 'Another service that this one is made from: what is written here is merged into it.',
      value: { kind: 'either', of: [text('a service'), extendsMap] },
      example: { service: 'b', file: './common.yaml' },
    },
    profiles: {
      what: 'It is there only where one of them is active: COMPOSE_PROFILES names those, with commas between them, and * means all.',
      value: list(text('a profile')),
      otherwise: 'it is always there',
      example: ['debug'],
    },
    attach: { what: 'Has no meaning: there is no output that all services share.', value: boolean, example: false },
    develop: {
      what: 'Has no meaning: images are not built here.',
      value: { kind: 'anything' },
      example: { watch: [] },
    },
    'x-holdfast': {
      what: 'What the Compose format has no words for; other programs ignore it.',
      value: extraMap,
      example: { stable_after: '30s' },
    },
  },
  {
    requiredAny: ['command', 'image', 'extends'],
    notYet: {
      cpu_count: 'it is for Windows: write cpus',
      cpu_percent: 'it is for Windows: write cpus',
      credential_spec: 'it is for Windows: remove it',
      driver_opts: 'write them below networks',
      external_links: 'give both a network with external: true',
      isolation: 'it is for Windows: remove it',
      models: 'run the model as a service',
      post_start: 'put it into the entrypoint of the image',
      pre_stop: 'let the program do it when it gets stop_signal',
      provider: 'run it as a service',
      pull_refresh_after: 'write pull_policy: always',
      use_api_socket: 'mount the socket of the engine below volumes',
      volumes_from: 'name the same volumes below volumes of both',
    },
  },
)

export const appMap = mapOf({
  name: {
    what: 'The name of the app where name at the top does not take it, such as one with capital letters. Not of an app with containers.',
    value: text('a name'),
    otherwise: 'as name at the top',
    example: 'noVNC',
  },
  priority: {
    what: 'Apps start ascending and stop descending by it, where no dependency says otherwise; it counts before that of services.',
    value: integer(-1_000_000, 1_000_000),
    default: 999,
    example: 10,
  },
  release: {
    what: 'A change of the app is on trial until every unit has been well for a while; what does not prove itself is taken back. false: every change counts at once.',
    value: { kind: 'either', of: [{ kind: 'literal', value: false }, releaseMap] },
    otherwise: 'as its keys say where there are containers, else false',
    example: { healthy_for: '30s', deadline: '10m' },
  },
  listener: {
    what: 'Its services whose stdin is events are event listeners of supervisord: they are told what happens, each of one event at a time.',
    value: listenerMap,
    example: { events: ['PROCESS_STATE_EXITED'], buffer: 100 },
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
    include: {
      what: 'Files whose services, networks, volumes, secrets and configs are there as if they were written here; each with the paths and variables of its own directory.',
      value: includeValue,
      example: ['./more.yaml'],
    },
    networks: {
      what: 'Networks of containers, by key. Those that a service names are made.',
      value: byName('NETWORK', networkMap),
      example: { front: { internal: true } },
    },
    volumes: {
      what: 'Volumes of containers, by key. Those that a service names are made, and never removed but by hand.',
      value: byName('VOLUME', volumeMap),
      example: { data: {} },
    },
    secrets: {
      what: 'Files that services name, and see below /run/secrets.',
      value: byName('SECRET', secretMap),
      example: { db_password: { file: './secret.txt' } },
    },
    configs: {
      what: 'Files that services name, and see read-only.',
      value: byName('CONFIG', configMap),
      example: { app: { file: './secret.txt' } },
    },
    'x-holdfast': {
      what: 'What the Compose format has no words for, of the app as a whole.',
      value: appMap,
      example: { priority: 10 },
    },
  } satisfies Readonly<Record<string, KeySpec>>,
  { requiredAny: ['services', 'include'], notYet: { models: 'run the model as a service' } },
)
