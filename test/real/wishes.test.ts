import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fixture, type Home, realTest } from './harness.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

const ordered = (name: string, seconds: string) => ({ command: ['sh', fixture('ordered.sh'), name, seconds] })

realTest('services start in the order of their dependencies and stop in the reverse one', {}, async (home) => {
  const job = `while ! test -e "$$FIXTURE_DIR/go"; do sleep 0.02; done; echo "done migrate" >>"$$FIXTURE_DIR/order"`
  const file = home.declare('app', {
    web: {
      ...ordered('web', '0.3'),
      depends_on: { db: { condition: 'service_started' }, migrate: { condition: 'service_completed_successfully' } },
    },
    migrate: { command: ['sh', '-c', job], restart: 'no', depends_on: ['db'] },
    db: ordered('db', '0'),
  })
  const daemon = await home.start([file])
  await home.untilState('app/migrate', 'running')
  const waiting = await home.untilState('app/web', 'waiting')
  assert.match((await home.explain('app/web')).why, /app\/migrate/, waiting.reason)
  await until('db to be up', () => orderOf(home).includes('up db'))
  writeFileSync(join(home.fixtureDirectory, 'go'), '')
  await home.untilState('app/web', 'running')
  await until('web to be up', () => orderOf(home).includes('up web'))
  await daemon.stop()
  assert.deepEqual(orderOf(home), ['up db', 'done migrate', 'up web', 'down web', 'down db'])
})

realTest('a service whose dependency failed waits, and explains which command decides', {}, async (home) => {
  const file = home.declare('app', {
    migrate: { command: ['false'], restart: 'no' },
    web: { ...sleeper, depends_on: { migrate: { condition: 'service_completed_successfully' } } },
  })
  await home.start([file])
  await home.untilState('app/migrate', 'exited')
  await home.untilState('app/web', 'waiting')
  const explained = await home.explain('app/web')
  assert.equal(explained.isAtTarget, false)
  assert.equal(explained.command, 'holdfast start app/migrate')
})

realTest('a manual stop outlives a death and an ordinary restart of the daemon', {}, async (home) => {
  const file = home.declare('app', { web: sleeper, other: sleeper })
  const first = await home.start([file])
  await home.untilState('app/web', 'running')
  assert.equal((await home.cli('stop', 'web')).code, 0)
  await first.crash()
  const second = await home.start([file])
  assert.equal((await home.untilUnit('app/web', ({ state }) => state !== 'waiting')).state, 'stopped')
  await second.stop()
  await home.start([file])
  await home.untilState('app/other', 'running')
  assert.equal((await home.unit('app/web')).state, 'stopped')
  assert.equal((await home.cli('start', 'web')).code, 0)
  assert.equal((await home.unit('app/web')).state, 'running')
})

realTest('up touches only what changed; reload and SIGHUP touch nothing', {}, async (home) => {
  const declare = (services: Record<string, object>) =>
    home.declare('app', { same: sleeper, policy: sleeper, changed: sleeper, removed: sleeper, ...services } as never)
  const file = declare({})
  const daemon = await home.start([file])
  const pids = await pidsOf(home, ['same', 'policy', 'changed', 'removed'])

  home.declare('app', {
    same: sleeper,
    policy: { ...sleeper, stop_grace_period: '3s' },
    changed: { ...sleeper, environment: { NEW: '1' } },
    added: sleeper,
  })
  const reloaded = await home.cli('reload')
  assert.equal(reloaded.code, 0, reloaded.stderr)
  for (const name of ['policy', 'changed', 'removed', 'added']) assert.match(reloaded.stdout, new RegExp(`app/${name}`))
  assert.doesNotMatch(reloaded.stdout, /app\/same/)
  daemon.kill('SIGHUP')
  await until('the report of SIGHUP', () => /app\/changed/.test(home.stderr().split('SIGHUP')[1] ?? ''))
  assert.deepEqual(await pidsOf(home, ['same', 'policy', 'changed', 'removed']), pids)

  const up = await home.cli('up')
  assert.equal(up.code, 0, up.stderr)
  await home.untilState('app/added', 'running')
  await until(
    'the removed one to be gone',
    async () => !(await home.api.units()).some((unit) => unit.service === 'removed'),
  )
  const changed = await home.untilUnit('app/changed', (unit) => unit.state === 'running' && unit.pid !== pids.changed)
  const after = await pidsOf(home, ['same', 'policy'])
  assert.deepEqual(after, { same: pids.same, policy: pids.policy })
  assert.ok(existsSync(`/proc/${changed.pid}`) && !existsSync(`/proc/${pids.removed}`))
})

realTest('a bad file is refused with its place, and leaves what runs alone', {}, async (home) => {
  const file = home.declare('app', { web: sleeper, other: sleeper })
  const daemon = await home.start([file])
  const pids = await pidsOf(home, ['web', 'other'])
  home.write('app.yaml', 'name: app\nservices:\n  web:\n    command: sleep 1\n    comand: oops\n')
  for (const command of ['up', 'reload']) {
    const refused = await home.cli(command)
    assert.equal(refused.code, 6, refused.stdout)
    assert.match(refused.stderr, /app\.yaml:5:5/)
    assert.match(refused.stderr, /comand/)
  }
  assert.equal((await home.cli('check', file)).code, 6)
  daemon.kill('SIGHUP')
  await until('the report of SIGHUP', () => /files have errors/.test(home.stderr()))
  assert.deepEqual(await pidsOf(home, ['web', 'other']), pids)
  // A death and a start with the bad file: what was declared before goes on.
  await daemon.crash()
  const second = await home.start([file])
  assert.deepEqual(await pidsOf(home, ['web', 'other']), pids)
  await second.stop()
})

realTest('a cycle of dependencies is refused, and its members named', {}, async (home) => {
  const file = home.declare('app', {
    a: { ...sleeper, depends_on: ['b'] },
    b: { ...sleeper, depends_on: ['c'] },
    c: { ...sleeper, depends_on: ['a'] },
  })
  const refused = await home.cli('check', file)
  assert.equal(refused.code, 6)
  assert.match(refused.stdout + refused.stderr, /a .*b .*c .*a|b .*c .*a .*b|c .*a .*b .*c/)
  const daemon = home.launch([file])
  assert.deepEqual(await daemon.exit, { code: 6, signal: null })
})

function orderOf(home: Home): readonly string[] {
  const path = join(home.fixtureDirectory, 'order')
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

async function pidsOf(home: Home, names: readonly string[]): Promise<Readonly<Record<string, number | null>>> {
  const pids: Record<string, number | null> = {}
  for (const name of names) pids[name] = (await home.untilState(`app/${name}`, 'running')).pid
  return pids
}
