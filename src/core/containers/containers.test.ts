import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { explain } from '../explain.ts'
import { asked, at, needs, service } from '../fixture.ts'
import { appOf, container, dock, joined, mounted, network, volume } from './fixture.ts'

describe('an app with containers', () => {
  it('gets its network, its volume and its images, and then its containers in order', () => {
    const world = dock()
    const web = container(
      'web',
      { networks: [joined('net')], mounts: [mounted('data')] },
      {},
      { dependsOn: [needs('db')] },
    )
    const app = appOf([web, container('db')], { networks: { net: network('net') }, volumes: { data: volume('data') } })
    assert.deepEqual(world.settle(0, world.up(app)), [
      'create-network a_net: declared',
      'create-volume a_data: declared',
      'pull web:1: a/web needs it',
      'pull db:1: a/db needs it',
      'create-container a/web/1: declared',
      'create-container a/db/1: declared',
      'start-container a/db/1: declared',
      'start-container a/web/1: declared',
    ])
    assert.deepEqual(world.settle(100), [])
    assert.deepEqual(
      [...world.state.units.values()].map(({ phase }) => phase),
      ['up', 'up'],
    )
  })

  it('nothing of it is touched before all of its images are there', () => {
    const world = dock('web:1', 'db:1')
    world.settle(0, world.up(appOf([container('web'), container('db')])))
    world.failing.set('image:web:2', 'EIO')
    const next = appOf([container('web', {}, { image: 'web:2' }), container('db', { environment: { A: '1' } })])
    assert.deepEqual(world.settle(100, world.up(next)), ['pull web:2: a/web needs it'])
    assert.match(explain(world.state, at(100))[1]!.why, /environment/)
    world.failing.clear()
    const steps = world.settle(10_000)
    assert.equal(steps[0], 'pull web:2: a/web needs it')
    assert.ok(steps.includes('start-container a/db/1: declared') === false)
    assert.deepEqual(
      [...world.state.units.values()].map(({ phase }) => phase),
      ['up', 'up'],
    )
    assert.equal(world.container('a-web-1').imageId, 'sha256:web:2')
  })

  it('a changed variable makes only that container anew', () => {
    const world = dock('web:1', 'db:1')
    world.settle(0, world.up(appOf([container('web'), container('db')])))
    const before = world.container('a-db-1').id
    const steps = world.settle(
      100,
      world.up(appOf([container('web', { environment: { LEVEL: '2' } }), container('db')])),
    )
    assert.deepEqual(
      steps.map((text) => text.split(':')[0]),
      ['TERM web', 'remove-container a/web/1', 'create-container a/web/1', 'start-container a/web/1'],
    )
    assert.match(steps[0]!, /environment.LEVEL/)
    assert.equal(world.container('a-db-1').id, before)
  })

  it('another name is changed in place, and so is a restart policy', () => {
    const world = dock('web:1')
    world.settle(0, world.up(appOf([container('web')])))
    const before = world.container('a-web-1').id
    const next = container('web', { restart: { name: 'on-failure', retriesMax: 3 } }, { containerName: 'other' })
    const steps = world.settle(100, world.up(appOf([next])))
    assert.deepEqual(
      steps.map((text) => text.split(':')[0]),
      ['update-container a/web/1', 'rename-container a/web/1'],
    )
    assert.equal(world.container('other').id, before)
  })

  it('one that somebody removed by hand is made again', () => {
    const world = dock('web:1')
    world.settle(0, world.up(appOf([container('web')])))
    const { id } = world.container('a-web-1')
    world.containers.delete(id)
    const gone = { kind: 'engine-news', takenBootMs: 100, news: { containersGone: [id] } } as const
    world.settle(100, gone)
    assert.deepEqual(
      world.settle(5_000).map((text) => text.split(':')[0]),
      [],
    )
    assert.equal(world.container('a-web-1').state, 'running')
  })

  it('one that the engine has started again is another run, and started by nobody else', () => {
    const world = dock('web:1')
    world.settle(0, world.up(appOf([container('web')])))
    const run = world.state.units.get('a/web/1')!.run!.n
    const { id } = world.container('a-web-1')
    const died = { kind: 'container-died', id, at: '2026-11-21T20:00:01Z', exitCode: 3, isOutOfMemory: false } as const
    assert.deepEqual(world.settle(1_000, died), [])
    assert.equal(world.state.units.get('a/web/1')!.end.exit?.kind, 'code')
    const again = world.change('a-web-1', { startedAt: '2026-11-21T20:00:02Z' })
    assert.deepEqual(world.settle(1_200, again), [])
    const unit = world.state.units.get('a/web/1')!
    assert.equal(unit.phase, 'up')
    assert.equal(unit.restarts, 1)
    assert.ok(unit.run!.n > run)
  })

  it('one that was stopped by hand is started again', () => {
    const world = dock('web:1')
    world.settle(0, world.up(appOf([container('web')])))
    world.settle(1_000, world.change('a-web-1', { state: 'exited', exitCode: 0, pid: 0 }))
    assert.deepEqual(
      world.settle(60_000).map((text) => text.split(':')[0]),
      ['start-container a/web/1'],
    )
  })

  it('one that is no longer declared is stopped and removed with its network, and its volume stays', () => {
    const world = dock('web:1')
    const app = appOf([container('web', { networks: [joined('net')], mounts: [mounted('data')] })], {
      networks: { net: network('net') },
      volumes: { data: volume('data') },
    })
    world.settle(0, world.up(app))
    const steps = world.settle(100, world.up(appOf([])))
    assert.deepEqual(steps, [
      'TERM web: no longer declared',
      'remove-container a/web/1: no longer declared',
      'forget web: no longer declared',
      'remove-network a_net: nothing declares it any more',
    ])
    assert.deepEqual([...world.volumes.keys()], ['a_data'])
    assert.ok(world.images.has('web:1'), 'was there before')
  })

  it('its image goes after the update, when we pulled it', () => {
    const world = dock()
    world.settle(0, world.up(appOf([container('web')])))
    const steps = world.settle(100, world.up(appOf([container('web', {}, { image: 'web:2' })])))
    assert.deepEqual(
      steps.map((text) => text.split(': ')[0]),
      [
        'pull web:2',
        'TERM web',
        'remove-container a/web/1',
        'create-container a/web/1',
        'start-container a/web/1',
        'remove-image web:1',
      ],
    )
  })

  it('a volume is purged by a command only, and made anew', () => {
    const world = dock('web:1')
    const app = appOf([container('web', { mounts: [mounted('data')] })], { volumes: { data: volume('data') } })
    world.settle(0, world.up(app))
    const steps = world.settle(100, asked({ kind: 'purge', volumes: ['a_data'], by: { kind: 'daemon' } }))
    assert.deepEqual(
      steps.map((text) => text.split(': ')[0]),
      [
        'TERM web',
        'remove-container a/web/1',
        'remove-volume a_data',
        'create-volume a_data',
        'create-container a/web/1',
        'start-container a/web/1',
      ],
    )
    assert.deepEqual(world.state.containerEngine.kept.purges, {})
  })

  it('a network that changed is made anew when its containers have left it', () => {
    const world = dock('web:1')
    const app = (driverOpts: Record<string, string>) =>
      appOf([container('web', { networks: [joined('net')] })], { networks: { net: network('net', { driverOpts }) } })
    world.settle(0, world.up(app({})))
    const steps = world.settle(100, world.up(app({ mtu: '1400' })))
    assert.deepEqual(
      steps.map((text) => text.split(': ')[0]),
      [
        'TERM web',
        'remove-container a/web/1',
        'remove-network a_net',
        'create-network a_net',
        'create-container a/web/1',
        'start-container a/web/1',
      ],
    )
  })
})

