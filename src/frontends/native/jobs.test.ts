import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ann, ask, code, type Play, play, policy, running, service, setTarget } from '../../core/fixture.ts'
import type { Service } from '../../core/model.ts'
import type { Outcome } from '../../wire/api.ts'
import { engineOf, type FakeEngine } from './fixture.ts'
import { runNow } from './jobs.ts'

const job: Partial<Service> = { autostart: false, restart: { ...policy, when: 'no' } }
const nightly: Partial<Service> = {
  ...job,
  schedule: { cron: '@daily', timeZone: null, overlap: 'skip', missed: 'skip' },
}

function declared(...services: readonly Service[]): { readonly scene: Play; readonly engine: FakeEngine } {
  const scene = play()
  const engine = engineOf(scene)
  engine.turn(0, setTarget(...services))
  return { scene, engine }
}

function run(
  engine: FakeEngine,
  names: readonly string[],
  options: { readonly wait?: boolean; readonly timeoutMs?: number; readonly signal?: AbortSignal } = {},
): Promise<readonly Outcome[]> {
  const { wait = true, timeoutMs = null, signal = new AbortController().signal } = options
  return runNow(
    engine,
    { names, labels: [], wait, waitFor: 'running', timeoutMs, force: false },
    { by: ann, signal },
  ).then(({ items }) => items)
}

function brief(items: readonly Outcome[]) {
  return items.map(({ unit, result, why, exit }) => ({ unit, result, why, exit }))
}

describe('one run now', () => {
  it('is answered when it has ended, with its exit code', async () => {
    const { scene, engine } = declared(service('backup', nightly))
    const answer = run(engine, ['backup'])
    engine.turn(10, scene.spawned('backup'))
    engine.turn(1_010, scene.exited('backup', code(0)))
    const exit = { code: 0, signal: null }
    assert.deepEqual(brief(await answer), [{ unit: 'a/backup/1', result: 'done', why: 'exit code 0 after 1 s', exit }])
  })

  it('has failed by its exit code, by a signal, or where no process came of it', async () => {
    const { scene, engine } = declared(service('bad', job), service('killed', job), service('missing', job))
    const answer = run(engine, ['bad', 'killed', 'missing'])
    engine.turn(10, scene.spawned('bad'), scene.spawned('killed'), scene.spawnFailed('missing'))
    engine.turn(20, scene.exited('bad', code(7)))
    engine.turn(30, scene.exited('killed', { kind: 'signal', signal: 'KILL', core: false }))
    const found = (await answer).map(({ result, exit }) => [result, exit])
    assert.deepEqual(found, [
      ['failed', { code: 7, signal: null }],
      ['failed', { code: null, signal: 'KILL' }],
      ['failed', null],
    ])
  })

  it('is answered when somebody stops it before it has begun', async () => {
    const needy = {
      ...job,
      dependsOn: [{ service: 'db', condition: 'started', required: true, restart: false }] as const,
    }
    const { engine } = declared(service('db', { autostart: false }), service('needy', needy))
    const answer = run(engine, ['needy'])
    engine.turn(10, ask('stop', 'needy'))
    const [outcome] = await answer
    assert.equal(outcome?.result, 'failed')
    assert.match(outcome?.why ?? '', /^stopped by ann/)
  })

  it('is answered when nothing declares it any more', async () => {
    const { scene, engine } = declared(service('backup', job))
    const answer = run(engine, ['backup'])
    engine.turn(10, scene.spawned('backup'))
    engine.turn(20, setTarget())
    engine.turn(30, scene.exited('backup', { kind: 'signal', signal: 'TERM', core: false }))
    engine.turn(40)
    const [outcome] = await answer
    assert.equal(outcome?.result, 'failed')
    assert.equal(scene.state.units.size, 0)
  })

  it('is answered when somebody wants it up since, and it is to be restarted', async () => {
    const delayed = { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } }
    const { scene, engine } = declared(service('web', { autostart: false, restart: delayed }))
    const answer = run(engine, ['web'])
    engine.turn(10, scene.spawned('web'))
    engine.turn(20, ask('start', 'web'))
    engine.turn(30, scene.exited('web', code(1)))
    assert.equal(scene.unit('web').phase, 'backoff')
    assert.equal((await answer)[0]?.result, 'failed')
  })

  it('is not taken for an earlier one when somebody else was faster', async () => {
    const { scene, engine } = declared(service('backup', job))
    const first = run(engine, ['backup'])
    engine.turn(10, scene.spawned('backup'))
    engine.turn(20, scene.exited('backup', code(0)))
    await first
    const slow: FakeEngine = {
      ...engine,
      command: async () => engine.snapshot(), // the core left it alone
    }
    assert.equal((await run(slow, ['backup']))[0]?.result, 'failed')
  })

  it('goes on when the time is over, or when nobody is to wait', async () => {
    const { scene, engine } = declared(service('backup', job), service('other', job))
    const late = await run(engine, ['backup'], { timeoutMs: 0 })
    assert.deepEqual([late[0]?.result, late[0]?.exit], ['timed-out', null])
    const started = await run(engine, ['other'], { wait: false })
    assert.equal(started[0]?.result, 'done')
    assert.deepEqual([scene.unit('backup').want.kind, scene.unit('other').want.kind], ['once', 'once'])
  })

  it('is awaited no longer than its client is there', async () => {
    const { scene, engine } = declared(service('backup', job))
    const gone = new AbortController()
    const answer = run(engine, ['backup'], { signal: gone.signal })
    gone.abort()
    engine.turn(10, scene.spawned('backup'))
    await answer
    assert.equal(scene.unit('backup').phase, 'up')
  })
})

describe('what runs already is refused, and nothing is run', () => {
  it('a service that is up is to be restarted instead', async () => {
    const scene = running(0, service('web'))
    scene.turn(1, setTarget(service('web'), service('backup', job)))
    const message = 'a/web/1 runs already (pid 101), so nothing was run'
    await assert.rejects(run(engineOf(scene), ['backup', 'web']), {
      code: 'already-running',
      message,
      hint: 'a new run of it: holdfast restart a/web/1',
    })
    assert.equal(scene.unit('backup').want.kind, 'down')
  })

  it('a scheduled one is to be waited for, or stopped', async () => {
    const { scene, engine } = declared(service('backup', nightly))
    engine.turn(5, ask('run', 'backup'))
    engine.turn(10, scene.spawned('backup'))
    await assert.rejects(run(engine, ['backup']), { hint: 'wait until it ends, or: holdfast stop a/backup/1' })
  })

  it('one that waits for its next try is about to be started', async () => {
    const { scene, engine } = declared(
      service('flaky', { restart: { ...policy, backoff: { ...policy.backoff, freeRestarts: 0 } } }),
    )
    engine.turn(5, scene.spawned('flaky'))
    engine.turn(10, scene.exited('flaky', code(1)))
    await assert.rejects(run(engine, ['flaky']), { code: 'already-running', message: /is about to be started/ })
  })
})
