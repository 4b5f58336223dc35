import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ann, at, service, targetOf } from '../core/fixture.ts'
import type { Command } from '../core/model.ts'
import { createFakeDriver } from '../drivers/fake/driver.ts'
import { createWorld, type Script } from '../drivers/fake/world.ts'
import { createFaultyStore } from '../store/faulty.ts'
import { createMemoryStore } from '../store/memory.ts'
import { createEngine } from './engine.ts'
import type { Clock, Recorder } from './ports.ts'

describe('what listeners of the engine are told', () => {
  test('a command that was taken comes in the turn of the transitions it led to', async () => {
    const scene = await scenery()
    await scene.engine.command(apply)
    await scene.engine.command({ kind: 'stop', units: ['a/web/1'], by: ann })
    assert.deepEqual(scene.told[0], ['set-target by daemon', 'a/web/1 idle → starting'])
    assert.ok(scene.told.some((turn) => turn[0] === 'stop by user' && turn[1] === 'a/web/1 up → stopping'))
  })

  test('a command that changes nothing is told too', async () => {
    const scene = await scenery()
    await scene.engine.command({ kind: 'stop', units: ['a/nobody/1'], by: ann })
    assert.deepEqual(scene.told, [['stop by user']])
  })

  test('a command that could not be stored, and so was refused, is not told', async () => {
    const scene = await scenery()
    await scene.engine.command(apply)
    scene.told.length = 0
    scene.store.fillDisk()
    await assert.rejects(scene.engine.command({ kind: 'stop', units: ['a/web/1'], by: ann }), /full/)
    assert.deepEqual(scene.told.flat(), [])
  })
})

const apply: Command = { kind: 'set-target', target: targetOf(service('web')), by: { kind: 'daemon' }, why: 'test' }

const lives: Script = {
  ...{ spawnFailure: null, spawnMs: 0, livesMs: null, exit: { kind: 'code', code: 0 }, ignores: [], stopMs: 3 },
  ...{ stopExit: null, isForbidden: false, checked: { passesMs: 0, flapsMs: null, answerMs: 1 } },
}

const recorder: Recorder = { record() {}, settled() {}, close() {} }

/** An engine whose clock stands still. */
async function scenery() {
  const clock: Clock = {
    now: () => at(0),
    soon: (task) => queueMicrotask(task),
    arm() {},
    armWall() {},
  }
  const store = createFaultyStore(createMemoryStore)
  const world = createWorld('boot')
  const driver = createFakeDriver({ world, clock, scriptOf: () => lives, seesAdoptedExits: true, daemon: 1 })
  const engine = createEngine({ store, driver, clock, recorder, warn() {} })
  await engine.start({ held: null })
  const told: (readonly string[])[] = []
  engine.subscribe((_snapshot, transitions, commands) => {
    told.push([
      ...commands.map(({ kind, by }) => `${kind} by ${by.kind}`),
      ...transitions.map(({ unit, from, to }) => `${unit} ${from} → ${to}`),
    ])
  })
  return { engine, store, told }
}
