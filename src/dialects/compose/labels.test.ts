import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problemsOf, service } from './fixture.ts'

test('labels are a map or a list, and a name alone has the empty value', async () => {
  const map = await service(
    'labels: {tier: front, com.example/replicas: 3, canary: true, empty: , host: "Host(`a`, `b`)"}',
  )
  assert.deepEqual(map.labels, {
    tier: 'front',
    'com.example/replicas': '3',
    canary: 'true',
    empty: '',
    host: 'Host(`a`, `b`)',
  })
  const list = await service('labels: [tier=front, "note=a=b", canary]')
  assert.deepEqual(list.labels, { tier: 'front', note: 'a=b', canary: '' })
  assert.deepEqual((await service('user: root')).labels, {})
})

test('variables are put in', async () => {
  const { labels } = await service('labels: {stage: $STAGE}', { environment: { STAGE: 'live' } })
  assert.deepEqual(labels, { stage: 'live' })
})

test('a label that nobody could select is refused', async () => {
  const hint = 'names of labels have no blanks, commas, = and !'
  assert.deepEqual(await problemsOf('labels: {"a b": 1}'), [
    `4:14: services.a.labels.a b: 'a b' cannot be the name of a label; ${hint}`,
  ])
  assert.deepEqual(await problemsOf('labels: ["=x"]'), [
    `4:14: services.a.labels[0]: '' cannot be the name of a label; ${hint}`,
  ])
  assert.equal((await problemsOf('labels: tier=front')).length, 1)
  assert.equal((await problemsOf('labels: {tier: [front]}')).length, 1)
})
