import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { nudgeWallClock, wallClockSkip } from '../../src/sys/test-bench.ts'
import type { JobRunItem, StatusList } from '../../src/wire/api.ts'
import { type Home, realTest, type ServiceText } from './harness.ts'
import { descriptorsOf, isAlive } from './processes.ts'
import { until } from './until.ts'

const everySecond = '* * * * * *'
const onceAYear = '0 0 1 1 *'

realTest('a schedule starts runs at its times, each once, and keeps their history', {}, async (home) => {
  await home.start([home.declare('app', { tick: job(note('ran'), everySecond) })])
  const entries = await untilHistory(home, 'app/tick', (history) => endedOf(history).length >= 3)
  const ran = endedOf(entries)
  for (const entry of ran) {
    assert.equal(entry.outcome, 'expected')
    assert.deepEqual(entry.exit, { code: 0, signal: null })
    const lateMs = Date.parse(entry.startedAt) - Date.parse(entry.dueAt ?? '')
    assert.ok(lateMs >= 0 && lateMs < 10_000, `${entry.startedAt} for ${entry.dueAt}`)
    assert.equal(Date.parse(entry.dueAt ?? '') % 1_000, 0)
    assert.match(entry.by, /schedule/)
  }
  assertOncePerTime(entries)
  const noted = notesOf(home, 'ran')
  for (const { run } of ran) assert.equal(noted.filter((each) => each === String(run)).length, 1)
  await home.untilUnit('app/tick', ({ nextRunAt }) => nextRunAt !== null)
})

realTest('a time that comes while the run before has not ended is skipped, and noted', {}, async (home) => {
  await home.start([home.declare('app', { slow: job(`${note('ran')}; sleep 2.5`, everySecond) })])
  // A machine that was held up for a second notes fewer of them for each run.
  const entries = await untilHistory(
    home,
    'app/slow',
    (history) => endedOf(history).length >= 2 && skippedOf(history).length >= 3,
  )
  const ran = endedOf(entries)
  for (const [at, entry] of ran.entries()) {
    const before = ran[at - 1]
    if (before?.endedAt != null) assert.ok(Date.parse(before.endedAt) <= Date.parse(entry.startedAt))
  }
  for (const { run, message } of skippedOf(entries))
    assert.deepEqual([run, message], [null, 'the run before had not ended'])
  assertOncePerTime(entries)
})

realTest('a run that ends while no daemon lives is known by its exit code, and not run again', {}, async (home) => {
  const file = home.declare('app', { work: job(`${note('ran')}; ${untilGo}; exit 7`, everySecond) })
  const first = await home.start([file])
  const [run] = await until('a run', () => (notesOf(home, 'ran').length > 0 ? notesOf(home, 'ran') : null))
  const pid = (await home.untilState('app/work', 'running')).pid ?? 0
  await first.crash()
  go(home)
  await until('the run to end', () => !isAlive(pid))
  await home.start([file])
  const entries = await untilHistory(home, 'app/work', (history) => endedOf(history).length >= 2)
  const [entry, ...others] = entries.filter((each) => String(each.run) === run)
  assert.equal(entry?.outcome, 'unexpected')
  assert.deepEqual(entry?.exit, { code: 7, signal: null })
  assert.deepEqual(others, [])
  assertOncePerTime(entries)
  assert.equal(new Set(notesOf(home, 'ran')).size, notesOf(home, 'ran').length)
})

realTest('a run that outlives a death of the daemon goes on, and its exit code is known', {}, async (home) => {
  const file = home.declare('app', { work: job(`${note('ran')}; ${untilGo}; exit 7`, onceAYear) })
  const first = await home.start([file])
  await home.untilUnit('app/work', ({ nextRunAt }) => nextRunAt !== null)
  assert.equal((await home.cli('run', '--no-wait', 'app/work')).code, 0)
  const { pid } = await home.untilState('app/work', 'running')
  await until('it to have begun', () => notesOf(home, 'ran').length > 0)
  await first.crash()
  await home.start([file])
  assert.equal((await home.untilState('app/work', 'running')).pid, pid)
  go(home)
  const [entry, ...others] = await untilHistory(home, 'app/work', (history) => endedOf(history).length >= 1)
  assert.deepEqual([entry?.outcome, entry?.exit], ['unexpected', { code: 7, signal: null }])
  assert.deepEqual(others, [])
  assert.equal(notesOf(home, 'ran').length, 1)
})

