import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readStat } from '../../sys/proc.ts'
import { isZombie } from './resolve.ts'
import { handleOf, onBench, shell, signalStep, spawnStep, startRun, unitSpec, until } from './test-bench.ts'

const limit = { timeout: 30_000 }

it('a daemon that takes the place of another one in the same process keeps its children, and their exits', limit, () =>
  onBench(async (bench) => {
    const step = spawnStep('a/b/1', 1, shell('trap "exit 7" TERM; echo ready; while :; do sleep 0.01; done'))
    const identity = await startRun(bench, 'a/b/1', 1, step.spec)
    await until(() => bench.output('a/b/1') === 'ready\n')
    const recovered = await bench.takeOver([handleOf(step, identity)])
    assert.deepEqual(recovered, [{ kind: 'adopted', unit: 'a/b/1', run: 1, identity, isChild: true }])
    bench.perform([signalStep('a/b/1', 1, 'TERM'), { kind: 'observe', why: 'test' }])
    const end = await bench.until((event) => event.kind === 'exited')
    assert(end.kind === 'exited')
    assert.deepEqual(end.exit, { kind: 'code', code: 7 })
    bench.perform([{ kind: 'observe', why: 'test' }])
    assert.equal(bench.events.filter((event) => event.kind === 'exited').length, 1)
  }),
)

it('a child that is a zombie when we look has its exit, and is reaped after', limit, () =>
  onBench(async (bench) => {
    const step = spawnStep('a/b/1', 1, shell('exit 9'))
    // Nothing turns between here and the new driver's look: nobody has reaped it.
    bench.perform([step])
    const [spawned] = bench.events
    assert(spawned?.kind === 'spawned')
    const { identity } = spawned
    while (!isZombie(readStat(identity.pid)!));
    const recovered = await bench.takeOver([handleOf(step, identity)])
    assert.deepEqual(recovered, [{ kind: 'exited', unit: 'a/b/1', run: 1, exit: { kind: 'code', code: 9 } }])
    await until(() => readStat(identity.pid) === null)
    assert.deepEqual(bench.events, [])
  }),
)

it('an intent without identity finds its process among our children', limit, () =>
  onBench(async (bench) => {
    const step = spawnStep('a/b/1', 1, unitSpec(['sleep', '1000']))
    const identity = await startRun(bench, 'a/b/1', 1, step.spec)
    const [event] = await bench.takeOver([handleOf(step, null)])
    assert.deepEqual(event, { kind: 'adopted', unit: 'a/b/1', run: 1, identity, isChild: true })
  }),
)

it('output goes on through a change of daemon', limit, () =>
  onBench(async (bench) => {
    const step = spawnStep('a/b/1', 1, shell('while :; do echo x || exit 3; sleep 0.01; done'))
    const identity = await startRun(bench, 'a/b/1', 1, step.spec)
    await bench.takeOver([handleOf(step, identity)])
    const before = bench.output('a/b/1').length
    await until(() => bench.output('a/b/1').length > before + 4)
    assert.equal(readStat(identity.pid)?.startTicks, identity.startTicks)
  }),
)
