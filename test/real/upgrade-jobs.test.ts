import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JobRunItem, StatusList } from '../../src/wire/api.ts'
import { type CliResult, type Home, realTest, type ServiceText } from './harness.ts'
import { isAlive } from './processes.ts'
import { until } from './until.ts'
import { makeVersion } from './versions.ts'

const everySecond = '* * * * * *'
const onceAYear = '0 0 1 1 *'

realTest('jobs that end while another version takes over end once, as they did', {}, async (home) => {
  await home.start([
    home.declare('app', {
      fails: job(`${begin('fails')}; ${untilTold('end')}; exit 7`),
      dies: job(`${begin('dies')}; ${untilTold('end')}; kill -TERM $$$$`),
      works: job(`${begin('works')}; ${untilTold('end')}`),
    }),
  ])
  const names = ['app/fails', 'app/dies', 'app/works']
  await Promise.all(names.map((name) => running(home, name)))
  const before = await Promise.all(names.map((name) => historyOf(home, name)))
  const pids = await pidsOf(home, names)
  const toldMs = Date.now()
  const overMs = await upgradeWhile(home, async () => {
    tell(home, 'end')
    await until('the jobs to end', () => pids.every((pid) => !isAlive(pid)))
  })
  const after = await Promise.all(names.map((name) => endedHistory(home, name)))
  assert.deepEqual(
    after.map((history) => history.map(({ outcome, exit }) => [outcome, exit])),
    [
      [['unexpected', { code: 7, signal: null }]],
      [['unexpected', { code: null, signal: 'TERM' }]],
      [['expected', { code: 0, signal: null }]],
    ],
  )
  for (const [at, [entry]] of after.entries()) {
    assert.deepEqual([entry?.run, entry?.startedAt], [before[at]?.[0]?.run, before[at]?.[0]?.startedAt])
    // Nobody looked when it ended: it is told with the first turn of the new version.
    const endedMs = Date.parse(entry?.endedAt ?? '')
    assert.ok(toldMs <= endedMs && endedMs <= overMs, `${toldMs} ${endedMs} ${overMs}`)
    assert.equal(entry?.durationMs, endedMs - Date.parse(entry?.startedAt ?? ''))
  }
  for (const name of ['fails', 'dies', 'works']) assert.equal(notesOf(home, name).length, 1)
})

realTest('a job that outlives the change of version goes on, and ends at its time', {}, async (home) => {
  await home.start([
    home.declare('app', { work: job(`${begin('work')}; ${untilTold('end')}; ${note('ended')}; exit 7`) }),
  ])
  await running(home, 'app/work')
  const [before] = await historyOf(home, 'app/work')
  const [pid] = await pidsOf(home, ['app/work'])
  await upgradeWhile(home, async () => {})
  const unit = await home.unit('app/work')
  assert.deepEqual([unit.state, unit.pid], ['running', pid])
  tell(home, 'end')
  const [entry, ...others] = await endedHistory(home, 'app/work')
  assert.deepEqual([entry?.outcome, entry?.exit], ['unexpected', { code: 7, signal: null }])
  assert.deepEqual([entry?.run, entry?.startedAt], [before?.run, before?.startedAt])
  const lateMs = Date.parse(entry?.endedAt ?? '') - Number(notesOf(home, 'ended')[0])
  assert.ok(lateMs >= -1 && lateMs < 2_000, `its end was told after ${lateMs} ms`)
  assert.equal(entry?.durationMs, Date.parse(entry?.endedAt ?? '') - Date.parse(entry?.startedAt ?? ''))
  assert.deepEqual(others, [])
  assert.equal(notesOf(home, 'work').length, 1)
})

