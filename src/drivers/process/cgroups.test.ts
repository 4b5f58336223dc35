import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import type { CgroupLimits, ProcessLimits } from '../../core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../core/target/plain.ts'
import { usageIn } from '../../sys/cgroup-usage.ts'
import type { Hierarchy } from '../../sys/hierarchies.ts'
import type { CgroupSetting } from './cgroup-settings.ts'
import { v1Settings } from './cgroup-v1.ts'
import { v2Settings } from './cgroup-v2.ts'
import { createCgroups } from './cgroups.ts'

const all: CgroupLimits = {
  memoryMaxBytes: 1000,
  memoryHighBytes: 900,
  memoryLowBytes: 100,
  swapMaxBytes: 500,
  cpus: 1.5,
  cpuWeight: 50,
  pidsMax: 7,
  ioWeight: 5_000,
  io: [],
}
const device = {
  device: '8:16',
  readBytesPerSecond: 1,
  writeBytesPerSecond: null,
  readsPerSecond: null,
  writesPerSecond: 4,
}

function written(settings: readonly CgroupSetting[]): readonly string[] {
  return settings
    .filter(({ isDefault }) => !isDefault)
    .map(({ choices }) => choices.map(({ name, text }) => `${name}=${text}`).join(' or '))
}

it('limits are files of v2', () => {
  assert.deepEqual(written(v2Settings(all, [device])), [
    'memory.low=100',
    'memory.high=900',
    'memory.swap.max=500',
    'memory.oom.group=1',
    'memory.max=1000',
    'cpu.max=150000 100000',
    'cpu.weight=50',
    'pids.max=7',
    'io.weight=default 5000 or io.bfq.weight=default 505',
    'io.max=8:16 rbps=1 wbps=max riops=max wiops=4',
  ])
  assert.deepEqual(written(v2Settings(noCgroupLimits, [])), [])
})

it('limits are other files of v1, where swap counts together with memory', () => {
  assert.deepEqual(written(v1Settings(all, [device])), [
    'memory.limit_in_bytes=1000',
    'memory.memsw.limit_in_bytes=1500',
    'memory.soft_limit_in_bytes=100',
    'cpu.cfs_period_us=100000',
    'cpu.cfs_quota_us=150000',
    'cpu.shares=1287',
    'pids.max=7',
    'blkio.weight=505 or blkio.bfq.weight=505',
    'blkio.throttle.read_bps_device=8:16 1',
    'blkio.throttle.write_iops_device=8:16 4',
  ])
  assert.deepEqual(written(v1Settings(noCgroupLimits, [])), [])
})

it('a thousandth of a processor is still a quota the kernel takes', () => {
  const of = (cpus: number): string | undefined => written(v2Settings({ ...noCgroupLimits, cpus }, []))[0]
  assert.equal(of(0.001), 'cpu.max=1000 1000000')
  assert.equal(of(0.0001), 'cpu.max=1000 1000000')
  assert.equal(of(0.01), 'cpu.max=1000 100000')
})

// ---- in a tree of files, which shows what would be written where

const unit = 'app/web/1'

function fakeV2(context: TestContext, controllers = 'cpu memory pids'): Hierarchy {
  const mount = mkdtempSync(join(tmpdir(), 'holdfast-cgroups-'))
  context.after(() => rmSync(mount, { recursive: true }))
  writeFiles(mount, { 'cgroup.controllers': controllers, 'cgroup.subtree_control': '', 'cgroup.procs': '' })
  return { version: 'v2', controllers: controllers.split(' '), mount, own: mount }
}

function writeFiles(folder: string, files: Readonly<Record<string, string>>): string {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  return folder
}

function limited(limits: Partial<CgroupLimits>, more: Partial<ProcessLimits> = {}): ProcessLimits {
  return { ...noProcessLimits, cgroup: { ...noCgroupLimits, ...limits }, ...more }
}

it('controllers are enabled from the top down to the unit, and only those that are needed', (context) => {
  const tree = fakeV2(context)
  const root = writeFiles(join(tree.mount, 'holdfast-x'), { 'cgroup.subtree_control': '' })
  const folder = writeFiles(join(root, 'app%2Fweb%2F1'), { 'pids.max': '', 'memory.max': '4096', 'cpu.max': '' })
  const prepared = createCgroups('x', () => [tree]).prepare(unit, { cgroup: false, limits: limited({ pidsMax: 9 }) })
  assert.deepEqual(prepared, { join: [join(folder, 'cgroup.procs')], shortfalls: [] })
  const read = (path: string): string => readFileSync(path, 'utf8')
  assert.equal(read(join(tree.mount, 'cgroup.subtree_control')), '+pids')
  assert.equal(read(join(root, 'cgroup.subtree_control')), '+pids')
  assert.equal(read(join(folder, 'pids.max')), '9')
  // It could not be made anew, so that what is not limited any more was set free.
  assert.match(read(join(folder, 'memory.max')), /^max/)
})

