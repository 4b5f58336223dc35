import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ann, asked } from '../fixture.ts'
import { appOf, container, dock } from './fixture.ts'

function own(...references: readonly string[]) {
  const images = Object.fromEntries(references.map((reference) => [reference, `sha256:${reference}`]))
  return asked({ kind: 'own-images', images, by: ann })
}

test('images that somebody loaded for what is declared are removed when nothing needs them any more', () => {
  const world = dock('web:1', 'web:2')
  world.settle(0, world.up(appOf([container('web')])))
  assert.deepEqual(world.settle(100, own('web:1')), [])
  const steps = world.settle(200, world.up(appOf([container('web', {}, { image: 'web:2' })])))
  assert.ok(steps.includes('remove-image web:1: nothing needs it any more'), steps.join('\n'))
  // The other one was there before us.
  assert.ok(!world.settle(300, world.up(appOf([]))).some((step) => step.startsWith('remove-image web:2')))
})

test('what is declared to be pulled always counts as pulled once it was loaded', () => {
  const always = (level: string) => appOf([container('web', { environment: { LEVEL: level } }, { pull: 'always' })])
  const world = dock('web:1')
  world.failing.set('image:web:1', 'EIO')
  assert.ok(world.settle(0, world.up(always('1'))).includes('pull web:1: its pull policy is always'))
  assert.equal(world.state.containerEngine.containers.size, 0)
  const steps = world.settle(100, own('web:1'))
  assert.ok(steps.includes('start-container a/web/1: declared'), steps.join('\n'))
  assert.ok(!steps.some((step) => step.startsWith('pull ')))
  // Another declaration asks the registry again.
  assert.ok(world.settle(60_000, world.up(always('2'))).some((step) => step.startsWith('pull web:1')))
})
