import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { SuperviseStatus } from '../../formats/supervise-status.ts'
import { areMet } from './conditions.ts'

const up: SuperviseStatus = {
  state: 'run',
  sinceSeconds: 100,
  sinceNanoseconds: 0,
  pid: 7,
  isPaused: false,
  want: 'up',
  gotTerm: false,
}
const down: SuperviseStatus = { ...up, state: 'down', pid: 0, want: 'down' }

function met(conditions: string, status: SuperviseStatus, { passes = true, sinceSeconds = 101 } = {}): boolean {
  return areMet(conditions, status, { sinceSeconds, checkPasses: () => passes })
}

test('up is run, with its check', () => {
  assert.ok(met('u', up))
  assert.ok(!met('u', up, { passes: false }))
  assert.ok(!met('u', { ...up, state: 'finish' }))
  assert.ok(!met('u', { ...down, want: 'up' }))
})

test('down is nothing left, not even finish', () => {
  assert.ok(met('d', down))
  assert.ok(!met('d', { ...up, state: 'finish' }))
  assert.ok(!met('d', up))
})

test('what is down passes its check', () => {
  assert.ok(met('C', down, { passes: false }))
  assert.ok(!met('C', up, { passes: false }))
  assert.ok(met('C', up))
})

test('after SIGTERM it is a new process, or none where none is wanted', () => {
  for (const condition of ['t', 'k']) {
    assert.ok(!met(condition, up))
    assert.ok(met(condition, up, { sinceSeconds: 100 }))
    assert.ok(!met(condition, up, { sinceSeconds: 100, passes: false }))
    assert.ok(!met(condition, { ...up, gotTerm: true }, { sinceSeconds: 100 }))
    assert.ok(met(condition, down))
    assert.ok(!met(condition, { ...down, want: 'up' }, { sinceSeconds: 100 }))
  }
})

test('once is not to be started again', () => {
  assert.ok(met('o', { ...up, want: 'down' }))
  assert.ok(!met('o', up))
  assert.ok(!met('o', down))
  assert.ok(met('o', down, { sinceSeconds: 100 }))
})

test('a pause is seen, and its end', () => {
  const paused = { ...up, isPaused: true }
  assert.deepEqual([met('p', paused), met('p', up), met('p', down)], [true, false, true])
  assert.deepEqual([met('c', paused), met('c', up), met('c', { ...down, isPaused: true })], [false, true, true])
})

test('while it has a status it is supervised', () => {
  assert.ok(!met('x', down))
})

test('of other signals nothing is seen, and of several commands all must have come about', () => {
  assert.ok(met('haiq12', up))
  assert.ok(!met('tcu', up))
  assert.ok(met('tcu', up, { sinceSeconds: 100 }))
  assert.ok(!met('tc', { ...up, isPaused: true }, { sinceSeconds: 100 }))
})
