import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { appOf, container, dock, mounted, volume } from '../../core/containers/fixture.ts'
import { ann } from '../../core/fixture.ts'
import type { PurgeRequest } from '../../wire/requests.ts'
import { engineOfDock } from './dock-fixture.ts'
import { purge } from './purge.ts'
import { Refusal } from './refusal.ts'

const file = '/locks/updates.lock'
const labels = (key: string) => ({ 'com.docker.compose.project': 'a', 'com.docker.compose.volume': key })

const web = (lockFiles: readonly string[] = []) =>
  container('web', { mounts: [mounted('data'), mounted('logs')] }, { lockFiles })

function bench(lockFiles: readonly string[] = []) {
  const world = dock('web:1', 'db:1')
  const engine = engineOfDock(world)
  const volumes = {
    data: volume('data'),
    logs: volume('logs'),
    old: volume('old', { labels: labels('old') }),
    shared: volume('shared', { isExternal: true }),
  }
  world.volumes.set('a_shared', { name: 'a_shared', isOurs: false, driver: 'local', driverOpts: {}, labels: {} })
  const other = { name: 'a_mine', isOurs: false, driver: 'local', driverOpts: {}, labels: labels('mine') }
  world.volumes.set('a_mine', other)
  engine.settle(0, world.up(appOf([web(lockFiles), container('db')], { volumes })))
  const { old: _gone, ...left } = volumes
  engine.settle(100, world.up(appOf([web(lockFiles), container('db')], { volumes: left })))
  const ask = (names: readonly string[], more: Partial<PurgeRequest> = {}) =>
    purge(engine, { names, dryRun: false, force: false, wait: true, timeoutMs: 60_000, ...more }, ann)
  return { world, engine, ask, settled: engine.untilAnswered }
}

const asLines = (report: Awaited<ReturnType<typeof purge>>) =>
  report.items.map(({ name, volume: called, isDeclared, result }) => `${name} ${called} ${isDeclared} ${result}`)

describe('a purge', () => {
  it('tells without doing it what would be removed, and what has to end for it', async () => {
    const { world, ask } = bench()
    const report = await ask(['a/data'], { dryRun: true })
    assert.deepEqual(asLines(report), ['a/data a_data true asked'])
    assert.deepEqual([report.isApplied, report.stops], [false, ['a/web/1']])
    assert.deepEqual(world.state.containerEngine.kept.purges, {})
  })

  it('of one volume makes it anew, and what uses it runs again', async () => {
    const { world, ask, settled } = bench()
    const before = [world.container('a-web-1').id, world.container('a-db-1').id]
    const report = await settled(ask(['a/data']))
    assert.deepEqual(asLines(report), ['a/data a_data true purged'])
    assert.deepEqual(
      report.outcomes.map(({ unit, result, state }) => [unit, result, state]),
      [['a/web/1', 'done', 'running']],
    )
    assert.notEqual(world.container('a-web-1').id, before[0])
    assert.equal(world.container('a-db-1').id, before[1])
    assert.ok(world.volumes.has('a_data'))
  })

  it("of an app is of all its volumes, those that nothing declares any more too, and never of somebody else's", async () => {
    const { world, ask, settled } = bench()
    const report = await settled(ask(['a/']))
    assert.deepEqual(asLines(report).sort(), [
      'a/data a_data true purged',
      'a/logs a_logs true purged',
      'a/old a_old false purged',
    ])
    assert.deepEqual([...world.volumes.keys()].sort(), ['a_data', 'a_logs', 'a_mine', 'a_shared'])
  })

  it('takes the name that the engine has for a volume', async () => {
    const { world, ask, settled } = bench()
    assert.deepEqual(asLines(await settled(ask(['a_old']))), ['a/old a_old false purged'])
    assert.ok(!world.volumes.has('a_old'))
  })

  it('is held back by an update lock, and with force it is not', async () => {
    const { world, ask, settled } = bench([file])
    world.locks.add(file)
    const report = await ask(['a/data'])
    assert.deepEqual(asLines(report), ['a/data a_data true locked'])
    assert.match(report.items[0]?.why ?? '', /the update lock \/locks\/updates\.lock is held/)
    assert.deepEqual(report.outcomes, [])
    assert.deepEqual(asLines(await settled(ask(['a/data'], { force: true }))), ['a/data a_data true purged'])
  })

  it('that the engine refuses says why, and when it is tried again', async () => {
    const { world, ask } = bench()
    world.failing.set('volume:a_old', 'IN_USE')
    const report = await ask(['a/old'])
    assert.deepEqual(asLines(report), ['a/old a_old false failed'])
    assert.match(report.items[0]?.why ?? '', /removing it failed, IN_USE: .*; tried again in/)
  })

  const refusals: readonly (readonly [name: string, message: RegExp])[] = [
    ['a/shared', /a\/shared is declared to be somebody else's, and is never removed from here.*/],
    ['a_mine', /no volume is called 'a_mine'/],
    ['a/dta', /no volume is called 'a\/dta'/],
    ['nobody', /no volume is called 'nobody'/],
  ]
  for (const [name, message] of refusals) {
    it(`of ${name} is refused, and nothing is removed`, async () => {
      const { world, ask } = bench()
      await assert.rejects(ask(['a/data', name]), (error) => {
        assert.ok(error instanceof Refusal)
        assert.equal(error.code, 'no-such-volume')
        assert.match(error.message, message)
        return true
      })
      assert.deepEqual(world.state.containerEngine.kept.purges, {})
    })
  }
})
