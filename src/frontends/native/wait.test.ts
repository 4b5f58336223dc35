import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ask, code, policy, running, service, setTarget } from '../../core/fixture.ts'
import type { Check } from '../../core/model.ts'
import { noChecks } from '../../core/target/plain.ts'
import { engineOf } from './fixture.ts'
import { waitFor } from './wait.ts'

const readiness: Check = {
  probe: { kind: 'tcp', host: 'localhost', port: 1 },
  intervalMs: 1_000,
  timeoutMs: 500,
  retries: 2,
  startPeriodMs: 0,
  startIntervalMs: 100,
}

const job = service('job', { restart: { ...policy, when: 'no' } })

describe('a wait', { timeout: 10_000 }, () => {
  test('for running ends at once where it is so, and takes half a second of running for it', async () => {
    const scene = scenery(running(0, service('web')))
    assert.deepEqual(await scene.wait('name=web&for=running', 10_000), ['done running'])
    const young = scenery(running(0, service('web')))
    const waiting = young.wait('name=web&for=running', 100)
    young.engine.turn(200, young.play.exited('web', code(1)))
    young.engine.turn(300, young.play.spawned('web'))
    young.now = 900
    young.engine.turn(900, setTarget(service('web'), service('more')))
    assert.deepEqual(await waiting, ['done running'])
  })

  test('for healthy waits for the check, and for one that has none as for running', async () => {
    const scene = scenery(running(0, service('web', { checks: { ...noChecks, readiness } }), service('db')))
    const waiting = scene.wait('name=web&name=db', 1_000)
    scene.engine.turn(1_000)
    const { run } = scene.play.unit('web')
    const probe = { kind: 'probed', unit: 'a/web/1', run: run!.n, check: 'readiness' } as const
    scene.engine.turn(1_100, { ...probe, seq: 1, isOk: true, output: '', durationMs: 5 })
    assert.deepEqual(await waiting, ['done running', 'done running'])
  })

  test('for the end tells how it ended, and fails where it ended badly', async () => {
    for (const [exit, result] of [
      [0, 'done exited 0'],
      [3, 'failed exited 3'],
    ] as const) {
      const scene = scenery(running(0, job))
      const waiting = scene.wait('name=job&for=ended', 0)
      scene.engine.turn(100, scene.play.exited('job', code(exit)))
      assert.deepEqual(await waiting, [result])
      assert.deepEqual(await scene.wait('name=job&for=ended', 0), [result], 'also when it was over before')
    }
  })

  test('for the end fails where somebody stops it', async () => {
    const scene = scenery(running(0, job))
    const waiting = scene.wait('name=job&for=ended', 0)
    scene.engine.turn(100, ask('stop', 'job'))
    scene.engine.turn(200, scene.play.exited('job', code(0)))
    assert.deepEqual(await waiting, ['failed stopped'])
  })

  test('for stopped takes whatever has no process, and what is gone altogether', async () => {
    const scene = scenery(running(0, service('web'), service('db')))
    const waiting = scene.wait('name=web&name=db&for=stopped', 0)
    scene.engine.turn(100, ask('stop', 'web'))
    scene.engine.turn(200, scene.play.exited('web', code(0)))
    scene.engine.turn(300, setTarget(service('web')))
    scene.engine.turn(400, scene.play.exited('db', code(0)))
    scene.engine.turn(500)
    assert.deepEqual(await waiting, ['done stopped', 'done stopped'])
  })

  test('fails as soon as it has failed for good, and waits through a backoff', async () => {
    const once = { ...policy, budget: { restartsMax: 1, windowMs: null } }
    const scene = scenery(running(0, service('web', { restart: once })))
    const waiting = scene.wait('name=web&for=running', 0)
    scene.engine.turn(100, scene.play.exited('web', code(1)))
    scene.engine.turn(200, scene.play.spawned('web'))
    scene.engine.turn(300, scene.play.exited('web', code(1)))
    assert.deepEqual(await waiting, ['failed failed 1'])
  })

  test('ends when the time is over, and tells how far it is', async () => {
    const scene = scenery(running(0, service('web')))
    assert.deepEqual(await scene.wait('name=web&for=stopped&timeoutMs=0', 0), ['timed-out running'])
  })

  test('ends when the client is gone', async () => {
    const scene = scenery(running(0, service('web')))
    const waiting = scene.wait('name=web&for=stopped', 0)
    scene.gone.abort()
    assert.deepEqual(await waiting, ['timed-out running'])
  })

  test('a wrong question is refused', async () => {
    const scene = scenery(running(0, service('web')))
    for (const query of ['', 'name=web&for=lunch', 'name=web&timeoutMs=soon']) {
      await assert.rejects(scene.wait(query, 0), { code: 'bad-request' }, query)
    }
  })
})

function scenery(play: ReturnType<typeof running>) {
  const engine = engineOf(play)
  const gone = new AbortController()
  const scene = {
    play,
    engine,
    gone,
    now: 0,
    async wait(query: string, nowBootMs: number): Promise<readonly string[]> {
      scene.now = nowBootMs
      const asked = { query: new URLSearchParams(query), signal: gone.signal }
      const { items } = await waitFor(engine, asked, () => scene.now)
      return items.map(({ result, state, exit }) => [result, state, exit?.code ?? ''].join(' ').trimEnd())
    },
  }
  return scene
}
