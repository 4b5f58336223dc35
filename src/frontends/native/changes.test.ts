import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { code, running, service, setTarget } from '../../core/fixture.ts'
import { changesGoneMax } from '../../core/limits.ts'
import type { UnitChange, UnitList } from '../../wire/api.ts'
import { createChanges } from './changes.ts'
import type { ServerSentEvent } from './exchange.ts'
import { engineOf } from './fixture.ts'
import { unitList } from './units.ts'

describe('the stream of changes', { timeout: 10_000 }, () => {
  test('tells everything, then only what differs', async () => {
    const scene = scenery()
    using stream = scene.follow(null)
    assert.deepEqual(told(await stream.next()), ['snapshot', 'a/web/1 running', 'a/db/1 running'])
    scene.engine.turn(10, scene.play.exited('web', code(1)))
    assert.deepEqual(told(await stream.next()), ['change', 'a/web/1 starting'])
    scene.engine.turn(20, setTarget(service('web'), service('cache')))
    assert.deepEqual(told(await stream.next()), ['change', 'a/cache/1 starting', 'a/db/1 stopping'])
  })

  test('a client that takes its time gets one difference for all that happened', async () => {
    const scene = scenery()
    using stream = scene.follow(null)
    await stream.next()
    for (let bootMs = 100; bootMs < 2_000; bootMs += 100) {
      const { phase } = scene.play.unit('web')
      const news =
        phase === 'up' ? scene.play.exited('web', code(1)) : phase === 'starting' ? scene.play.spawned('web') : null
      scene.engine.turn(bootMs, ...(news === null ? [] : [news]))
    }
    scene.engine.turn(3_000, setTarget(service('web')))
    scene.engine.turn(3_001, scene.play.exited('db', code(0)))
    scene.engine.turn(3_002)
    const change = await stream.next()
    assert.equal(told(change).length, 3)
    assert.deepEqual(told(change).at(-1), 'gone a/db/1')
  })

  test('a client that comes back in the same life gets only differences', async () => {
    const scene = scenery()
    const stream = scene.follow(null)
    const snapshot = await stream.next()
    stream[Symbol.dispose]()
    scene.engine.turn(10, scene.play.exited('web', code(1)))
    using again = scene.follow(snapshot?.id ?? null)
    assert.deepEqual(told(await again.next()), ['change', 'a/web/1 starting'])
  })

  test('a client of another life, or with an id that never was, gets everything', async () => {
    const scene = scenery()
    for (const id of ['other.0', 'life.99', 'life.', 'life.x', '']) {
      using stream = scene.follow(id)
      assert.equal((await stream.next())?.event, 'snapshot', id)
    }
  })

  test('a client that missed more units going than are remembered gets everything', async () => {
    const scene = scenery()
    const stream = scene.follow(null)
    const snapshot = await stream.next()
    stream[Symbol.dispose]()
    const many = Array.from({ length: changesGoneMax + 1 }, (_, n) => ({ n }))
    const idle = service('many', { instances: many, autostart: false })
    for (const services of [
      [service('web'), service('db'), idle],
      [service('web'), service('db')],
    ]) {
      scene.engine.turn(20, setTarget(...services))
      scene.engine.turn(21)
      // Whoever else looks makes the record see it.
      const other = scene.follow(null)
      await other.next()
      other[Symbol.dispose]()
    }
    using again = scene.follow(snapshot?.id ?? null)
    assert.deepEqual(told(await again.next()), ['snapshot', 'a/web/1 running', 'a/db/1 running'])
  })

  test('a turn that changes nothing that is shown is not told', async () => {
    const scene = scenery()
    using stream = scene.follow(null)
    await stream.next()
    const next = stream.next()
    scene.engine.turn(10)
    scene.engine.turn(20, scene.play.exited('web', code(1)))
    assert.deepEqual(told(await next), ['change', 'a/web/1 starting'])
  })

  test('news of the daemon as a whole is a change of its own', async () => {
    const scene = scenery()
    using stream = scene.follow(null)
    await stream.next()
    const next = stream.next()
    scene.warn('the disk is full')
    const change = await next
    assert.deepEqual(told(change), ['change'])
    assert.deepEqual(change?.data, {
      apiVersion: 'holdfast/v1',
      kind: 'UnitChange',
      put: [],
      removed: [],
      warnings: ['the disk is full'],
    })
  })

  test('ends when the client is gone', async () => {
    const scene = scenery()
    const stream = scene.follow(null)
    await stream.next()
    const next = stream.next()
    stream[Symbol.dispose]()
    assert.equal(await next, null)
  })
})

function scenery() {
  const play = running(0, service('web'), service('db'))
  const engine = engineOf(play)
  let warnings: readonly string[] = []
  let storeTrouble: string | null = null
  const port = { ...engine, snapshot: () => ({ ...engine.snapshot(), storeTrouble }) }
  const listNow = (): UnitList => ({ ...unitList(engine.snapshot(), null), warnings })
  const changes = createChanges({ engine: port, life: 'life', listNow })
  return {
    play,
    engine,
    warn(text: string) {
      warnings = [text]
      storeTrouble = text
      engine.turn(50)
    },
    follow(lastEventId: string | null) {
      const gone = new AbortController()
      const iterator = changes.events({ lastEventId, signal: gone.signal })[Symbol.asyncIterator]()
      return {
        next: async (): Promise<ServerSentEvent | null> => (await iterator.next()).value ?? null,
        [Symbol.dispose]: () => gone.abort(),
      }
    },
  }
}

function told(event: ServerSentEvent | null): readonly string[] {
  if (event === null) return []
  const data = event.data as UnitList | UnitChange
  const items = data.kind === 'UnitList' ? data.items : data.put
  const removed = data.kind === 'UnitList' ? [] : data.removed
  return [event.event, ...items.map(({ unit, state }) => `${unit} ${state}`), ...removed.map((unit) => `gone ${unit}`)]
}
