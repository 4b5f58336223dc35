import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at, needs, play, running, service, setTarget } from '../../core/fixture.ts'
import type { CheckState, Job, State } from '../../core/model.ts'
import { patched } from './fixture.ts'
import { unitList, wideUnitList } from './units.ts'

function item(state: State, name: string) {
  const { items } = unitList({ state, now: at(0), storeTrouble: null }, [name])
  return items[0]!
}

const check: CheckState = { status: 'healthy', failures: 0, dueBootMs: 5, inFlight: null, nextSeq: 2, results: [] }

test('a unit is as healthy as its readiness check says, else its liveness check', () => {
  const { state } = running(0, service('web'))
  const health = (readiness: CheckState | null, liveness: CheckState | null) =>
    item(patched(state, 'a/web/1', { health: { readiness, liveness } }), 'a/web/1').health
  assert.equal(health({ ...check, status: 'unhealthy' }, check), 'unhealthy')
  assert.equal(health(null, { ...check, status: 'starting' }), 'starting')
  assert.equal(item(state, 'a/web/1').health, null)
})

test('the next run is told of what has a schedule, once it is known', () => {
  const scene = play()
  const schedule = { cron: '@daily', timeZone: null, overlap: 'skip', missed: 'skip' } as const
  scene.turn(0, setTarget(service('backup', { schedule, autostart: false })))
  const job = scene.unit('backup').job as Job
  const next = (change: Partial<Job>) =>
    item(patched(scene.state, 'a/backup/1', { job: { ...job, ...change } }), 'a/backup/1').nextRunAt
  assert.equal(next({ due: 'known', dueWallMs: 3_600_000 }), '1970-01-01T01:00:00.000Z')
  assert.equal(next({ due: 'known', dueWallMs: null }), null)
  assert.equal(next({ due: 'asked', dueWallMs: 3_600_000 }), null)
})

test('of what waits, the reason is what it waits for', () => {
  const scene = play()
  scene.turn(0, setTarget(service('db', { autostart: false }), service('web', { dependsOn: [needs('db')] })))
  const { state, reason } = item(scene.state, 'a/web/1')
  assert.deepEqual([state, reason], ['waiting', 'waits for a/db/1 to start; it is not started by itself'])
})

test('the wide list tells what runs, from where, and what happens next', () => {
  const { state } = running(0, service('web'), service('db'))
  const { items, kind } = wideUnitList({ state, now: at(1), storeTrouble: null }, ['a/web/1'])
  assert.equal(kind, 'WideUnitList')
  assert.deepEqual(
    items.map(({ unit, argv, source, run, next, upcoming }) => [unit, argv, source, run, next, upcoming]),
    [['a/web/1', ['web'], '/a.yaml', 1, 'started again when it ends', null]],
  )
})
