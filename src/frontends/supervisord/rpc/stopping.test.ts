import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupApp, plainPolicy } from '../table/fixture.ts'
import { alone, off, quick, type Scene, sceneOf } from './fixture.ts'

test('a stop is answered when the process has ended', async () => {
  const scene = await running('web')
  let answer: unknown = 'pending'
  const stopped = scene.rpc('supervisor.stopProcess', 'web').then((value) => {
    answer = value
  })
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(answer, 'pending')
  scene.exited(2_100, 'web/web/1')
  await stopped
  assert.equal(answer, true)
  assert.equal(scene.table.process('web', 'web')?.state, 'STOPPED')
})

test('a stop that is not waited for is answered at once', async () => {
  const scene = await running('web')
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web', false), true)
  assert.equal(scene.table.process('web', 'web')?.state, 'STOPPING')
})

test('what does not run is not stopped, nor what is stopped already', async () => {
  const scene = await running('web')
  await scene.rpc('supervisor.stopProcess', 'web', false)
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web'), '70 NOT_RUNNING: web')
  scene.exited(10, 'web/web/1')
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web:web'), '70 NOT_RUNNING: web:web')
  assert.equal(await scene.rpc('supervisor.stopProcess', 'nobody'), '10 BAD_NAME: nobody')
})

test('what waits for its next try is STOPPED at once', async () => {
  const scene = sceneOf(alone(off('web')))
  void scene.rpc('supervisor.startProcess', 'web')
  scene.spawned(0, 'web/web/1')
  scene.exited(10, 'web/web/1')
  assert.equal(scene.table.process('web', 'web')?.state, 'BACKOFF')
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web'), true)
  assert.equal(scene.table.process('web', 'web')?.state, 'STOPPED')
})

test('an end before the stop is taken does not count where another run follows it', async () => {
  const scene = sceneOf(alone(quick('web', { restart: { ...plainPolicy, stableMs: 0, when: 'always' } })))
  const started = scene.rpc('supervisor.startProcess', 'web')
  scene.spawned(0, 'web/web/1')
  await started
  const { command } = scene.engine
  scene.engine.command = (asked) => {
    scene.exited(5, 'web/web/1')
    return command(asked)
  }
  let answer: unknown = 'pending'
  const stopped = scene.rpc('supervisor.stopProcess', 'web').then((value) => {
    answer = value
  })
  scene.spawned(6, 'web/web/1')
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(answer, 'pending')
  scene.exited(7, 'web/web/1')
  await stopped
  assert.equal(answer, true)
})

test('a group is stopped by one command, and told by who ended first, then by priority', async () => {
  const scene = await running('a', 'b', 'c', 'd')
  await scene.rpc('supervisor.stopProcess', 'g:d', false)
  const answer = scene.rpc('supervisor.stopProcess', 'g:')
  assert.deepEqual(scene.commands.at(-1), {
    ...{ kind: 'stop', units: ['g/a/1', 'g/b/1', 'g/c/1'] },
    by: { kind: 'user', uid: 1000, name: 'ann' },
  })
  scene.exited(5, 'g/c/1')
  scene.exited(6, 'g/b/1', 'g/a/1')
  const told = (await answer) as readonly { readonly name: string; readonly status: number }[]
  assert.deepEqual(
    told.map(({ name, status }) => `${name} ${status}`),
    ['c 80', 'a 80', 'b 80'],
  )
  scene.exited(7, 'g/d/1')
  assert.deepEqual(await scene.rpc('supervisor.stopProcessGroup', 'g'), [])
  assert.deepEqual(await scene.rpc('supervisor.stopAllProcesses'), [])
  assert.equal(await scene.rpc('supervisor.stopProcessGroup', 'h'), '10 BAD_NAME: h')
})

test('all of several groups are stopped by one command, without a wait by priority', async () => {
  const scene = sceneOf([groupApp('z', 1, quick('z')), groupApp('b', 2, quick('b')), groupApp('a', 2, quick('a'))])
  void scene.rpc('supervisor.startAllProcesses')
  scene.spawned(0, 'z/z/1', 'b/b/1', 'a/a/1')
  const all = (await scene.rpc('supervisor.stopAllProcesses', false)) as readonly { readonly name: string }[]
  assert.deepEqual(
    all.map(({ name }) => name),
    ['z', 'a', 'b'],
  )
  assert.deepEqual(
    scene.commands.map(({ kind }) => kind),
    ['start', 'stop'],
  )
})

test('a command that the engine refuses is a fault', async () => {
  const scene = await running('web')
  scene.engine.command = () => Promise.reject(new Error('the disk is full'))
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web'), '30 FAILED: the disk is full')
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web', false), '30 FAILED: the disk is full')
})

/** One alone, or several in the group `g`; all RUNNING. */
async function running(...names: readonly string[]): Promise<Scene> {
  const [name] = names
  const isAlone = names.length === 1 && name !== undefined
  const services = names.map((one, index) => quick(one, { priority: 10 + index }))
  const scene = sceneOf(isAlone ? alone(...services) : [groupApp('g', 5, ...services)])
  const group = isAlone ? name : 'g'
  const started = scene.rpc('supervisor.startProcessGroup', group)
  scene.spawned(0, ...names.map((one) => `${group}/${one}/1`))
  await started
  return scene
}
