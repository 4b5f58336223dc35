import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import type { Failure, UnitSpec } from '../../core/model.ts'
import { kill } from '../../sys/kill.ts'
import { childrenOf, readCommand, readStat } from '../../sys/proc.ts'
import { descriptorLimit, setSoftDescriptorLimit } from '../../sys/rlimit.ts'
import { userByName } from '../../sys/users.ts'
import {
  type Bench,
  createBench,
  onBench,
  runToEnd,
  shell,
  signalStep,
  spawnStep,
  startRun as start,
  unitSpec,
  until,
} from './test-bench.ts'

const limit = { timeout: 30_000 }
const isRoot = process.getuid?.() === 0
const asRoot = { ...limit, skip: isRoot ? false : 'only root may change users' }
const withCgroups = { ...limit, skip: hasWritableCgroups() ? false : 'needs a writable cgroup v2' }

// ---- failures

const failures: readonly {
  readonly what: string
  readonly spec: UnitSpec
  readonly code: string
  readonly says: RegExp
}[] = [
  { what: 'a name in no folder of PATH', spec: unitSpec(['no-such-program']), code: 'ENOENT', says: /PATH.*install/ },
  { what: 'a missing file', spec: unitSpec(['/no/such']), code: 'ENOENT', says: /\/no\/such does not exist/ },
  { what: 'a folder', spec: unitSpec(['/usr']), code: 'EISDIR', says: /\/usr is a folder/ },
  { what: 'a file that is no program', spec: unitSpec(['/etc/passwd']), code: 'EACCES', says: /chmod \+x/ },
  {
    what: 'a missing working directory',
    spec: shell('', { workingDir: '/no/such' }),
    code: 'ENOENT',
    says: /working_dir/,
  },
  {
    what: 'a working directory that is a file',
    spec: shell('', { workingDir: '/etc/passwd' }),
    code: 'ENOTDIR',
    says: /working_dir/,
  },
  {
    what: 'a missing env file',
    spec: shell('', { envFiles: [{ path: '/no/such', required: true }] }),
    code: 'ENOENT',
    says: /required: false/,
  },
  {
    what: 'a command that could not be split',
    spec: shell('', { command: [], commandError: 'quote never closed' }),
    code: 'bad-command',
    says: /quote never closed/,
  },
  { what: 'an unknown user', spec: shell('', { user: 'nobody-of-this-name' }), code: 'no-user', says: /no user/ },
  { what: 'an unknown group', spec: shell('', { user: '0:no-such-group' }), code: 'no-group', says: /no group/ },
  {
    what: 'an argument longer than the kernel takes',
    spec: shell('', { environment: { BIG: 'x'.repeat(200_000) } }),
    code: 'E2BIG',
    says: /pass it in a file/,
  },
  {
    what: 'more arguments than the kernel takes',
    spec: unitSpec(['/bin/true', ...Array.from({ length: 20 }, () => 'x'.repeat(120_000))]),
    code: 'E2BIG',
    says: /pass them in a file/,
  },
  { what: 'a NUL byte in an argument', spec: unitSpec(['/bin/true', 'a\0b']), code: 'EINVAL', says: /NUL/ },
]

for (const { what, spec, code, says } of failures) {
  it(`${what} fails the start with ${code} and says what to do`, limit, () =>
    onBench(async (bench) => {
      const trouble = failureOf(bench, spec)
      assert.equal(trouble.code, code)
      assert.match(trouble.message, says)
      assert.equal(trouble.retry, false)
    }),
  )
}

it('a script without a first line naming its interpreter fails with ENOEXEC', limit, () =>
  onBench(async (bench) => {
    const file = join(bench.directory, 'script')
    writeFileSync(file, 'echo hello\n', { mode: 0o755 })
    assert.equal(failureOf(bench, unitSpec([file])).code, 'ENOEXEC')
  }),
)

