import { eventNames } from '../supervisord/event-names.ts'
import {
  boolean,
  choice,
  duration,
  integer,
  type KeySpec,
  list,
  mapOf,
  named,
  oneOrMore,
  pairs,
  path,
  text,
  type ValueSpec,
} from './key-table.ts'

/** What a file says beside its services: other files, and what containers need. */

export const extendsMap = mapOf(
  {
    service: { what: 'The service that this one is made from.', value: text('a service'), example: 'b' },
    file: { what: 'The file in which it is.', value: path, otherwise: 'this file', example: './common.yaml' },
  },
  { required: ['service'] },
)

export const includeMap = mapOf(
  {
    path: {
      what: 'The file; of several, each is merged into those before it.',
      value: oneOrMore(path),
      example: './more.yaml',
    },
    project_directory: {
      what: 'Where relative paths in it start.',
      value: path,
      otherwise: 'the directory of the file',
      example: './',
    },
    env_file: {
      what: 'Files of NAME=value lines with variables that hold in it, where the environment does not have them.',
      value: oneOrMore(path),
      otherwise: '.env in its directory, where there is one',
      example: './more.env',
    },
  },
  { required: ['path'] },
)

export const includeValue: ValueSpec = list({ kind: 'either', of: [path, includeMap] })

export const externalMap = mapOf({
  name: { what: 'The older place for the name.', value: text('a name'), example: 'shop_front' },
})

const external: KeySpec = {
  what: 'true: it is there already, and is neither made nor removed.',
  value: { kind: 'either', of: [boolean, externalMap] },
  default: false,
  example: true,
}

const labels: KeySpec = {
  what: 'Labels that it is made with.',
  value: pairs('the value'),
  example: { tier: 'front' },
}

export const ipamConfigMap = mapOf({
  subnet: { what: 'Addresses of the network.', value: text('a subnet'), example: '172.28.0.0/16' },
  gateway: { what: 'The address of the host in it.', value: text('an address'), example: '172.28.0.1' },
  ip_range: {
    what: 'The addresses of it that containers are given.',
    value: text('a range of addresses'),
    example: '172.28.5.0/24',
  },
  aux_addresses: {
    what: 'Addresses that no container is given, by host.',
    value: named('HOST', 'an address'),
    example: { printer: '172.28.1.5' },
  },
})

export const ipamMap = mapOf({
  driver: { what: 'What gives out addresses.', value: text('a driver'), example: 'default' },
  config: {
    what: 'The subnets.',
    value: list(ipamConfigMap),
    example: [{ subnet: '172.28.0.0/16' }],
  },
  options: { what: 'Options of the driver.', value: named('OPTION', 'the value'), example: { scope: 'local' } },
})

export const networkMap = mapOf(
  {
    name: {
      what: 'What the container engine calls it.',
      value: text('a name'),
      otherwise: 'the name of the app, _ and the key',
      example: 'shop_front',
    },
    external,
    driver: {
      what: 'The driver of the network.',
      value: text('a driver'),
      otherwise: "the engine's",
      example: 'bridge',
    },
    driver_opts: {
      what: 'Options of the driver.',
      value: named('OPTION', 'the value'),
      example: { 'com.docker.network.driver.mtu': '1400' },
    },
    internal: {
      what: 'true: nothing outside can be reached from it.',
      value: boolean,
      default: false,
      example: true,
    },
    attachable: {
      what: 'true: containers of others may join it.',
      value: boolean,
      default: false,
      example: true,
    },
    enable_ipv6: { what: 'true: it has IPv6 as well.', value: boolean, default: false, example: true },
    ipam: {
      what: 'Which addresses it has.',
      value: ipamMap,
      otherwise: 'what the engine chooses',
      example: { config: [{ subnet: '172.28.0.0/16' }] },
    },
    labels,
  },
  { notYet: { enable_ipv4: 'networks always have IPv4: remove it' } },
)

