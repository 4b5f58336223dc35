import assert from 'node:assert/strict'
import { test } from 'node:test'
import { needs, service, targetOf } from '../fixture.ts'
import type { Target } from '../model.ts'
import { type ChangeStep, changeOrder } from './change-order.ts'

const nothing: Target = { apps: {} }
const shop = targetOf(
  service('db'),
  service('web', { dependsOn: [needs('db')] }),
  service('proxy', { dependsOn: [needs('web')] }),
  service('aside'),
)

function told(steps: readonly ChangeStep[]): readonly string[] {
  return steps.map(({ act, services }) => `${act} ${services.join(' ')}`)
}

test('a start waits for the starts it depends on, and not for what runs already', () => {
  const starts = new Set(['a/proxy', 'a/web', 'a/db', 'a/aside'])
  assert.deepEqual(told(changeOrder({ stops: new Set(), starts, before: nothing, after: shop })), [
    'start a/db a/aside',
    'start a/web',
    'start a/proxy',
  ])
  const some = new Set(['a/proxy', 'a/db'])
  assert.deepEqual(told(changeOrder({ stops: new Set(), starts: some, before: shop, after: shop })), [
    'start a/proxy a/db',
  ])
})

test('what is removed is stopped by the dependencies it had, dependants first', () => {
  const stops = new Set(['a/db', 'a/web', 'a/proxy'])
  assert.deepEqual(told(changeOrder({ stops, starts: new Set(), before: shop, after: nothing })), [
    'stop a/proxy',
    'stop a/web',
    'stop a/db',
  ])
})

test('a circle, which no valid target has, ends all the same', () => {
  const circle = targetOf(service('a', { dependsOn: [needs('b')] }), service('b', { dependsOn: [needs('a')] }))
  const starts = new Set(['a/a', 'a/b'])
  assert.deepEqual(told(changeOrder({ stops: new Set(), starts, before: nothing, after: circle })), ['start a/a a/b'])
})