it('running out of descriptors is tried again, and leaves nothing open', limit, async () => {
  const bench = createBench()
  const { soft } = descriptorLimit()
  const before = openDescriptors()
  setSoftDescriptorLimit(8)
  const trouble = failureOf(bench, unitSpec(['/bin/true']))
  setSoftDescriptorLimit(soft)
  assert.equal(trouble.code, 'EMFILE')
  assert.equal(trouble.retry, true)
  assert.deepEqual(openDescriptors(), before)
  await runToEnd(bench, 'a/b/1', 2, unitSpec(['/bin/true']))
  bench.close()
})

it('an env file is read again at each start, a missing one that is not required is no trouble', limit, () =>
  onBench(async (bench) => {
    const path = join(bench.directory, 'unit.env')
    const spec = shell('echo $WORD', { envFiles: [{ path, required: false }] })
    for (const [run, word] of ['', 'one', 'two'].entries()) {
      if (word !== '') writeFileSync(path, `WORD=${word}\n`)
      await runToEnd(bench, 'a/b/1', run + 1, spec)
    }
    assert.equal(bench.output('a/b/1'), '\none\ntwo\n')
  }),
)

it(
  'an end that came while we were busy since its start tells of no lifetime; one that was seen at once does',
  limit,
  () =>
    onBench(async (bench) => {
      bench.perform([spawnStep('a/b/1', 1, unitSpec(['/bin/true']))])
      const [spawned] = bench.events
      assert(spawned?.kind === 'spawned' && spawned.startedBootMs !== undefined && spawned.startedBootMs > 0)
      while (isAlive(spawned.identity.pid));
      const unseen = await bench.until((event) => event.kind === 'exited' && event.run === 1)
      await start(bench, 'a/c/1', 2, unitSpec(['sleep', '1000']))
      for (let round = 0; round < 3; round++) await new Promise((turn) => setImmediate(turn))
      bench.perform([signalStep('a/c/1', 2, 'KILL')])
      const seen = await bench.until((event) => event.kind === 'exited' && event.run === 2)
      assert(unseen.kind === 'exited' && seen.kind === 'exited')
      assert.deepEqual([unseen.livedMs, seen.livedMs], [0, undefined])
    }),
)

// ---- the state a run starts in

const stateScript = [
  'env | sort',
  'ulimit -Sn; ulimit -Hn; pwd',
  'cat /proc/self/oom_score_adj',
  'ls -v /proc/$$/fd; readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2',
  'exec grep -E "^(Umask|SigBlk|SigIgn|NoNewPrivs|Groups|CapEff)" /proc/self/status',
].join('; ')

it('each start of a unit finds the same clean state', limit, () =>
  onBench(async (bench) => {
    const keep = (text: string) => text.replaceAll(/^(HOLDFAST_RUN|HOLDFAST_ATTEMPT)=\d+$/gm, '$1=n')
    await runToEnd(bench, 'a/b/1', 1, shell(stateScript))
    const first = keep(bench.output('a/b/1'))
    process.umask(process.umask())
    await runToEnd(bench, 'a/b/1', 2, shell(stateScript))
    assert.equal(keep(bench.output('a/b/1')), first + first)

    const lines = first.split('\n')
    assert(lines.includes(`HOLDFAST_UNIT=${bench.homeId}/a/b/1`))
    assert(lines.includes('PATH=/usr/local/bin:/usr/bin:/bin'))
    assert(!first.includes('INHERITED'))
    assert(lines.includes('SigBlk:\t0000000000000000'))
    assert(lines.includes('SigIgn:\t0000000000000000'))
    assert(lines.includes('1024'))
    const fifo = join(bench.directory, 'run', 'fifo', 'a%2Fb%2F1')
    assert.match(first, new RegExp(`\n0\n1\n2\n/dev/null\n${fifo}.stdout\n${fifo}.stderr\n`))
  }),
)

