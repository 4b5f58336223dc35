import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ann, asked, at, storedForm } from '../fixture.ts'
import { revive } from '../revive.ts'
import { appOf, container, dock, image } from './fixture.ts'

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

test('where the old one goes first, one that stays is not waited for', () => {
  const strategy = { kind: 'delete-then-download' } as const
  const old = () => container('web', {}, { strategy }, { autostart: false })
  const world = dock('web:1', 'db:1')
  world.settle(0, world.up(appOf([container('web', {}, { strategy })])))
  world.settle(100, world.up(appOf([old()])))
  // Stopped, and to be another one when somebody starts it.
  const next = container('web', {}, { strategy, image: 'web:2' }, { autostart: false })
  assert.deepEqual(world.settle(200, world.up(appOf([next, container('db')]))), [
    'pull web:2: a/web needs it',
    'create-container a/db/1: declared',
    'start-container a/db/1: declared',
  ])
  // Runs as it is declared, and its image is to be asked for again.
  const always = container('db', {}, { strategy, pull: 'always' })
  assert.deepEqual(world.settle(300, world.up(appOf([next, always]))), ['pull db:1: its pull policy is always'])
})

test('where the old one goes first, what nothing needs makes room for an image that is pulled beside a stopped one', () => {
  const strategy = { kind: 'delete-then-download' } as const
  const stopped = (image: string) => container('web', {}, { strategy, image }, { autostart: false })
  const world = dock('web:1', 'web:2', 'db:1')
  world.settle(0, world.up(appOf([container('web', {}, { strategy })])))
  world.settle(100, world.up(appOf([stopped('web:1')])))
  // Something is on its way, so that nothing else has it removed.
  const told = world.settle(200, own('web:2'), world.up(appOf([stopped('web:3'), container('db')])))
  assert.deepEqual(told.slice(0, 2), ['remove-image web:2: nothing needs it any more', 'pull web:3: a/web needs it'])
})

for (const [how, isAnswered] of [
  ['while no daemon ran', false],
  ['by a pull that nobody answered', true],
] as const) {
  test(`an image that came ${how} is ours to remove`, () => {
    const world = dock()
    world.silent.add('pull')
    world.settle(0, world.up(appOf([container('web')])))
    world.images.set('web:1', image('web:1'))
    world.silent.clear()
    if (isAnswered) {
      const failure = { code: 'ENGINE', message: 'no answer', retry: true }
      const step = { resource: 'image:web:1', step: 'pull', takenBootMs: 5, news: {} } as const
      world.settle(10, { kind: 'engine-failed', ...step, ...failure })
    } else world.successor(revive(storedForm(world.state), at(10)))
    assert.ok(world.settle(20).every((told) => !told.startsWith('pull')))
    assert.deepEqual(world.state.containerEngine.kept.ownImages, { 'web:1': 'sha256:web:1' })
    assert.ok(world.settle(60_000, world.up(appOf([]))).some((told) => told.startsWith('remove-image web:1')))
    assert.deepEqual(world.state.containerEngine.kept.pulling, {})
  })
}

test('an image that did not come, and that somebody else gets later, is not ours', () => {
  const world = dock()
  world.silent.add('pull')
  world.settle(0, world.up(appOf([container('web')])))
  world.successor(revive(storedForm(world.state), at(10)))
  world.settle(10, world.up(appOf([])))
  world.images.set('web:1', image('web:1'))
  world.settle(20, { kind: 'engine-doubt', why: 'the stream was cut' })
  world.settle(30, world.up(appOf([container('web')])))
  assert.deepEqual(world.state.containerEngine.kept.ownImages, {})
})
