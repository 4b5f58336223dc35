import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { UnitItem } from '../../src/wire/api.ts'
import { type Daemon, type Home, withHome } from './harness.ts'
import { checkSequence } from './sequence.ts'
import { sequence } from './services.ts'
import { until } from './until.ts'

/** The names of all boundaries that the scenario crosses when nothing dies, in order. */
export async function boundariesOfScenario(): Promise<readonly string[]> {
  return await withHome(async (home) => {
    const file = join(home.directory, 'boundaries')
    const { deaths } = await runScenario(home, { HOLDFAST_BOUNDARY_LOG: file })
    assert.equal(deaths, 0)
    return readFileSync(file, 'utf8').split('\n').slice(0, -1)
  })
}

/**
 * The scenario with a daemon that kills itself at its n-th boundary; whoever comes after it is an ordinary one, and has to
 * bring the scenario to its end. `died` is the name of the boundary, null when there was no n-th.
 */
export async function dieAtBoundary(n: number): Promise<{ readonly died: string | null }> {
  return await withHome(async (home) => {
    const file = join(home.directory, 'boundaries')
    const { deaths } = await runScenario(home, { HOLDFAST_DIE_AT: String(n), HOLDFAST_BOUNDARY_LOG: file })
    if (deaths === 0) return { died: null }
    return { died: readFileSync(file, 'utf8').split('\n')[n - 1]! }
  })
}

/** What the scenario drives: the daemon that lives now, and how often one died. */
interface Stage {
  readonly home: Home
  readonly sources: readonly string[]
  daemon: Daemon
  deaths: number
}

/**
 * Starts a service, one that depends on it, one that keeps ending, and a job; restarts one, stops one, changes the
 * declaration of one, and ends the daemon. A command that was answered is never repeated: it must come about.
 */
async function runScenario(
  home: Home,
  environment: Readonly<Record<string, string>>,
): Promise<{ readonly deaths: number }> {
  const sources = [declare(home, 'first')]
  const stage: Stage = { home, sources, daemon: home.launch(sources, { environment }), deaths: 0 }
  let asked = 0

  await reach(stage, async (units) => {
    const { changing, stopping, cycling, job } = units
    const isRound = changing?.state === 'running' && stopping?.state === 'running' && job?.state === 'exited'
    // Who is told to end before it has recorded its start is in no list.
    const hasBegun = home.starts('changing').length > 0 && home.starts('stopping').length > 0
    return isRound && hasBegun && cycling !== undefined && home.starts('cycling').length > 2
  })
  const first = home.starts('changing')
  assert.equal(first.length, 1, 'a death starts nothing again that lives')

  asked += await say(stage, () => home.api.wish('restart', ['app/changing']))
  await reach(stage, async ({ changing }) => isNew(home, changing, first[0]!.pid))
  await say(stage, () => home.api.wish('stop', ['app/stopping']))
  await reach(stage, async ({ stopping }) => stopping?.state === 'stopped')

  const before = home.starts('changing').length
  const beforePid = home.starts('changing').at(-1)!.pid
  declare(home, 'second')
  await say(stage, async () => {
    const up = await home.cli('up')
    if (up.code !== 0) throw new Error(up.stderr)
  })
  await reach(stage, async ({ changing }) => isNew(home, changing, beforePid))
  assert.equal(home.starts('changing').length, before + 1, 'the changed service was replaced once')

  const endDeaths = await end(stage)
  assert.ok(before <= 1 + asked, `one start, and one for each of ${asked} restarts; there were ${before}`)
  checkOutput(home, endDeaths)
  return { deaths: stage.deaths }
}

function declare(home: Home, version: string): string {
  const services = {
    changing: { ...sequence('changing', { burst: 20, pauseSeconds: 0.05 }), environment: { VERSION: version } },
    stopping: { ...sequence('stopping', { burst: 1, pauseSeconds: 0.05 }), depends_on: ['changing'] },
    cycling: sequence('cycling', { burst: 5, pauseSeconds: 0.05, lines: 10, exitCode: 1 }),
    job: sequence('job', { burst: 50, pauseSeconds: 0, lines: 100, restart: 'no' }),
  }
  return home.declare('app', services)
}

