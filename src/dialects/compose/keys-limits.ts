import { choice, integer, type KeySpec, mapOf, number, path, size, text, type ValueSpec } from './key-table.ts'
import { blkioWeightMap, requestMap } from './keys-container.ts'

/** What a service may use: of Compose, of its deploy.resources, and of x-holdfast. */

/** The names of getrlimit(2). */
export const ulimitNames = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'locks',
  'memlock',
  'msgqueue',
  'nice',
  'nofile',
  'nproc',
  'rss',
  'rtprio',
  'rttime',
  'sigpending',
  'stack',
]

const limit: ValueSpec = {
  kind: 'either',
  of: [integer(-1, Number.MAX_SAFE_INTEGER), { kind: 'literal', value: 'unlimited' }],
}

export const ulimitMap = mapOf(
  {
    soft: { what: 'What holds until the process raises it.', value: limit, example: 1024 },
    hard: { what: 'The most it can be raised to.', value: limit, example: 65_536 },
  },
  { required: ['soft', 'hard'] },
)

const device = { what: 'The device, or a file on it.', value: path, example: '/dev/sda' }

export const bytesMap = mapOf(
  { path: device, rate: { what: 'The most bytes a second.', value: size, example: '10m' } },
  { required: ['path', 'rate'] },
)

export const operationsMap = mapOf(
  {
    path: device,
    rate: { what: 'The most operations a second.', value: integer(1, Number.MAX_SAFE_INTEGER), example: 1_000 },
  },
  { required: ['path', 'rate'] },
)

const devices = (what: string, items: typeof bytesMap): KeySpec => ({
  what,
  value: { kind: 'list', items },
  example: [{ path: '/', rate: items.keys.rate.example }],
})

export const blkioMap = mapOf({
  weight: {
    what: 'The share of input and output, 10 to 1000; of a process it is converted to the 1 to 10000 of cgroup v2.',
    value: integer(10, 1_000),
    example: 300,
  },
  weight_device: {
    what: 'Of a container: the share by device.',
    value: { kind: 'list', items: blkioWeightMap },
    example: [{ path: '/dev/sda', weight: 400 }],
    of: 'container',
  },
  device_read_bps: devices('The most bytes a second read from a device.', bytesMap),
  device_write_bps: devices('The most bytes a second written to a device.', bytesMap),
  device_read_iops: devices('The most reads a second of a device.', operationsMap),
  device_write_iops: devices('The most writes a second of a device.', operationsMap),
})

const cpus: ValueSpec = number(0, 10_000)

const pids: ValueSpec = integer(-1, 4_194_304)

export const limitKeys = {
  ulimits: {
    what: 'Limits of the process itself by the names of getrlimit(2) in small letters: each a number for both, or soft and hard. -1 or unlimited lifts one.',
    value: { kind: 'named', name: 'LIMIT', names: ulimitNames, value: { kind: 'either', of: [limit, ulimitMap] } },
    example: { nofile: 65_536 },
  },
  mem_limit: {
    what: 'The most memory of everything the service starts (memory.max); 0: not limited.',
    value: size,
    example: '512m',
  },
  mem_reservation: {
    what: 'Memory that is kept from being reclaimed while possible (memory.low).',
    value: size,
    example: '128m',
  },
  memswap_limit: {
    what: 'Memory and swap together, so it needs mem_limit; -1: swap is not limited. Without it the swap of a process is not limited either, where Docker allows a container as much as memory.',
    value: { kind: 'either', of: [size, { kind: 'literal', value: -1 }, { kind: 'literal', value: '-1' }] },
    example: '1g',
    beside: { mem_limit: '512m' },
  },
  cpus: {
    what: 'The most processor time, in processors: 0.5 is half of one; 0: not limited.',
    value: cpus,
    example: 1.5,
  },
  cpu_shares: {
    what: 'The share of processor time when there is not enough: 2 to 262144; of a process it is converted to the weight 1 to 10000 of cgroup v2 as container runtimes do. 1024 becomes 39, and what says nothing has 100.',
    value: integer(0, 262_144),
    example: 2_048,
  },
  cpuset: {
    what: 'The processors it may run on: numbers from 0, and ranges.',
    value: text('a set of processors', '^\\s*[0-9]{1,4}(-[0-9]{1,4})?\\s*(,\\s*[0-9]{1,4}(-[0-9]{1,4})?\\s*)*$', {
      min: 0,
      max: 1_023,
    }),
    example: '0-3,5',
  },
  pids_limit: {
    what: 'The most processes and threads of everything the service starts; -1: not limited.',
    value: pids,
    example: 100,
  },
  oom_score_adj: {
    what: 'Who is killed first when the host has no memory left: -1000 (never) to 1000 (first).',
    value: integer(-1_000, 1_000),
    otherwise: "the daemon's",
    example: 500,
  },
  blkio_config: {
    what: 'Limits of input and output by device, and the share of it.',
    value: blkioMap,
    example: { weight: 300 },
  },
} as const satisfies Readonly<Record<string, KeySpec>>