it('a unit leads a session of its own', limit, () =>
  onBench(async (bench) => {
    const { pid } = await start(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']))
    const stat = readStat(pid)
    assert.deepEqual([stat?.sid, stat?.pgid, stat?.ppid], [pid, pid, process.pid])
  }),
)

it('a unit inherits the environment of the daemon where it asks for it, and gets its umask and folder', limit, () =>
  onBench(async (bench) => {
    const spec = shell('echo $INHERITED; umask; pwd', { inheritEnvironment: true, umask: 0o027, workingDir: '/usr' })
    const before = process.umask()
    await runToEnd(bench, 'a/b/1', 1, spec)
    assert.equal(bench.output('a/b/1'), 'yes\n0027\n/usr\n')
    assert.equal(process.umask(), before)
    await runToEnd(bench, 'a/b/2', 2, shell('pwd', { inheritEnvironment: true }))
    assert.equal(bench.output('a/b/2'), `${process.cwd()}\n`)
  }),
)

it('a command without a slash is found by the PATH of its own environment', limit, () =>
  onBench(async (bench) => {
    const folder = join(bench.directory, 'bin')
    mkdirSync(folder)
    chmodSync(bench.directory, 0o755)
    writeFileSync(join(folder, 'mine'), '#!/bin/sh\necho "$0" "$@"\n', { mode: 0o755 })
    await runToEnd(bench, 'a/b/1', 1, unitSpec(['mine', 'x y'], { environment: { PATH: `/usr/bin:${folder}` } }))
    assert.equal(bench.output('a/b/1'), `${folder}/mine x y\n`)
  }),
)

it('a unit of another user has its groups, home and pipes, and no privileges', asRoot, () =>
  onBench(async (bench) => {
    const script = 'id -u; id -g; id -G; echo $HOME $USER; grep CapEff /proc/$$/status; echo again > /dev/stdout'
    await runToEnd(bench, 'a/b/1', 1, shell(script, { user: 'nobody:daemon' }))
    assert.equal(bench.output('a/b/1'), '65534\n1\n1\n/nonexistent nobody\nCapEff:\t0000000000000000\nagain\n')
  }),
)

const member = someMember()
const withMember = { ...asRoot, skip: asRoot.skip || (member ? false : 'no user here has supplementary groups') }

it('supplementary groups come from the group database', withMember, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('id -G', { user: member?.name ?? '' }))
    const groups = bench.output('a/b/1').trim().split(' ').map(Number)
    assert(groups.length > 1)
    assert(groups.includes(member?.gid ?? -1))
  }),
)

// ---- output

it('all output of a run that prints much and ends is in the log before its end is told', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('head -c 300000 /dev/zero; echo end; echo error >&2'))
    assert.equal(bench.output('a/b/1').length, 300_004)
    assert.equal(bench.output('a/b/1', 'stderr'), 'error\n')
  }),
)

it('a flood far beyond the pipe arrives whole and in order', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('seq 1 1000000'))
    const lines = bench.output('a/b/1').split('\n')
    assert.equal(lines.length, 1_000_001)
    assert(lines.slice(0, -1).every((line, index) => line === String(index + 1)))
  }),
)

it('/dev/stdout and /dev/stderr can be opened again', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('echo out > /dev/stdout; echo err > /dev/stderr'))
    assert.equal(bench.output('a/b/1'), 'out\n')
    assert.equal(bench.output('a/b/1', 'stderr'), 'err\n')
  }),
)

it('stderr may go the way of stdout, and a stream that is not wanted to /dev/null', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('echo 1; echo 2 >&2; echo 3', { stderr: 'stdout' }))
    assert.equal(bench.output('a/b/1'), '1\n2\n3\n')
    const none = { path: 'none', bytesMax: 0, backupsMax: 0, ageMaxMs: 0, compress: false } as const
    const spec = shell('a=$(readlink /proc/$$/fd/1); b=$(readlink /proc/$$/fd/2); echo $a $b > "$FILE"', {
      stdout: none,
      stderr: none,
      environment: { FILE: join(bench.directory, 'links') },
    })
    await runToEnd(bench, 'a/b/2', 2, spec)
    assert.equal(readFileSync(join(bench.directory, 'links'), 'utf8'), '/dev/null /dev/null\n')
  }),
)