export const volumeMap = mapOf({
  name: {
    what: 'What the container engine calls it.',
    value: text('a name'),
    otherwise: 'the name of the app, _ and the key',
    example: 'shop_data',
  },
  external,
  driver: { what: 'The driver of the volume.', value: text('a driver'), otherwise: "the engine's", example: 'local' },
  driver_opts: {
    what: 'Options of the driver.',
    value: named('OPTION', 'the value'),
    example: { type: 'tmpfs', device: 'tmpfs', o: 'size=100m' },
  },
  labels,
})

const file: KeySpec = {
  what: 'A file of the host. A service that names it sees it read-only.',
  value: path,
  example: './secret.txt',
}

const inFile = 'write it into a file that only you can read, and name that with file'

/** What more a service could see; without a file it is refused where a service names it. */
const elsewhere = {
  external: {
    what: 'true: it is kept by somebody else; no service can have it.',
    value: boolean,
    default: false,
    example: true,
  },
  environment: {
    what: 'A variable of the environment that holds it; no service can have it: write it into a file.',
    value: text('the name of a variable'),
    example: 'DB_PASSWORD',
  },
  name: { what: 'What it is called where it is kept.', value: text('a name'), example: 'db_password' },
  labels,
} as const satisfies Readonly<Record<string, KeySpec>>

export const secretMap = mapOf(
  { file, ...elsewhere },
  { notYet: { driver: inFile, driver_opts: inFile, template_driver: inFile } },
)

export const configMap = mapOf(
  {
    file,
    ...elsewhere,
    content: {
      what: 'What it holds; no service can have it: write it into a file.',
      value: text('the content'),
      example: 'a = b',
    },
  },
  { notYet: { template_driver: inFile } },
)

/** With nothing below it, as is usual. */
export function byName(name: string, map: ValueSpec): ValueSpec {
  return { kind: 'named', name, value: { kind: 'either', of: [map, { kind: 'literal', value: null }] } }
}

export const listenerMap = mapOf(
  {
    events: {
      what: 'Of what they are told, by the names of supervisord; one that has others below it means all of those.',
      value: { kind: 'list', items: choice(...eventNames), min: 1 },
      example: ['PROCESS_STATE_EXITED', 'TICK_60'],
    },
    buffer: {
      what: 'So many events wait at most while none is ready; the oldest goes.',
      value: integer(1, 1_000_000_000),
      default: 1_024,
      example: 100,
    },
    result: {
      what: 'Which answers count as done. ok: OK alone, what is answered otherwise is told again; any: every answer; print: every answer, and the daemon prints it.',
      value: choice('ok', 'any', 'print'),
      default: 'ok',
      example: 'any',
    },
  },
  { required: ['events'] },
)

export const releaseMap = mapOf({
  id: {
    what: 'How people call this release, such as a commit.',
    value: text('a name'),
    otherwise: 'a hash of what is declared',
    example: '3f2a91c',
  },
  healthy_for: {
    what: 'So long every unit has to be well, without a break, until the change counts.',
    value: duration,
    default: '10s',
    example: '30s',
  },
  deadline: {
    what: 'So much time it has for that, from when its images are there.',
    value: duration,
    default: '5m',
    example: '10m',
  },
  revert: {
    what: 'false: a change that did not prove itself stays, and is only told.',
    value: boolean,
    default: true,
    example: false,
  },
})

export const updateMap = mapOf(
  {
    strategy: {
      what: 'How a container gives place to the next one: download-then-kill pulls the new image first; kill-then-download ends the old container first; delete-then-download removes its image as well before the new one is pulled; hand-over starts the new one beside the old one, which ends when the new one says so or the time is over.',
      value: choice('download-then-kill', 'kill-then-download', 'delete-then-download', 'hand-over'),
      default: 'download-then-kill',
      example: 'hand-over',
    },
    timeout: {
      what: 'Of hand-over: after this the old container ends in any case.',
      value: duration,
      default: '1m',
      example: '30s',
      beside: { strategy: 'hand-over' },
    },
    done_files: {
      what: 'Of hand-over: files of the host; the old container ends when one of them is there, which is removed then.',
      value: oneOrMore(path),
      example: './handed-over',
      beside: { strategy: 'hand-over' },
    },
  },
  { short: 'strategy' },
)
