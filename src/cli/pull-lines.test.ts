import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PullItem, ResourceItem } from '../wire/api.ts'
import { createPullTeller } from './pull-lines.ts'

function image(
  state: ResourceItem['state'],
  pull: Partial<PullItem> | null,
  change: Partial<ResourceItem> = {},
): ResourceItem {
  return {
    ...{ kind: 'image', name: 'web:1', state, id: null, sizeBytes: null, isOurs: false, neededBy: ['shop/web'] },
    pull: pull === null ? null : { isUnderWay: true, percent: null, bytesDone: 0, bytesTotal: null, why: '', ...pull },
    ...{ purgeName: null, why: '' },
    ...change,
  }
}

test('a pull is told as it goes on, in steps, and when it is over', () => {
  const tell = createPullTeller()
  const at = (percent: number) => tell([image('pulling', { percent })])
  assert.deepEqual(at(0), ['image web:1  being pulled: 0 %'])
  assert.deepEqual(at(3), [])
  assert.deepEqual(at(5), ['image web:1  being pulled: 5 %'])
  assert.deepEqual(at(9), [])
  assert.deepEqual(at(41), ['image web:1  being pulled: 41 %'])
  assert.deepEqual(tell([image('present', null, { sizeBytes: 1024 * 1024 })]), ['image web:1  is there, 1 MiB'])
  assert.deepEqual(tell([image('present', null)]), [])
})

test('a failure is told once with when it is tried again, and again when it is another', () => {
  const tell = createPullTeller()
  const failed = (times: number, again: string) =>
    tell([
      image('failed', {
        isUnderWay: false,
        why: `the pull failed (${times} times), EIO: broken; tried again in ${again}`,
      }),
    ])
  assert.deepEqual(failed(2, '4 s'), ['image web:1  the pull failed (2 times), EIO: broken; tried again in 4 s'])
  assert.deepEqual(failed(2, '3 s'), [])
  assert.equal(failed(3, '8 s').length, 1)
})

test('what was there all the time, or nobody waits for, is not told', () => {
  const tell = createPullTeller()
  assert.deepEqual(tell([image('present', null)]), [])
  assert.deepEqual(tell([image('pulling', { percent: 1 }, { neededBy: [] })]), [])
  assert.deepEqual(tell([image('pulling', { percent: 1 }, { kind: 'volume' })]), [])
})

test('several images are told beside one another', () => {
  const tell = createPullTeller()
  const both = (percent: number) => [image('pulling', { percent: 50 }), image('pulling', { percent }, { name: 'db:1' })]
  assert.equal(tell(both(1)).length, 2)
  assert.deepEqual(tell(both(20)), ['image db:1  being pulled: 20 %'])
})
