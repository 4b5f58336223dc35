import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Dock, dock } from '../../core/containers/fixture.ts'
import { ann, asked } from '../../core/fixture.ts'
import type { Target } from '../../core/model.ts'
import { decodeSources } from '../../dialects/decode-sources.ts'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { differences } from './differences.ts'

async function target(service: object, more: object = {}): Promise<Target> {
  const yaml = JSON.stringify({ name: 'shop', services: { web: { image: 'web:1', ...service } }, ...more })
  const reader = memorySourceReader({ files: { '/app.yaml': yaml } })
  const { target, problems } = await decodeSources(['/app.yaml'], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(problems, [])
  return target
}

/** It runs as these say. */
async function running(service: object, more: object = {}): Promise<Dock> {
  const world = dock('web:1')
  world.settle(0, asked({ kind: 'set-target', target: await target(service, more), by: ann, why: 'up' }))
  assert.equal(world.state.units.get('shop/web/1')?.phase, 'up')
  return world
}

/** `field: before → after` of the one service that changes; what becomes of it stands first. */
async function told(world: Dock, service: object, more: object = {}): Promise<readonly string[]> {
  const { changes } = differences(world.state, await target(service, more))
  return changes.flatMap(({ effect, fields }) => [
    effect,
    ...fields.map(({ field, before, after }) => `${field}: ${before} → ${after}`),
  ])
}

const plain = { restart: 'always' }

test('settings of containers are told as Compose files name and write them', async () => {
  const world = await running({ ...plain, ports: ['8080:80'], networks: ['front'] }, { networks: { front: {} } })
  const after = {
    restart: 'on-failure:3',
    ports: ['127.0.0.1:8080:80', '9000-9002:9000-9002/udp', '443'],
    networks: { front: { aliases: ['shop'] }, back: {} },
    volumes: ['data:/data', '/etc/app:/etc/app:ro'],
    tmpfs: ['/run:size=64m'],
    command: ['serve', '--name=my shop'],
    mem_limit: '96m',
    cpus: 1.5,
    healthcheck: { test: ['CMD', 'curl', '-f', 'localhost'], interval: '10s' },
    read_only: true,
    cap_add: ['NET_ADMIN'],
    ulimits: { nofile: { soft: 10, hard: 20 } },
    stop_grace_period: '3s',
  }
  assert.deepEqual(
    (await told(world, after, { networks: { front: {}, back: {} }, volumes: { data: {} } })).toSorted(),
    [
      'replace',
      'cap_add: null → NET_ADMIN',
      "command: null → serve '--name=my shop'",
      'cpus: null → 1.5',
      'healthcheck: null → curl -f localhost',
      'mem_limit: null → 96mb',
      'networks: front → back, front (as shop)',
      'ports: 8080:80/tcp → 127.0.0.1:8080:80/tcp, 9000-9002:9000-9002/udp, 443/tcp',
      'read_only: null → true',
      'restart: always → on-failure:3',
      'stop_grace_period: null → 3s',
      'tmpfs: null → /run:size=64mb',
      'ulimits.nofile: null → soft 10, hard 20',
      'volumes: null → data:/data, /etc/app:/etc/app:ro',
    ].toSorted(),
  )
})

test('environment values and options that may be secrets are only said to differ', async () => {
  const before = {
    environment: { KEY: 'hush', SAME: '1' },
    logging: { driver: 'splunk', options: { 'splunk-token': 'hush' } },
    volumes: ['data:/data'],
  }
  const volumes = (password: string) => ({ volumes: { data: { driver_opts: { o: `password=${password}` } } } })
  const world = await running(before, volumes('hush'))
  const after = {
    ...before,
    environment: { KEY: 'other', SAME: '1' },
    logging: { driver: 'splunk', options: { 'splunk-token': 'other' } },
  }
  assert.deepEqual(await told(world, after, volumes('other')), [
    'replace',
    'environment.KEY: null → null',
    'logging.options.splunk-token: null → null',
    'volumes.data.driver_opts.o: null → null',
  ])
})

test('what the engine changes in place stops nothing, and neither does what is ours alone', async () => {
  const world = await running(plain)
  assert.deepEqual(await told(world, { restart: 'unless-stopped', container_name: 'front' }), [
    'in-place',
    'container_name: shop-web-1 → front',
    'restart: always → unless-stopped',
  ])
  assert.deepEqual(await told(world, { ...plain, 'x-holdfast': { update: 'hand-over', lock: '/run/lock' } }), [
    'in-place',
    'update.strategy: download-then-kill → hand-over',
    'update.timeout: null → 1m',
    'lock: null → /run/lock',
  ])
})

test('another reference is another image, unless the engine is known to have the same by it', async () => {
  const world = await running(plain)
  assert.deepEqual(await told(world, { ...plain, image: 'web:2' }), ['replace', 'image: web:1 → web:2'])
  const image = world.images.get('web:1')!
  world.settle(100, { kind: 'engine-news', takenBootMs: 100, news: { images: [{ reference: 'web:2', image }] } })
  assert.deepEqual(await told(world, { ...plain, image: 'web:2' }), ['in-place', 'image: web:1 → web:2'])
})

test('labels that nobody wrote are not told, others are', async () => {
  const world = await running({ ...plain, labels: { tier: 'front' } })
  const declared = await target({ ...plain, labels: { tier: 'back' } })
  const { web } = declared.apps.shop!.services
  const { container } = web!
  const labels = { ...container!.settings.labels, 'com.docker.compose.service': 'other' }
  const other = { ...web!, container: { ...container!, settings: { ...container!.settings, labels } } }
  const app = { ...declared.apps.shop!, services: { web: other } }
  const { changes } = differences(world.state, { apps: { shop: app } })
  assert.deepEqual(changes[0]?.fields, [{ field: 'labels.tier', before: 'front', after: 'back' }])
})

test('a network that is made anew is told with those that it stops, a volume that stays as what it is', async () => {
  const service = { ...plain, networks: ['front'], volumes: ['data:/data'] }
  const world = await running(service, { networks: { front: {} }, volumes: { data: {} } })
  const more = { networks: { front: { internal: true } }, volumes: { data: { driver: 'other' } } }
  assert.deepEqual(await told(world, service, more), [
    'replace',
    'networks.front.internal: null → true',
    'volumes.data.driver: null → other (the volume that is there stays as it is, until it is purged)',
  ])
})

test('what is added is told with its image, and with its command where that is another', async () => {
  const world = await running(plain)
  const yaml = JSON.stringify({ name: 'more', services: { job: { image: 'job:1', command: ['sync'] } } })
  const { target: more } = await decodeSources(['/more.yaml'], memorySourceReader({ files: { '/more.yaml': yaml } }), {
    lenient: false,
    descriptorsMax: null,
  })
  const { changes } = differences(world.state, { apps: { ...world.state.target.apps, ...more.apps } })
  assert.deepEqual(changes, [
    {
      app: 'more',
      service: 'job',
      change: 'added',
      effect: 'start',
      fields: [
        { field: 'image', before: null, after: 'job:1' },
        { field: 'command', before: null, after: 'sync' },
      ],
    },
  ])
})
