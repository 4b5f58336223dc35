import assert from 'node:assert/strict'
import { copyFileSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HistoryList } from '../../src/wire/api.ts'
import { fixture, type Home, realTest } from './harness.ts'
import { isAlive, readProcess } from './processes.ts'
import { checkSequence } from './sequence.ts'
import { away, eager, sleeper } from './services.ts'
import { until } from './until.ts'

/** Beside each difficult program runs an ordinary one, which must not notice. */
const bystander = { bystander: sleeper }

async function bystanderOf(home: Home): Promise<() => Promise<void>> {
  const { pid } = await home.untilState('app/bystander', 'running')
  return async () => assert.deepEqual((await home.unit('app/bystander')).pid, pid, 'the bystander was restarted')
}

realTest(
  'a program that forks twice and leaves is seen to end, and what it left does not outlive the stop',
  {},
  async (home) => {
    const file = home.declare('app', {
      ...bystander,
      leaver: { command: ['sh', fixture('leaver.sh'), 'leaver'], restart: 'no' },
    })
    await home.start([file])
    const assertUnharmed = await bystanderOf(home)
    const ended = await home.untilState('app/leaver', 'exited')
    assert.match(ended.reason, /exit code 0/)
    assert.equal(ended.pid, null)
    assert.equal(home.log('app/leaver').toString(), 'left\n')
    assert.equal(home.starts('leaver').length, 1)
    await assertUnharmed()
    // The end of the test asserts that nothing of the home is left once the daemon has ended.
  },
)

realTest('a program that ignores SIGTERM gets SIGKILL after its grace period', {}, async (home) => {
  const file = home.declare('app', {
    ...bystander,
    stubborn: { command: ['sh', fixture('stubborn.sh'), 'stubborn'], stop_grace_period: '3s' },
  })
  await home.start([file])
  const assertUnharmed = await bystanderOf(home)
  const { pid } = await home.untilState('app/stubborn', 'running')
  await home.untilLog('app/stubborn', 'stubborn\n')
  await home.api.wish('stop', ['stubborn'])
  const { next } = await until('the stop to be explained', async () => {
    const explained = await home.explain('app/stubborn')
    return explained.state === 'stopping' ? explained : null
  })
  assert.match(next, /SIGKILL in /)
  await home.untilState('app/stubborn', 'stopped')
  assert.ok(!isAlive(pid!))
  await assertUnharmed()
})

realTest('a program whose child holds its output open is seen to end at once', {}, async (home) => {
  const file = home.declare('app', {
    ...bystander,
    holder: { command: ['sh', fixture('holder.sh'), 'holder'], restart: 'no' },
  })
  await home.start([file])
  const assertUnharmed = await bystanderOf(home)
  await home.untilState('app/holder', 'exited')
  const log = home.log('app/holder').toString()
  assert.match(log, /^bye, \d+ holds my output\n$/)
  await assertUnharmed()
  // Started again, the left-over child of the first run is gone: it would hold a port as well.
  const holder = Number(/\d+/.exec(log)![0])
  assert.equal((await home.cli('start', '--no-wait', 'holder')).code, 0)
  await until('the second run', () => home.starts('holder').length === 2)
  await until('the first left-over to be gone', () => !isAlive(holder))
})

realTest('a flood keeps to its log limit, and everyone else is answered', {}, async (home) => {
  const file = home.declare('app', {
    ...bystander,
    flood: { command: ['yes', 'flood'], 'x-holdfast': { logs: { max_size: '1m', max_files: 3 } } },
    quiet: {
      command: ['sh', '-c', 'echo quiet; exit 1'],
      'x-holdfast': { ...eager, restart_budget: { max: 20 }, stable_after: '10s' },
    },
  })
  await home.start([file])
  const assertUnharmed = await bystanderOf(home)
  const path = home.logPath('app/flood')
  await until('the flood to be rotated', () => statSync(`${path}.2`, { throwIfNoEntry: false }))
  // Beside the flood others are restarted, their output is kept, and questions are answered.
  await home.untilState('app/quiet', 'failed')
  assert.equal(home.log('app/quiet').toString(), 'quiet\n'.repeat(21))
  const answerMs: number[] = []
  for (let asked = 0; asked < 5; asked++) {
    const before = performance.now()
    await home.api.units()
    answerMs.push(performance.now() - before)
  }
  // The others may have been this machine's.
  assert.ok(Math.min(...answerMs) < 1_000, `the daemon answers within a second: ${answerMs}`)
  for (const part of [path, `${path}.1`, `${path}.2`]) {
    const size = statSync(part, { throwIfNoEntry: false })?.size ?? 0
    assert.ok(size <= 1024 * 1024, `${part} has ${size} bytes`)
  }
  assert.equal(statSync(`${path}.3`, { throwIfNoEntry: false }), undefined, 'a fourth file was kept')
  await assertUnharmed()
})