it('units whose names differ only in odd bytes or beyond 255 have pipes of their own', limit, () =>
  onBench(async (bench) => {
    const names = ['a/b c/1', 'a/b%20c/1', 'a/ä/1', '../../x/1', 'a/\n/1']
    for (const [run, name] of names.entries()) await runToEnd(bench, name, run + 1, shell(`echo ${run}`))
    for (const [run, name] of names.entries()) assert.equal(bench.output(name), `${run}\n`)
    const long = 'x'.repeat(400)
    const started = await start(bench, `${long}/a/1`, 10, unitSpec(['sleep', '1000']))
    const other = await start(bench, `${long}/b/1`, 11, unitSpec(['sleep', '1000']))
    assert.notEqual(stdoutOf(started.pid), stdoutOf(other.pid))
  }),
)

it('a pipe belongs to the user of its unit alone', limit, () =>
  onBench(async (bench) => {
    const { pid } = await start(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']))
    const stat = statSync(stdoutOf(pid))
    assert.equal(stat.mode & 0o777, 0o600)
    assert.equal(stat.uid, process.getuid?.())
  }),
)

// ---- keepers

it('a killed keeper is replaced, and nobody gets SIGPIPE or loses a line', limit, () =>
  onBench(async (bench) => {
    const spec = shell('i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done; read x < "$NEVER"', {
      environment: { NEVER: '/dev/null' },
    })
    bench.perform([spawnStep('a/b/1', 1, spec)])
    const [before = 0] = keeperPids(bench)
    kill(before, 9)
    const end = await bench.until((event) => event.kind === 'exited' && event.run === 1)
    assert(end.kind === 'exited')
    assert.equal(end.exit.kind, 'code')
    assert.equal(bench.output('a/b/1').split('\n').length, 2_001)
    await until(() => keeperPids(bench)[0] !== before && isAlive(keeperPids(bench)[0] ?? 0))
  }),
)

it('many units share few keepers, of which only the last is replaced', limit, () =>
  onBench(async (bench) => {
    const steps = (from: number, count: number) =>
      Array.from({ length: count }, (_, index) =>
        spawnStep(`a/b/${from + index}`, from + index, unitSpec(['/bin/true'])),
      )
    bench.perform(steps(1, 150))
    const before = keeperPids(bench)
    assert.equal(before.length, 2)
    bench.perform(steps(1_000, 5))
    const after = keeperPids(bench)
    assert.equal(after.length, 2)
    assert.equal(after[0], before[0])
    assert.notEqual(after[1], before[1])
    await until(() => !isAlive(before[1] ?? 0))
  }),
)

it('a forgotten unit leaves no pipe, and the last one no keeper', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('echo x'))
    const [keeper = 0] = keeperPids(bench)
    bench.perform([{ kind: 'forget', unit: 'a/b/1', why: 'test' }])
    assert.deepEqual(keeperPids(bench), [])
    await until(() => !isAlive(keeper))
    await runToEnd(bench, 'a/b/1', 2, shell('echo y'))
    assert.equal(bench.output('a/b/1'), 'x\ny\n')
  }),
)

it('at our end a keeper stays for what a run has left behind, and else goes', limit, () =>
  onBench(async (bench) => {
    const spec = shell('sleep 1000 & echo $!')
    await runToEnd(bench, 'a/b/1', 1, { ...spec, stop: [{ signal: 'TERM', scope: 'main', waitMs: 1 }] })
    const before = keeperPids(bench)
    assert.equal(before.length, 1)
    bench.restart()
    assert.deepEqual(keeperPids(bench), before)
    // One that did not start it finds it as well.
    await bench.driver().recover([])
    bench.restart()
    assert.deepEqual(keeperPids(bench), before)
    kill(Number(bench.output('a/b/1')), 9)
    await bench.driver().recover([])
    bench.restart()
    assert.deepEqual(keeperPids(bench), [])
  }),
)

