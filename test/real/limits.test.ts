import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { getPriority } from 'node:os'
import { basename, join } from 'node:path'
import { it, type TestContext } from 'node:test'
import type { CgroupController } from '../../src/base/abilities.ts'
import type { CgroupLimits, Event, Identity, ProcessLimits, ProcessSpec, Run } from '../../src/core/model.ts'
import { noCgroupLimits, noProcessLimits } from '../../src/core/target/plain.ts'
import { type Cgroups, createCgroups } from '../../src/drivers/process/cgroups.ts'
import { factsOf, factsOfAll } from '../../src/drivers/process/facts.ts'
import {
  type Bench,
  createBench,
  shell,
  signalStep,
  spawnStep,
  unitSpec,
} from '../../src/drivers/process/test-bench.ts'
import { readAbilities } from '../../src/sys/abilities.ts'
import { blockDeviceOf } from '../../src/sys/block-device.ts'
import { findHierarchies } from '../../src/sys/hierarchies.ts'
import { readStat } from '../../src/sys/proc.ts'
import { userByName } from '../../src/sys/users.ts'
import { readProc } from './processes.ts'
import { until } from './until.ts'

const unit = 'app/web/1'
const limit = { timeout: 60_000 }
const mega = 1024 * 1024
const abilities = readAbilities('holdfast-test')
const isRoot = process.getuid?.() === 0
const busybox = ['/bin/busybox', '/usr/bin/busybox'].find((path) => existsSync(path))

// ---- in the process itself

