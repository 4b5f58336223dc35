import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Abilities, ControllerAbility } from '../../base/abilities.ts'
import type { CgroupLimits, ProcessLimits } from '../../core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../core/target/plain.ts'
import { problemsOf, service } from './fixture.ts'

const cgroup = (limits: Partial<CgroupLimits>): Partial<ProcessLimits> => ({ cgroup: { ...noCgroupLimits, ...limits } })
const ownLimits = (lines: string): string => `x-holdfast: {limits: ${lines}}`
const resources = (lines: string): string => `deploy: {resources: {${lines}}}`

for (const [lines, expected] of [
  ['ulimits: {nofile: {soft: 5, hard: 5}}', { ulimits: { nofile: { soft: 5, hard: 5 } } }],
  ['ulimits: {nofile: 65536}', { ulimits: { nofile: { soft: 65_536, hard: 65_536 } } }],
  [
    'ulimits: {nofile: {soft: 1024, hard: -1}, core: unlimited, nproc: 0}',
    {
      ulimits: {
        nofile: { soft: 1_024, hard: null },
        core: { soft: null, hard: null },
        nproc: { soft: 0, hard: 0 },
      },
    },
  ],
  ['mem_limit: 100m', cgroup({ memoryMaxBytes: 104_857_600 })],
  ['mem_limit: 1048576', cgroup({ memoryMaxBytes: 1_048_576 })],
  [resources('limits: {memory: 100m}'), cgroup({ memoryMaxBytes: 104_857_600 })],
  [`mem_limit: 1024k\n${resources('limits: {memory: 1m}')}`, cgroup({ memoryMaxBytes: 1_048_576 })],
  ['mem_limit: 1m\nmem_reservation: 1m', cgroup({ memoryMaxBytes: 1_048_576, memoryLowBytes: 1_048_576 })],
  ['mem_reservation: 1m', cgroup({ memoryLowBytes: 1_048_576 })],
  [resources('reservations: {memory: 1m}'), cgroup({ memoryLowBytes: 1_048_576 })],
  ['mem_limit: 2m\nmemswap_limit: 3m', cgroup({ memoryMaxBytes: 2_097_152, swapMaxBytes: 1_048_576 })],
  ['mem_limit: 2m\nmemswap_limit: 2m', cgroup({ memoryMaxBytes: 2_097_152, swapMaxBytes: 0 })],
  ['mem_limit: 2m\nmemswap_limit: -1', cgroup({ memoryMaxBytes: 2_097_152 })],
  [
    `memswap_limit: 3m\n${resources('limits: {memory: 2m}')}`,
    cgroup({ memoryMaxBytes: 2_097_152, swapMaxBytes: 1_048_576 }),
  ],
  ['cpus: 0.5', cgroup({ cpus: 0.5 })],
  ['cpus: .5', cgroup({ cpus: 0.5 })],
  [resources('limits: {cpus: "1.5"}'), cgroup({ cpus: 1.5 })],
  ['cpu_shares: 2', cgroup({ cpuWeight: 1 })],
  ['cpu_shares: 1024', cgroup({ cpuWeight: 39 })],
  ['cpu_shares: 262144', cgroup({ cpuWeight: 10_000 })],
  ['pids_limit: 50', cgroup({ pidsMax: 50 })],
  [resources('limits: {pids: 50}'), cgroup({ pidsMax: 50 })],
  ['cpuset: "0-3,5"', { cpuAffinity: [0, 1, 2, 3, 5] }],
  ['cpuset: 3,1,1-2', { cpuAffinity: [1, 2, 3] }],
  ['cpuset: 0', { cpuAffinity: [0] }],
  ['oom_score_adj: -500', { oomScoreAdj: -500 }],
  ['blkio_config: {weight: 10}', cgroup({ ioWeight: 1 })],
  ['blkio_config: {weight: 1000}', cgroup({ ioWeight: 10_000 })],
  [
    'blkio_config: {device_read_bps: [{path: /dev/sda, rate: 10m}], device_write_iops: [{path: /dev/sda, rate: 100}, {path: data, rate: 7}]}',
    cgroup({
      io: [
        {
          path: '/dev/sda',
          readBytesPerSecond: 10_485_760,
          writeBytesPerSecond: null,
          readsPerSecond: null,
          writesPerSecond: 100,
        },
        {
          path: '/srv/My Shop/data',
          readBytesPerSecond: null,
          writeBytesPerSecond: null,
          readsPerSecond: null,
          writesPerSecond: 7,
        },
      ],
    }),
  ],
  [
    'blkio_config: {device_write_bps: [{path: /dev/sda, rate: 1024}], device_read_iops: [{path: /dev/sda, rate: 5}]}',
    cgroup({
      io: [
        {
          path: '/dev/sda',
          readBytesPerSecond: null,
          writeBytesPerSecond: 1_024,
          readsPerSecond: 5,
          writesPerSecond: null,
        },
      ],
    }),
  ],
  [ownLimits('{nice: -5}'), { nice: -5 }],
  [ownLimits('{ionice: idle}'), { ionice: { class: 'idle', level: null } }],
  [ownLimits('{ionice: best-effort}'), { ionice: { class: 'best-effort', level: 4 } }],
  [ownLimits('{ionice: "best-effort:7"}'), { ionice: { class: 'best-effort', level: 7 } }],
  [ownLimits('{ionice: {class: realtime, level: 0}}'), { ionice: { class: 'realtime', level: 0 } }],
  [ownLimits('{chroot: ./root}'), { chroot: '/srv/My Shop/root' }],
  [ownLimits('{memory_high: 1m}'), cgroup({ memoryHighBytes: 1_048_576 })],
  [`cpus: 1\n${ownLimits('best-effort')}`, { ...cgroup({ cpus: 1 }), enforcement: 'best-effort' }],
  [`cpus: 1\n${ownLimits('{enforcement: best-effort}')}`, { ...cgroup({ cpus: 1 }), enforcement: 'best-effort' }],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is understood`, async () => {
    const { process } = await service(lines)
    assert.deepEqual(process.limits, { ...noProcessLimits, ...expected })
    assert.equal(process.cgroup, process.limits?.cgroup !== null)
  })
}

for (const lines of [
  'mem_limit: 0',
  'cpus: 0',
  'pids_limit: -1',
  'pids_limit: 0',
  'cpu_shares: 0',
  'memswap_limit: -1',
  'ulimits: {}',
  'blkio_config: {}',
  resources('limits: {}'),
  `mem_limit: 0\n${resources('limits: {memory: 0}')}`,
  ownLimits('best-effort'),
]) {
  test(`${lines.replaceAll('\n', '; ')} limits nothing`, async () => {
    const { process } = await service(lines)
    assert.deepEqual([process.limits, process.cgroup], [null, false])
  })
}

for (const [lines, expected] of [
  ['ulimits: 5', "4:14: services.a.ulimits: a map of limits is expected here; write 'nofile: 65536' lines below it"],
  [
    'ulimits: {nofiles: 5}',
    "4:15: services.a.ulimits.nofiles: 'nofiles' is not a limit of Linux; did you mean 'nofile'?",
  ],
  [
    'ulimits: {nofile: many}',
    "4:23: services.a.ulimits.nofile: 'many' is not a limit; write a whole number, or unlimited",
  ],
  [
    'ulimits: {nofile: {soft: 5}}',
    '4:23: services.a.ulimits.nofile: a soft and a hard limit belong together; write both, or one number for both',
  ],
  [
    'ulimits: {nofile: {soft: -1, hard: 5}}',
    '4:30: services.a.ulimits.nofile.soft: the soft limit is above the hard one; make it at most the hard limit',
  ],
  ['mem_limit: lots', "4:16: services.a.mem_limit: 'lots' is not a size; write a number with its unit: 512k, 10m, 1g"],
  [
    `mem_limit: 1m\n${resources('limits: {memory: 2m}')}`,
    '4:16: services.a.mem_limit: mem_limit is 1m, and deploy.resources.limits.memory is 2m; write only one of the two',
  ],
  [
    `mem_reservation: 1m\n${resources('reservations: {memory: 2m}')}`,
    '4:22: services.a.mem_reservation: mem_reservation is 1m, and deploy.resources.reservations.memory is 2m; write only one of the two',
  ],
  [
    `cpus: 1\n${resources('limits: {cpus: 2}')}`,
    '4:11: services.a.cpus: cpus is 1, and deploy.resources.limits.cpus is 2; write only one of the two',
  ],
  [
    `pids_limit: -1\n${resources('limits: {pids: 2}')}`,
    '4:17: services.a.pids_limit: pids_limit is -1, and deploy.resources.limits.pids is 2; write only one of the two',
  ],
  [
    'mem_limit: 1m\nmem_reservation: 2m',
    '5:22: services.a.mem_reservation: this is more than all the memory it may have; make it smaller than the limit of memory',
  ],
  [
    `mem_limit: 1m\n${ownLimits('{memory_high: 2m}')}`,
    '5:40: services.a.x-holdfast.limits.memory_high: this is more than all the memory it may have; make it smaller than the limit of memory',
  ],
  [
    'memswap_limit: 1m',
    '4:20: services.a.memswap_limit: this counts memory and swap together, and the memory is not limited; add mem_limit',
  ],
  [
    'mem_limit: 2m\nmemswap_limit: 1m',
    '5:20: services.a.memswap_limit: this counts memory and swap together, and is less than the memory alone; write the sum of both; as much as mem_limit is no swap',
  ],
  ['cpus: 0.001', '4:11: services.a.cpus: less than a hundredth of a processor cannot be given; write at least 0.01'],
  ['cpus: two', "4:11: services.a.cpus: 'two' is not a number from 0 to 10000; write a number such as 2"],
  [
    'cpu_shares: 300000',
    "4:17: services.a.cpu_shares: '300000' is not a whole number from 0 to 262144; write a number such as 1",
  ],
  ['cpuset: 3-1', "4:13: services.a.cpuset: '3-1' is not a set of processors; write numbers from 0 and ranges: 0-3,5"],
  [
    'cpuset: 0-9999',
    "4:13: services.a.cpuset: '0-9999' is not a set of processors; write numbers from 0 and ranges: 0-3,5",
  ],
  [
    'oom_score_adj: 2000',
    "4:20: services.a.oom_score_adj: '2000' is not a whole number from -1000 to 1000; write a number such as 1",
  ],
  [
    'oom_kill_disable: true',
    "4:5: services.a.oom_kill_disable: 'oom_kill_disable' is for containers, and this service has no image; write the image it is made from, or remove it",
  ],
  [
    'blkio_config: {weight_device: []}',
    "4:20: services.a.blkio_config.weight_device: 'weight_device' is for containers, and this service has no image; write the image it is made from, or remove it",
  ],
  [
    'blkio_config: {device_read_bps: [{path: /dev/sda}]}',
    '4:38: services.a.blkio_config.device_read_bps[0]: a limit of a device has a path and a rate; write {path: /dev/sda, rate: 10m}',
  ],
  [
    'blkio_config: {device_read_bps: [{path: /dev/sda, rate: 0}]}',
    '4:61: services.a.blkio_config.device_read_bps[0].rate: a device without any rate cannot be used; write at least 1',
  ],
  [
    'blkio_config: {device_read_bps: [{path: /a, rate: 1}, {path: /a, rate: 2}]}',
    '4:59: services.a.blkio_config.device_read_bps[1]: there is such a limit for /a already; write each device once in a list',
  ],
  [
    'blkio_config: {device_read_iops: 5}',
    "4:38: services.a.blkio_config.device_read_iops: a list is expected here, not '5'; write a list: [{path: /dev/sda, rate: 1000}]",
  ],
  [
    resources('reservations: {cpus: 1}'),
    "4:41: services.a.deploy.resources.reservations.cpus: Holdfast cannot do 'cpus' of the Compose format; processors cannot be kept for one service: write cpu_shares, or cpuset",
  ],
  [ownLimits('hard'), "4:26: services.a.x-holdfast.limits: 'hard' is none of required, best-effort; write required"],
  [
    ownLimits('{nice: 20}'),
    "4:33: services.a.x-holdfast.limits.nice: '20' is not a whole number from -20 to 19; write a number such as 1",
  ],
  [
    ownLimits('{ionice: low}'),
    "4:35: services.a.x-holdfast.limits.ionice: 'low' is not a class of input and output; write idle, best-effort:N or realtime:N, with N from 0 (first) to 7 (last)",
  ],
  [
    ownLimits('{ionice: {class: idle, level: 1}}'),
    '4:56: services.a.x-holdfast.limits.ionice.level: the class idle has no levels; leave the level out',
  ],
  [
    ownLimits('{ionice: {level: 1}}'),
    '4:35: services.a.x-holdfast.limits.ionice: ionice says no class; write class: realtime, best-effort or idle',
  ],
  [
    ownLimits('{chroot: ""}'),
    '4:35: services.a.x-holdfast.limits.chroot: the path is empty; write a path, absolute or relative to this file',
  ],
  [
    'cpus: 1\nx-holdfast: {cgroup: false}',
    '5:26: services.a.x-holdfast.cgroup: the limits of this service are those of a cgroup; remove this line, or the limits',
  ],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is refused with its place and the remedy`, async () => {
    assert.deepEqual(await problemsOf(lines), [expected])
  })
}