describe('update locks', () => {
  const locked = { lockFiles: ['/locks/updates.lock'] }

  it('nothing is ended while somebody holds one, and it is given back when the change is made', () => {
    const world = dock('web:1', 'web:2')
    world.settle(0, world.up(appOf([container('web', {}, locked)])))
    world.locks.add('/locks/updates.lock')
    const next = world.up(appOf([container('web', {}, { ...locked, image: 'web:2' })]))
    assert.deepEqual(
      world.settle(1_000, next).map((text) => text.split(':')[0]),
      ['take-lock a'],
    )
    assert.match(explain(world.state, at(1_100))[0]!.why, /updates.lock is held/)
    world.locks.clear()
    assert.deepEqual(
      world.settle(5_000).map((text) => text.split(':')[0]),
      [
        'take-lock a',
        'TERM web',
        'remove-container a/web/1',
        'create-container a/web/1',
        'start-container a/web/1',
        'release-lock a',
      ],
    )
  })

  it('an override ends the wait', () => {
    const world = dock('web:1', 'web:2')
    world.settle(0, world.up(appOf([container('web', {}, locked)])))
    world.locks.add('/locks/updates.lock')
    world.settle(1_000, world.up(appOf([container('web', {}, { ...locked, image: 'web:2' })])))
    world.settle(1_200, asked({ kind: 'override-locks', apps: ['a'], by: { kind: 'daemon' } }))
    assert.equal(world.container('a-web-1').imageId, 'sha256:web:2')
    assert.equal(world.state.containerEngine.overridden.size, 0)
  })
})