realTest(
  'a program that ends before it is ready is tried again with delays, then failed with the reason',
  {},
  async (home) => {
    const file = home.declare('app', {
      ...bystander,
      early: {
        command: ['sh', fixture('early.sh'), 'early', '3'],
        'x-holdfast': { backoff: { initial: '100ms', factor: 2, jitter: 0 }, restart_budget: { max: 3 } },
      },
    })
    await home.start([file])
    const assertUnharmed = await bystanderOf(home)
    const failed = await home.untilState('app/early', 'failed')
    assert.match(failed.reason, /exit code 3/)
    assert.equal(home.starts('early').length, 4, 'the first start and three more')
    assert.equal(home.log('app/early').toString(), 'cannot start: no configuration\n'.repeat(4))
    const explained = await home.explain('app/early')
    assert.equal(explained.isAtTarget, false)
    assert.match(explained.command ?? '', /holdfast start app\/early/)
    const { items }: HistoryList = JSON.parse((await home.cli('history', '-n', 'all', '-o', 'json', 'early')).stdout)
    const waits = items.flatMap((item) => (item.kind === 'transition' && item.to === 'backoff' ? item.why : []))
    assert.equal(waits.length, 3)
    for (const why of waits) assert.match(why, /exit code 3/)
    const delays = startDelaysMs(home, 'early')
    assert.ok(delays[1]! >= 90 && delays[2]! >= 190, `delays grow: ${delays}`)
    await assertUnharmed()
  },
)

realTest('a program that loses its binary is explained, and comes back with it', {}, async (home) => {
  const program = join(home.directory, 'program')
  copyFileSync('/bin/sleep', program)
  const file = home.declare('app', {
    ...bystander,
    lost: { command: [program, '86400'], 'x-holdfast': { backoff: { initial: '50ms', max: '50ms' } } },
  })
  await home.start([file])
  const assertUnharmed = await bystanderOf(home)
  const { pid } = await home.untilState('app/lost', 'running')
  rmSync(program)
  process.kill(pid!, 'SIGKILL')
  const lost = await home.untilUnit('app/lost', (unit) => /ENOENT/.test(unit.reason))
  assert.equal(lost.pid, null)
  assert.ok(lost.reason.includes(program), lost.reason)
  copyFileSync('/bin/sleep', `${program}.new`)
  renameSync(`${program}.new`, program)
  const { state } = await home.untilUnit('app/lost', ({ state }) => state === 'running' || state === 'failed')
  if (state === 'failed') await home.cli('start', 'lost')
  await home.untilState('app/lost', 'running')
  await assertUnharmed()
})

realTest('a program that runs out of descriptors takes none from others', {}, async (home) => {
  const command = ['sh', '-c', `ulimit -n 64; exec ${process.execPath} ${fixture('exhaust.mjs')}`]
  const file = home.declare('app', { ...bystander, exhaust: { command } })
  const daemon = await home.start([file])
  const assertUnharmed = await bystanderOf(home)
  const log = await home.untilLog('app/exhaust', 'EMFILE after')
  assert.ok(Number(/after (\d+)/.exec(log)![1]) < 64)
  assert.equal((await home.unit('app/exhaust')).state, 'running')
  assert.match(readFileSync(`/proc/${daemon.pid}/limits`, 'utf8'), /Max open files +[1-9]\d{3,}/)
  await assertUnharmed()
})

