import assert from 'node:assert/strict'
import { test } from 'node:test'
import { obeysRules, parseLabelRules } from './label-rules.ts'

const obeys = (labels: Record<string, string>, ...texts: readonly string[]) => {
  const parsed = parseLabelRules(texts)
  assert.equal(parsed.kind, 'rules')
  return obeysRules(labels, parsed.rules)
}

const front = { tier: 'front', 'com.example/team': 'a=b', canary: '' }

test('a label is asked for by its value, by its name, or by what it is not', () => {
  assert.ok(obeys(front, 'tier=front'))
  assert.ok(obeys(front, 'tier==front'))
  assert.ok(!obeys(front, 'tier=back'))
  assert.ok(obeys(front, 'canary'))
  assert.ok(obeys(front, 'canary='))
  assert.ok(!obeys(front, 'stable'))
  assert.ok(obeys(front, 'tier!=back'))
  assert.ok(!obeys(front, 'tier!=front'))
  assert.ok(obeys(front, 'stable!=yes'), 'what has no such label has no such value')
  assert.ok(obeys(front, 'com.example/team=a=b'))
})

test('of several demands, with commas or one by one, all must hold', () => {
  assert.ok(obeys(front, 'tier=front,canary'))
  assert.ok(obeys(front, 'tier=front', ' canary , tier != back '))
  assert.ok(!obeys(front, 'tier=front,stable'))
  assert.ok(!obeys(front, 'tier=front', 'tier=back'))
  assert.ok(obeys({}), 'no demand holds for everything')
})

test('what is no demand is told with the text it is in', () => {
  for (const text of ['', ',', 'a,,b', '=x', '!a', 'a b', '!=x']) {
    assert.deepEqual(parseLabelRules(['tier=front', text]), { kind: 'bad', text }, text)
  }
})

test('what every object has is no label', () => {
  assert.ok(!obeys({}, 'constructor'))
  assert.ok(!obeys({}, '__proto__'))
})
