import assert from 'node:assert/strict'
import { test } from 'node:test'
import { appOf, container, type Dock, dock } from '../containers/fixture.ts'
import type { Event, Release, Service } from '../model.ts'

const policy = { id: null, minHealthyMs: 10_000, deadlineMs: 60_000, isReverted: true }

function web(version: number): Service {
  return container('web', {}, { image: `web:${version}` })
}

function up(world: Dock, ...services: readonly Service[]): Event {
  return world.up({ ...appOf(services), release: policy })
}

function release({ state }: Dock): Release {
  const found = state.releases.get('a')
  assert.ok(found !== undefined)
  return found
}

/** Version 1 counts, at 20 s. */
function settled(): Dock {
  const world = dock('web:1')
  world.settle(0, up(world, web(1)))
  world.settle(20_000)
  assert.equal(release(world).status, 'committed')
  return world
}

test('a container is on trial by its image, and what was before it is kept until it counts', () => {
  const world = settled()
  world.settle(30_000, up(world, web(2)))
  assert.equal(release(world).status, 'trial')
  assert.equal(world.container('a-web-1').imageId, 'sha256:web:2')
  assert.equal(world.images.has('web:1'), true)
  world.settle(50_000)
  assert.equal(release(world).status, 'committed')
})

test('before all its images are there nothing is changed, and no time passes', () => {
  const world = settled()
  world.failing.set('image:web:2', 'NOT_FOUND')
  const { id } = world.container('a-web-1')
  world.settle(30_000, up(world, web(2)))
  world.settle(500_000)
  assert.deepEqual([release(world).status, release(world).trial?.deadlineBootMs], ['trial', null])
  assert.equal(world.container('a-web-1').id, id)
  world.failing.delete('image:web:2')
  world.settle(3_000_000)
  assert.ok((release(world).trial?.deadlineBootMs ?? 0) >= 3_060_000)
  world.settle(3_020_000)
  assert.equal(release(world).status, 'committed')
})

test('a container that ends again and again is taken back, and runs from the image before', () => {
  const world = settled()
  world.settle(30_000, up(world, web(2)))
  for (let bootMs = 32_000; bootMs < 92_000; bootMs += 5_000) {
    const died = {
      state: 'exited',
      pid: 0,
      exitCode: 1,
      finishedAt: `2026-11-21T21:00:${bootMs / 1_000}.000000000Z`,
    } as const
    world.settle(bootMs, world.change('a-web-1', died))
    world.settle(bootMs + 2_000)
  }
  world.settle(95_000)
  assert.equal(release(world).status, 'reverted')
  assert.match(release(world).rejected?.why ?? '', /^not well (for 10 s )?within 1 min: a\/web\/1 /)
  world.settle(100_000)
  assert.equal(world.container('a-web-1').imageId, 'sha256:web:1')
})
