import assert from 'node:assert/strict'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { needs } from '../../../core/fixture.ts'
import { plainProcess } from '../../../core/target/plain.ts'
import { groupApp } from '../table/fixture.ts'
import { alone, off, partsOf, quick, rpcOf, type Scene, sceneOf } from './fixture.ts'
import { createRpcMethods } from './methods.ts'

const started = (scene: Scene, name: string, ...more: readonly unknown[]) =>
  scene.rpc('supervisor.startProcess', name, ...more)

test('a start is answered when the process is RUNNING', async () => {
  const scene = sceneOf(alone(off('web')))
  const answer = settledOf(started(scene, 'web'))
  scene.spawned(5, 'web/web/1')
  assert.equal(await answer.now(), 'pending')
  scene.engine.turn(1_000)
  assert.equal(await answer.promise, true)
})

test('a start that is not waited for is answered when its process was made', async () => {
  const scene = sceneOf(alone(off('web')))
  const answer = settledOf(started(scene, 'web', false))
  assert.equal(await answer.now(), 'pending')
  scene.spawned(5, 'web/web/1')
  assert.equal(await answer.promise, true)
})

test('a process that ends too quickly is a spawn error, and so is one that could not be made', async () => {
  const scene = sceneOf(alone(off('web'), off('db')))
  const ended = started(scene, 'web')
  scene.spawned(0, 'web/web/1')
  scene.exited(300, 'web/web/1')
  assert.equal(await ended, '50 SPAWN_ERROR: web')
  for (const isWaited of [true, false]) {
    const failed = started(scene, 'db', isWaited)
    const failure = { code: 'EAGAIN', message: 'no memory', retry: false }
    const run = scene.engine.snapshot().state.units.get('db/db/1')?.run?.n ?? 0
    scene.engine.turn(400, { kind: 'spawn-failed', unit: 'db/db/1', run, ...failure })
    assert.equal(await failed, '50 SPAWN_ERROR: db')
    await scene.rpc('supervisor.stopProcess', 'db')
  }
})

test('a process that was RUNNING for a moment only was started all the same', async () => {
  const scene = sceneOf(alone(quick('web', { restart: { ...quick('web').restart, when: 'no' } })))
  const answer = started(scene, 'web')
  scene.engine.turn(
    5,
    {
      kind: 'spawned',
      unit: 'web/web/1',
      run: 1,
      identity: { pid: 7, startTicks: 1, bootId: 'boot', pidNamespace: '' },
    },
    { kind: 'exited', unit: 'web/web/1', run: 1, exit: { kind: 'code', code: 0 } },
  )
  assert.equal(await answer, true)
  assert.equal(scene.table.process('web', 'web')?.state, 'EXITED')
})

test('a process that somebody stops before it is RUNNING has terminated abnormally', async () => {
  const scene = sceneOf(alone(off('web')))
  const answer = started(scene, 'web')
  scene.spawned(5, 'web/web/1')
  assert.equal(await scene.rpc('supervisor.stopProcess', 'web', false), true)
  assert.equal(await answer, '40 ABNORMAL_TERMINATION: web')
})

test('what runs, or is tried again, is started already', async () => {
  const scene = sceneOf(alone(off('web')))
  const answer = started(scene, 'web', false)
  assert.equal(await started(scene, 'web'), '60 ALREADY_STARTED: web')
  scene.spawned(0, 'web/web/1')
  await answer
  scene.exited(10, 'web/web/1')
  assert.equal(scene.table.process('web', 'web')?.state, 'BACKOFF')
  assert.equal(await started(scene, 'web:web'), '60 ALREADY_STARTED: web:web')
})

test('what ends still is not waited for to run; without a wait it is started when it has ended', async () => {
  const scene = sceneOf(alone(quick('web')))
  const first = started(scene, 'web')
  scene.spawned(0, 'web/web/1')
  await first
  await scene.rpc('supervisor.stopProcess', 'web', false)
  const before = scene.commands.length
  assert.equal(await started(scene, 'web'), '40 ABNORMAL_TERMINATION: web')
  assert.equal(scene.commands.length, before)
  assert.equal(await started(scene, 'web', false), true)
  scene.exited(10, 'web/web/1')
  assert.equal(scene.table.process('web', 'web')?.state, 'STARTING')
})

test('a process that is held back by a dependency is waited for, as long as it is wanted', async () => {
  const scene = sceneOf([groupApp('g', 1, quick('db'), quick('web', { dependsOn: [needs('db')] }))])
  const answer = settledOf(started(scene, 'g:web'))
  assert.equal(await answer.now(), 'pending')
  assert.equal(scene.table.process('g', 'web')?.state, 'STOPPED')
  void started(scene, 'g:db')
  scene.spawned(5, 'g/db/1')
  scene.spawned(6, 'g/web/1')
  assert.equal(await answer.promise, true)

  const other = sceneOf([groupApp('g', 1, quick('db'), quick('web', { dependsOn: [needs('db')] }))])
  const refused = started(other, 'g:web')
  assert.equal(await other.rpc('supervisor.stopProcess', 'g:web'), true, 'the wish can be taken back')
  assert.equal(await refused, '40 ABNORMAL_TERMINATION: g:web')
})

