import assert from 'node:assert/strict'
import { test } from 'node:test'
import { at } from '../../../core/fixture.ts'
import type { App, Command } from '../../../core/model.ts'
import { createFakeDriver } from '../../../drivers/fake/driver.ts'
import { createWorld, type Script } from '../../../drivers/fake/world.ts'
import { createEngine } from '../../../engine/engine.ts'
import type { Clock } from '../../../engine/ports.ts'
import { createMemoryStore } from '../../../store/memory.ts'
import { groupApp } from '../table/fixture.ts'
import { createProcessTable } from '../table/table.ts'
import { logPathOf, off, partsOf, type Rpc, rpcOf } from './fixture.ts'
import { createRpcMethods } from './methods.ts'

test('started, signalled, stopped and started again, as a client does it', async () => {
  const scene = await sceneOf([groupApp('g', 1, off('a'), off('b', { priority: 1 }))])
  const started = scene.rpc('supervisor.startProcess', 'g:a')
  await scene.advance(1_000)
  assert.equal(await started, true)
  assert.equal(await scene.rpc('supervisor.signalProcess', 'g:a', 'HUP'), true)
  await scene.advance(10)
  assert.equal(await scene.state('g:a'), 'STARTING', 'it was ended by that signal, and is tried again')
  await scene.advance(1_000)
  const stopped = scene.rpc('supervisor.stopProcess', 'g:a')
  await scene.advance(10)
  assert.equal(await stopped, true)
  const all = scene.rpc('supervisor.startAllProcesses')
  await scene.advance(1_000)
  assert.deepEqual(await all, [
    { name: 'b', group: 'g', status: 80, description: 'OK' },
    { name: 'a', group: 'g', status: 80, description: 'OK' },
  ])
})

test('a program that lives for a moment is tried as often as it may, and the start has failed by then', async () => {
  const scene = await sceneOf([groupApp('g', 1, off('a'))], { livesMs: 300 })
  const started = scene.rpc('supervisor.startProcess', 'g:a')
  await scene.advance(300)
  assert.equal(await started, '50 SPAWN_ERROR: g:a')
  assert.equal(await scene.state('g:a'), 'BACKOFF')
  await scene.advance(10_000)
  assert.equal(await scene.state('g:a'), 'FATAL')
})

test('a program that does not stop is waited for until it is killed', async () => {
  const scene = await sceneOf([groupApp('g', 1, off('a'))], { ignores: ['TERM'] })
  const started = scene.rpc('supervisor.startProcess', 'g:a')
  await scene.advance(1_000)
  await started
  let answer: unknown = 'pending'
  const stopped = scene.rpc('supervisor.stopProcess', 'g:a').then((value) => {
    answer = value
  })
  await scene.advance(9_000)
  assert.equal(answer, 'pending')
  assert.equal(await scene.state('g:a'), 'STOPPING')
  await scene.advance(1_100)
  await stopped
  assert.equal(answer, true)
})

test('hundreds are started and stopped by one call each', async () => {
  const names = Array.from({ length: 600 }, (_, n) => `p${n}`)
  const scene = await sceneOf([groupApp('g', 1, ...names.map((name) => off(name)))])
  const isWhole = (answer: unknown) => Array.isArray(answer) && answer.length === names.length
  const started = scene.rpc('supervisor.startProcessGroup', 'g')
  await scene.advance(2_000)
  assert.ok(isWhole(await started))
  const stopped = scene.rpc('supervisor.stopAllProcesses')
  await scene.advance(100)
  assert.ok(isWhole(await stopped))
})

const lives: Script = {
  ...{ spawnFailure: null, spawnMs: 0, livesMs: null, exit: { kind: 'code', code: 0 }, ignores: [], stopMs: 3 },
  ...{ stopExit: null, isForbidden: false, checked: { passesMs: 0, flapsMs: null, answerMs: 1 } },
}

interface Scene {
  readonly rpc: Rpc
  /** Lets so much time pass, with all that happens meanwhile. */
  advance(ms: number): Promise<void>
  state(name: string): Promise<unknown>
}

/** The methods over the engine itself, with processes that follow a script. */
async function sceneOf(apps: readonly App[], script: Partial<Script> = {}): Promise<Scene> {
  const time = createTime()
  const clock = time.clock()
  const world = createWorld('boot')
  const scriptOf = () => ({ ...lives, ...script })
  const driver = createFakeDriver({ world, clock: time.clock(), scriptOf, seesAdoptedExits: true, daemon: 1 })
  const recorder = { record() {}, settled() {}, close() {} }
  const engine = createEngine({ store: createMemoryStore(), driver, clock, recorder, warn() {} })
  const table = createProcessTable({ engine, settings: () => [], logPathOf })
  const rpc = rpcOf(createRpcMethods(partsOf(engine, table)))
  await engine.start({ held: null })
  const target = { apps: Object.fromEntries(apps.map((app) => [app.name, app])) }
  const declare: Command = { kind: 'set-target', target, by: { kind: 'daemon' }, why: 'test' }
  await engine.command(declare)
  const state: Scene['state'] = async (name) =>
    ((await rpc('supervisor.getProcessInfo', name)) as { readonly statename: string }).statename
  return { rpc, advance: time.advance, state }
}

/** A time that passes only when it is told to, for several clocks. */
function createTime() {
  let nowMs = 0
  const alarms = new Map<object, { readonly atMs: number; readonly wake: () => void }>()
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
  return {
    clock(): Clock {
      const key = {}
      return {
        now: () => at(nowMs),
        soon: (task) => setImmediate(task),
        arm(bootMs, wake) {
          if (bootMs === null) alarms.delete(key)
          else alarms.set(key, { atMs: bootMs, wake })
        },
        armWall() {},
      }
    },
    async advance(ms: number) {
      const untilMs = nowMs + ms
      for (let quiet = 0; quiet < 3; ) {
        await settled()
        const next = [...alarms].toSorted(([, a], [, b]) => a.atMs - b.atMs)[0]
        if (next === undefined || next[1].atMs > untilMs) {
          quiet += 1
          continue
        }
        quiet = 0
        nowMs = Math.max(nowMs, next[1].atMs)
        alarms.delete(next[0])
        next[1].wake()
      }
      nowMs = untilMs
    },
  }
}
