import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ContainerSettings, ImageConfig } from '../../../core/containers/model.ts'
import { plainSettings } from '../../../core/target/plain-container.ts'
import { createEngineWorld, type EngineWorld, type FakeContainer } from './engine-world.ts'
import type { Published } from './images.ts'
import { overlay } from './overlay.ts'
import { EngineRefusal } from './refusal.ts'
import { type ContainerScript, livesOn } from './script.ts'

/** What the simulated engine does as Docker does it, beyond what every driver of an engine promises. */

const config: ImageConfig = {
  command: ['serve', '--all'],
  entrypoint: ['/run'],
  environment: { PATH: '/bin', LEVEL: 'low' },
  labels: {},
  user: 'web',
  workingDir: '',
  stopSignal: 'SIGINT',
  healthcheck: null,
  volumes: [],
  expose: ['80/tcp'],
}

function published(content: string): Published {
  const digest = `sha256:${content.padEnd(64, '0')}`
  return { id: digest, digest, sizeBytes: 10, config, pullMs: 0 }
}

function openWorld(script: Partial<ContainerScript> = {}): EngineWorld {
  const world = createEngineWorld({ scriptOf: () => ({ ...livesOn, ...script }), diskBytes: 25 })
  world.registry.publish('web:1', published('a1'))
  world.pulled('web:1')
  return world
}

/** Started at 0. */
function run(world: EngineWorld, name: string, settings: Partial<ContainerSettings> = {}): FakeContainer {
  const imageId = world.images.inspect('web:1')!.id
  const container = world.create({ name, imageId, settings: { ...plainSettings, ...settings }, nowBootMs: 0 })
  world.start(container.id, 0)
  return container
}

function startsUntil(world: EngineWorld, bootMs: number): readonly number[] {
  const times: number[] = []
  for (let next = world.nextBootMs(); next !== null && next <= bootMs; next = world.nextBootMs()) {
    world.elapse(next)
    if (world.takeNotes().some((note) => note.kind === 'container' && note.action === 'start')) times.push(next)
  }
  return times
}

const always = { restart: { name: 'always', retriesMax: 0 } } as const

describe('the restart policy of the engine', () => {
  it('waits 100 ms, and each time twice as long', () => {
    const world = openWorld({ livesMs: 10, exitCode: 1 })
    run(world, 'web', always)
    world.takeNotes()
    assert.deepEqual(startsUntil(world, 2_000), [110, 320, 730, 1_540])
  })

  it('begins anew after a run of ten seconds', () => {
    const world = openWorld({ livesMs: 10_000, exitCode: 1 })
    run(world, 'web', always)
    world.takeNotes()
    assert.deepEqual(startsUntil(world, 31_000), [10_100, 20_200, 30_300])
  })

  it('on failure counts its tries, and lets a success be', () => {
    const failing = openWorld({ livesMs: 10, exitCode: 1 })
    run(failing, 'web', { restart: { name: 'on-failure', retriesMax: 2 } })
    failing.takeNotes()
    assert.equal(startsUntil(failing, 10_000).length, 2)
    const well = openWorld({ livesMs: 10, exitCode: 0 })
    const { id } = run(well, 'web', { restart: { name: 'on-failure', retriesMax: 0 } })
    well.elapse(10)
    assert.equal(well.containers.get(id)?.state, 'exited')
  })

  it('ends with a signal, but with one that is not the stop signal only where none is set', () => {
    for (const [stopSignal, signal, state] of [
      [null, 'HUP', 'exited'],
      ['SIGTERM', 'TERM', 'exited'],
      ['SIGTERM', 'HUP', 'restarting'],
    ] as const) {
      const world = openWorld()
      const { id } = run(world, 'web', { ...always, stopSignal })
      world.kill(id, signal, 5)
      world.elapse(6)
      assert.equal(world.containers.get(id)?.state, state, signal)
    }
  })

  it('is not heard of again by one that is killed between two runs', () => {
    const world = openWorld({ livesMs: 10, exitCode: 1 })
    const { id } = run(world, 'web', always)
    world.elapse(10)
    world.takeNotes()
    world.kill(id, 'KILL', 20)
    assert.deepEqual([world.containers.get(id)?.state, world.nextBootMs(), world.hasNotes()], ['exited', null, false])
  })
})