realTest('run starts one run now and ends as it does', {}, async (home) => {
  const file = home.declare('app', {
    good: job(note('good'), onceAYear),
    bad: job(`${note('bad')}; exit 7`, onceAYear),
    long: job(`${note('long')}; ${untilGo}`, onceAYear),
  })
  await home.start([file])
  assert.equal((await home.cli('run', 'good')).code, 0)
  assert.equal((await home.cli('run', 'bad')).code, 7)
  const [entry, ...others] = await historyOf(home, 'app/bad')
  assert.deepEqual([entry?.outcome, entry?.exit, entry?.dueAt], ['unexpected', { code: 7, signal: null }, null])
  assert.doesNotMatch(entry?.by ?? '', /schedule/)
  assert.deepEqual(others, [])
  assert.deepEqual([notesOf(home, 'good').length, notesOf(home, 'bad').length], [1, 1])

  assert.equal((await home.cli('run', '--no-wait', 'long')).code, 0)
  await home.untilState('app/long', 'running')
  const refused = await home.cli('run', 'long')
  assert.notEqual(refused.code, 0)
  assert.match(refused.stderr + refused.stdout, /runs already/)
  go(home)
  await untilHistory(home, 'app/long', (history) => endedOf(history).length >= 1)
  assert.equal(notesOf(home, 'long').length, 1)
})

realTest(
  'a daemon without schedules holds no timer of the wall clock; one with a schedule holds one',
  {},
  async (home) => {
    const sleeper = { command: ['sleep', '86400'] }
    const file = home.declare('app', { web: sleeper })
    const daemon = await home.start([file])
    await home.untilState('app/web', 'running')
    assert.equal(wallTimersOf(daemon.pid), 0)
    home.declare('app', { web: sleeper, yearly: job('true', onceAYear) })
    assert.equal((await home.cli('up')).code, 0)
    await home.untilUnit('app/yearly', ({ nextRunAt }) => nextRunAt !== null)
    await until('the timer', () => wallTimersOf(daemon.pid) === 1)
    home.declare('app', { web: sleeper })
    assert.equal((await home.cli('up')).code, 0)
    await until('no timer', () => wallTimersOf(daemon.pid) === 0)
  },
)

realTest(
  'a daemon with a schedule looks at it again each time the clock is set',
  { skip: wallClockSkip() },
  async (home) => {
    await home.start([home.declare('app', { yearly: job('true', onceAYear) })])
    const { nextRunAt } = await home.untilUnit('app/yearly', (unit) => unit.nextRunAt !== null)
    for (let time = 0; time < 3; time++) {
      const before = turnsWithoutNews(home)
      assert.equal(nudgeWallClock(), null)
      await until('a turn that no news brought', () => turnsWithoutNews(home) > before)
    }
    const unit = await home.unit('app/yearly')
    assert.deepEqual([unit.state, unit.nextRunAt], ['stopped', nextRunAt])
    assert.deepEqual(await historyOf(home, 'app/yearly'), [])
  },
)

// ---- helpers -------------------------------------------------------------------------------------------------

function job(script: string, cron: string): ServiceText {
  return { command: ['sh', '-c', script], 'x-holdfast': { schedule: cron } }
}

/** The number of the run, in a file of this name. */
function note(name: string): string {
  return `echo "$$HOLDFAST_RUN" >>"$$FIXTURE_DIR/${name}"`
}

const untilGo = 'while ! [ -e "$$FIXTURE_DIR/go" ]; do sleep 0.05; done'

function go(home: Home): void {
  writeFileSync(join(home.fixtureDirectory, 'go'), '')
}

function notesOf(home: Home, name: string): readonly string[] {
  const path = join(home.fixtureDirectory, name)
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').slice(0, -1) : []
}

/** Oldest first. */
async function historyOf(home: Home, name: string): Promise<readonly JobRunItem[]> {
  const { stdout, stderr } = await home.cli('status', '-o', 'json', name)
  assert.equal(stderr, '')
  const { items }: StatusList = JSON.parse(stdout)
  return items.flatMap(({ history }) => history).toReversed()
}

function untilHistory(
  home: Home,
  name: string,
  isEnough: (history: readonly JobRunItem[]) => boolean,
): Promise<readonly JobRunItem[]> {
  return until(`enough runs of ${name}`, async () => {
    const history = await historyOf(home, name)
    return isEnough(history) ? history : null
  })
}

function endedOf(history: readonly JobRunItem[]): readonly JobRunItem[] {
  return history.filter(({ run, endedAt }) => run !== null && endedAt !== null)
}

function skippedOf(history: readonly JobRunItem[]): readonly JobRunItem[] {
  return history.filter(({ outcome }) => outcome === 'skipped')
}

function assertOncePerTime(history: readonly JobRunItem[]): void {
  const times = history.flatMap(({ dueAt }) => dueAt ?? [])
  assert.equal(new Set(times).size, times.length, JSON.stringify(history))
  const runs = history.flatMap(({ run }) => run ?? [])
  assert.deepEqual(
    runs,
    [...new Set(runs)].toSorted((a, b) => a - b),
  )
}

function wallTimersOf(pid: number): number {
  return [...descriptorsOf(pid).values()].filter((name) => name === 'anon_inode:[timerfd]').length
}

/** By the flight recorder: nothing but a clock can have brought them. */
function turnsWithoutNews(home: Home): number {
  const lines = readFileSync(join(home.directory, 'state/recorder/recording.ndjson'), 'utf8').split('\n')
  return lines.filter((line) => line.includes('"kind":"turn"') && line.includes('"events":[]')).length
}
