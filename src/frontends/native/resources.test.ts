import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import {
  appOf,
  container,
  type Dock,
  dock,
  image,
  joined,
  mounted,
  network,
  volume,
} from '../../core/containers/fixture.ts'
import { ann, at } from '../../core/fixture.ts'
import { resourceList } from './resources.ts'

const list = ({ state }: Dock, atMs = 1_000) => resourceList({ state, now: at(atMs), storeTrouble: null })

const lines = (world: Dock, atMs?: number) =>
  list(world, atMs).items.map(({ kind, name, state, isOurs, neededBy, why }) =>
    [kind, name, state, isOurs ? 'ours' : 'not ours', neededBy.join(' '), why].filter((part) => part !== '').join(', '),
  )

const web = (spec: Parameters<typeof container>[2] = {}) =>
  container('web', { networks: [joined('net')], mounts: [mounted('data')] }, spec)

const resources = { networks: { net: network('net') }, volumes: { data: volume('data') } }

describe('the list of resources', () => {
  it('has what is declared, whose it is, and who needs it', () => {
    const world = dock('db:1')
    world.settle(0, world.up(appOf([web(), container('db', { networks: [joined('net')] })], resources)))
    assert.deepEqual(lines(world), [
      'image, db:1, present, not ours, a/db',
      'image, web:1, present, ours, a/web',
      'volume, a_data, present, ours, a/web',
      'network, a_net, present, ours, a/web a/db',
    ])
    const web1 = list(world).items.find(({ name }) => name === 'web:1')
    assert.deepEqual([web1?.id, web1?.sizeBytes, web1?.pull], ['sha256:web:1', 1_000, null])
    assert.deepEqual(
      list(world).items.map(({ purgeName }) => purgeName),
      [null, null, 'a/data', null],
    )
  })

  it('tells what is on its way, and what failed with when it is tried again', () => {
    const world = dock()
    world.silent.add('pull')
    world.failing.set('volume:a_data', 'EIO')
    world.settle(0, world.up(appOf([web()], resources)))
    world.settle(10, {
      kind: 'pull-progress',
      resource: 'image:web:1',
      progress: { percent: 20, bytesDone: 2, bytesTotal: 10 },
    })
    const [first, second] = list(world, 20).items
    assert.deepEqual([first?.state, first?.pull?.percent, first?.why], ['pulling', 20, ''])
    assert.equal(second?.state, 'failed')
    assert.match(second?.why ?? '', /^creating it failed, EIO: .*; tried again in/)
  })

  it('has what is left, and what is kept for a release that may come back', () => {
    const world = dock()
    world.settle(0, world.up(appOf([web()], resources)))
    for (const step of ['remove-image', 'remove-network'] as const) world.silent.add(step)
    world.settle(200, world.up(appOf([container('web', {}, { image: 'web:2' })])))
    const unneeded = 'nothing needs it any more; it is removed when nothing is on its way'
    assert.deepEqual(lines(world), [
      `image, web:1, removing, ours, ${unneeded}`,
      'image, web:2, present, ours, a/web',
      'volume, a_data, present, ours, nothing declares it any more; it stays until: holdfast purge a_data',
      'network, a_net, removing, ours, nothing declares it any more',
    ])
    const previous = { id: 'first', app: appOf([web()], resources) }
    const releases = new Map([['a', { app: 'a', id: 'second', status: 'committed', previous, rejected: null }]])
    const state = { ...world.state, releases: releases as never }
    const [kept] = resourceList({ state, now: at(1_000), storeTrouble: null }).items
    assert.deepEqual([kept?.name, kept?.why], ['web:1', 'kept for release first of a'])
  })

  it("has what is somebody else's, there or missing, as nothing of ours", () => {
    const world = dock('web:1')
    const external = { ...resources, volumes: { data: volume('data', { isExternal: true }) } }
    world.settle(0, world.up(appOf([web()], external)))
    const line = () => lines(world).find((one) => one.startsWith('volume'))
    assert.equal(line(), "volume, a_data, missing, not ours, a/web, declared to be somebody else's; create it")
    const there = { name: 'a_data', isOurs: false, driver: 'local', driverOpts: {}, labels: {} }
    world.settle(100, { kind: 'engine-news', takenBootMs: 100, news: { volumes: [there] } })
    assert.equal(line(), "volume, a_data, present, not ours, a/web, somebody else's")
  })

  it('tells a volume that is declared otherwise, and one that is being purged', () => {
    const world = dock('web:1')
    world.settle(0, world.up(appOf([web()], resources)))
    const other = { ...resources, volumes: { data: volume('data', { driverOpts: { type: 'nfs' } }) } }
    world.settle(100, world.up(appOf([web()], other)))
    const line = () => lines(world).find((one) => one.startsWith('volume')) ?? ''
    assert.match(line(), /declared otherwise by now \(driver_opts\.type changed: .*\), and left as it is$/)
    world.failing.set('container:a/web/1', 'EIO')
    world.settle(200, world.command({ kind: 'purge', volumes: ['a_data'], by: ann }))
    assert.match(line(), /purged by ann \(uid 1000\): removed as soon as nothing uses it$/)
  })

  it('knows nothing while the engine does not answer, and says why', () => {
    const world = dock('web:1')
    world.silent.add('observe-engine')
    world.settle(0, world.up(appOf([web()], resources)))
    world.settle(10, { kind: 'engine-observe-failed', code: 'ENOENT', message: 'no socket', retry: true })
    const { engine, items } = list(world, 10)
    assert.equal(engine.status, 'absent')
    assert.ok(items.every(({ state }) => state === 'unknown'))
  })

  it('an image that lost its name to another goes by its id', () => {
    const world = dock()
    world.settle(0, world.up(appOf([web({ pull: 'always' })], resources)))
    world.registry.set('web:1', 'newer')
    world.images.set(image('web:1').id, image('web:1'))
    const changed = container('web', { environment: { A: '1' } }, { pull: 'always' })
    world.silent.add('remove-image')
    world.settle(100, world.up(appOf([changed])))
    const old = list(world).items.find(({ name }) => name === image('web:1').id)
    assert.equal(old?.state, 'removing')
    assert.match(old.why, /^nothing needs it any more, and its name went to another/)
  })
})
