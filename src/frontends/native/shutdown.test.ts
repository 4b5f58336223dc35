import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ann, code, running, service } from '../../core/fixture.ts'
import { StoreError } from '../../engine/ports.ts'
import { engineOf } from './fixture.ts'
import { shutDown } from './shutdown.ts'

test('the end begins, as told who asked, and lists what is stopped; asked again it lists what is left', async () => {
  const scene = running(0, service('web'), service('db'))
  const engine = engineOf(scene)
  const report = await shutDown(engine, ann)
  assert.deepEqual([report.units, report.isUnderWay], [['a/web/1', 'a/db/1'], false])
  assert.deepEqual(scene.state.mode, { kind: 'stopping', by: ann, why: 'ended by ann (uid 1000)' })
  engine.turn(10, scene.exited('web', code(0)))
  const again = await shutDown(engine, ann)
  assert.deepEqual([again.units, again.isUnderWay], [['a/db/1'], true])
})

test('a full disk does not keep the daemon from ending', async () => {
  const scene = running(0, service('web'))
  const engine = engineOf(scene)
  const full: typeof engine = {
    ...engine,
    command: (command) =>
      command.by.kind === 'user' ? Promise.reject(new StoreError('SQLITE_FULL', 'full')) : engine.command(command),
  }
  assert.equal((await shutDown(full, ann)).isUnderWay, false)
  assert.equal(scene.state.mode.kind === 'stopping' && scene.state.mode.why, 'ended by ann (uid 1000)')
})
