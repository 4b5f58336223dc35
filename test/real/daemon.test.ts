import assert from 'node:assert/strict'
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chownSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { fixture, type Home, holdfast, realTest } from './harness.ts'
import { allPids, descriptorsOf, readProc, readProcess } from './processes.ts'
import { checkSequence } from './sequence.ts'
import { eager, sequence, sleeper } from './services.ts'
import { until } from './until.ts'

realTest('a second daemon on the same home is refused, naming the pid of the first', {}, async (home) => {
  const file = home.declare('app', { web: sleeper })
  const first = await home.start([file])
  const { pid } = await home.untilState('app/web', 'running')
  const second = home.launch([file])
  const exit = await second.exit
  assert.notEqual(exit.code, 0)
  assert.match(home.stderr(), new RegExp(`\\b${first.pid}\\b.*`))
  assert.match(home.stderr().split('\n').slice(-3).join('\n'), new RegExp(`${first.pid}`))
  assert.equal((await home.untilState('app/web', 'running')).pid, pid)
  // A death frees the home at once.
  await first.crash()
  await home.start([file])
})

realTest('a second SIGTERM tells what is waited for, and the end is still an orderly one', {}, async (home) => {
  const file = home.declare('app', {
    stubborn: { command: ['sh', fixture('stubborn.sh'), 'stubborn'], stop_grace_period: '1m' },
  })
  const daemon = await home.start([file])
  await home.untilLog('app/stubborn', 'stubborn')
  const { pid } = await home.unit('app/stubborn')
  daemon.kill('SIGTERM')
  await until('the first SIGTERM to be told', () => home.stderr().includes('stopping everything in order'))
  daemon.kill('SIGTERM')
  await until('what is waited for', () => /still waiting for:\n.*app\/stubborn\/1.*SIGKILL in/.test(home.stderr()))
  process.kill(pid!, 'SIGKILL')
  assert.deepEqual(await daemon.exit, { code: 0, signal: null })
})

realTest('a death in the middle of stopping is followed by an orderly end of the next daemon', {}, async (home) => {
  const file = home.declare('app', {
    stubborn: { command: ['sh', fixture('stubborn.sh'), 'stubborn'], stop_grace_period: '1m' },
    web: sleeper,
  })
  const first = await home.start([file])
  const { pid } = await home.untilState('app/stubborn', 'running')
  await home.untilLog('app/stubborn', 'stubborn')
  first.kill('SIGTERM')
  await home.untilState('app/web', 'stopped')
  await first.crash()
  const second = await home.start([file])
  await home.untilState('app/web', 'running')
  process.kill(pid!, 'SIGKILL')
  const again = await home.untilUnit('app/stubborn', (unit) => unit.state === 'running' && unit.pid !== pid)
  second.kill('SIGTERM')
  await until('the end to begin again', () => home.stderr().split('stopping everything in order').length === 3)
  process.kill(again.pid!, 'SIGKILL')
  assert.deepEqual(await second.exit, { code: 0, signal: null })
})

for (const [what, redirection] of [
  ['closed', 'exec "$@" >&- 2>&-'],
  ['full', 'exec "$@" >/dev/full 2>&1'],
] as const) {
  realTest(`a daemon whose output is ${what} supervises on`, {}, async (home) => {
    const file = home.declare('app', { web: { ...sleeper, 'x-holdfast': eager } })
    const daemon = await home.start([file], { wrapper: ['sh', '-c', redirection, 'sh'] })
    await killAndSeeRestarted(home)
    assert.equal(daemon.ended(), null)
  })
}

realTest('a daemon whose reader goes away supervises on', {}, async (home) => {
  const file = home.declare('app', { web: { ...sleeper, 'x-holdfast': eager } })
  const fifo = join(home.directory, 'reader')
  execFileSync('mkfifo', [fifo])
  const reader = spawn('head', ['-c', '1', fifo], { stdio: ['ignore', 'pipe', 'ignore'] })
  const daemon = await home.start([file], { wrapper: ['sh', '-c', `exec "$@" >${fifo} 2>&1`, 'sh'] })
  if (reader.exitCode === null) await once(reader, 'exit')
  await killAndSeeRestarted(home)
  assert.equal(daemon.ended(), null)
})

const needsRoot = process.getuid?.() === 0 ? false : 'it needs root'