it('a unit that asks for no cgroup gets none', (context) => {
  const tree = fakeV2(context)
  const cgroups = createCgroups('x', () => [tree])
  assert.deepEqual(cgroups.prepare(unit, { cgroup: false, limits: null }), { join: [], shortfalls: [] })
  assert.deepEqual(cgroups.prepare(unit, { cgroup: false, limits: noProcessLimits }), { join: [], shortfalls: [] })
  assert.equal(existsSync(join(tree.mount, 'holdfast-x')), false)
})

it('a limit without a file fails the start, or is told where it need not hold', (context) => {
  const cgroups = createCgroups('x', () => [fakeV2(context)])
  const refused = cgroups.prepare(unit, { cgroup: true, limits: limited({ pidsMax: 9 }) })
  assert('code' in refused)
  assert.match(refused.message, /no pids\.max; run the daemon as root/)
  const allowed = cgroups.prepare(unit, {
    cgroup: true,
    limits: limited({ pidsMax: 9 }, { enforcement: 'best-effort' }),
  })
  assert('join' in allowed)
  assert.equal(allowed.join.length, 1)
  assert.match(allowed.shortfalls.join(), /no pids\.max/)
})

it('a host without cgroups fails the start in words', () => {
  const refused = createCgroups('x', () => []).prepare(unit, { cgroup: true, limits: null })
  assert('code' in refused)
  assert.equal(refused.code, 'no-cgroup')
  assert.match(refused.message, /this host has none mounted/)
})

it('I/O on what is no block device is told by its path', (context) => {
  const cgroups = createCgroups('x', () => [fakeV2(context, 'io')])
  const { device: _, ...limit } = device
  const io = ['/proc/self/status', '/no/such'].map((path) => ({ path, ...limit }))
  const refused = cgroups.prepare(unit, { cgroup: true, limits: limited({ io }) })
  assert('code' in refused)
  assert.match(refused.message, /I\/O on \/proc\/self\/status .* name the device's node/)
  assert.match(refused.message, /I\/O on \/no\/such .*ENOENT/)
})

it('a unit in two trees joins both, and its limits stand in the tree that has the controller', (context) => {
  const v2 = fakeV2(context, 'pids')
  const v1: Hierarchy = { ...fakeV2(context), version: 'v1', controllers: ['memory'] }
  const name = 'holdfast-x/app%2Fweb%2F1'
  const files = { 'memory.limit_in_bytes': '', 'memory.memsw.limit_in_bytes': '', 'memory.soft_limit_in_bytes': '' }
  const folder = writeFiles(join(v1.own, name), files)
  const prepared = createCgroups('x', () => [v1, v2]).prepare(unit, {
    cgroup: false,
    limits: limited({ memoryMaxBytes: 100 }),
  })
  const joins = [v2, v1].map(({ own }) => join(own, name, 'cgroup.procs'))
  assert.deepEqual(prepared, { join: joins, shortfalls: [] })
  assert.equal(readFileSync(join(folder, 'memory.limit_in_bytes'), 'utf8'), '100')
})

it('counters are read by the names of either version', (context) => {
  const v2 = writeFiles(fakeV2(context).mount, {
    ...{ 'memory.current': '10\n', 'memory.peak': '20\n', 'memory.events': 'low 0\noom 3\noom_kill 2\n' },
    ...{ 'pids.current': '4\n', 'pids.peak': '5\n', 'cpu.stat': 'usage_usec 7000\nuser_usec 1\n' },
  })
  assert.deepEqual(usageIn([v2]), {
    memoryBytes: 10,
    memoryPeakBytes: 20,
    processes: 4,
    processesPeak: 5,
    cpuMs: 7,
    oomKills: 2,
  })
  const memory = writeFiles(fakeV2(context).mount, {
    ...{ 'memory.usage_in_bytes': '11\n', 'memory.max_usage_in_bytes': '21\n' },
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 1\n',
  })
  const cpu = writeFiles(fakeV2(context).mount, { 'cpu.stat': 'nr_periods 0\n' })
  const cpuacct = writeFiles(fakeV2(context).mount, { 'cpuacct.usage': '9000000\n' })
  assert.deepEqual(usageIn([memory, cpu, cpuacct]), {
    ...{ memoryBytes: 11, memoryPeakBytes: 21, processes: null, processesPeak: null, cpuMs: 9, oomKills: 1 },
  })
})
