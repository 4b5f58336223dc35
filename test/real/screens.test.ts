import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import type { ChangeReport, UnitDetail } from '../../src/wire/api.ts'
import { type Home, realTest } from './harness.ts'
import { sleeper } from './services.ts'
import { tmuxMissing, withTerminal } from './tmux.ts'
import { until } from './until.ts'

/** Says something and ends badly, then waits long enough for a test to look. */
const crashing = {
  command: ['sh', '-c', 'echo starting; echo "fatal: no database"; exit 3'],
  restart: 'always',
  'x-holdfast': { backoff: { initial: '60s', max: '60s', jitter: 0 } },
}

async function detail(home: Home, name: string): Promise<UnitDetail> {
  return JSON.parse((await home.cli('status', name, '-o', 'json')).stdout).items[0]
}

realTest('status tells the tree of processes, and how the last runs ended', {}, async (home) => {
  const tree = { command: ['sh', '-c', 'sleep 1000 & (sleep 2000 & sleep 3000 & wait) & wait'] }
  await home.start([home.declare('demo', { tree, crashing })])
  const processes = await until('the tree to be complete', async () => {
    const found = (await detail(home, 'tree')).processes
    return found.filter(({ command }) => command.startsWith('sleep')).length === 3 ? found : null
  })
  const shown = processes.map(({ depth, command }) => `${depth} ${command.split(' ').slice(0, 2).join(' ')}`)
  assert.deepEqual(shown.toSorted(), ['0 sh -c', '1 sh -c', '1 sleep 1000', '2 sleep 2000', '2 sleep 3000'])
  const [own, ...below] = processes
  assert.equal(own?.pid, (await home.unit('demo/tree')).pid)
  assert.ok(below.every(({ parentPid }) => processes.some(({ pid }) => pid === parentPid)))
  assert.ok(processes.every(({ rssBytes }) => rssBytes > 0))

  await home.untilState('demo/crashing', 'backoff')
  const ends = await until('two ends', async () => {
    const { lastEnds } = await detail(home, 'crashing')
    return lastEnds.length === 2 ? lastEnds : null
  })
  assert.deepEqual(
    ends.map(({ kind, exit }) => [kind, exit?.code]),
    [
      ['unexpected', 3],
      ['unexpected', 3],
    ],
  )
  assert.match(ends[0]?.message ?? '', /^exit code 3 after .*; restart 2 in 1 min$/)
})

realTest('explain tells when it is tried again, what it said last, and who is to blame', {}, async (home) => {
  const api = { ...sleeper, depends_on: { crashing: { condition: 'service_completed_successfully' } } }
  const web = { ...sleeper, depends_on: ['api'] }
  await home.start([home.declare('demo', { crashing, api, web })])
  await home.untilUnit('demo/crashing', (unit) => unit.state === 'backoff' && unit.restarts === 1)
  const told = (await home.cli('explain', 'crashing')).stdout
  assert.match(told, /^ {2}next +tried again at [\d:]+ \(in [\d.]+ (?:s|min)\), the 2nd time in a row$/m)
  assert.match(told, /^ {2}change it +\S*holdfast start demo\/crashing\/1/m)
  assert.match(told, /^ {2}last words +fatal: no database\n +starting\n +fatal: no database$/m)
  const waiting = (await home.cli('explain', 'web')).stdout
  const chain =
    'waits for demo/api/1 to start, which waits for demo/crashing/1 to complete; demo/crashing/1 is in backoff: '
  assert.ok(waiting.includes(`${chain}exit code 3 after`), waiting)
  assert.match(waiting, /^ {2}next +started as soon as that holds; demo\/crashing\/1 is tried again at /m)
})

realTest('a plan exits 7 with what would change, 0 when nothing would, and changes nothing', {}, async (home) => {
  const file = home.declare('demo', { db: sleeper, web: { ...sleeper, depends_on: ['db'] } })
  await home.start([file])
  const { pid } = await home.untilState('demo/web', 'running')
  assert.equal((await home.cli('plan')).code, 0)
  home.declare('demo', {
    db: { ...sleeper, environment: { TOKEN: 's3cret' } },
    web: { ...sleeper, command: ['sleep', '1000'], depends_on: ['db'] },
  })
  const plan = await home.cli('plan')
  assert.equal(plan.code, 7)
  assert.match(plan.stdout, /^~ demo\/web {2}changed: would be stopped and started again\n {4}command: /m)
  assert.match(
    plan.stdout,
    / {2}1\. stop demo\/web\n {2}2\. stop demo\/db\n {2}3\. start demo\/db\n {2}4\. start demo\/web\n/,
  )
  assert.doesNotMatch(plan.stdout, /s3cret/)
  const report: ChangeReport = JSON.parse((await home.cli('plan', '-o', 'json')).stdout)
  assert.deepEqual([report.kind, report.isApplied, report.changes.length], ['ChangeReport', false, 2])
  assert.equal((await home.unit('demo/web')).pid, pid)
  writeFileSync(file, 'name: [')
  assert.equal((await home.cli('plan')).code, 6)
})

realTest('a status fills a terminal of 80x24 and no more', { skip: tmuxMissing() }, async (home) => {
  const talker = {
    command: ['sh', '-c', 'for n in 1 2 3 4 5 6 7 8 9 10 11 12; do echo "line $$n"; done; sleep 1000 & wait'],
    healthcheck: { test: ['CMD', 'true'], interval: '1s', start_interval: '20ms' },
    depends_on: ['db'],
  }
  await home.start([home.declare('demo', { db: sleeper, talker })])
  await home.untilUnit('demo/talker', (unit) => unit.health === 'healthy')
  await home.untilLog('demo/talker', 'line 12')
  await withTerminal(home, { columns: 80, rows: 24 }, async (terminal) => {
    terminal.run('clear; holdfast status talker')
    const screen = await terminal.untilSeen(/ {2}line 12\nprompt>/)
    assert.match(screen, /^demo\/talker\/1 {2}● running, healthy {2}since /)
    assert.match(screen, /^ {2}cpu +\S+ of one core now/m)
    for (const label of ['why', 'next', 'readiness', 'process', 'memory', 'restarts', 'needs', 'declared'])
      assert.match(screen, new RegExp(`^  ${label} `, 'm'))
  })
})

realTest('the daemon tells itself, and a home without one is told from it', {}, async (home) => {
  const file = home.declare('demo', { web: sleeper })
  const none = await home.cli('status')
  assert.equal(none.code, 69)
  const started = await home.cli('plan', file)
  assert.equal(started.code, 7)
  assert.match(started.stdout, /^\+ demo\/web {2}added: would be started$/m)
  assert.match(started.stderr, /^no daemon runs for /m)
  const daemon = await home.start([file])
  await home.untilState('demo/web', 'running')
  const { stdout } = await home.cli('status')
  assert.match(stdout, new RegExp(`^ {2}since .* pid ${daemon.pid}, [\\d.]+ MiB of memory$`, 'm'))
  assert.match(stdout, /^ {2}units +1: 1 running$/m)
  assert.match(stdout, /^demo\/web {2}\* running/m)
})
