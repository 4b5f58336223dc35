import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ann, at, storedForm } from '../fixture.ts'
import type { Command, Unit } from '../model.ts'
import { revive } from '../revive.ts'
import { belongingsOf } from './among.ts'
import { appOf, container, type Dock, dock, joined, mounted, network, volume } from './fixture.ts'
import { lockedBy } from './lock-need.ts'

const file = '/locks/updates.lock'
const locked = { lockFiles: [file] }
const web = 'a/web/1'

const stop: Command = { kind: 'stop', units: [web], by: ann }
const override: Command = { kind: 'override-locks', apps: ['a'], by: ann }

/** One locked container that runs, and somebody who holds its lock. */
function held(): Dock {
  const world = dock('web:1')
  world.settle(0, world.up(appOf([container('web', {}, locked)])))
  world.locks.add(file)
  return world
}

function unit(world: Dock, id = web): Unit {
  const found = world.state.units.get(id)
  assert.ok(found !== undefined)
  return found
}

function lockOf({ state }: Dock, atMs: number, id = web): string | null {
  return lockedBy(state, belongingsOf(state), state.units.get(id)!, at(atMs))
}

const phaseOf = (world: Dock, id = web) => unit(world, id).phase

describe('an update lock that holds something back', () => {
  it('is told with its file while it was looked at and is held, for what it holds back only', () => {
    const world = held()
    assert.equal(lockOf(world, 10), null)
    world.settle(1_000, world.command(stop))
    assert.equal(phaseOf(world), 'up')
    assert.equal(lockOf(world, 1_010), file)
    world.locks.clear()
    world.settle(5_000)
    assert.equal(phaseOf(world), 'idle')
    assert.equal(lockOf(world, 5_010), null)
  })

  it('is looked at again at once when somebody asks for something, however long it would be waited', () => {
    const world = held()
    world.settle(1_000, world.command(stop))
    for (let ms = 2_000; ms < 20_000; ms *= 2) world.settle(ms)
    world.locks.clear()
    const lock = world.state.containerEngine.locks.get('a')
    assert.ok(lock?.kind === 'refused' && lock.retryBootMs > 17_000)
    assert.deepEqual(world.settle(lock.retryBootMs - 20), [])
    world.settle(lock.retryBootMs - 10, world.command(stop))
    assert.equal(phaseOf(world), 'idle')
  })

  it('holds back nothing of what is asked for together with its override', () => {
    const world = held()
    world.settle(1_000, world.command(stop), world.command(override))
    assert.equal(phaseOf(world), 'idle')
    assert.equal(world.state.containerEngine.overridden.size, 0)
  })

  it('that was being taken when it was overridden is taken with the next try, and meanwhile is not told as held', () => {
    const world = held()
    world.turn(1_000, world.command(stop))
    world.turn(1_001, world.command(override))
    world.turn(1_002)
    assert.equal(lockOf(world, 1_003), null)
    world.settle(1_600)
    assert.equal(phaseOf(world), 'idle')
  })

  it('is overridden until an image has come that is to be pulled first', () => {
    const world = held()
    const next = world.up(appOf([container('web', {}, { ...locked, image: 'web:2' })]))
    world.failing.set('image:web:2', 'EIO')
    world.settle(1_000, next, world.command(override))
    assert.equal(world.state.containerEngine.overridden.has('a'), true)
    world.failing.clear()
    world.settle(10_000)
    assert.equal(world.container('a-web-1').imageId, 'sha256:web:2')
    assert.equal(world.state.containerEngine.overridden.size, 0)
  })
})

describe('a container that nobody wants up', () => {
  const services = [
    container('web', { mounts: [mounted('data')], networks: [joined('net')] }),
    container('idle', { mounts: [mounted('data')], networks: [joined('net')] }),
  ]
  const stopIdle: Command = { kind: 'stop', units: ['a/idle/1'], by: ann }

  function resting(): Dock {
    const world = dock('web:1', 'idle:1')
    world.settle(0, world.up(appOf(services, { networks: { net: network('net') }, volumes: { data: volume('data') } })))
    world.settle(100, world.command(stopIdle))
    assert.equal(phaseOf(world, 'a/idle/1'), 'idle')
    return world
  }

  it('goes where its volume is purged, and is not made again until it is wanted', () => {
    const world = resting()
    const before = world.container('a-web-1').id
    world.settle(200, world.command({ kind: 'purge', volumes: ['a_data'], by: ann }))
    assert.deepEqual(world.state.containerEngine.kept.purges, {})
    assert.ok(world.volumes.has('a_data'))
    assert.notEqual(world.container('a-web-1').id, before)
    assert.throws(() => world.container('a-idle-1'))
    world.settle(300, world.command({ kind: 'start', units: ['a/idle/1'], by: ann }))
    assert.equal(phaseOf(world, 'a/idle/1'), 'up')
  })

  it('goes where its network is made anew', () => {
    const world = resting()
    const changed = { networks: { net: network('net', { isInternal: true }) }, volumes: { data: volume('data') } }
    world.settle(200, world.up(appOf(services, changed)))
    assert.equal(world.networks.get('a_net')?.isInternal, true)
    assert.equal(phaseOf(world), 'up')
  })
})

it('the files of a lock are given back by the next daemon, whatever is declared by then', () => {
  const world = dock('web:1')
  world.settle(0, world.up(appOf([container('web', {}, locked)])))
  world.turn(10, world.command(stop))
  assert.deepEqual(world.state.containerEngine.kept.takenLocks, { a: [file] })
  world.turn(11, world.up(appOf([container('web')])))
  world.successor(revive(storedForm(world.state), at(20)))
  const told = world.settle(20)
  assert.ok(told.includes('release-lock a: what an earlier daemon may have left'), told.join('\n'))
  assert.deepEqual(world.state.containerEngine.kept.takenLocks, {})
})

it('a volume is purged that only a stopped container of an earlier declaration still has', () => {
  const resources = { volumes: { data: volume('data') } }
  const world = dock('web:1')
  world.settle(0, world.up(appOf([container('web', { mounts: [mounted('data')] })], resources)))
  world.settle(10, world.command(stop))
  world.settle(20, world.up(appOf([container('web')], resources)))
  const told = world.settle(30, world.command({ kind: 'purge', volumes: ['a_data'], by: ann }))
  assert.ok(
    told.some((step) => step.startsWith('remove-volume a_data')),
    told.join('\n'),
  )
})