export const resourceLimitMap = mapOf(
  {
    cpus: { what: 'The same as cpus of the service.', value: cpus, example: '0.5' },
    memory: { what: 'The same as mem_limit.', value: size, example: '512M' },
    pids: { what: 'The same as pids_limit.', value: pids, example: 100 },
  },
  { notYet: { devices: 'write them below reservations', generic_resources: 'they are for swarms: remove them' } },
)

export const reservationMap = mapOf(
  {
    memory: { what: 'The same as mem_reservation.', value: size, example: '128M' },
    devices: {
      what: 'Of a container: devices of a driver, such as graphics processors.',
      value: { kind: 'list', items: requestMap },
      example: [{ capabilities: ['gpu'], count: 1 }],
      of: 'container',
    },
  },
  {
    notYet: {
      cpus: 'processors cannot be kept for one service: write cpu_shares, or cpuset',
      generic_resources: 'they are for swarms: remove them',
      pids: 'processes cannot be kept for one service: remove it',
    },
  },
)

export const resourcesMap = mapOf({
  limits: {
    what: 'The most of each resource; the same as cpus, mem_limit and pids_limit.',
    value: resourceLimitMap,
    example: { memory: '512M', cpus: '0.5' },
  },
  reservations: {
    what: 'What is kept for the service; the same as mem_reservation.',
    value: reservationMap,
    example: { memory: '128M' },
  },
})

export const ioniceMap = mapOf(
  {
    class: {
      what: 'realtime before all others (root only), idle only when nobody else reads or writes.',
      value: choice('realtime', 'best-effort', 'idle'),
      example: 'best-effort',
    },
    level: {
      what: 'Within realtime and best-effort, from 0 (first) to 7 (last); idle has none.',
      value: integer(0, 7),
      default: 4,
      example: 7,
    },
  },
  { required: ['class'] },
)

const enforcement = choice('required', 'best-effort')

export const ownLimitsMap = mapOf(
  {
    nice: { what: 'The priority among processes: -20 (first) to 19 (last).', value: integer(-20, 19), example: 5 },
    ionice: {
      what: 'The priority of input and output: idle, best-effort:N or realtime:N with N from 0 (first) to 7, or a map with class and level.',
      value: {
        kind: 'either',
        of: [text('a class, with its level', '^(idle|best-effort(:[0-7])?|realtime(:[0-7])?)$'), ioniceMap],
      },
      example: 'best-effort:6',
    },
    chroot: {
      what: 'A new root directory. The program and working_dir (then / by default) are inside of it, the user is looked up outside.',
      value: path,
      example: '/srv/jail',
    },
    memory_high: {
      what: 'Above this the kernel reclaims memory and slows the service down, and kills nobody (memory.high).',
      value: size,
      example: '400m',
    },
    enforcement: {
      what: 'required: what this host cannot enforce is an error, told by check and up. best-effort: it is left out, and told with the unit.',
      value: enforcement,
      default: 'required',
      example: 'best-effort',
    },
  },
  { short: 'enforcement' },
)
