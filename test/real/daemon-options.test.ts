import assert from 'node:assert/strict'
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Daemon, type Home, realTest } from './harness.ts'
import { isAlive } from './processes.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'
import { makeVersion } from './versions.ts'

const mebibyte = 1024 ** 2

realTest('--log-total limits what all logs take, and is remembered with the files', {}, async (home) => {
  const file = home.declare('app', {
    loud: {
      command: ['sh', '-c', 'head -c 4000000 /dev/zero | tr "\\0" x; : >"$$FIXTURE_DIR/printed"; exec sleep 86400'],
      'x-holdfast': { logs: { max_size: '256k', max_files: 100 } },
    },
  })
  const first = await home.start([file], { arguments: ['--log-total', '1MB'] })
  await until('all to be printed', () => readdirSync(home.fixtureDirectory).includes('printed'))
  await until('the rest to go', () => logBytes(home) > 0 && logBytes(home) <= mebibyte)
  assert.match((await home.cli('status')).stdout, /logs .*at most 1 MiB/)

  const next = await makeVersion(join(home.directory, 'versions/next'), '7.7.7')
  assert.equal((await home.cli('upgrade', next.directory)).code, 0)
  assert.deepEqual(await limitOf(home), ['7.7.7', mebibyte])
  await first.stop()
  const second = await home.start([])
  assert.equal((await limitOf(home))[1], mebibyte)
  await second.stop()
  const third = await home.start([], { arguments: ['--log-total', '2MB'] })
  assert.equal((await limitOf(home))[1], 2 * mebibyte)
  await third.stop()
  // Files that are named anew come with what is said beside them.
  await home.start([file])
  assert.notEqual((await limitOf(home))[1], 2 * mebibyte)
})

realTest('a bad option is refused before anything is touched', {}, async (home) => {
  const daemon = home.launch([home.declare('app', { web: sleeper })], { arguments: ['--log-total', '500'] })
  assert.deepEqual(await until('it to end', daemon.ended), { code: 2, signal: null })
  assert.match(home.stderr(), /--log-total is a size of at least 1MB, such as 500MB or 2GB, not '500'/)
  assert.ok(!readdirSync(home.directory).includes('state'))
})

const played = { arguments: ['--driver', 'fake'] }

realTest('the fake driver plays units, starts nothing, and says so', {}, async (home) => {
  const nowhere = { command: '/nowhere/program' }
  const file = home.declare('app', {
    web: { ...nowhere, healthcheck: { test: ['CMD', 'curl', 'http://127.0.0.1:1'], interval: '1s' } },
    api: { ...nowhere, 'x-holdfast': { readiness: { http: 'http://127.0.0.1:1/' } } },
    brief: { ...nowhere, restart: 'no', environment: { HOLDFAST_FAKE: 'lives=20 exit=3' } },
    work: {
      ...nowhere,
      environment: { HOLDFAST_FAKE: 'lives=20 exit=7' },
      'x-holdfast': { schedule: '0 0 1 1 *', hooks: { pre_start: '/nowhere/hook' } },
    },
  })
  const first = await home.start([file], played)
  for (const name of ['app/web', 'app/api']) {
    const { pid } = await home.untilUnit(name, ({ state, health }) => state === 'running' && health === 'healthy')
    assert.ok((pid ?? 0) > 2 ** 22, `${pid} could be the pid of somebody`)
  }
  assert.match((await home.untilState('app/brief', 'exited')).reason, /exit code 3/)
  assert.equal((await home.cli('run', 'work')).code, 7)
  // What reads the files has answered and may still be there.
  await until('only the daemon to be there', () => `${home.processes().map(({ pid }) => pid)}` === `${first.pid}`)
  assert.equal((await home.api.info()).driver, 'fake')
  for (const args of [['ps'], ['status'], ['status', 'web']])
    assert.match((await home.cli(...args)).stderr, /these units are only played/)
  assert.equal((await home.cli('stop', 'web')).code, 0)
  const upgrade = await home.cli('upgrade')
  assert.equal(upgrade.code, 1)
  assert.match(upgrade.stderr, /these units are only played, and would not outlive/)

  await first.crash()
  await assertRefused(home.launch([]), home, /are only played; go on with --driver fake, or choose another home/)
  const second = await home.start([], played)
  assert.equal((await home.unit('app/web')).state, 'stopped')
  await home.untilState('app/api', 'running')
  await second.stop()
})

realTest('what runs is not taken over by the fake driver', {}, async (home) => {
  const file = home.declare('app', { web: sleeper })
  const first = await home.start([file])
  const { pid } = await home.untilState('app/web', 'running')
  await first.crash()
  for (const sources of [[file], []]) {
    const before = home.stderr().length
    await assertRefused(home.launch(sources, played), home, /has been used for real processes, and nothing is played/)
    assert.doesNotMatch(home.stderr().slice(before), /only played \(/)
  }
  assert.ok(isAlive(pid!))
  await home.start([])
  assert.equal((await home.untilState('app/web', 'running')).pid, pid)
})

// ---- helpers -------------------------------------------------------------------------------------------------

async function assertRefused(daemon: Daemon, home: Home, says: RegExp): Promise<void> {
  assert.deepEqual(await until('it to end', daemon.ended), { code: 1, signal: null })
  assert.match(home.stderr(), says)
}

async function limitOf(home: Home): Promise<readonly [string, number | null]> {
  const { version, logTotalBytesMax } = await home.api.info()
  return [version, logTotalBytesMax]
}

function logBytes(home: Home): number {
  const directory = join(home.directory, 'log')
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce(
      (sum, entry) => sum + (statSync(join(entry.parentPath, entry.name), { throwIfNoEntry: false })?.size ?? 0),
      0,
    )
}
