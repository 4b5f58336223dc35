import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Abilities, ControllerAbility } from '../../base/abilities.ts'
import { service, targetOf } from '../fixture.ts'
import type { CgroupLimits, ProcessLimits, Service } from '../model.ts'
import { limitFaults } from './limits-faults.ts'
import { lacksOf, withoutLacks } from './limits-lacks.ts'
import { noCgroupLimits, noProcessLimits } from './plain.ts'

const v2: ControllerAbility = { kind: 'usable', version: 'v2', without: [] }
const v1: ControllerAbility = { kind: 'usable', version: 'v1', without: [] }

const root: Abilities = {
  uid: 0,
  mayRaiseLimits: true,
  mayRaisePriority: true,
  mayChangeRoot: true,
  tools: {
    prlimit: '/usr/bin/prlimit',
    nice: '/usr/bin/nice',
    ionice: '/usr/bin/ionice',
    taskset: '/usr/bin/taskset',
    unshare: '/usr/bin/unshare',
    setpriv: '/usr/bin/setpriv',
  },
  hardLimits: { nofile: 4096, core: null },
  descriptorsMax: 1_048_576,
  nice: 0,
  niceLowest: 20,
  oomScoreAdjLowest: -1000,
  cpus: [0, 1],
  cgroup: { version: 'v2', controllers: { memory: v2, cpu: v2, pids: v2, io: v2 } },
}

const why = 'this user may not write /sys/fs/cgroup'
const closed: ControllerAbility = { kind: 'unusable', why }
const user: Abilities = {
  ...root,
  uid: 1000,
  mayRaiseLimits: false,
  mayRaisePriority: false,
  mayChangeRoot: false,
  oomScoreAdjLowest: 0,
  cgroup: { version: null, controllers: { memory: closed, cpu: closed, pids: closed, io: closed } },
}

const device = { readBytesPerSecond: 1, writeBytesPerSecond: null, readsPerSecond: null, writesPerSecond: null }
const everything: ProcessLimits = {
  ulimits: { nofile: { soft: 1024, hard: 8192 }, core: { soft: null, hard: null } },
  nice: -5,
  ionice: { class: 'realtime', level: 0 },
  oomScoreAdj: -500,
  cpuAffinity: [1],
  chroot: '/srv',
  cgroup: {
    ...{ memoryMaxBytes: 1, memoryHighBytes: 1, memoryLowBytes: 1, swapMaxBytes: 1, cpus: 1, cpuWeight: 1 },
    ...{ pidsMax: 1, ioWeight: 1, io: [{ path: '/', ...device }] },
  },
  enforcement: 'required',
}

it('root with cgroup v2 can enforce everything', () => {
  assert.deepEqual(lacksOf(everything, root), [])
})

it('a user without anything delegated is told of each limit why it does not hold', () => {
  assert.deepEqual(
    lacksOf(everything, user).map(({ setting, message }) => `${setting}: ${message}`),
    [
      "ulimits.nofile: the hard limit of nofile cannot be raised to 8192 here: the daemon's own hard limit is 4096",
      'nice: nice -5 is not allowed to a daemon without CAP_SYS_NICE',
      'ionice: the realtime class of I/O is not allowed to a daemon without CAP_SYS_NICE',
      'oomScoreAdj: oom_score_adj -500 is below 0, the lowest allowed to a daemon without CAP_SYS_RESOURCE',
      'chroot: the root directory cannot be changed by a daemon without CAP_SYS_CHROOT',
      `cgroup.memoryMaxBytes: memory cannot be limited here: ${why}`,
      `cgroup.memoryHighBytes: memory cannot be throttled here: ${why}`,
      `cgroup.memoryLowBytes: memory cannot be protected here: ${why}`,
      `cgroup.swapMaxBytes: swap cannot be limited here: ${why}`,
      `cgroup.cpus: processor time cannot be limited here: ${why}`,
      `cgroup.cpuWeight: processor time cannot be weighted here: ${why}`,
      `cgroup.pidsMax: the number of processes cannot be limited here: ${why}`,
      `cgroup.ioWeight: I/O cannot be weighted here: ${why}`,
      `cgroup.io: I/O cannot be limited here: ${why}`,
    ],
  )
})

it('what is allowed to everybody is no fault for a user', () => {
  const limits = {
    ...noProcessLimits,
    ...{ ulimits: { nofile: { soft: 1024, hard: 4096 } }, nice: 5, oomScoreAdj: 300, cpuAffinity: [0] },
    ionice: { class: 'best-effort', level: 7 } as const,
  }
  assert.deepEqual(lacksOf(limits, user), [])
})

it('a user whose limits allow it may go below the present nice', () => {
  const limits = { ...noProcessLimits, nice: -5 }
  assert.deepEqual(lacksOf(limits, { ...user, niceLowest: -5 }), [])
  assert.equal(lacksOf(limits, { ...user, niceLowest: -4 }).length, 1)
  assert.deepEqual(lacksOf(limits, { ...user, nice: -5 }), [])
})

