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
import type { ContainerItem, UnitDetail } from '../../wire/api.ts'
import { engineItem } from './containers.ts'
import { statusList } from './details.ts'
import { explanationList } from './explanations.ts'
import { unitList, wideUnitList } from './units.ts'

const sight = {
  factsOf: () => null,
  logPathOf: () => null,
  processTree: () => [],
  history: { read: () => [] },
}

function detail({ state }: Dock, atMs = 1_000, name = 'a/web/1'): UnitDetail {
  const { items } = statusList({ state, now: at(atMs), storeTrouble: null }, [name], sight)
  return items[0]!
}

function containerOf(world: Dock, atMs?: number): ContainerItem {
  const found = detail(world, atMs).container
  assert.ok(found !== null)
  return found
}

const settings = {
  networks: [{ ...joined('front'), aliases: ['web', 'shop'] }],
  mounts: [mounted('data')],
  ports: [{ hostAddress: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' }],
  restart: { name: 'on-failure', retriesMax: 3 },
  command: ['serve', '--all'],
  memoryBytes: 64 * 1024 * 1024,
  nanoCpus: 1_500_000_000,
} as const

const web = (spec: Parameters<typeof container>[2] = {}) => container('web', settings, spec)
const resources = { networks: { front: network('front') }, volumes: { data: volume('data') } }

function running(): Dock {
  const world = dock('web:1')
  world.settle(0, world.up(appOf([web()], resources)))
  return world
}

describe('the status of a container', () => {
  it('tells image, container, networks, ports, mounts and the engine', () => {
    const world = running()
    const { id } = world.container('a-web-1')
    const createdAt = '2026-11-21T20:00:00.000Z'
    assert.deepEqual(containerOf(world), {
      image: 'web:1',
      imageId: 'sha256:web:1',
      pull: null,
      present: { id, name: 'a-web-1', state: 'running', createdAt, restartCount: 0, error: '' },
      networkMode: 'networks',
      networks: [{ name: 'a_front', aliases: ['web', 'shop'] }],
      ports: ['8080:80/tcp'],
      mounts: [{ kind: 'volume', source: 'a_data', target: '/data', isReadOnly: false }],
      engineRestart: 'on-failure:3',
      update: { strategy: 'download-then-kill', handOver: null, lockFiles: [], lockedBy: null },
      engine: { status: 'connected', name: 'Docker 20', apiVersion: '1.41', why: '' },
    } satisfies ContainerItem)
    const { kind, argv, limits } = detail(world)
    assert.deepEqual([kind, argv], ['container', ['serve', '--all']])
    assert.deepEqual(limits, [
      { name: 'memory', value: '64 MiB' },
      { name: 'cpus', value: '1.5' },
    ])
  })

  it('tells how far its image is, then why it does not come', () => {
    const world = dock()
    world.silent.add('pull')
    world.settle(0, world.up(appOf([web()], resources)))
    const progress = { percent: 45.6, bytesDone: 450, bytesTotal: 1_000 }
    world.settle(10, { kind: 'pull-progress', resource: 'image:web:1', progress })
    assert.deepEqual(containerOf(world).pull, { isUnderWay: true, ...progress, why: '' })
    assert.equal(containerOf(world).present, null)
    const failure = { code: 'NOT_FOUND', message: 'no such tag', retry: true }
    world.settle(20, {
      kind: 'engine-failed',
      resource: 'image:web:1',
      step: 'pull',
      takenBootMs: 20,
      news: { images: [{ reference: 'web:1', image: null }] },
      ...failure,
    })
    const { isUnderWay, why } = containerOf(world, 30).pull!
    assert.equal(isUnderWay, false)
    assert.match(why, /^the pull failed, NOT_FOUND: no such tag; tried again in \d+ ms$/)
  })

  it('names the lock that holds it, and the other one of a hand-over', () => {
    const world = dock('web:1', 'web:2')
    const lockFiles = ['/locks/updates.lock']
    world.settle(0, world.up(appOf([web({ lockFiles })], resources)))
    world.locks.add('/locks/updates.lock')
    world.settle(100, world.command({ kind: 'stop', units: ['a/web/1'], by: ann }))
    assert.deepEqual(containerOf(world, 110).update, {
      strategy: 'download-then-kill',
      handOver: null,
      lockFiles,
      lockedBy: '/locks/updates.lock',
    })

    const handing = dock('web:1', 'web:2')
    const strategy = { kind: 'hand-over', timeoutMs: 60_000, doneFiles: [] } as const
    handing.settle(0, handing.up(appOf([web({ strategy })], resources)))
    handing.settle(100, handing.up(appOf([web({ strategy, image: 'web:2' })], resources)))
    assert.deepEqual(containerOf(handing).update.handOver, { with: 'a/web/1@old', role: 'takes over' })
    assert.deepEqual(detail(handing, 1_000, 'a/web/1@old').container?.update.handOver, {
      with: 'a/web/1',
      role: 'hands over',
    })
  })

  it('has the healthcheck of the engine with its last results among the checks', () => {
    const test = ['CMD', 'curl', '-f', 'localhost']
    const healthcheck = {
      test,
      intervalMs: 5_000,
      timeoutMs: 0,
      startPeriodMs: null,
      startIntervalMs: null,
      retries: 0,
    }
    const world = dock('web:1')
    world.settle(0, world.up(appOf([container('web', { ...settings, healthcheck })], resources)))
    const result = {
      startedAt: '2026-11-21T20:00:01Z',
      endedAt: '2026-11-21T20:00:02Z',
      exitCode: 1,
      output: 'refused',
    }
    const health = { status: 'unhealthy', failures: 3, results: [result] } as const
    world.settle(100, world.change('a-web-1', { health }))
    assert.deepEqual(detail(world).checks, [
      {
        name: 'readiness',
        probe: 'engine',
        what: 'curl -f localhost',
        intervalMs: 5_000,
        timeoutMs: 30_000,
        retries: 3,
        status: 'unhealthy',
        failures: 3,
        nextProbeAt: null,
        results: [{ at: '2026-11-21T20:00:02.000Z', isOk: false, output: 'refused', durationMs: 1_000 }],
      },
    ])
  })

  it('is none of a process', () => {
    const world = dock()
    world.settle(0, world.up(appOf([{ ...container('web'), kind: 'process', container: undefined } as never])))
    assert.equal(detail(world).container, null)
    assert.equal(detail(world).kind, 'process')
  })
})

it('the lists tell containers apart, and their image', () => {
  const { state } = running()
  const snapshot = { state, now: at(10), storeTrouble: null }
  assert.equal(unitList(snapshot, null).items[0]?.kind, 'container')
  const { image, argv } = wideUnitList(snapshot, null).items[0]!
  assert.deepEqual([image, argv], ['web:1', ['serve', '--all']])
})

it('of what waits for its image the lists tell how far that is, or why it does not come, without times', () => {
  const world = dock()
  world.silent.add('pull')
  world.settle(0, world.up(appOf([web()], resources)))
  const reason = () => unitList({ state: world.state, now: at(10), storeTrouble: null }, null).items[0]?.reason
  assert.equal(reason(), 'image web:1 is being pulled')
  const progress = { percent: 45.6, bytesDone: 450, bytesTotal: 1_000 }
  world.settle(10, { kind: 'pull-progress', resource: 'image:web:1', progress })
  assert.equal(reason(), 'image web:1 is being pulled: 45 %')
  const failed = { kind: 'engine-failed', resource: 'image:web:1', step: 'pull', takenBootMs: 20 } as const
  const news = { images: [{ reference: 'web:1', image: null }] }
  world.settle(20, { ...failed, news, code: 'NOT_FOUND', message: 'no such tag', retry: true })
  assert.equal(reason(), 'image web:1: NOT_FOUND: no such tag')
})

it('the command of an image is told where nothing else is declared, also before there is a container', () => {
  const world = dock()
  const config = { ...image('web:1').config, entrypoint: ['/init'], command: ['run', 'it'] }
  world.images.set('web:1', { ...image('web:1'), config })
  world.silent.add('create-container')
  world.settle(0, world.up(appOf([container('web')])))
  assert.deepEqual(detail(world).argv, ['/init', 'run', 'it'])
})

it('an explanation has image, container and engine among what it rests on', () => {
  const { state } = running()
  const { items } = explanationList({ state, now: at(10), storeTrouble: null }, ['a/web/1'], () => null)
  const facts = new Map(items[0]?.facts.map(({ name, value }) => [name, value]))
  assert.equal(facts.get('image'), 'web:1 (web:1)')
  assert.match(facts.get('container') ?? '', /^a-web-1 \(.*\), running$/)
  assert.equal(facts.get('engine'), 'Docker 20, API 1.41')
  assert.equal(facts.get('command'), 'serve --all')
})

it('an engine that does not answer says why, and when it is asked again', () => {
  const world = dock()
  world.silent.add('observe-engine')
  world.settle(0, world.up(appOf([web()], resources)))
  world.settle(10, { kind: 'engine-observe-failed', code: 'ENOENT', message: 'no socket', retry: true })
  const { status, name, why } = engineItem(world.state, at(10))
  assert.deepEqual([status, name], ['absent', null])
  assert.match(why, /^the container engine does not answer \(ENOENT\): no socket; asked again in \d+ ms$/)
})
