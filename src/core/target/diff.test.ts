import assert from 'node:assert/strict'
import { test } from 'node:test'
import { service } from '../fixture.ts'
import type { Service, Target } from '../model.ts'
import { diffTargets } from './diff.ts'

const plain = service('a')
const base: Service = {
  ...plain,
  process: { ...plain.process, command: ['x'], environment: { SECRET: 'one', SAME: '1' } },
}

function target(...services: readonly Service[]): Target {
  const byName = Object.fromEntries(services.map((one) => [one.name, one]))
  return { apps: { app: { name: 'app', source: '/x', dialect: 'compose', priority: 999, services: byName } } }
}

const diff = (before: Service, after: Service) => diffTargets(target(before), target(after))

test('the same target changes nothing', () => {
  assert.deepEqual(diff(base, structuredClone(base)), [])
})

test('services come and go, across apps too', () => {
  const change = { fields: [], restarts: false }
  assert.deepEqual(diffTargets(target(base), target({ ...base, name: 'b' })), [
    { app: 'app', service: 'b', change: 'added', ...change },
    { app: 'app', service: 'a', change: 'removed', ...change },
  ])
  assert.deepEqual(diffTargets(target(base), { apps: {} }), [
    { app: 'app', service: 'a', change: 'removed', ...change },
  ])
})

test('a changed policy applies in place', () => {
  assert.deepEqual(diff(base, { ...base, restart: { ...base.restart, when: 'no' } }), [
    {
      app: 'app',
      service: 'a',
      change: 'changed',
      fields: [{ path: 'restart.when', before: '"always"', after: '"no"' }],
      restarts: false,
    },
  ])
})

test('a changed command restarts', () => {
  const [change] = diff(base, { ...base, process: { ...base.process, command: ['x', '-v'] } })
  assert.deepEqual(
    [change?.restarts, change?.fields],
    [true, [{ path: 'process.command', before: '["x"]', after: '["x","-v"]' }]],
  )
})

test('values of the environment are not shown', () => {
  const [change] = diff(base, {
    ...base,
    process: { ...base.process, environment: { SECRET: 'two', NEW: 'three', SAME: '1' } },
  })
  assert.deepEqual(change?.fields, [
    { path: 'process.environment.SECRET', before: '(hidden)', after: '(hidden)' },
    { path: 'process.environment.NEW', before: '(not set)', after: '(hidden)' },
  ])
  assert.doesNotMatch(JSON.stringify(change), /one|two|three/)
})

test('more replicas restart none of those that run', () => {
  const [change] = diff(base, { ...base, instances: [{ n: 1 }, { n: 2 }] })
  assert.deepEqual([change?.restarts, change?.fields], [false, [{ path: 'instances', before: '[1]', after: '[1,2]' }]])
})

test('a change in what one instance overrides is shown for that instance', () => {
  const before: Service = { ...base, instances: [{ n: 1 }, { n: 2, process: { workingDir: '/a' } }] }
  const after: Service = { ...base, instances: [{ n: 1 }, { n: 2, process: { workingDir: '/b' } }] }
  const [change] = diff(before, after)
  assert.deepEqual(
    [change?.restarts, change?.fields],
    [true, [{ path: 'instances[2].process.workingDir', before: '"/a"', after: '"/b"' }]],
  )
})
