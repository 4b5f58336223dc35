import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { appOf, container, dock } from '../../core/containers/fixture.ts'
import { ann } from '../../core/fixture.ts'
import { engineOfDock } from './dock-fixture.ts'
import { settleTarget } from './settle-target.ts'
import { bringAbout, commandWith } from './wishes.ts'

const file = '/locks/updates.lock'
const request = { names: ['web'], labels: [], wait: true, waitFor: 'running', timeoutMs: 60_000, force: false } as const

function held() {
  const world = dock('web:1', 'web:2')
  const engine = engineOfDock(world)
  engine.settle(0, world.up(appOf([container('web', {}, { lockFiles: [file] })])))
  world.locks.add(file)
  return { world, engine }
}

describe('what an update lock holds back', () => {
  for (const wish of ['stop', 'restart'] as const) {
    it(`is told by a ${wish} at once, with the file and what follows`, async () => {
      const { engine } = held()
      const { items } = await bringAbout(engine, wish, request, ann)
      assert.deepEqual(
        items.map(({ result, state, next }) => [result, state, next]),
        [['locked', 'running', 'stopped as soon as the lock is free']],
      )
      assert.match(
        items[0]?.why ?? '',
        /the update lock \/locks\/updates\.lock is held; release it, or override it with --force/,
      )
    })

    it(`comes about by a ${wish} with force`, async () => {
      const { engine } = held()
      const answer = bringAbout(engine, wish, { ...request, force: true }, ann)
      assert.equal((await engine.untilAnswered(answer)).items[0]?.result, 'done')
    })
  }

  it('is told by an up that waits', async () => {
    const { world, engine } = held()
    const before = engine.snapshot()
    const next = appOf([container('web', {}, { lockFiles: [file], image: 'web:2' })])
    await commandWith(engine, { kind: 'set-target', target: { apps: { a: next } }, by: ann, why: 'up' }, [])
    const { items } = await settleTarget(engine, before, { waitFor: 'running', timeoutMs: 60_000 })
    assert.deepEqual(
      items.map(({ result, state }) => [result, state]),
      [['locked', 'running']],
    )
    assert.equal(world.container('a-web-1').imageId, 'sha256:web:1')
  })

  it('is on its way again when the lock is free', async () => {
    const { world, engine } = held()
    assert.equal((await bringAbout(engine, 'stop', request, ann)).items[0]?.result, 'locked')
    world.locks.clear()
    assert.equal((await bringAbout(engine, 'stop', request, ann)).items[0]?.result, 'done')
  })
})

it('an update to an image that was not looked up yet is not over', async () => {
  const { world, engine } = held()
  world.locks.clear()
  const before = engine.snapshot()
  world.silent.add('observe-engine')
  engine.settle(5_000, world.up(appOf([container('web', {}, { lockFiles: [file], image: 'web:2' })])))
  let isAnswered = false
  const answer = settleTarget(engine, before, { waitFor: 'running', timeoutMs: 60_000 }).finally(() => {
    isAnswered = true
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(isAnswered, false)
  world.silent.clear()
  const image = world.images.get('web:2')!
  engine.settle(5_100, { kind: 'engine-news', takenBootMs: 5_100, news: { images: [{ reference: 'web:2', image }] } })
  assert.equal((await engine.untilAnswered(answer)).items[0]?.result, 'done')
  assert.equal(world.container('a-web-1').imageId, 'sha256:web:2')
})