it('at our end no keeper stays where no run has left anything behind', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, shell('echo x'))
    assert.equal(keeperPids(bench).length, 1)
    bench.restart()
    assert.deepEqual(keeperPids(bench), [])
  }),
)

// ---- signals and what is left behind

it('a run that dumps core says so', limit, () =>
  onBench(async (bench) => {
    const script = 'cd /; ulimit -c unlimited 2>/dev/null; kill -SEGV $$'
    const end = await runToEnd(bench, 'a/b/1', 1, shell(script))
    assert(end.kind === 'exited' && end.exit.kind === 'signal')
    assert.equal(end.exit.signal, 'SEGV')
    assert.equal(typeof end.exit.core, 'boolean')
  }),
)

it('a signal to a group reaches the children, one to main does not', limit, () =>
  onBench(async (bench) => {
    const script = 'sleep 1000 & trap "" TERM; echo $!; wait'
    for (const [run, scope] of (['main', 'group'] as const).entries()) {
      const unit = `a/b/${run}`
      await start(bench, unit, run, { ...shell(script), stop: [{ signal: 'KILL', scope: 'main', waitMs: 1 }] })
      await until(() => bench.output(unit) !== '')
      const child = Number(bench.output(unit))
      bench.perform([signalStep(unit, run, 'TERM', scope)])
      if (scope === 'group') await until(() => !isAlive(child))
      else assert(isAlive(child))
    }
  }),
)

const doubleFork = 'setsid sh -c "setsid sleep 1000 & sleep 1000" & echo started; exec sleep 1000'