it('ulimits are what the program finds, whichever tool reads them', limit, () =>
  onBench(async (bench) => {
    const ulimits = {
      nofile: { soft: 100, hard: 200 },
      core: { soft: 0, hard: 0 },
      nproc: { soft: 50_000, hard: 60_000 },
      stack: { soft: 4 * mega, hard: null },
      as: { soft: 900 * mega, hard: 900 * mega },
      rttime: { soft: 1_000_000, hard: 2_000_000 },
    }
    await runToEnd(bench, 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Sv; cat /proc/self/limits', { ulimits })
    const [soft, hard, core, space, ...lines] = bench.output(unit).split('\n')
    assert.deepEqual([soft, hard, core, space], ['100', '200', '0', String(900 * 1024)])
    const has = (start: string, ...values: readonly string[]): void => {
      const line = lines.find((one) => one.startsWith(start))
      assert.deepEqual(line?.slice(start.length).trim().split(/\s+/).slice(0, 2), values)
    }
    has('Max processes', '50000', '60000')
    has('Max stack size', String(4 * mega), 'unlimited')
    has('Max realtime timeout', '1000000', '2000000')
  }),
)

it('nice, the class of I/O and the processors are as the kernel tells them', limit, () =>
  onBench(async (bench) => {
    const limits = { nice: 7, ionice: { class: 'best-effort', level: 6 }, cpuAffinity: [0] } as const
    await runToEnd(bench, 'cut -d" " -f19 /proc/self/stat; ionice; grep Cpus_allowed_list /proc/self/status', limits)
    assert.equal(bench.output(unit), '7\nbest-effort: prio 6\nCpus_allowed_list:\t0\n')
    assert.equal(getPriority(), abilities.nice)
  }),
)

it('a negative nice and the realtime class of I/O hold for a user without privileges', privileged(), () =>
  onBench(async (bench) => {
    const limits = { nice: -3, ionice: { class: 'realtime', level: 2 } } as const
    await runToEnd(bench, 'cut -d" " -f19 /proc/self/stat; ionice; id -u', limits, { user: 'nobody' })
    assert.deepEqual(bench.output(unit).split('\n').slice(0, 2), ['-3', 'realtime: prio 2'])
    assert.notEqual(bench.output(unit).split('\n')[2], '0')
  }),
)

it('oom_score_adj holds before the program starts, and the environment shows no shell', limit, () =>
  onBench(async (bench) => {
    const environment = { 'dotted.name': 'kept by no shell' }
    await run(bench, ['cat', '/proc/self/oom_score_adj', '/proc/self/environ'], { oomScoreAdj: 321 }, { environment })
    const [score, ...rest] = bench.output(unit).split('\n')
    const names = rest
      .join('\n')
      .split('\0')
      .map((pair) => pair.split('=')[0])
    assert.equal(score, '321')
    assert(names.includes('dotted.name'))
    assert.deepEqual(
      names.filter((name) => ['PWD', 'OLDPWD', 'SHLVL'].includes(name ?? '')),
      [],
    )
  }),
)

it('in a new root the program, its directory and its links are those inside', inRoot(), () =>
  onBench(async (bench) => {
    const root = makeRoot(bench)
    const limits = { chroot: root, ulimits: { nofile: { soft: 64, hard: 64 } } }
    const script = 'pwd; ls -d /*; id -u; id -G; ulimit -Hn; echo $$'
    // By a name in PATH that is a link which leads nowhere outside.
    await run(bench, ['sh', '-c', script], limits, { workingDir: '/work', user: '65534:100' })
    const [cwd, ...rest] = bench.output(unit).split('\n')
    assert.equal(cwd, '/work')
    const { pid } = identityOf(bench)
    assert.deepEqual(rest, ['/bin', '/work', '65534', '100', '64', String(pid), ''])
  }),
)

it('what is missing in a new root fails the start in words', inRoot(), () =>
  onBench(async (bench) => {
    const root = makeRoot(bench)
    assert.match(refusal(bench, ['/usr/bin/env'], { chroot: root }), /\/usr\/bin\/env does not exist/)
    assert.match(refusal(bench, ['/bin/sh'], { chroot: '/no/such' }), /root directory \/no\/such.*`chroot`/)
    assert.match(refusal(bench, ['/bin/sh'], { chroot: root }, { workingDir: '/tmp' }), /working directory \/tmp/)
  }),
)

it('what is not allowed here fails the start, or is told with the run', limit, () =>
  onBench(async (bench) => {
    const limits = { nice: 5, cpuAffinity: [0, 4_000] }
    assert.match(refusal(bench, ['true'], limits), /no processor 4000/)
    await runToEnd(bench, 'nice', { ...limits, enforcement: 'best-effort' })
    assert.equal(bench.output(unit), '5\n')
    const spawned = bench.events.findLast((event) => event.kind === 'spawned')
    assert(spawned?.kind === 'spawned')
    assert.match(spawned.shortfalls?.join() ?? '', /^there is no processor 4000 here/)
  }),
)

it('a hard limit that cannot be raised fails the start', { ...limit, skip: canRaise() }, () =>
  onBench(async (bench) => {
    assert.match(
      refusal(bench, ['true'], { ulimits: { nofile: { soft: 10, hard: 900_000 } } }),
      /nofile cannot be raised to 900000 here.*LimitNOFILE=/,
    )
  }),
)

// ---- by the unit's cgroup

it('a unit that takes more memory than it may is killed by the kernel, and its cgroup tells', using('memory'), () =>
  onBench(async (bench) => {
    const exited = await run(bench, ['tail', '/dev/zero'], cgroup({ memoryMaxBytes: 24 * mega }))
    const exit = { kind: 'signal', signal: 'KILL', core: false, isOutOfMemory: true }
    assert.deepEqual(exited.kind === 'exited' && exited.exit, exit)
    const usage = createCgroups(bench.homeId).usage(unit)
    // One process; with its whole group, some kernels count it twice.
    assert((usage?.oomKills ?? 0) >= 1)
    const peak = usage?.memoryPeakBytes
    assert(peak == null || (peak > 20 * mega && peak <= 24 * mega), String(peak))
    // The next run begins to count anew.
    await runToEnd(bench, 'true', cgroup({ memoryMaxBytes: 24 * mega }), {}, 2)
    assert.equal(createCgroups(bench.homeId).usage(unit)?.oomKills, 0)
  }),
)

it('facts tell what a living unit lost for lack of memory', using('memory'), () =>
  onBench(async (bench) => {
    const script = 'tail /dev/zero; echo lived on; exec sleep 1000'
    if (abilities.cgroup.version === 'v2') {
      await runToEnd(bench, script, cgroup({ memoryMaxBytes: 24 * mega }))
      return
    }
    await start(bench, script, cgroup({ memoryMaxBytes: 24 * mega }))
    await until('the child to be killed', () => bench.output(unit).includes('lived on'))
    const facts = bench.driver().facts(asRun(bench), unit)
    assert.equal(facts?.oomKills, 1)
    assert.equal(facts.processes, 1)
    assert((facts.memoryPeakBytes ?? 0) > 20 * mega)
  }),
)

it('a fork bomb stays within its processes, and one signal to the tree ends it', using('pids'), () =>
  onBench(async (bench) => {
    await start(bench, 'bomb() { bomb | bomb & wait; }; bomb 2>/dev/null; exec sleep 1000', cgroup({ pidsMax: 12 }))
    const cgroups = createCgroups(bench.homeId)
    await until('the bomb to reach its limit', () => (cgroups.usage(unit)?.processesPeak ?? 12) >= 12)
    assert(cgroups.members(unit).length <= 12)
    bench.perform([signalStep(unit, 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
    await until('all of it to be gone', () => cgroups.members(unit).length === 0)
  }),
)

it('a unit gets no more processor time than it may', using('cpu'), () =>
  onBench(async (bench) => {
    await start(bench, 'while :; do :; done', cgroup({ cpus: 0.2 }))
    const cgroups = createCgroups(bench.homeId)
    const look = () => ({ cpuMs: cgroups.usage(unit)?.cpuMs ?? 0, atMs: performance.now() })
    const first = look()
    const last = await until('it to have used some', () => {
      const now = look()
      return now.cpuMs >= first.cpuMs + 200 ? now : null
    })
    const [usedMs, inMs] = [last.cpuMs - first.cpuMs, last.atMs - first.atMs]
    assert(usedMs < 0.4 * inMs, `it used ${usedMs} ms in ${inMs} ms`)
  }),
)

it('the kernel has the limits that were asked for', using('memory', 'cpu', 'pids', 'io'), () =>
  onBench(async (bench) => {
    const io = { readBytesPerSecond: mega, writeBytesPerSecond: null, readsPerSecond: null, writesPerSecond: 100 }
    const path = limitable()
    const device = path === null ? [] : [{ path, ...io }]
    await start(
      bench,
      'exec sleep 1000',
      cgroup({
        ...{ memoryMaxBytes: 64 * mega, memoryLowBytes: 16 * mega, cpus: 0.5, cpuWeight: 200, pidsMax: 30 },
        ...{ io: device },
      }),
    )
    const read = reader(identityOf(bench).pid)
    assert.equal(read('memory.max', 'memory.limit_in_bytes'), String(64 * mega))
    assert.equal(read('memory.low', 'memory.soft_limit_in_bytes'), String(16 * mega))
    assert.match(read('cpu.max', 'cpu.cfs_quota_us'), /^50000( 100000)?$/)
    assert.match(read('cpu.weight', 'cpu.shares'), /^(200|5219)$/)
    assert.equal(read('pids.max', 'pids.max'), '30')
    if (device.length > 0) {
      assert.match(read('io.max', 'blkio.throttle.read_bps_device'), new RegExp(`^\\d+:\\d+ .*${mega}`))
      assert.match(read('io.max', 'blkio.throttle.write_iops_device'), /^\d+:\d+ .*100/)
    }
  }),
)

it('all limits hold together, for a user without privileges', { ...using('memory', 'pids'), ...privileged() }, () =>
  onBench(async (bench) => {
    const limits: Partial<ProcessLimits> = {
      ...{ ulimits: { nofile: { soft: 50, hard: 60 } }, nice: 3, ionice: { class: 'idle', level: null } },
      ...{ oomScoreAdj: 500, cpuAffinity: [0], ...cgroup({ memoryMaxBytes: 64 * mega, pidsMax: 20 }) },
    }
    const script =
      'id -un; ulimit -Hn; nice; ionice; cat /proc/self/oom_score_adj; grep -E "Cpus_allowed_list|CapEff" /proc/self/status; exec sleep 1000'
    await start(bench, script, limits, { user: 'nobody' })
    await until('it to speak', () => bench.output(unit).includes('Cpus_allowed'))
    const { pid } = identityOf(bench)
    assert.deepEqual(bench.output(unit).split('\n'), [
      ...['nobody', '60', '3', 'idle', '500', 'CapEff:\t0000000000000000', 'Cpus_allowed_list:\t0', ''],
    ])
    assert.equal(reader(pid)('pids.max', 'pids.max'), '20')
    const cgroups = createCgroups(bench.homeId)
    await until('only its program to be left', () => cgroups.members(unit).length === 1)
    assert.deepEqual(cgroups.members(unit), [pid])
  }),
)

const daemonised = 'setsid sh -c "setsid sleep 100 & sleep 100" </dev/null >/dev/null 2>&1 &'

it('what forked twice and left ends with its unit, and the cgroup goes when it is forgotten', using(), () =>
  onBench(async (bench) => {
    // Without its mark nothing but the cgroup tells whose it is.
    await start(bench, `env -i /bin/sh -c '${daemonised}'; exec sleep 1000`, {}, { cgroup: true, limits: null })
    const cgroups = createCgroups(bench.homeId)
    // There are as many for a moment while they fork, before all that are to stay sleep.
    const sleeping = () => cgroups.members(unit).filter((pid) => readProc(pid, 'cmdline')?.startsWith('sleep\0'))
    await until('all to be there', () => cgroups.members(unit).length === 4 && sleeping().length === 3)
    const facts = bench.driver().facts(asRun(bench), unit)
    assert.equal(facts?.processes, 4)
    assert(facts.rssBytes > 0 && (facts.rssPeakBytes ?? 0) >= facts.rssBytes)
    const all = cgroups.members(unit)
    bench.perform([signalStep(unit, 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
    await until('all to be gone', () => all.every((pid) => isGone(pid)))
    bench.perform([{ kind: 'forget', unit, why: 'test' }])
    assert.equal(createCgroups(bench.homeId).usage(unit), null)
  }),
)

it('where only v1 is mounted, a unit is held together and killed as a whole as well', usingV1('freezer'), () =>
  onBench(async (bench) => {
    const cgroups = createCgroups(`${bench.homeId}v1`, () =>
      findHierarchies().filter(({ version }) => version === 'v1'),
    )
    await holdTogether(bench, cgroups)
  }),
)

it('without cgroup.kill and a freezer, all are killed however they fork', usingV1('pids'), () =>
  onBench(async (bench) => {
    const only = () => findHierarchies().filter(({ controllers }) => controllers.includes('pids'))
    await holdTogether(bench, createCgroups(`${bench.homeId}v1`, only))
  }),
)

it('a daemon that was restarted from another cgroup finds those of its units', using(), () =>
  onBench(async (bench) => {
    await start(bench, 'exec sleep 1000', {}, { cgroup: true, limits: null })
    const nowhere = createCgroups(bench.homeId, () => [])
    assert.deepEqual(nowhere.members(unit), [])
    nowhere.adopt(identityOf(bench).pid)
    assert.deepEqual(nowhere.members(unit), [identityOf(bench).pid])
  }),
)

// ---- where the cgroups are put in v2

it('a daemon alone in a cgroup that was handed to it moves into a leaf of it', usingV2(), async (context) => {
  const nobody = userByName('nobody')!
  const folder = await makeCgroup(context)
  for (const name of ['', 'cgroup.procs', 'cgroup.subtree_control'])
    chownSync(join(folder, name), nobody.uid, nobody.gid)
  const told = await runIn(folder, [
    'setpriv',
    `--reuid=${nobody.uid}`,
    `--regid=${nobody.gid}`,
    '--clear-groups',
    '--',
  ])
  assert.equal(told.own, `/${basename(folder)}/${told.root}/daemon`)
  assert.equal(told.unit, `/${basename(folder)}/${told.root}/app%2Fweb%2F1`)
})

it(
  'a daemon that shares its cgroup puts those of its units beside it, and moves nobody',
  usingV2(),
  async (context) => {
    const folder = await makeCgroup(context)
    const other = spawn('sleep', ['1000'])
    writeFileSync(join(folder, 'cgroup.procs'), String(other.pid))
    try {
      const told = await runIn(folder, [])
      assert.equal(told.own, `/${basename(folder)}`)
      assert.equal(told.unit, `/${told.root}/app%2Fweb%2F1`)
      assert.match(readFileSync(join(folder, 'cgroup.procs'), 'utf8'), new RegExp(`^${other.pid}$`, 'm'))
    } finally {
      other.kill('SIGKILL')
      await once(other, 'exit')
    }
  },
)

it('a user to whom nothing was handed is told so', usingV2(), async (context) => {
  const told = await runIn(await makeCgroup(context), [
    'setpriv',
    '--reuid=65534',
    '--regid=65534',
    '--clear-groups',
    '--',
  ])
  assert.equal(told.code, 'limit')
  assert.match(told.message ?? '', /memory cannot be limited here: this user may not write /)
})

it('facts of many units come from one look, and what is not alive has none', limit, () =>
  onBench(async (bench) => {
    for (const [at, name] of ['a/b/1', 'a/b/2'].entries()) {
      bench.perform([spawnStep(name, at + 1, shell('sleep 1000 & exec sleep 1000'))])
    }
    const runs = ['a/b/1', 'a/b/2'].map((name) => ({ unit: name, run: asRun(bench, name) }))
    const { bootId } = runs[0]!.run.identity!
    const context = { bootId, cgroups: createCgroups(bench.homeId) }
    await until('the children', () => [...factsOfAll(runs, context).values()].every((facts) => facts.processes === 2))
    assert.deepEqual([...factsOfAll(runs, context).keys()], ['a/b/1', 'a/b/2'])
    bench.perform([signalStep('a/b/1', 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
    assert.deepEqual([...factsOfAll(runs, context).keys()], ['a/b/2'])
    assert.equal(factsOf(runs[0]!.run, 'a/b/1', context), null)
  }),
)

it('a spinning unit is told with the time it used', limit, () =>
  onBench(async (bench) => {
    bench.perform([spawnStep(unit, 1, shell('while :; do :; done'))])
    await until('some time', () => (bench.driver().facts(asRun(bench), unit)?.cpuMs ?? 0) >= 30)
    const facts = bench.driver().facts(asRun(bench), unit)
    assert.equal(facts?.memoryBytes, null)
    assert.equal(facts.oomKills, null)
  }),
)

// ---- helpers

async function onBench(body: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = createBench()
  const cgroups = createCgroups(bench.homeId)
  try {
    await body(bench)
    cgroups.killAll(unit)
    await until('its cgroup to be empty', () => cgroups.members(unit).length === 0)
  } finally {
    cgroups.killAll(unit)
    bench.close()
    cgroups.close()
  }
}

/** A unit under these cgroups, whatever the driver's own are: it joins, spreads, and is killed. */
async function holdTogether(bench: Bench, cgroups: Cgroups): Promise<void> {
  const made = cgroups.prepare(unit, { cgroup: true, limits: null })
  assert('join' in made, JSON.stringify(made))
  const joins = made.join.map((file) => `echo 0 >${file}`).join('; ')
  const script = `${joins}; i=0; while [ $i -lt 5 ]; do env -i /bin/sh -c '${daemonised}'; i=$((i+1)); done; exec sleep 1000`
  bench.perform([spawnStep(unit, 1, { ...shell(script), stop: [{ signal: 'TERM', scope: 'main', waitMs: 1 }] })])
  await until('all to be there', () => cgroups.members(unit).length === 16)
  const all = cgroups.members(unit)
  cgroups.killAll(unit)
  await bench.until((event) => event.kind === 'exited')
  await until('all to be gone', () => all.every((pid) => isGone(pid)))
  await until('the cgroup to be empty', () => cgroups.members(unit).length === 0)
  cgroups.remove(unit)
  assert.equal(cgroups.usage(unit), null)
  cgroups.close()
}

interface Told {
  readonly root?: string
  readonly own?: string
  readonly unit?: string
  readonly code?: string
  readonly message?: string
}

async function makeCgroup(context: TestContext): Promise<string> {
  const { mount } = findHierarchies().find(({ version }) => version === 'v2')!
  const folder = join(mount, `holdfast-test-${process.pid}`)
  mkdirSync(folder)
  context.after(() => removeTree(folder))
  return folder
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name))
  }
  rmdirSync(folder)
}

/** Runs one limited unit from a daemon in this cgroup. */
async function runIn(folder: string, wrapper: readonly string[]): Promise<Told> {
  const script = join(import.meta.dirname, 'limited-unit.ts')
  const join0 = 'echo 0 >"$0/cgroup.procs" && exec "$@"'
  const flags = ['--disable-warning=ExperimentalWarning', script]
  const child = spawn('/bin/sh', ['-c', join0, folder, ...wrapper, process.execPath, ...flags], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk) => chunks.push(chunk))
  await once(child, 'close')
  return JSON.parse(Buffer.concat(chunks).toString())
}

function cgroup(limits: Partial<CgroupLimits>): Partial<ProcessLimits> {
  return { cgroup: { ...noCgroupLimits, ...limits } }
}

type Options = Partial<ProcessSpec>

async function run(
  bench: Bench,
  command: readonly string[],
  limits: Partial<ProcessLimits>,
  more: Options = {},
  n = 1,
): Promise<Event> {
  bench.perform([spawnStep(unit, n, unitSpec(command, { limits: { ...noProcessLimits, ...limits }, ...more }))])
  identityOf(bench)
  return bench.until((event) => event.kind === 'exited' && event.run === n)
}

function runToEnd(
  bench: Bench,
  script: string,
  limits: Partial<ProcessLimits>,
  more: Options = {},
  n = 1,
): Promise<Event> {
  return run(bench, ['/bin/sh', '-c', script], limits, more, n)
}

async function start(bench: Bench, script: string, limits: Partial<ProcessLimits>, more: Options = {}): Promise<void> {
  bench.perform([spawnStep(unit, 1, shell(script, { limits: { ...noProcessLimits, ...limits }, ...more }))])
  const { pid } = identityOf(bench)
  // The tools before it have command lines of their own.
  const starts = [`/bin/sh\0-c\0${script}`, 'sleep\0']
  await until('its program to be loaded', () => starts.some((text) => readProc(pid, 'cmdline')?.startsWith(text)))
}

function identityOf(bench: Bench, name = unit): Identity {
  const event = bench.events.findLast(
    (one) => (one.kind === 'spawned' || one.kind === 'spawn-failed') && one.unit === name,
  )
  assert(event?.kind === 'spawned', JSON.stringify(event))
  return event.identity
}

function asRun(bench: Bench, name = unit): Run {
  const identity = identityOf(bench, name)
  const flags = { isAdopted: false, isPaused: false, isStable: false, gotTerm: false, shortfalls: [] }
  return { n: 1, role: 'main', runHash: '', startedBootMs: 0, identity, ...flags }
}

function refusal(bench: Bench, command: readonly string[], limits: Partial<ProcessLimits>, more: Options = {}): string {
  bench.perform([spawnStep(unit, 1, unitSpec(command, { limits: { ...noProcessLimits, ...limits }, ...more }))])
  const event = bench.events.at(-1)
  assert(event?.kind === 'spawn-failed', JSON.stringify(event))
  return event.message
}

/** A root directory with a shell and its tools in it, all by links that only mean something inside. */
function makeRoot(bench: Bench): string {
  const root = join(bench.directory, 'root')
  mkdirSync(join(root, 'bin'), { recursive: true })
  mkdirSync(join(root, 'work'))
  copyFileSync(busybox ?? '', join(root, 'bin/real'))
  for (const name of ['sh', 'ls', 'id']) symlinkSync('/bin/real', join(root, 'bin', name))
  return root
}

/** What a file of the cgroups of a process says: by its name in v2 or in v1. */
function reader(pid: number): (v2: string, v1: string) => string {
  const folders = findHierarchies(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
  return (v2, v1) => {
    const paths = folders.map(({ version, own }) => join(own, version === 'v2' ? v2 : v1))
    const path = paths.find((one) => existsSync(one))
    return path === undefined ? 'no such file' : readFileSync(path, 'utf8').trim()
  }
}

function isGone(pid: number): boolean {
  const stat = readStat(pid)
  return stat === null || stat.state === 'Z' || stat.state === 'X'
}

/** A path whose device can be limited: where tests run it may be that of no file. */
function limitable(): string | null {
  const nodes = readdirSync('/sys/block').filter((name) => readFileSync(`/sys/block/${name}/size`, 'latin1') !== '0\n')
  const paths = ['/', ...nodes.map((name) => `/dev/${name}`)]
  return paths.find((path) => blockDeviceOf(path).includes(':')) ?? null
}

// ---- what this host has

function using(...controllers: readonly CgroupController[]): {
  readonly timeout: number
  readonly skip: string | false
} {
  const whys = controllers.flatMap((name) => {
    const ability = abilities.cgroup.controllers[name]
    return ability.kind === 'unusable' ? [ability.why] : []
  })
  const none = findHierarchies().length === 0 || !isRoot ? ['needs cgroups that can be written'] : []
  return { ...limit, skip: [...none, ...whys][0] ?? false }
}

function usingV1(controller: string): { readonly timeout: number; readonly skip: string | false } {
  const has = findHierarchies().some(({ version, controllers }) => version === 'v1' && controllers.includes(controller))
  return { ...limit, skip: isRoot && has ? false : `needs the ${controller} controller of cgroup v1` }
}

function privileged(): { readonly timeout: number; readonly skip: string | false } {
  const can = isRoot && abilities.mayRaisePriority
  return { ...limit, skip: can ? false : 'only root may change users and lower nice' }
}

function inRoot(): { readonly timeout: number; readonly skip: string | false } {
  if (!isRoot || !abilities.mayChangeRoot) return { ...limit, skip: 'only root may change the root directory' }
  return { ...limit, skip: busybox === undefined ? 'needs busybox-static' : false }
}

function usingV2(): { readonly timeout: number; readonly skip: string | false } {
  const { memory, pids } = abilities.cgroup.controllers
  const isV2 = [memory, pids].every((one) => one.kind === 'usable' && one.version === 'v2')
  return { ...limit, skip: isRoot && isV2 ? false : 'needs the memory and pids controllers of cgroup v2' }
}

function canRaise(): string | false {
  return abilities.mayRaiseLimits || (abilities.hardLimits.nofile ?? 1e9) >= 900_000
    ? 'its limits can be raised'
    : false
}
