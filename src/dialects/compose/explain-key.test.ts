import assert from 'node:assert/strict'
import { test } from 'node:test'
import { describeValue, explainKey } from './explain-key.ts'

for (const [asked, path] of [
  ['services.web.healthcheck.interval', 'services.NAME.healthcheck.interval'],
  ['services.my.web.command', 'services.NAME.command'],
  ['healthcheck.interval', 'services.NAME.healthcheck.interval'],
  ['backoff.max', 'services.NAME.x-holdfast.backoff.max'],
  ['services.a.x-holdfast.stop[0].signal', 'services.NAME.x-holdfast.stop[].signal'],
  ['x-holdfast.hooks.pre_start.timeout', 'services.NAME.x-holdfast.hooks.pre_start.timeout'],
  ['x-holdfast.priority', 'x-holdfast.priority'],
  ['services.web', 'services.NAME'],
  ['ulimits.nofile.soft', 'services.NAME.ulimits.LIMIT.soft'],
  ['environment.A', 'services.NAME.environment.NAME'],
  ['name', 'name'],
] as const) {
  test(`${asked} is ${path}`, () => {
    const found = explainKey(asked)
    assert.equal(found.kind, 'key')
    assert.equal(found.kind === 'key' && found.path, path)
  })
}

test('a key there is not is told with the one that was meant, and where', () => {
  const unknown = { kind: 'unknown', key: 'intervall', below: 'services.NAME.healthcheck', similar: 'interval' }
  assert.deepEqual(explainKey('services.web.healthcheck.intervall'), unknown)
  assert.deepEqual(explainKey('healthcheck.intervall'), unknown)
  const top = explainKey('serivces')
  assert.deepEqual(top, { kind: 'unknown', key: 'serivces', below: '', similar: 'services' })
})

test('what only Compose has is known by name', () => {
  assert.deepEqual(explainKey('services.web.volumes_from'), {
    kind: 'not-yet',
    path: 'services.NAME.volumes_from',
    instead: 'name the same volumes below volumes of both',
  })
  assert.deepEqual(explainKey('models'), {
    kind: 'not-yet',
    path: 'models',
    instead: 'run the model as a service',
  })
})

test('values are described in words', () => {
  const found = explainKey('restart')
  assert.ok(found.kind === 'key')
  assert.equal(
    describeValue(found.spec.value),
    'one of no, always, unless-stopped, on-failure; or false; or on-failure:N',
  )
})