describe('a restart of the engine', () => {
  it('starts by policy what it ended itself, and what somebody stopped only with `always`', () => {
    const world = openWorld()
    const names = ['no', 'unless-stopped', 'always', 'on-failure'] as const
    for (const name of names) run(world, name, { restart: { name, retriesMax: 0 } })
    for (const name of names) run(world, `stopped-${name}`, { restart: { name, retriesMax: 0 } })
    for (const { id, name } of world.containers.values()) if (name.startsWith('stopped')) world.kill(id, 'KILL', 1)
    world.goDown()
    assert.throws(() => world.start([...world.containers.keys()][0]!, 5), EngineRefusal)
    world.comeUp(10, { isLiveRestore: false })
    const running = [...world.containers.values()].filter(({ state }) => state === 'running').map(({ name }) => name)
    assert.deepEqual(running, ['unless-stopped', 'always', 'on-failure', 'stopped-always', 'stopped-on-failure'])
  })

  it('with live restore touches nothing, and notices who ended meanwhile', () => {
    const world = openWorld({ livesMs: 100, exitCode: 0 })
    const ends = run(world, 'ends')
    const lives = run(world, 'lives')
    lives.endsBootMs = null
    const { startedAt } = lives
    world.goDown()
    world.elapse(500)
    assert.equal(ends.state, 'running')
    world.comeUp(500, { isLiveRestore: true })
    assert.deepEqual([ends.state, lives.state, lives.startedAt], ['exited', 'running', startedAt])
  })
})

it('times of starts and ends only grow, also where many happen at once and over a reset of the host', () => {
  const world = openWorld({ livesMs: 0, exitCode: 1 })
  const container = run(world, 'web', always)
  const times: string[] = []
  for (const bootMs of [0, 100, 300, 700]) {
    world.elapse(bootMs)
    times.push(container.startedAt, container.finishedAt)
  }
  world.reboot(50)
  world.elapse(60)
  times.push(container.startedAt, container.finishedAt)
  assert.deepEqual(times, times.toSorted())
  assert.equal(new Set(times).size, times.length)
})

describe('images', () => {
  it('a tag that moved leaves the old image to its containers, by its digest', () => {
    const world = openWorld()
    const old = world.images.inspect('web:1')!
    run(world, 'web')
    world.registry.publish('web:1', published('a2'))
    world.pulled('web:1')
    assert.notEqual(world.images.inspect('web:1')?.id, old.id)
    assert.deepEqual(world.images.inspect(old.id)?.tags, [])
    assert.equal(world.images.inspect(old.digests[0]!)?.id, old.id)
    assert.throws(() => world.removeImage(old.id), /conflict/)
  })

  it('of several names one goes without the image', () => {
    const world = openWorld()
    world.registry.publish('other:1', published('a1'))
    world.pulled('other:1')
    run(world, 'web')
    world.removeImage('web:1')
    assert.equal(world.images.inspect('web:1'), null)
    assert.throws(() => world.removeImage('other:1'), /conflict/)
  })

  it('come while there is room for them', () => {
    const world = openWorld()
    for (const content of ['b1', 'c1']) world.registry.publish(`${content}:1`, published(content))
    world.pulled('b1:1')
    assert.throws(() => world.pulled('c1:1'), /no space left on device/)
    world.removeImage('b1:1')
    world.pulled('c1:1')
  })
})

it('a published port is taken by one container at a time', () => {
  const world = openWorld()
  const ports = [{ hostAddress: '', hostPort: 8_080, containerPort: 80, protocol: 'tcp' } as const]
  run(world, 'first', { ports })
  assert.throws(() => run(world, 'second', { ports }), /port is already allocated/)
})

it('what is paused stands still, and a stop signal lets it go on and end', () => {
  const world = openWorld({ livesMs: 100 })
  const container = run(world, 'web')
  world.pause(container.id, 50)
  world.elapse(1_000)
  assert.equal(container.state, 'paused')
  world.unpause(container.id, 1_000)
  world.elapse(1_040)
  assert.equal(container.state, 'running')
  world.pause(container.id, 1_040)
  world.kill(container.id, 'TERM', 1_060)
  world.elapse(1_070)
  assert.deepEqual([container.state, container.exitCode], ['exited', 143])
})

it('a container has what its declaration says, and for the rest what its image says', () => {
  const made = { marks: { mark: 'ours' }, containers: { db: 'd1' } }
  const plain = overlay({ settings: plainSettings }, config, made)
  assert.deepEqual([plain.entrypoint, plain.command, plain.user], [['/run'], ['serve', '--all'], 'web'])
  const own = overlay(
    {
      settings: {
        ...plainSettings,
        ...{ entrypoint: ['/own'], environment: { LEVEL: 'high' }, memoryBytes: 10, ipc: 'service:db' },
        networkMode: { kind: 'service', service: 'db' },
      },
    },
    config,
    made,
  )
  assert.deepEqual([own.entrypoint, own.command], [['/own'], null])
  assert.deepEqual(own.environment, { PATH: '/bin', LEVEL: 'high' })
  assert.deepEqual([own.memorySwapBytes, own.ipc, own.labels.mark], [20, 'container:d1', 'ours'])
  assert.deepEqual(own.networkMode, { kind: 'container', container: 'd1' })
})
