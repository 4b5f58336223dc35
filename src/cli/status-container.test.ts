import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerItem, UnitDetail } from '../wire/api.ts'
import { containerRows, engineText, pullText } from './status-container.ts'

const nowMs = Date.parse('2026-11-21T12:00:00Z')

const container: ContainerItem = {
  image: 'registry.local/shop/web:1.4',
  imageId: `sha256:${'f248f4e92efd'.repeat(5)}`,
  pull: null,
  present: {
    id: '8a5bef02b3f4'.repeat(5),
    name: 'shop-web-1',
    state: 'running',
    createdAt: new Date(nowMs - 60_000).toISOString(),
    restartCount: 2,
    error: '',
  },
  networkMode: 'networks',
  networks: [
    { name: 'shop_back', aliases: ['web', 'db'] },
    { name: 'shop_front', aliases: ['web'] },
  ],
  ports: ['8080:80/tcp'],
  mounts: [
    { kind: 'volume', source: 'shop_data', target: '/data', isReadOnly: false },
    { kind: 'bind', source: '/etc/app', target: '/etc/app', isReadOnly: true },
    { kind: 'tmpfs', source: null, target: '/run', isReadOnly: false },
    { kind: 'volume', source: null, target: '/cache', isReadOnly: false },
  ],
  engineRestart: 'on-failure:5',
  update: { strategy: 'download-then-kill', handOver: null, lockFiles: [], lockedBy: null },
  engine: { status: 'connected', name: 'Docker 20.10.24', apiVersion: '1.41', why: '' },
}

function lines(change: Partial<ContainerItem> = {}): readonly string[] {
  const item = { unit: 'shop/web/1', service: 'web', container: { ...container, ...change } } as UnitDetail
  return containerRows(item, nowMs).map(([label, text]) => `${label}: ${text.replace(/\d\d:\d\d:\d\d/, 'TIME')}`)
}

test('image, container, networks, ports, mounts, updates and the engine have a row each', () => {
  assert.deepEqual(lines(), [
    'image: registry.local/shop/web:1.4 (f248f4e92efd)',
    'container: shop-web-1 (8a5bef02b3f4), created TIME, started again 2 times by the engine',
    'networks: shop_back (as db), shop_front',
    'ports: 8080:80/tcp',
    'mounts: /data: volume shop_data',
    ': /etc/app: /etc/app, read-only',
    ': /run: in memory',
    ': /cache: volume without a name',
    'update: download-then-kill',
    'while away: the engine restarts it: on-failure:5',
    'engine: Docker 20.10.24, API 1.41',
  ])
})

test('what is not there is said, or has no row', () => {
  const bare = { present: null, imageId: null, networks: [], ports: [], mounts: [], engineRestart: 'no' }
  assert.deepEqual(lines(bare), [
    'image: registry.local/shop/web:1.4',
    'container: none',
    'update: download-then-kill',
    'engine: Docker 20.10.24, API 1.41',
  ])
})

test('another state than running, and what the engine could not start, are told', () => {
  const present = { ...container.present!, state: 'created', restartCount: 0, error: 'port is already allocated' }
  const [, second, third] = lines({ present })
  assert.equal(second, 'container: shop-web-1 (8a5bef02b3f4), created, created TIME')
  assert.equal(third, ': the engine says: port is already allocated')
})

test('a shared network is that of whom it is shared with', () => {
  const networkOf = (networkMode: string) => lines({ networkMode }).find((line) => line.startsWith('network'))
  assert.equal(networkOf('host'), 'network: that of the host')
  assert.equal(networkOf('service:vpn'), 'network: that of shop/vpn')
  assert.equal(networkOf('none'), 'network: none')
})

test('an update tells its lock, who holds it, and the other one of a hand-over', () => {
  const update: ContainerItem['update'] = {
    strategy: 'hand-over',
    handOver: { with: 'shop/web/1@old', role: 'takes over' },
    lockFiles: ['/run/lock'],
    lockedBy: '/run/lock',
  }
  assert.deepEqual(
    lines({ update }).filter((line) => /^(update|held by)/.test(line)),
    [
      'update: hand-over; takes over from shop/web/1@old; lock /run/lock',
      'held by: /run/lock, which somebody else made; --force overrides it',
    ],
  )
})

test('a pull tells how far it is, or why it is not', () => {
  const pull = { isUnderWay: true, percent: 45.9, bytesDone: 14_155_776, bytesTotal: 31_457_280, why: '' }
  assert.equal(pullText(pull), 'being pulled: 45 %, 13.5 MiB of 30 MiB')
  assert.equal(pullText({ ...pull, percent: null, bytesDone: 0, bytesTotal: null }), 'being pulled')
  const why = 'the pull failed, ENOTFOUND: no such host; tried again in 4 s'
  assert.equal(pullText({ ...pull, isUnderWay: false, why }), why)
  assert.equal(lines({ pull })[1], ': being pulled: 45 %, 13.5 MiB of 30 MiB')
})

test('an engine that does not answer is told with why', () => {
  const why = 'the container engine does not answer (ENOENT): no socket; asked again in 4 s'
  assert.equal(engineText({ status: 'absent', name: null, apiVersion: null, why }), why)
})

test('a process has no rows of a container, and neither has what an older daemon tells', () => {
  assert.deepEqual(containerRows({ container: null } as UnitDetail, nowMs), [])
  assert.deepEqual(containerRows({} as UnitDetail, nowMs), [])
})