// ---- what the host can do ----------------------------------------------------------------------------------------

const unusable: ControllerAbility = { kind: 'unusable', why: 'there is none' }

const nothing: Abilities = {
  uid: 1_000,
  mayRaiseLimits: false,
  mayRaisePriority: false,
  mayChangeRoot: false,
  tools: { prlimit: '/p', ionice: '/i', taskset: '/t', unshare: '/u', setpriv: '/s', nice: '/n' },
  hardLimits: { nofile: 1_024 },
  descriptorsMax: 1_048_576,
  nice: 0,
  niceLowest: 0,
  oomScoreAdjLowest: 0,
  cpus: [0],
  cgroup: { version: null, controllers: { memory: unusable, cpu: unusable, pids: unusable, io: unusable } },
}

for (const [lines, place] of [
  ['ulimits:\n  nofile: 65536', '5:7: services.a.ulimits.nofile:'],
  ['mem_limit: 1m', '4:5: services.a.mem_limit:'],
  ['deploy:\n  resources:\n    limits:\n      memory: 1m', '7:11: services.a.deploy.resources.limits.memory:'],
  ['deploy:\n  resources:\n    limits: {cpus: 1}', '6:18: services.a.deploy.resources.limits.cpus:'],
  ['mem_reservation: 1m', '4:5: services.a.mem_reservation:'],
  ['pids_limit: 5', '4:5: services.a.pids_limit:'],
  ['cpu_shares: 5', '4:5: services.a.cpu_shares:'],
  ['cpuset: 1', '4:5: services.a.cpuset:'],
  ['oom_score_adj: -5', '4:5: services.a.oom_score_adj:'],
  ['blkio_config: {weight: 20}', '4:20: services.a.blkio_config.weight:'],
  ['blkio_config: {device_read_bps: [{path: /dev/sda, rate: 1m}]}', '4:5: services.a.blkio_config:'],
  [ownLimits('{nice: -5}'), '4:27: services.a.x-holdfast.limits.nice:'],
  [ownLimits('{ionice: realtime}'), '4:27: services.a.x-holdfast.limits.ionice:'],
  [ownLimits('{chroot: /r}'), '4:27: services.a.x-holdfast.limits.chroot:'],
  [ownLimits('{memory_high: 1m}'), '4:27: services.a.x-holdfast.limits.memory_high:'],
] as const) {
  test(`${lines.replaceAll(/\n\s*/g, '; ')} is refused at its key where the host cannot do it`, async () => {
    const problems = await problemsOf(lines, { abilities: nothing })
    assert.equal(problems.length, 1, problems.join('\n'))
    assert(problems[0]!.startsWith(place), problems[0])
    assert.match(problems[0]!, /; .*enforcement: best-effort/)
  })
}

test('what the host cannot do is no problem where the best effort is enough', async () => {
  assert.deepEqual(await problemsOf(`mem_limit: 1m\n${ownLimits('best-effort')}`, { abilities: nothing }), [])
})