it('a signal to the tree reaches sessions that the unit made', limit, () =>
  onBench(async (bench) => {
    const { pid } = await start(bench, 'a/b/1', 1, shell(doubleFork))
    const all = await allBelow(pid)
    bench.perform([signalStep('a/b/1', 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
    await until(() => all.every((one) => !isAlive(one)))
  }),
)

it('what a run leaves behind is killed at its end, where its stop ladder reaches so far', limit, () =>
  onBench(async (bench) => {
    const { pid } = await start(bench, 'a/b/1', 1, shell(doubleFork))
    const all = await allBelow(pid)
    kill(pid, 9)
    await bench.until((event) => event.kind === 'exited')
    await until(() => all.every((one) => !isAlive(one)))
  }),
)

it('what a run leaves behind lives on where its stop ladder means less than the tree', limit, () =>
  onBench(async (bench) => {
    for (const [run, scope] of (['main', 'group'] as const).entries()) {
      const unit = `a/b/${run}`
      const spec = shell('{ sleep 0.3; echo later; } &')
      await runToEnd(bench, unit, run, { ...spec, stop: [{ signal: 'TERM', scope, waitMs: 1 }] })
      await until(() => bench.output(unit) === 'later\n')
    }
  }),
)

it('a process that holds the output open does not hold back the news of the end', limit, () =>
  onBench(async (bench) => {
    const spec: UnitSpec = {
      ...shell('echo words; (while :; do sleep 1000; done) &'),
      stop: [{ signal: 'TERM', scope: 'main', waitMs: 1 }],
    }
    await runToEnd(bench, 'a/b/1', 1, spec)
    assert.equal(bench.output('a/b/1'), 'words\n')
  }),
)

it('a paused run ends by SIGKILL, and by SIGTERM once it is continued', limit, () =>
  onBench(async (bench) => {
    await start(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']))
    await start(bench, 'a/b/2', 2, unitSpec(['sleep', '1000']))
    bench.perform([signalStep('a/b/1', 1, 'STOP'), signalStep('a/b/2', 2, 'STOP')])
    await bench.until((event) => event.kind === 'paused' && event.run === 1)
    await bench.until((event) => event.kind === 'paused' && event.run === 2)
    bench.perform([signalStep('a/b/1', 1, 'KILL'), signalStep('a/b/2', 2, 'TERM'), signalStep('a/b/2', 2, 'CONT')])
    await bench.until((event) => event.kind === 'exited' && event.run === 1)
    await bench.until((event) => event.kind === 'exited' && event.run === 2)
  }),
)

it('an unknown signal is refused in words', limit, () =>
  onBench(async (bench) => {
    await start(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']))
    bench.perform([signalStep('a/b/1', 1, 'NONSENSE')])
    const event = await bench.until((one) => one.kind === 'signal-failed')
    assert(event.kind === 'signal-failed')
    assert.match(event.message, /no signal NONSENSE/)
  }),
)

it('a unit in a cgroup cannot leave it, and its members end with it', withCgroups, () =>
  onBench(async (bench) => {
    const { pid } = await start(bench, 'a/b/1', 1, shell(doubleFork, { cgroup: true }))
    const all = await allBelow(pid)
    assert.match(
      readFileSync(`/proc/${pid}/cgroup`, 'utf8'),
      new RegExp(`^0::.*holdfast-${bench.homeId}/a%2Fb%2F1$`, 'm'),
    )
    kill(pid, 9)
    await bench.until((event) => event.kind === 'exited')
    await until(() => all.every((one) => !isAlive(one)))
    bench.perform([{ kind: 'forget', unit: 'a/b/1', why: 'test' }])
  }),
)

it('orphans that no unit owns are reaped without a word', limit, () =>
  onBench(async (bench) => {
    const spec: UnitSpec = {
      ...shell('(sh -c "exit 5" & echo $!) | cat; exit 0'),
      stop: [{ signal: 'TERM', scope: 'main', waitMs: 1 }],
    }
    await runToEnd(bench, 'a/b/1', 1, spec)
    await until(() => readStat(Number(bench.output('a/b/1'))) === null)
    assert.deepEqual(
      bench.events.map((event) => event.kind),
      ['spawned', 'exited'],
    )
  }),
)

// ---- helpers

function failureOf(bench: Bench, spec: UnitSpec): Failure {
  bench.perform([spawnStep('a/b/1', 1, spec)])
  const event = bench.events.at(-1)
  assert(event?.kind === 'spawn-failed', JSON.stringify(event))
  return event
}

function keeperPids(bench: Bench): readonly number[] {
  const stored = JSON.parse(readFileSync(join(bench.directory, 'run', 'keepers.json'), 'utf8')) as {
    readonly keepers: readonly { readonly pid: number }[]
  }
  return stored.keepers.map((keeper) => keeper.pid)
}

function stdoutOf(pid: number): string {
  return readlinkSync(`/proc/${pid}/fd/1`)
}

/** A user that the group database lists as a member of a group. */
function someMember(): { readonly name: string; readonly gid: number } | null {
  for (const line of readFileSync('/etc/group', 'utf8').split('\n')) {
    const [, , gid, members = ''] = line.split(':')
    const name = members.split(',')[0]
    if (name && userByName(name)) return { name, gid: Number(gid) }
  }
  return null
}

function openDescriptors(): readonly string[] {
  return readdirSync('/proc/self/fd')
}

/** Of a double fork: once each is what it is to be, in its own session. */
async function allBelow(pid: number): Promise<readonly number[]> {
  const words = (one: number) =>
    readCommand(one)
      .slice(0, 1)
      .concat(readStat(one)?.sid === pid ? 'ours' : [])
  await until(() => below(pid).flatMap(words).toSorted().join() === 'sh,sleep,sleep')
  return below(pid)
}

function below(pid: number): readonly number[] {
  return (childrenOf(pid) ?? []).flatMap((child) => [child, ...below(child)])
}

function isAlive(pid: number): boolean {
  const stat = readStat(pid)
  return stat !== null && stat.state !== 'Z' && stat.state !== 'X'
}

function hasWritableCgroups(): boolean {
  return isRoot && ['/sys/fs/cgroup', '/sys/fs/cgroup/unified'].some((path) => existsSync(`${path}/cgroup.procs`))
}