realTest('a paused program is shown as paused, continued by a signal, and stops although paused', {}, async (home) => {
  const file = home.declare('app', { ...bystander, paused: sleeper })
  await home.start([file])
  const assertUnharmed = await bystanderOf(home)
  const { pid } = await home.untilState('app/paused', 'running')
  process.kill(pid!, 'SIGSTOP')
  const paused = await home.untilState('app/paused', 'paused')
  assert.equal(paused.pid, pid)
  assert.match((await home.explain('app/paused')).command ?? '', /signal CONT/)
  assert.equal((await home.cli('signal', 'CONT', 'paused')).code, 0)
  await home.untilState('app/paused', 'running')
  process.kill(pid!, 'SIGSTOP')
  await home.untilState('app/paused', 'paused')
  assert.equal((await home.cli('stop', 'paused')).code, 0)
  assert.equal(readProcess(pid!), null)
  assert.equal((await home.unit('app/paused')).state, 'stopped')
  await assertUnharmed()
})

realTest('a pause is noticed and ended while nobody supervises, and after', {}, async (home) => {
  const file = home.declare('app', { paused: { ...sleeper, stop_grace_period: '10m' } })
  const first = await home.start([file])
  const { pid } = await home.untilState('app/paused', 'running')
  await first.crash()
  process.kill(pid!, 'SIGSTOP')
  await home.start([file])
  const adopted = await home.untilState('app/paused', 'paused')
  assert.equal(adopted.pid, pid)
  assert.equal((await home.cli('signal', 'CONT', 'paused')).code, 0)
  await home.untilState('app/paused', 'running')
  // Nobody tells of the pause of a process that is not a child: it is stopped all the same, and long before its grace period ends.
  process.kill(pid!, 'SIGSTOP')
  assert.equal((await home.cli('stop', 'paused')).code, 0)
  assert.equal(readProcess(pid!), null)
})

realTest(
  'the last words of programs that end while no daemon runs are kept, and their policies followed',
  {},
  async (home) => {
    const file = home.declare('app', {
      ...bystander,
      always: away('always', { lines: 500, exitCode: 3, restart: 'always' }),
      never: away('never', { lines: 500, exitCode: 0, restart: 'no' }),
    })
    const first = await home.start([file])
    const assertUnharmed = await bystanderOf(home)
    await home.untilLog('app/always', 'begin')
    await home.untilLog('app/never', 'begin')
    const always = await home.unit('app/always')
    await first.crash()
    writeFileSync(join(home.fixtureDirectory, 'go.never'), '')
    writeFileSync(join(home.fixtureDirectory, 'go.always'), '')
    await until('both to end', () => home.processes().every(({ command }) => !command.includes('away.sh')))
    rmSync(join(home.fixtureDirectory, 'go.always'))
    assert.equal(home.starts('always').length, 1)

    await home.start([file])
    const again = await home.untilUnit('app/always', (unit) => unit.state === 'running' && unit.pid !== always.pid)
    assert.ok(again.restarts >= 1)
    const never = await home.untilState('app/never', 'exited')
    assert.match(never.reason, /exit|ended/)
    // Whether anybody could see how it ended depends on who collects orphans here; it is not run again either way.
    assert.equal(home.starts('never').length, 1)
    const neverRuns = checkSequence({ log: home.log('app/never'), name: 'never' })
    assert.deepEqual(
      neverRuns.map(({ lines }) => lines),
      [500],
    )
    await until('the second run of always', () => home.starts('always').length === 2)
    const cutOff = new Set([again.pid!])
    const alwaysRuns = checkSequence({ log: home.log('app/always'), name: 'always', cutOff })
    assert.deepEqual(alwaysRuns[0], { pid: always.pid, lines: 500, isEnded: true })
    await assertUnharmed()
  },
)

function startDelaysMs(home: Home, name: string): readonly number[] {
  const ticks = home.starts(name).map((start) => start.startTicks)
  return ticks.slice(1).map((tick, index) => (tick - ticks[index]!) * 10)
}
