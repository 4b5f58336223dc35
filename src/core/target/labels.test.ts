import assert from 'node:assert/strict'
import { test } from 'node:test'
import { running, service, setTarget, targetOf } from '../fixture.ts'
import type { Target, UnitSpec } from '../model.ts'
import { completeSpec, completeTarget } from './plain.ts'
import { unitSpecs } from './units.ts'

test('a change of labels is known at once and ends nothing', () => {
  const scene = running(0, service('web', { labels: { tier: 'front' } }))
  const { run } = scene.unit('web')
  assert.deepEqual(scene.turn(10, setTarget(service('web', { labels: { tier: 'edge' } }))), [])
  assert.deepEqual(scene.unit('web').spec.labels, { tier: 'edge' })
  assert.deepEqual(scene.unit('web').run, run)
  assert.equal(scene.unit('web').phase, 'up')
})

test('what an older version stored has no labels', () => {
  const target = targetOf(service('web', { labels: { tier: 'front' } }))
  const older: Target = JSON.parse(JSON.stringify(target, (key, value) => (key === 'labels' ? undefined : value)))
  assert.deepEqual(completeTarget(older).apps.a?.services.web?.labels, {})
  const spec = [...unitSpecs(target).values()][0]!
  const { labels: _, ...olderSpec } = spec
  assert.deepEqual(completeSpec(olderSpec as UnitSpec), { ...spec, labels: {} })
})
