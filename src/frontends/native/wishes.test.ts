import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ann, code, idOf, type Play, play, policy, service, setTarget } from '../../core/fixture.ts'
import type { Check, Hooks, Service } from '../../core/model.ts'
import { noHooks } from '../../core/target/plain.ts'
import type { Outcome } from '../../wire/api.ts'
import type { NamesRequest } from '../../wire/requests.ts'
import { engineOf, type FakeEngine } from './fixture.ts'
import { settleTarget } from './settle-target.ts'
import { bringAbout, type Wish } from './wishes.ts'

const hook = { command: ['hook'], timeoutMs: 30_000, ignoreFailure: false }
const hooks: Hooks = { preStart: hook, postStop: hook }
const once = { ...policy, when: 'no' } as const

function declared(settings: Partial<Service>): { readonly scene: Play; readonly engine: FakeEngine } {
  const scene = play()
  const engine = engineOf(scene)
  engine.turn(0, setTarget(service('web', { autostart: false, hooks, ...settings })))
  return { scene, engine }
}

const request: NamesRequest = {
  names: ['web'],
  labels: [],
  wait: true,
  waitFor: 'running',
  timeoutMs: null,
  force: false,
}

/** Whether it was answered already, and with what in the end. */
function wish(engine: FakeEngine, kind: Wish, timeoutMs: number | null = null, more: Partial<NamesRequest> = {}) {
  const told: { outcome: Outcome | null } = { outcome: null }
  const answer = bringAbout(engine, kind, { ...request, timeoutMs, ...more }, ann).then(({ items }) => {
    told.outcome = items[0] ?? null
    return items[0]
  })
  const settled = async (): Promise<boolean> => {
    await new Promise((resolve) => setImmediate(resolve))
    return told.outcome !== null
  }
  return { answer, settled }
}

describe('a start of a unit with hooks', () => {
  it('is on its way while its pre_start hook runs, and done when its process does', async () => {
    const { scene, engine } = declared({})
    const { answer, settled } = wish(engine, 'start')
    engine.turn(10, scene.spawned('web'))
    assert.equal(scene.unit('web').phase, 'preparing')
    assert.equal(await settled(), false)
    engine.turn(20, scene.exited('web', code(0)))
    engine.turn(30, scene.spawned('web'))
    assert.equal(scene.unit('web').phase, 'up')
    assert.equal(await settled(), false)
    engine.turn(600)
    assert.equal((await answer)?.result, 'done')
  })

  it('has failed with what its pre_start hook ended with', async () => {
    const { scene, engine } = declared({ restart: once })
    const { answer } = wish(engine, 'start')
    engine.turn(10, scene.spawned('web'))
    engine.turn(20, scene.exited('web', code(3)))
    const outcome = await answer
    assert.equal(outcome?.result, 'failed')
    assert.match(outcome?.why ?? '', /pre_start hook: exit code 3/)
  })
})

describe('a stop of a unit with hooks', () => {
  it('is done when its post_stop hook has ended', async () => {
    const { scene, engine } = declared({ autostart: true, hooks: { ...hooks, preStart: null } })
    engine.turn(10, scene.spawned('web'))
    const { answer, settled } = wish(engine, 'stop')
    engine.turn(20, scene.exited('web', code(0)))
    assert.equal(scene.unit('web').phase, 'finishing')
    assert.equal(await settled(), false)
    engine.turn(30, scene.spawned('web'))
    assert.equal(await settled(), false)
    engine.turn(40, scene.exited('web', code(0)))
    assert.equal((await answer)?.result, 'done')
  })

  it('is waited for as long as its ladder and its hooks may take', async () => {
    const { scene, engine } = declared({ autostart: true })
    engine.turn(10, scene.spawned('web'))
    const waits: number[] = []
    const until: FakeEngine['until'] = (predicate, timeoutMs) => {
      waits.push(timeoutMs)
      return engine.until(predicate, 0)
    }
    await bringAbout({ ...engine, until }, 'stop', request, ann)
    // TERM 10 s, KILL 5 s, two hooks of 30 s, and 10 s.
    assert.ok(waits[0]! > 84_000 && waits[0]! <= 85_000, String(waits))
  })
})