realTest('a job that is due while another version takes over runs once, for that time', {}, async (home) => {
  await home.start([home.declare('app', { tick: job(begin('tick'), everySecond) })])
  await until('a run', async () => (await historyOf(home, 'app/tick')).some(isEnded))
  let closedMs = 0
  const overMs = await upgradeWhile(home, async () => {
    closedMs = Date.now()
    await until('two times to pass', () => Date.now() > closedMs + 2_100)
  })
  const history = await until('runs after it', async () => {
    const known = await historyOf(home, 'app/tick')
    return known.filter((entry) => isEnded(entry) && Date.parse(entry.startedAt) > overMs + 1_000).length > 0
      ? known
      : null
  })
  const openedMs = closedMs + 2_100
  const dueMs = (entry: JobRunItem | undefined): number => Date.parse(entry?.dueAt ?? '')
  const early = history.filter(({ startedAt }) => Date.parse(startedAt) < openedMs)
  const late = history.filter((entry) => !early.includes(entry) && dueMs(entry) < openedMs)
  assert.equal(late.length, 1, JSON.stringify(history))
  const firstMs = Math.ceil(closedMs / 1_000) * 1_000
  assert.ok(dueMs(early.at(-1)) < dueMs(late[0]) && dueMs(late[0]) <= firstMs, JSON.stringify(history))
  const times = history.flatMap(({ dueAt }) => dueAt ?? [])
  assert.equal(new Set(times).size, times.length, JSON.stringify(history))
  for (const { outcome } of history.filter(isEnded)) assert.equal(outcome, 'expected')
})

realTest('who waits for a job while another version takes over is told how to see its end', {}, async (home) => {
  await home.start([home.declare('app', { work: job(`${begin('work')}; ${untilTold('end')}; exit 7`) })])
  await home.untilUnit('app/work', ({ nextRunAt }) => nextRunAt !== null)
  const waiting = home.cli('run', 'work')
  await until('it to begin', () => notesOf(home, 'work').length === 1)
  await upgradeWhile(home, async () => {
    const { code, stderr, stdout } = await waiting
    assert.equal(code, 1)
    assert.match(stderr, /goes on as another version .*what you asked for goes on; see: holdfast status NAME/)
    assert.equal(stdout, '')
  })
  const again = await home.cli('run', 'work')
  assert.equal(again.code, 1)
  assert.match(again.stderr, /runs already/)
  tell(home, 'end')
  const [entry, ...others] = await endedHistory(home, 'app/work')
  assert.deepEqual([entry?.exit, others], [{ code: 7, signal: null }, []])
  assert.equal(notesOf(home, 'work').length, 1)
})

realTest('hooks that end while another version takes over are followed by what they decide', {}, async (home) => {
  const hook = (name: string, ...more: readonly string[]) => {
    return ['sh', '-c', [begin(name), `echo ${name}`, untilTold('end'), ...more].join('; ')]
  }
  const main = { command: ['sh', '-c', 'echo main; exec sleep 86400'], restart: 'no' }
  await home.start([
    home.declare('app', {
      prepared: { ...main, 'x-holdfast': { hooks: { pre_start: hook('pre') } } },
      refused: { ...main, 'x-holdfast': { hooks: { pre_start: hook('bad', 'exit 3') } } },
      tidied: { ...main, 'x-holdfast': { hooks: { post_stop: hook('post') } } },
    }),
  ])
  await home.untilState('app/tidied', 'running')
  await home.untilLog('app/tidied', 'main')
  assert.equal((await home.cli('stop', '--no-wait', 'tidied')).code, 0)
  for (const name of ['pre', 'bad', 'post']) await until(`the hook ${name}`, () => notesOf(home, name).length === 1)
  const pids = await pidsOf(home, ['app/prepared', 'app/refused', 'app/tidied'])
  await upgradeWhile(home, async () => {
    tell(home, 'end')
    await until('the hooks to end', () => pids.every((pid) => !isAlive(pid)))
  })
  await home.untilState('app/prepared', 'running')
  await home.untilLog('app/prepared', 'main')
  const refused = await home.untilUnit('app/refused', ({ state }) => state === 'exited' || state === 'failed')
  assert.match(refused.reason, /exit code 3/)
  await home.untilState('app/tidied', 'stopped')
  assert.deepEqual(
    ['app/prepared', 'app/refused', 'app/tidied'].map((unit) => home.log(unit).toString()),
    ['pre\nmain\n', 'bad\n', 'main\npost\n'],
  )
})

