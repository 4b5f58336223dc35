import assert from 'node:assert/strict'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { it } from 'node:test'
import { kill } from '../../sys/kill.ts'
import { childrenOf, readStat } from '../../sys/proc.ts'
import { exitOfStatus } from './endings.ts'
import { type Bench, onBench, runToEnd, shell, signalStep, startRun, unitSpec, until } from './test-bench.ts'

const limit = { timeout: 30_000 }
const recorded = { isRecorded: true } as const

it('a recorded command finds the state it would find without a recorder', limit, () =>
  onBench(async (bench) => {
    const script = [
      'readlink /proc/self/fd/0 /proc/self/fd/1 /proc/self/fd/2; ls -v /proc/self/fd; pwd; umask; ulimit -Sn',
      'grep -E "^(SigBlk|SigIgn|SigCgt|Umask|NoNewPrivs|Groups)" /proc/self/status',
      'tr "\\0" "\\n" < /proc/$$/environ | sort | grep -Ev "HOLDFAST_(RUN|ATTEMPT)"',
    ].join('; ')
    const spec = shell(script, { environment: { PLAIN: 'a b', SPECIAL: '"$x"\n' } })
    await runToEnd(bench, 'a/b/1', 1, spec)
    const plain = bench.output('a/b/1')
    await runToEnd(bench, 'a/b/1', 2, spec, recorded)
    assert.equal(bench.output('a/b/1'), plain + plain)
  }),
)

it('the arguments of a recorded command arrive as they are', limit, () =>
  onBench(async (bench) => {
    const spec = unitSpec(['/usr/bin/printf', '%s|', '', 'a b', '$HOME', '*', '-n', "it's", '"'])
    await runToEnd(bench, 'a/b/1', 1, spec, recorded)
    assert.equal(bench.output('a/b/1'), '|a b|$HOME|*|-n|it\'s|"|')
  }),
)

it('a variable that shells drop is kept, and the run is rather not recorded', limit, () =>
  onBench(async (bench) => {
    const spec = shell('tr "\\0" "\\n" < /proc/$$/environ | grep odd', { environment: { 'odd.name': '1' } })
    const end = await runToEnd(bench, 'a/b/1', 1, spec, recorded)
    assert.equal(bench.output('a/b/1'), 'odd.name=1\n')
    assert.deepEqual(end.exit, { kind: 'code', code: 0 })
    assert.deepEqual(endings(bench), [])
  }),
)

for (const [script, exit] of [
  ['exit 0', { kind: 'code', code: 0 }],
  ['exit 42', { kind: 'code', code: 42 }],
  ['kill -TERM $$', { kind: 'signal', signal: 'TERM', core: false }],
  ['kill -KILL $$', { kind: 'signal', signal: 'KILL', core: false }],
  ['exit 255', { kind: 'code', code: 255 }],
] as const) {
  it(`'${script}' under a recorder is told as it is without`, limit, () =>
    onBench(async (bench) => {
      assert.deepEqual((await runToEnd(bench, 'a/b/1', 1, shell(script), recorded)).exit, exit)
      assert.equal(bench.output('a/b/1', 'stderr'), '', 'the shell has nothing to say in between')
    }),
  )
}

it('a status of a shell is a code up to 128, and beyond a signal where there is one', () => {
  assert.deepEqual(exitOfStatus(128), { kind: 'code', code: 128 })
  assert.deepEqual(exitOfStatus(129), { kind: 'signal', signal: 'HUP', core: false })
  assert.deepEqual(exitOfStatus(200), { kind: 'code', code: 200 })
})