it('nobody may have more descriptors than the kernel gives, and unlimited is more', () => {
  for (const hard of [1_048_577, null]) {
    const [lack] = lacksOf({ ...noProcessLimits, ulimits: { nofile: { soft: 1, hard } } }, root)
    assert.match(lack?.message ?? '', /the most of this kernel is 1048576/)
  }
})

it('a tool that is not here is named with its package', () => {
  const lacks = lacksOf(everything, { ...root, tools: {} })
  assert.deepEqual(
    lacks.map(({ setting, message, hint }) => `${setting}: ${message}; ${hint}`),
    [
      'ulimits.nofile: prlimit is not installed here; install util-linux',
      'ulimits.core: prlimit is not installed here; install util-linux',
      'nice: nice is not installed here; install coreutils',
      'ionice: ionice is not installed here; install util-linux',
      'cpuAffinity: taskset is not installed here; install util-linux',
      'chroot: unshare is not installed here; install util-linux',
    ],
  )
})

it('cgroup v1 has no throttle for memory, and limits swap only together with memory', () => {
  const abilities = { ...root, cgroup: { ...root.cgroup, controllers: { ...root.cgroup.controllers, memory: v1 } } }
  const settings = (limits: Partial<CgroupLimits>): readonly string[] =>
    lacksOf({ ...noProcessLimits, cgroup: { ...noCgroupLimits, ...limits } }, abilities).map(({ setting }) => setting)
  assert.deepEqual(settings({ memoryMaxBytes: 5, swapMaxBytes: 0, memoryLowBytes: 1 }), [])
  assert.deepEqual(settings({ swapMaxBytes: 0, memoryHighBytes: 4 }), ['cgroup.memoryHighBytes', 'cgroup.swapMaxBytes'])
})

it('a kernel without quotas, swap accounting or weights is told so', () => {
  const controllers = {
    ...root.cgroup.controllers,
    memory: { ...v2, without: ['swap'] },
    cpu: { ...v2, without: ['quota'] },
    io: { ...v2, without: ['weight'] },
  } as const
  const lacks = lacksOf(everything, { ...root, cgroup: { version: 'v2', controllers } })
  assert.deepEqual(
    lacks.map(({ message }) => message),
    [
      'swap cannot be limited here: this kernel does not account swap',
      'processor time cannot be limited here: this kernel has no processor quotas',
      'I/O cannot be weighted here: this kernel has no weights for I/O',
    ],
  )
})

it('what cannot be enforced is left out, and nothing else', () => {
  const left = withoutLacks(everything, lacksOf(everything, user))
  assert.deepEqual(left, {
    ...noProcessLimits,
    ulimits: { core: { soft: null, hard: null } },
    cpuAffinity: [1],
    cgroup: noCgroupLimits,
  })
  assert.deepEqual(withoutLacks(everything, []), everything)
})

// ---- of a target

function limited(name: string, limits: Partial<ProcessLimits>, more: Partial<Service> = {}): Service {
  const plain = service(name)
  return service(name, { process: { ...plain.process, limits: { ...noProcessLimits, ...limits } }, ...more })
}

it('faults name app, service and setting, with a remedy', () => {
  const target = targetOf(service('free'), limited('web', { cgroup: { ...noCgroupLimits, memoryMaxBytes: 1 } }))
  const [fault, ...more] = limitFaults(target, user)
  assert.deepEqual(more, [])
  assert.deepEqual(
    { ...fault, hint: '' },
    {
      app: 'a',
      service: 'web',
      setting: 'limits.cgroup.memoryMaxBytes',
      message: `memory cannot be limited here: ${why}`,
      hint: '',
    },
  )
  assert.match(fault?.hint ?? '', /run the daemon as root.*cgroup_enable=memory.*best-effort/)
})

it('best-effort forgives what this host cannot do, and not a value that no host can', () => {
  const ulimits = { nofile: { soft: 20, hard: 10 }, core: { soft: null, hard: 0 } }
  const target = targetOf(limited('web', { ulimits, nice: -5, enforcement: 'best-effort' }))
  assert.deepEqual(
    limitFaults(target, user).map(({ setting, message }) => `${setting}: ${message}`),
    [
      'limits.ulimits.nofile: the soft limit of nofile (20) is above the hard one (10)',
      'limits.ulimits.core: the soft limit of core (unlimited) is above the hard one (0)',
    ],
  )
})

it('processors that are not there are named', () => {
  const target = targetOf(limited('web', { cpuAffinity: [0, 2, 3] }))
  assert.deepEqual(
    limitFaults(target, root).map(({ message }) => message),
    ['there is no processor 2, 3 here; there are 0, 1'],
  )
})

it('many instances have one fault, and one with limits of its own has its own', () => {
  const own = { ...noProcessLimits, nice: -9 }
  const target = targetOf(
    limited('web', { nice: -5 }, { instances: [{ n: 1 }, { n: 2 }, { n: 3, process: { limits: own } }] }),
  )
  assert.deepEqual(
    limitFaults(target, user).map(({ message }) => message),
    [
      'nice -5 is not allowed to a daemon without CAP_SYS_NICE',
      'nice -9 is not allowed to a daemon without CAP_SYS_NICE',
    ],
  )
})