realTest('a hook that outlives the change of version still has its timeout, and its place', {}, async (home) => {
  const slow = ['sh', '-c', `${begin('slow')}; exec sleep 86399`]
  const steady = ['sh', '-c', `${begin('steady')}; ${untilTold('end')}`]
  const main = { command: ['sh', '-c', 'echo main; exec sleep 86400'], restart: 'no' }
  await home.start([
    home.declare('app', {
      slow: { ...main, 'x-holdfast': { hooks: { pre_start: { command: slow, timeout: '2s' } } } },
      steady: { ...main, 'x-holdfast': { hooks: { pre_start: steady } } },
    }),
  ])
  for (const name of ['slow', 'steady']) await until(`the hook ${name}`, () => notesOf(home, name).length === 1)
  const pids = await pidsOf(home, ['app/steady'])
  await upgradeWhile(home, async () => {})
  const unit = await home.untilUnit('app/slow', ({ state }) => state === 'exited' || state === 'failed')
  assert.match(unit.reason, /2 s/)
  assert.equal(home.log('app/slow').toString(), '')
  assert.deepEqual(await pidsOf(home, ['app/steady']), pids)
  tell(home, 'end')
  await home.untilLog('app/steady', 'main')
  assert.equal(notesOf(home, 'steady').length, 1)
})

// ---- helpers -------------------------------------------------------------------------------------------------

function job(script: string, cron = onceAYear): ServiceText {
  return { command: ['sh', '-c', script], 'x-holdfast': { schedule: cron } }
}

/** The wall clock in milliseconds, as a line of a file of this name. */
function note(name: string): string {
  return `date +%s%3N >>"$$FIXTURE_DIR/${name}"`
}

const begin = note

function untilTold(what: string): string {
  return `while ! [ -e "$$FIXTURE_DIR/${what}" ]; do sleep 0.05; done`
}

function tell(home: Home, what: string): void {
  writeFileSync(join(home.fixtureDirectory, what), '')
}

function notesOf(home: Home, name: string): readonly string[] {
  const path = join(home.fixtureDirectory, name)
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

/** Asks for a run, and resolves when it has begun. */
async function running(home: Home, name: string): Promise<void> {
  await home.untilUnit(name, ({ nextRunAt }) => nextRunAt !== null)
  assert.equal((await home.cli('run', '--no-wait', name)).code, 0)
  await until(`${name} to begin`, () => notesOf(home, name.slice(name.indexOf('/') + 1)).length === 1)
}

async function pidsOf(home: Home, names: readonly string[]): Promise<readonly number[]> {
  return await Promise.all(
    names.map(async (name) => (await home.unit(name)).pid ?? assert.fail(`${name} has no process`)),
  )
}

/**
 * Upgrades to a version that begins only when `during` is over, so that all of that falls into the time in which nobody
 * reads or decides. Answers when it was over, by the wall clock, as of the new version's first answer.
 */
async function upgradeWhile(home: Home, during: () => Promise<void>): Promise<number> {
  const { version, directory, main } = await makeVersion(join(home.directory, 'versions/next'), '7.7.7')
  const [begun, over] = [join(home.directory, 'gap-begun'), join(home.directory, 'gap-over')]
  const held = `if (process.argv[2] === 'daemon') {
    const { existsSync, writeFileSync } = process.getBuiltinModule('node:fs')
    writeFileSync(${JSON.stringify(begun)}, '')
    while (!existsSync(${JSON.stringify(over)})) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  }\n`
  writeFileSync(main, held + readFileSync(main, 'utf8'))
  const asked: Promise<CliResult> = home.cli('upgrade', directory)
  asked.catch(() => {}) // whoever awaits it is told
  await until('the other version to begin', () => existsSync(begun))
  await during()
  writeFileSync(over, '')
  const { code, stderr } = await asked
  assert.equal(code, 0, stderr)
  assert.equal((await home.api.info()).version, version)
  return Date.now()
}

/** Oldest first. */
async function historyOf(home: Home, name: string): Promise<readonly JobRunItem[]> {
  const { stdout, stderr } = await home.cli('status', '-o', 'json', name)
  assert.equal(stderr, '')
  const { items }: StatusList = JSON.parse(stdout)
  return items.flatMap(({ history }) => history).toReversed()
}

function endedHistory(home: Home, name: string): Promise<readonly JobRunItem[]> {
  return until(`the end of ${name}`, async () => {
    const history = await historyOf(home, name)
    return history.some(isEnded) ? history : null
  })
}

function isEnded({ run, endedAt }: JobRunItem): boolean {
  return run !== null && endedAt !== null
}