type Units = Readonly<Record<string, UnitItem | undefined>>

/** Waits for a condition across deaths of the daemon: whoever finds it dead starts an ordinary one. */
async function reach(stage: Stage, condition: (units: Units) => Promise<boolean>): Promise<void> {
  let last: readonly UnitItem[] = []
  const probe = async (): Promise<boolean> => {
    revive(stage)
    const units = await stage.home.api.units().catch(() => null)
    if (units === null) return false
    last = units
    return await condition(Object.fromEntries(units.map((unit) => [unit.service, unit])))
  }
  await until(`${condition}`, probe).catch((cause: unknown) => {
    throw new Error(`${String(cause)}; units: ${JSON.stringify(last)}`, { cause })
  })
}

/** Repeats what was not answered, because who was asked died over it. Gives the number of attempts. */
async function say(stage: Stage, command: () => Promise<void>): Promise<number> {
  let attempts = 0
  await until(`an answer to ${command}`, async () => {
    revive(stage)
    attempts += 1
    const failure = await command().then(
      () => null,
      (error: unknown) => error,
    )
    if (failure === null) return true
    // Refused by a living daemon is a finding; by none, or by one that is just dying or not yet listening, is not.
    const isLiving =
      (await stage.home.api.info().catch(() => null))?.pid === stage.daemon.pid && stage.daemon.ended() === null
    if (isLiving && !/ECONNRE|ENOENT|not running|cannot be reached|socket hang up/.test(String(failure))) throw failure
    return false
  })
  return attempts
}

function revive(stage: Stage): void {
  const ended = stage.daemon.ended()
  if (ended === null) return
  assert.deepEqual(ended, { code: null, signal: 'SIGKILL' }, 'the daemon ends only where it is told to die')
  stage.deaths += 1
  stage.daemon = stage.home.launch(stage.sources)
}

/** SIGTERM until one daemon ends in order. Gives how many died over it. */
async function end(stage: Stage): Promise<number> {
  for (let deaths = 0; ; deaths++) {
    stage.daemon.kill('SIGTERM')
    const exit = await stage.daemon.exit
    if (exit.code === 0) return deaths
    revive(stage)
    await reach(stage, async ({ changing }) => changing?.state === 'running')
  }
}

/** Running, not the one it was, and far enough to have recorded its start. */
function isNew(home: Home, unit: UnitItem | undefined, oldPid: number): boolean {
  return unit?.state === 'running' && unit.pid !== oldPid && home.starts('changing').at(-1)?.pid === unit.pid
}

function checkOutput(home: Home, endDeaths: number): void {
  for (const name of ['changing', 'stopping', 'cycling', 'job']) {
    const runs = checkSequence({ log: home.log(`app/${name}`), name }).map((run) => run.pid)
    const starts = home.starts(name).map((start) => start.pid)
    const silent = starts.filter((pid) => !runs.includes(pid))
    assert.deepEqual(
      runs,
      starts.filter((pid) => runs.includes(pid)),
    )
    // The last runs may have been told to end before their first word.
    assert.ok(silent.length <= 1 + endDeaths, `${name}: ${silent.length} runs of ${starts.length} are not in the log`)
  }
  // The end of the daemon gives jobs back, so that its next start runs them: also when it died over its end.
  const jobs = home.starts('job').length
  assert.ok(jobs >= 1 && jobs <= 1 + endDeaths, `a job that ran is not run again; it ran ${jobs} times`)
  assert.equal(home.starts('stopping').length, 1, 'what was stopped by hand stays so over deaths')
  assert.ok(!existsSync(join(home.fixtureDirectory, 'doubled')))
}