const readiness: Check = {
  probe: { kind: 'tcp', host: '127.0.0.1', port: 1 },
  intervalMs: 10_000,
  timeoutMs: 2_000,
  retries: 1,
  startPeriodMs: 0,
  startIntervalMs: 1_000,
}

/** Takes the turn in which the next probe is due, and answers it. Gives the time. */
function probe(scene: Play, engine: FakeEngine, isOk: boolean): number {
  const { dueBootMs } = scene.unit('web').health!.readiness!
  engine.turn(dueBootMs)
  const { seq } = scene.unit('web').health!.readiness!.inFlight!
  const answer = { seq, isOk, output: 'said', durationMs: 5 }
  engine.turn(dueBootMs, { kind: 'probed', unit: idOf('web'), run: scene.run('web').n, check: 'readiness', ...answer })
  return dueBootMs
}

describe('a start that waits until it is healthy', () => {
  const checks = { readiness, liveness: null }

  it('is done when its check passes, and not when it only runs', async () => {
    const { scene, engine } = declared({ hooks: noHooks, checks })
    const { answer, settled } = wish(engine, 'start', null, { waitFor: 'healthy' })
    engine.turn(10, scene.spawned('web'))
    probe(scene, engine, false)
    engine.turn(900)
    assert.equal(await settled(), false)
    probe(scene, engine, true)
    engine.turn(2_500)
    assert.equal((await answer)?.result, 'done')
  })

  it('has failed when it is unhealthy', async () => {
    const { scene, engine } = declared({ hooks: noHooks, checks })
    const { answer } = wish(engine, 'start', null, { waitFor: 'healthy' })
    engine.turn(10, scene.spawned('web'))
    while (scene.unit('web').health!.readiness!.status === 'starting') probe(scene, engine, false)
    const outcome = await answer
    assert.equal(outcome?.result, 'failed')
    assert.match(outcome?.why ?? '', /readiness check failed/)
  })

  it('is done when it runs, where nothing is checked', async () => {
    const { scene, engine } = declared({ hooks: noHooks })
    const { answer } = wish(engine, 'start', null, { waitFor: 'healthy' })
    engine.turn(10, scene.spawned('web'))
    engine.turn(600)
    assert.equal((await answer)?.result, 'done')
  })

  it('is waited for as long as its check may take besides', async () => {
    const { engine } = declared({
      hooks: noHooks,
      checks: { readiness: { ...readiness, startPeriodMs: 60_000 }, liveness: null },
    })
    const waits: number[] = []
    const until: FakeEngine['until'] = (predicate, timeoutMs) => {
      waits.push(timeoutMs)
      return engine.until(predicate, 0)
    }
    await bringAbout({ ...engine, until }, 'start', { ...request, waitFor: 'healthy' }, ann)
    // TERM 10 s, KILL 5 s, a minute to start, one interval and one probe, and 10 s.
    assert.ok(waits[0]! > 96_000 && waits[0]! <= 97_000, String(waits))
  })
})

describe('waiting for everything that is declared', () => {
  it('is over when what is wanted up is so, and what is no longer declared has ended', async () => {
    const scene = play()
    const engine = engineOf(scene)
    engine.turn(0, setTarget(service('old')))
    engine.turn(10, scene.spawned('old'))
    const before = engine.snapshot()
    engine.turn(20, setTarget(service('web'), service('off', { autostart: false })))
    let isTold = false
    const answer = settleTarget(engine, before, { waitFor: 'running', timeoutMs: null }).then(({ items }) => {
      isTold = true
      return items.map(({ unit, result }) => `${unit} ${result}`)
    })
    engine.turn(30, scene.spawned('web'))
    engine.turn(600)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(isTold, false, 'what is no longer declared lives')
    engine.turn(610, scene.exited('old', code(0)))
    assert.deepEqual(await answer, ['a/web/1 done', 'a/old/1 done'])
  })
})
