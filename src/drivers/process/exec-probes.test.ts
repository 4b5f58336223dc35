import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { it } from 'node:test'
import type { Identity, Step, UnitSpec } from '../../core/model.ts'
import { kill } from '../../sys/kill.ts'
import { listPids, readCommand, readEnvironment, readStat } from '../../sys/proc.ts'
import { type Bench, onBench, shell, signalStep, startRun, unitSpec, until } from './test-bench.ts'

const limit = { timeout: 30_000 }
const isRoot = process.getuid?.() === 0

const cases: readonly { readonly script: string; readonly isOk: boolean; readonly output: RegExp }[] = [
  { script: 'echo fine', isOk: true, output: /^fine$/ },
  { script: 'true', isOk: true, output: /^$/ },
  { script: 'exit 3', isOk: false, output: /^exit code 3$/ },
  {
    script: 'echo no; echo connection refused >&2; exit 1',
    isOk: false,
    output: /^exit code 1: no\nconnection refused$/,
  },
  { script: 'kill -SEGV $$', isOk: false, output: /^SIGSEGV/ },
  { script: "printf 'a\\377b\\033[31mred'", isOk: true, output: /^a\uFFFDb\[31mred$/ },
  { script: 'head -c 3000 /dev/zero | tr "\\0" x', isOk: true, output: /^x{511}…$/ },
]

for (const { script, isOk, output } of cases) {
  it(`'${script}' is told as ${isOk ? 'a success' : 'a failure'} with what it said`, limit, () =>
    onBench(async (bench) => {
      const event = await probe(bench, script)
      assert.equal(event.isOk, isOk)
      assert.match(event.output, output)
    }),
  )
}

it('a probe that cannot be started fails and says what to do', limit, () =>
  onBench(async (bench) => {
    bench.perform([probeStep(1, ['/no/such'], unitSpec(['true']))])
    const event = await answer(bench, 1)
    assert.equal(event.isOk, false)
    assert.match(event.output, /\/no\/such does not exist/)
  }),
)

it('a probe that takes too long is killed with all it started, and told once', limit, () =>
  onBench(async (bench) => {
    const event = await probe(bench, 'echo $$; setsid sleep 1000 & sleep 1000', { timeoutMs: 200 })
    assert.deepEqual([event.isOk, event.output], [false, 'took longer than 200 ms'])
    assert(event.durationMs >= 199)
    await until(() => marked(bench).length === 0)
    bench.perform([probeStep(2, ['true'], unitSpec(['true']))])
    await answer(bench, 2)
    assert.equal(bench.events.filter((one) => one.kind === 'probed').length, 2)
  }),
)

it('a flood is cut off, and costs neither memory nor time', limit, () =>
  onBench(async (bench) => {
    const before = process.memoryUsage().rss
    const event = await probe(bench, 'exec cat /dev/zero')
    assert.equal(event.isOk, false)
    assert.match(event.output, /^SIGPIPE/)
    assert(process.memoryUsage().rss - before < 64 * 1024 * 1024)
  }),
)

it('children that hold the output of a probe that has ended are not waited for, nor left', limit, () =>
  onBench(async (bench) => {
    const event = await probe(bench, 'sleep 1000 & echo done')
    assert.deepEqual([event.isOk, event.output], [true, 'done'])
    await until(() => marked(bench).length === 0)
  }),
)

it('a probe is like the processes of its unit, but marked as what it is', limit, () =>
  onBench(async (bench) => {
    const script =
      'echo "$WORD $(pwd) $(umask) $(id -u) $HOLDFAST_PROBE $HOLDFAST_UNIT $HOLDFAST_RUN"; readlink /proc/$$/fd/0'
    const settings = { environment: { WORD: 'own' }, workingDir: '/usr', umask: 0o027, user: isRoot ? 'nobody' : null }
    const event = await probe(bench, script, { spec: shell('true', settings) })
    const uid = isRoot ? 65_534 : process.getuid?.()
    assert.equal(event.output, `own /usr 0027 ${uid} ${bench.homeId}/a/b/1  \n/dev/null`)
  }),
)

it('a probe inherits nothing of ours and leaves nothing open', limit, () =>
  onBench(async (bench) => {
    const before = readdirSync('/proc/self/fd').length
    const event = await probe(bench, 'ls -v /proc/$$/fd; true')
    assert.equal(event.output, '0\n1\n2')
    assert(readdirSync('/proc/self/fd').length <= before)
  }),
)

it('a probe is never taken for what a unit left behind, nor for a run', limit, () =>
  onBench(async (bench) => {
    await startRun(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']))
    bench.perform([probeStep(1, ['/bin/sh', '-c', 'sleep 0.3; echo survived'], unitSpec(['true']))])
    bench.perform([signalStep('a/b/1', 1, 'KILL', 'tree')])
    await bench.until((event) => event.kind === 'exited')
    const event = await answer(bench, 1)
    assert.deepEqual([event.isOk, event.output], [true, 'survived'])
  }),
)

it('the end of the daemon kills probes, and nothing else', limit, () =>
  onBench(async (bench) => {
    const { pid } = await startRun(bench, 'a/b/1', 1, unitSpec(['sleep', '1000']))
    bench.perform([probeStep(1, ['/bin/sh', '-c', 'setsid sleep 1000 & sleep 1000'], unitSpec(['true']))])
    await until(() => marked(bench).length === 3 && readStat(pid)?.state === 'S')
    bench.restart()
    await until(() => marked(bench).length === 0)
    assert.equal(readStat(pid)?.state, 'S')
  }),
)

it('probes left by a daemon that died are killed when the next one recovers', limit, () =>
  onBench(async (bench) => {
    bench.perform([probeStep(1, ['/bin/sh', '-c', 'trap "" TERM; exec sleep 1000'], unitSpec(['true']))])
    await until(() => marked(bench).some((pid) => readCommand(pid)[0] === 'sleep'))
    // Nobody else kills them: as if we knew nothing of them.
    await bench.driver().recover([])
    await until(() => marked(bench).length === 0)
  }),
)

it('many probes at once are each answered once', limit, () =>
  onBench(async (bench) => {
    const steps = Array.from({ length: 16 }, (_, index) =>
      probeStep(index + 1, ['sh', '-c', `exit ${index % 2}`], unitSpec(['true'])),
    )
    bench.perform(steps)
    for (const step of steps) {
      assert(step.kind === 'probe')
      assert.equal((await answer(bench, step.seq)).isOk, (step.seq - 1) % 2 === 0)
    }
    assert.equal(bench.events.length, 16)
  }),
)

it('a probe whose process is killed by somebody says so', limit, () =>
  onBench(async (bench) => {
    bench.perform([probeStep(1, ['sleep', '1000'], unitSpec(['true']))])
    await until(() => marked(bench).length === 1)
    kill(marked(bench)[0] ?? 0, 9)
    assert.equal((await answer(bench, 1)).output, 'SIGKILL')
  }),
)

function probeStep(seq: number, command: readonly string[], spec: UnitSpec, timeoutMs = 20_000): Step {
  const identity: Identity | null = null
  const facts = { isAdopted: false, isPaused: false, isStable: false, gotTerm: false, shortfalls: [] }
  const run = { n: 1, role: 'main', runHash: 'test', startedBootMs: 0, identity, ...facts } as const
  return {
    ...{ kind: 'probe', unit: 'a/b/1', run, attempt: 1, check: 'readiness', seq },
    ...{ probe: { kind: 'exec', command }, timeoutMs, spec, why: 'test' },
  }
}

async function answer(bench: Bench, seq: number) {
  const event = await bench.until((one) => one.kind === 'probed' && one.seq === seq)
  assert(event.kind === 'probed')
  return event
}

async function probe(bench: Bench, script: string, more: { timeoutMs?: number; spec?: UnitSpec } = {}) {
  bench.perform([probeStep(1, ['/bin/sh', '-c', script], more.spec ?? unitSpec(['true']), more.timeoutMs)])
  return await answer(bench, 1)
}

function marked(bench: Bench): readonly number[] {
  return listPids().filter((pid) => {
    const environment = readEnvironment(pid)
    return typeof environment !== 'string' && environment.includes(`HOLDFAST_PROBE=${bench.homeId}/a/b/1`)
  })
}
