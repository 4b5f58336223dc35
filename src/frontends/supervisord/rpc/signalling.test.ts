import assert from 'node:assert/strict'
import { test } from 'node:test'
import { groupApp } from '../table/fixture.ts'
import { quick, type Scene, sceneOf } from './fixture.ts'

test('a signal is meant by its name in any form, or by its number', async () => {
  const scene = await running()
  const sent: readonly (readonly [unknown, string])[] = [
    ...([
      ['HUP', 'HUP'],
      ['SIGHUP', 'HUP'],
      ['sigusr1', 'USR1'],
      [' winch ', 'WINCH'],
    ] as const),
    ...([
      ['1', 'HUP'],
      [10, 'USR1'],
      [28, 'WINCH'],
      ['CLD', 'CHLD'],
      [1.5, 'HUP'],
      [true, 'HUP'],
      [Buffer.from('WINCH'), 'WINCH'],
    ] as const),
  ]
  for (const [given, name] of sent) {
    assert.equal(await scene.rpc('supervisor.signalProcess', 'g:a', given), true, String(given))
    const command = scene.commands.at(-1)
    assert.deepEqual(command?.kind === 'signal' && [command.signal, command.units], [name, ['g/a/1']])
  }
})

test('there is no such signal', async () => {
  const scene = await running()
  for (const signal of ['FOO', '99', 99, '-1', '1.0', 33]) {
    assert.equal(await scene.rpc('supervisor.signalProcess', 'g:a', signal), `11 BAD_SIGNAL: ${signal}`)
  }
  assert.equal(await scene.rpc('supervisor.signalProcess', 'nobody', 'FOO'), '10 BAD_NAME: nobody')
  assert.equal(await scene.rpc('supervisor.signalProcess', 'g:off', 'FOO'), '11 BAD_SIGNAL: FOO')
  assert.deepEqual(await scene.rpc('supervisor.signalProcess', 'g:*', 'FOO'), [
    { name: 'a', group: 'g', status: 11, description: 'BAD_SIGNAL: FOO' },
    { name: 'b', group: 'g', status: 11, description: 'BAD_SIGNAL: FOO' },
  ])
})

test('signal 0 asks only whether it runs', async () => {
  const scene = await running()
  const before = scene.commands.length
  assert.equal(await scene.rpc('supervisor.signalProcess', 'g:a', 0), true)
  assert.equal(await scene.rpc('supervisor.signalProcess', 'g:off', '0'), '70 NOT_RUNNING: g:off')
  assert.equal(scene.commands.length, before)
})

test('several get a signal by one command; what does not run is left out', async () => {
  const scene = await running()
  await scene.rpc('supervisor.stopProcess', 'g:b', false)
  const ok = ['a', 'b'].map((name) => ({ name, group: 'g', status: 80, description: 'OK' }))
  for (const [method, ...params] of [
    ['supervisor.signalProcess', 'g:*', 'HUP'],
    ['supervisor.signalProcessGroup', 'g', 'HUP'],
    ['supervisor.signalAllProcesses', 'HUP'],
  ] as const) {
    const before = scene.commands.length
    assert.deepEqual(await scene.rpc(method, ...params), ok, 'one that is STOPPING gets it too')
    assert.equal(scene.commands.length, before + 1)
  }
  assert.equal(await scene.rpc('supervisor.signalProcessGroup', 'h', 'HUP'), '10 BAD_NAME: h')
})

/** `a` and `b` run, `off` does not. */
async function running(): Promise<Scene> {
  const scene = sceneOf([groupApp('g', 5, quick('a'), quick('b'), quick('off'))])
  void scene.rpc('supervisor.startProcess', 'g:a')
  const started = scene.rpc('supervisor.startProcess', 'g:b')
  scene.spawned(0, 'g/a/1', 'g/b/1')
  await started
  return scene
}