it('a signal to a recorded run reaches its command at the very beginning and later', limit, () =>
  onBench(async (bench) => {
    // At once: its recorder has not even begun.
    await startRun(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']), recorded)
    bench.perform([signalStep('a/b/1', 1, 'TERM')])
    await startRun(
      bench,
      'a/b/2',
      2,
      shell('trap "echo got it; exit 5" TERM; echo ready; while :; do sleep 0.01; done'),
      recorded,
    )
    await until(() => bench.output('a/b/2') === 'ready\n')
    bench.perform([signalStep('a/b/2', 2, 'TERM')])
    assert.deepEqual(await exitOf(bench, 1), { kind: 'signal', signal: 'TERM', core: false })
    assert.deepEqual(await exitOf(bench, 2), { kind: 'code', code: 5 })
    assert.equal(bench.output('a/b/2'), 'ready\ngot it\n')
  }),
)

it('a signal that comes while the recorder stands at its traps waits for the command', limit, () =>
  onBench(async (bench) => {
    const { pid } = await startRun(bench, 'a/b/1', 1, shell('exec sleep 1000'), recorded)
    // Stopped before it could start its command, if we were fast; if not, this is the test above.
    kill(pid, 19)
    bench.perform([signalStep('a/b/1', 1, 'INT')])
    kill(pid, 18)
    assert.deepEqual(await exitOf(bench, 1), { kind: 'signal', signal: 'INT', core: false })
  }),
)

it('a command that ignores a signal lives on, and so does its recorder', limit, () =>
  onBench(async (bench) => {
    const { pid } = await startRun(
      bench,
      'a/b/1',
      1,
      shell('trap "" TERM; echo ready; while :; do sleep 0.01; done'),
      recorded,
    )
    await until(() => bench.output('a/b/1') === 'ready\n')
    bench.perform([signalStep('a/b/1', 1, 'TERM', 'main'), signalStep('a/b/1', 1, 'TERM', 'group')])
    bench.perform([{ kind: 'observe', why: 'test' }])
    assert(isAlive(pid) && isAlive(childrenOf(pid)?.[0] ?? 0))
    assert(bench.events.every((event) => event.kind !== 'exited'))
  }),
)

it('KILL to main ends command and recorder, also when both are paused', limit, () =>
  onBench(async (bench) => {
    const { pid } = await startRun(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']), recorded)
    await until(() => (childrenOf(pid) ?? []).length === 1)
    const [command = 0] = childrenOf(pid) ?? []
    bench.perform([signalStep('a/b/1', 1, 'STOP')])
    await bench.until((event) => event.kind === 'paused')
    await until(() => readStat(command)?.state === 'T')
    bench.perform([signalStep('a/b/1', 1, 'KILL')])
    assert.deepEqual(await exitOf(bench, 1), { kind: 'signal', signal: 'KILL', core: false })
    assert(!isAlive(pid) && !isAlive(command))
  }),
)

it('a recorded run is paused and continued with its command', limit, () =>
  onBench(async (bench) => {
    const { pid } = await startRun(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']), recorded)
    await until(() => readStat(childrenOf(pid)?.[0] ?? 0)?.comm === 'sleep')
    const [command = 0] = childrenOf(pid) ?? []
    bench.perform([signalStep('a/b/1', 1, 'STOP')])
    await bench.until((event) => event.kind === 'paused')
    await until(() => readStat(command)?.state === 'T')
    bench.perform([signalStep('a/b/1', 1, 'CONT')])
    await bench.until((event) => event.kind === 'continued')
    await until(() => readStat(command)?.state === 'S')
  }),
)

it('what is recorded stays until the next run of the unit, and is forgotten with it', limit, () =>
  onBench(async (bench) => {
    await runToEnd(bench, 'a/b/1', 1, unitSpec(['true']), recorded)
    assert.deepEqual(endings(bench), ['a%2Fb%2F1.1'])
    await runToEnd(bench, 'a/b/1', 2, unitSpec(['true']), recorded)
    assert.deepEqual(endings(bench), ['a%2Fb%2F1.2'])
    bench.perform([{ kind: 'forget', unit: 'a/b/1', why: 'test' }])
    assert.deepEqual(endings(bench), [])
  }),
)

async function exitOf(bench: Bench, run: number) {
  const event = await bench.until((one) => one.kind === 'exited' && one.run === run)
  return event.kind === 'exited' ? event.exit : null
}

function endings(bench: Bench): readonly string[] {
  const folder = join(bench.directory, 'run', 'ends')
  return existsSync(folder) ? readdirSync(folder) : []
}

function isAlive(pid: number): boolean {
  const stat = readStat(pid)
  return stat !== null && stat.state !== 'Z'
}