realTest('as PID 1 of a pid namespace it reaps orphans and ends in order', { skip: needsRoot }, async (home) => {
  // Leaves an orphan every 20 ms, each of which ends a moment later, but not before it can be seen.
  const leaving = 'while :; do (setsid sleep 0.5 &); sleep 0.02; done'
  const file = home.declare('app', { orphans: { command: ['sh', '-c', leaving] }, web: sleeper })
  const outer = await home.start([file], { wrapper: ['unshare', '--pid', '--fork', '--mount-proc'] })
  await home.untilState('app/orphans', 'running')
  const info = await home.api.info()
  assert.equal(info.pid, 1)
  const inner = childrenOf(outer.pid)[0]!
  const seen = new Set<number>()
  await until('fifty orphans to have come to PID 1', () => {
    for (const pid of childrenOf(inner)) seen.add(pid)
    return seen.size > 50
  })
  await until('no zombie to be left', () => childrenOf(inner).every((pid) => !isZombie(pid)))
  process.kill(inner, 'SIGTERM')
  assert.deepEqual(await outer.exit, { code: 0, signal: null })
})

realTest('more units than descriptors allow are refused by check and by the daemon', {}, async (home) => {
  const file = home.declare('app', { web: { ...sleeper, scale: 5_000 } })
  const limited = ['sh', '-c', 'ulimit -n 512; exec "$@"', 'sh']
  const daemon = home.launch([file], { wrapper: limited })
  assert.deepEqual(await daemon.exit, { code: 6, signal: null })
  assert.match(home.stderr(), /5,?000 units/)
  assert.match(home.stderr(), /descriptors|ulimit/)
  await assert.rejects(
    promisify(execFile)('sh', [...limited.slice(1), holdfast, 'check', file]),
    (error: { readonly code: number; readonly stderr: string; readonly stdout: string }) => {
      assert.match(error.stdout + error.stderr, /5,?000 units/)
      return error.code === 6
    },
  )
  assert.equal((await home.cli('check', home.declare('few', { web: { ...sleeper, scale: 5 } }))).code, 0)
})

realTest("an ordinary user's daemon supervises, adopts and ends in order", { skip: needsRoot }, async (home) => {
  const nobody = 65_534
  for (const path of [home.directory, home.fixtureDirectory]) chownSync(path, nobody, nobody)
  const file = home.declare('app', {
    steady: sequence('steady', { burst: 50, pauseSeconds: 0.02 }),
    cycling: sequence('cycling', { burst: 5, pauseSeconds: 0.02, lines: 20, exitCode: 1 }),
  })
  const asNobody = { wrapper: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'] }
  let daemon = await home.start([file], asNobody)
  const { pid } = await home.untilState('app/steady', 'running')
  assert.match(readProc(pid!, 'status') ?? '', /^Uid:\t65534\t/m)
  for (let death = 0; death < 3; death++) {
    await daemon.crash()
    daemon = await home.start([file], asNobody)
    assert.equal((await home.untilState('app/steady', 'running')).pid, pid)
  }
  await daemon.stop()
  for (const name of ['steady', 'cycling']) checkSequence({ log: home.log(`app/${name}`), name })
})

async function killAndSeeRestarted(home: Home): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const { pid } = await home.untilState('app/web', 'running')
    process.kill(pid!, 'SIGKILL')
    await home.untilUnit('app/web', (unit) => unit.state === 'running' && unit.pid !== pid)
  }
}

/** Zombies included. */
function childrenOf(parent: number): readonly number[] {
  return allPids().filter((pid) => statFields(pid)[1] === String(parent))
}

function isZombie(pid: number): boolean {
  return statFields(pid)[0] === 'Z'
}

function statFields(pid: number): readonly string[] {
  const stat = readProc(pid, 'stat') ?? ''
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
}

realTest(
  'a daemon without a free descriptor lives on, and restarts what ended when it has some again',
  {},
  async (home) => {
    const file = home.declare('app', { web: { ...sleeper, 'x-holdfast': eager }, other: sleeper })
    const daemon = await home.start([file])
    const { pid } = await home.untilState('app/web', 'running')
    const other = await home.untilState('app/other', 'running')
    execFileSync('prlimit', ['--pid', `${daemon.pid}`, '--nofile=120:20000'])
    // Clients that say nothing take what is left.
    const clients = Array.from({ length: 200 }, () =>
      connect(join(home.directory, 'run', 'holdfast.sock')).on('error', () => {}),
    )
    try {
      await until('no descriptor to be left', () => descriptorsOf(daemon.pid).size >= 119)
      process.kill(pid!, 'SIGKILL')
      await until('the ended process to be reaped', () => readProcess(pid!) === null)
      assert.equal(daemon.ended(), null)
    } finally {
      for (const client of clients) client.destroy()
    }
    await until('a descriptor to be free', () => descriptorsOf(daemon.pid).size < 100)
    const again = await home.untilUnit('app/web', (unit) => unit.state === 'running' && unit.pid !== pid)
    assert.notEqual(again.pid, pid)
    assert.equal((await home.unit('app/other')).pid, other.pid)
    assert.equal(daemon.ended(), null)
  },
)
