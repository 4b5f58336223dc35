import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ann, code, type Play, play, policy, service, setTarget } from '../../core/fixture.ts'
import type { Hooks, Service } from '../../core/model.ts'
import type { Outcome } from '../../wire/api.ts'
import { engineOf, type FakeEngine } from './fixture.ts'
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

/** Whether it was answered already, and with what in the end. */
function wish(engine: FakeEngine, kind: Wish, timeoutMs: number | null = null) {
  const told: { outcome: Outcome | null } = { outcome: null }
  const answer = bringAbout(engine, kind, { names: ['web'], wait: true, timeoutMs }, ann).then(({ items }) => {
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
    await bringAbout({ ...engine, until }, 'stop', { names: ['web'], wait: true, timeoutMs: null }, ann)
    // TERM 10 s, KILL 5 s, two hooks of 30 s, and 10 s.
    assert.ok(waits[0]! > 84_000 && waits[0]! <= 85_000, String(waits))
  })
})