describe('strategies', () => {
  const with_ = (strategy: 'kill-then-download' | 'delete-then-download', image: string) =>
    appOf([container('web', {}, { strategy: { kind: strategy }, image })])

  it('kill-then-download pulls when the old one has ended', () => {
    const world = dock()
    world.settle(0, world.up(with_('kill-then-download', 'web:1')))
    assert.deepEqual(
      world.settle(100, world.up(with_('kill-then-download', 'web:2'))).map((text) => text.split(': ')[0]),
      [
        'TERM web',
        'pull web:2',
        'remove-container a/web/1',
        'create-container a/web/1',
        'start-container a/web/1',
        'remove-image web:1',
      ],
    )
  })

  it('delete-then-download removes the old image before it pulls', () => {
    const world = dock()
    world.settle(0, world.up(with_('delete-then-download', 'web:1')))
    assert.deepEqual(
      world.settle(100, world.up(with_('delete-then-download', 'web:2'))).map((text) => text.split(': ')[0]),
      [
        'TERM web',
        'remove-container a/web/1',
        'remove-image web:1',
        'pull web:2',
        'create-container a/web/1',
        'start-container a/web/1',
      ],
    )
  })

  it('hand-over: the old one goes on until the new one says that it has taken over', () => {
    const world = dock('web:1', 'web:2')
    const app = (image: string) =>
      appOf([container('web', {}, { image, strategy: { kind: 'hand-over', timeoutMs: 60_000, doneFiles: ['/done'] } })])
    world.settle(0, world.up(app('web:1')))
    world.silent.add('await-file')
    const steps = world.settle(1_000, world.up(app('web:2'))).map((text) => text.split(': ')[0])
    assert.deepEqual(steps, [
      'rename-container a/web/1@old',
      'update-container a/web/1@old',
      'create-container a/web/1',
      'start-container a/web/1',
      'await-file a/web/1',
    ])
    assert.equal([...world.containers.values()].filter(({ state }) => state === 'running').length, 2)
    const done = {
      kind: 'engine-done',
      resource: 'hand-over:a/web/1',
      step: 'await-file',
      takenBootMs: 2_000,
      news: {},
    } as const
    assert.deepEqual(
      world.settle(2_000, done).map((text) => text.split(': ')[0]),
      ['TERM web/1@old', 'remove-container a/web/1@old', 'forget web/1@old'],
    )
  })

  it('hand-over ends when its time is over', () => {
    const world = dock('web:1', 'web:2')
    const app = (image: string) =>
      appOf([container('web', {}, { image, strategy: { kind: 'hand-over', timeoutMs: 60_000, doneFiles: ['/done'] } })])
    world.settle(0, world.up(app('web:1')))
    world.silent.add('await-file')
    world.settle(1_000, world.up(app('web:2')))
    assert.deepEqual(world.settle(30_000), [])
    assert.deepEqual(
      world.settle(62_000).map((text) => text.split(': ')[0]),
      ['TERM web/1@old', 'remove-container a/web/1@old', 'forget web/1@old'],
    )
  })
})

describe('an engine that does not answer', () => {
  it('is asked again, and told of', () => {
    const world = dock('web:1')
    world.silent.add('observe-engine')
    world.turn(0, world.up(appOf([container('web'), service('daemon')])))
    world.turn(10, { kind: 'engine-observe-failed', code: 'ENOENT', message: 'no socket', retry: true })
    assert.match(explain(world.state, at(10)).find(({ unit }) => unit === 'a/web/1')!.why, /ENOENT/)
    assert.equal(world.state.units.get('a/daemon/1')!.phase, 'up')
    world.silent.clear()
    world.settle(2_000)
    assert.equal(world.state.units.get('a/web/1')!.phase, 'up')
  })

  it('whose answer to a start was lost is looked at, and the run is the one that was begun', () => {
    const world = dock('web:1')
    world.silent.add('start-container')
    world.settle(0, world.up(appOf([container('web')])))
    const { n } = world.state.units.get('a/web/1')!.run!
    world.silent.clear()
    const { id } = world.container('a-web-1')
    world.containers.set(id, {
      ...world.container('a-web-1'),
      state: 'running',
      startedAt: '2026-11-21T20:00:05Z',
      pid: 9,
    })
    const failed = { resource: 'container:a/web/1', step: 'start-container', takenBootMs: 50, news: {} } as const
    assert.deepEqual(
      world.settle(100, { kind: 'engine-failed', ...failed, code: 'ETIMEDOUT', message: 'no answer', retry: true }),
      [],
    )
    const unit = world.state.units.get('a/web/1')!
    assert.deepEqual([unit.phase, unit.run!.n, unit.restarts], ['up', n, 0])
  })
})