test('a wait ends with the daemon, and with its client', async () => {
  const scene = sceneOf([groupApp('g', 1, quick('db'), quick('web', { dependsOn: [needs('db')] }))])
  const answer = started(scene, 'g:web')
  scene.engine.turn(10, {
    ...{ kind: 'command', id: 1 },
    command: { kind: 'shutdown', by: { kind: 'daemon' }, why: 'SIGTERM' },
  })
  assert.equal(await answer, '40 ABNORMAL_TERMINATION: g:web')

  const other = sceneOf(alone(off('web')))
  const client = new AbortController()
  const rpc = rpcOf(createRpcMethods(partsOf(other.engine, other.table)), client.signal)
  const left = rpc('supervisor.startProcess', 'web')
  client.abort()
  assert.equal(await left, '30 FAILED: the client is gone')
  assert.equal(await rpc('supervisor.startProcess', 'web'), '60 ALREADY_STARTED: web', 'what was asked for is done')
})

test('a group is started by one command, refusals are told first, then who has come to an end', async () => {
  const missing = { ...plainProcess, command: ['/no/such'] }
  const scene = sceneOf([
    groupApp(
      'g',
      5,
      off('slow', { priority: 1 }),
      quick('fast', { priority: 3 }),
      off('gone', { priority: 2, process: missing }),
    ),
  ])
  const answer = started(scene, 'g:*')
  assert.deepEqual(
    scene.commands.map((command) => ('units' in command ? [command.kind, ...command.units] : [])),
    [['start', 'g/slow/1', 'g/fast/1']],
  )
  scene.spawned(0, 'g/slow/1', 'g/fast/1')
  scene.engine.turn(1_000)
  assert.deepEqual(await answer, [
    { name: 'gone', group: 'g', status: 20, description: "NO_FILE: can't find command '/no/such'" },
    { name: 'fast', group: 'g', status: 80, description: 'OK' },
    { name: 'slow', group: 'g', status: 80, description: 'OK' },
  ])
  const left = [{ name: 'gone', group: 'g', status: 20, description: "NO_FILE: can't find command '/no/such'" }]
  assert.deepEqual(await scene.rpc('supervisor.startProcessGroup', 'g'), left)
  assert.deepEqual(await scene.rpc('supervisor.startAllProcesses'), left)
})

test('where nothing is to be started the list is empty, and no command is given', async () => {
  const scene = sceneOf([groupApp('g', 5)])
  assert.deepEqual(await scene.rpc('supervisor.startProcessGroup', 'g'), [])
  assert.deepEqual(await scene.rpc('supervisor.startAllProcesses', false), [])
  assert.deepEqual(scene.commands, [])
})

test('names: what there is not is told as it was given', async () => {
  const scene = sceneOf([...alone(quick('web')), groupApp('g', 5, quick('m'))])
  const refusals = ['nobody', 'nobody:*', 'web:nobody', 'g', ':x', 'a:b:c']
  for (const name of refusals) assert.equal(await started(scene, name), `10 BAD_NAME: ${name}`)
  assert.equal(await started(scene, ''), '10 BAD_NAME: ')
  assert.equal(await scene.rpc('supervisor.startProcessGroup', 'g:*'), '10 BAD_NAME: g:*')
})

test('the file of a program is looked at before anything is started', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-rpc-'))
  try {
    await mkdir(join(folder, 'bin'))
    await writeFile(join(folder, 'plain'), '')
    await writeFile(join(folder, 'bin/tool'), '#!/bin/sh\n')
    await chmod(join(folder, 'bin/tool'), 0o755)
    const answers = async (command: readonly string[], more: Partial<typeof plainProcess> = {}) => {
      const scene = sceneOf(alone(off('p', { process: { ...plainProcess, command, ...more } })))
      const answer = scene.rpc('supervisor.startProcess', 'p', false)
      if (scene.commands.length > 0) scene.spawned(0, 'p/p/1')
      return answer
    }
    const error = `can't parse command 'sh "x': No closing quotation`
    assert.equal(await answers(['/no/such']), "20 NO_FILE: can't find command '/no/such'")
    assert.equal(await answers(['no-such-program']), "20 NO_FILE: can't find command 'no-such-program'")
    assert.equal(await answers([folder]), `21 NOT_EXECUTABLE: command at '${folder}' is a directory`)
    assert.equal(
      await answers([`${folder}/plain`]),
      `21 NOT_EXECUTABLE: command at '${folder}/plain' is not executable`,
    )
    assert.equal(await answers([], { commandError: error }), `21 NOT_EXECUTABLE: ${error}`)
    assert.equal(await answers(['./bin/tool'], { workingDir: folder }), true)
    assert.equal(await answers(['tool'], { environment: { PATH: `/no/such:${folder}:${folder}/bin` } }), true)
    const path = { environment: { PATH: folder } }
    assert.equal(await answers(['plain'], path), `21 NOT_EXECUTABLE: command at '${folder}/plain' is not executable`)
  } finally {
    await rm(folder, { recursive: true })
  }
})

/** An answer that may not be there yet. */
function settledOf(promise: Promise<unknown>) {
  let answer: unknown = 'pending'
  void promise.then((value) => {
    answer = value
  })
  return {
    promise,
    async now(): Promise<unknown> {
      await new Promise((resolve) => setImmediate(resolve))
      return answer
    },
  }
}
