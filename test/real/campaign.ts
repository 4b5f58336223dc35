import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom, type Random } from '../../src/base/prng.ts'
import { assertNoDoubles, type Daemon, type Home } from './harness.ts'
import { allPids, environmentOf, type Process, readProcess } from './processes.ts'
import { checkSequence } from './sequence.ts'
import { away, sequence } from './services.ts'
import { pause, until } from './until.ts'

/** What a campaign did, for the record. */
export interface CampaignResult {
  readonly kills: number
  /** Of these, while the daemon was still starting. */
  readonly killsAtStart: number
  readonly starts: number
  readonly logBytes: number
  readonly endsWhileAway: number
}

/** Nobody ever asks these to end, and they never do: one process each, from the first second to the last. */
const steady = {
  flood1: sequence('flood1', { burst: 1_500, pauseSeconds: 0.15 }),
  flood2: sequence('flood2', { burst: 3_000, pauseSeconds: 0.4 }),
  slow: sequence('slow', { burst: 1, pauseSeconds: 0.03 }),
}
/** These end by themselves all the time, and are restarted. */
const cycling = {
  short: sequence('short', { burst: 20, pauseSeconds: 0.02, lines: 60, exitCode: 3 }),
  large: sequence('large', { burst: 3_000, pauseSeconds: 0.1, lines: 6_000 }),
  absent: away('absent', { lines: 1_000, exitCode: 1, restart: 'always' }),
}
/** Started by hand now and then; never again by itself. */
const single = {
  once: sequence('once', { burst: 40, pauseSeconds: 0.05, lines: 120, restart: 'no' }),
  parting: away('parting', { lines: 1_000, exitCode: 0, restart: 'no' }),
}
/** Restarted by command, often just before a kill. */
const handled = { restarted: sequence('restarted', { burst: 5, pauseSeconds: 0.02 }) }

const names = Object.keys({ ...steady, ...cycling, ...single, ...handled })

/**
 * Kills the daemon again and again at random moments while its services print, end and are restarted by command, starts
 * it again, and checks after each death and at the end that nothing that lived was restarted, nothing ever ran twice,
 * not one byte of output was lost or doubled, and all is as declared.
 */
export async function killCampaign(
  home: Home,
  options: { readonly kills: number; readonly seed: number },
): Promise<CampaignResult> {
  const random = createRandom(options.seed)
  const file = home.declare('load', { ...steady, ...cycling, ...single, ...handled })
  let killsAtStart = 0
  let endsWhileAway = 0
  let daemon = await home.start([file])
  for (const name of names) await until(`the first start of ${name}`, () => home.starts(name).length > 0)

  for (let kill = 0; kill < options.kills; kill++) {
    await disturb(home, random)
    const lived = await steadyTruth(home)
    await daemon.crash()
    if (random.chance(0.5)) endsWhileAway += await letEnd(home, random)
    daemon = again(home, file)
    while (random.chance(0.25) && kill < options.kills - 1) {
      // A start that is not finished is where a death hurts most.
      kill += 1
      killsAtStart += 1
      await pause(random.whole(0, 250))
      await daemon.crash()
      daemon = home.launch([file])
    }
    await answered(home, daemon)
    await assertLivedOn(home, lived)
    assertOnePerUnit(home)
    assertNoDoubles(home)
  }
  const logBytes = await wayOut(home, daemon)
  return { kills: options.kills, killsAtStart, starts: home.starts().length, logBytes, endsWhileAway }
}

function again(home: Home, file: string): Daemon {
  for (const name of ['absent', 'parting']) rmSync(join(home.fixtureDirectory, `go.${name}`), { force: true })
  return home.launch([file])
}

function answered(home: Home, daemon: Daemon): Promise<true> {
  return until('the daemon to answer', async () => {
    assert.equal(daemon.ended(), null, 'the daemon ended by itself')
    // Refused until it listens: `until` asks again, and has a deadline.
    const info = await home.api.info().catch(() => null)
    return info?.pid === daemon.pid
  })
}

/** Commands whose effects are then cut off anywhere, and a moment of running undisturbed. */
async function disturb(home: Home, random: Random): Promise<void> {
  await pause(random.whole(0, 200))
  if (random.chance(0.4)) await home.api.wish('restart', ['load/restarted'])
  if (random.chance(0.4)) await home.api.wish('start', ['load/once'])
  if (random.chance(0.4)) await home.api.wish('start', ['load/parting'])
  await pause(random.whole(0, random.pick([2, 20, 60])))
}

/** Lets what waits for it print its last words and end while nobody supervises. */
async function letEnd(home: Home, random: Random): Promise<number> {
  const waiting = ['absent', 'parting'].filter(() => random.chance(0.7))
  const living = waiting.flatMap((name) => home.starts(name).slice(-1)).filter(isSameProcess)
  for (const name of waiting) writeFileSync(join(home.fixtureDirectory, `go.${name}`), '')
  // What does not fit into its pipe is written when the daemon is back, so nobody is waited for.
  await pause(random.whole(0, 100))
  return living.filter((start) => !isSameProcess(start)).length
}

/** The processes of the steady services as the kernel has them; the fixtures said which they are. */
async function steadyTruth(home: Home): Promise<ReadonlyMap<string, Process>> {
  return new Map(
    Object.keys(steady).map((name) => {
      const starts = home.starts(name)
      assert.equal(starts.length, 1, `${name}, which never ends, was started ${starts.length} times`)
      const found = readProcess(starts[0]!.pid)
      assert.ok(found !== null && found.startTicks === starts[0]!.startTicks, `${name}, which never ends, is gone`)
      return [name, found] as const
    }),
  )
}

async function assertLivedOn(home: Home, lived: ReadonlyMap<string, Process>): Promise<void> {
  for (const [name, before] of lived) {
    const unit = await home.unit(`load/${name}`)
    assert.equal(unit.pid, before.pid, `${name} is not the process it was before the death: ${JSON.stringify(unit)}`)
    assert.equal(unit.state, 'running')
    assert.equal(readProcess(before.pid)?.startTicks, before.startTicks, `${name} did not live on`)
  }
}

/** Seen from outside: no two processes lead a session with the mark of the same unit. */
function assertOnePerUnit(home: Home): void {
  const leaders = new Map<string, number>()
  for (const pid of allPids()) {
    const environment = environmentOf(pid)
    if (environment?.FIXTURE_DIR !== home.fixtureDirectory) continue
    const found = readProcess(pid)
    const mark = environment.HOLDFAST_UNIT
    if (found === null || found.session !== pid || mark === undefined) continue
    assert.equal(leaders.get(mark), undefined, `${leaders.get(mark)} and ${pid} are both ${mark}`)
    leaders.set(mark, pid)
  }
  assert.ok(leaders.size >= Object.keys(steady).length, 'the marks are found at all')
}

/** Deaths in a row made it start held; `up` ends that. Then all must be as declared, and end in order. */
async function wayOut(home: Home, daemon: Daemon): Promise<number> {
  const held = await home.api.info()
  assert.equal(held.mode, 'held', 'after so many deaths the daemon starts held')
  assert.match(held.modeWhy, /deaths|died/)
  const up = await home.cli('up')
  assert.equal(up.code, 0, up.stderr)
  assert.equal((await home.api.info()).mode, 'running')
  for (const name of [...Object.keys(steady), ...Object.keys(handled)]) await home.untilState(`load/${name}`, 'running')
  for (const name of Object.keys(cycling))
    await home.untilUnit(`load/${name}`, ({ state }) => ['running', 'starting', 'backoff'].includes(state))
  for (const name of Object.keys(single)) writeFileSync(join(home.fixtureDirectory, `go.${name}`), '')
  for (const name of Object.keys(single)) await home.untilState(`load/${name}`, 'exited')
  await steadyTruth(home)
  await daemon.stop()
  return names.map((name) => assertOutput(home, name)).reduce((sum, bytes) => sum + bytes, 0)
}

/** Every run printed all it had to, each byte once, and each run that was recorded to begin is there, in order. */
function assertOutput(home: Home, name: string): number {
  const log = home.log(`load/${name}`)
  const runs = checkSequence({ log, name }).map((run) => run.pid)
  const starts = home.starts(name).map((start) => start.pid)
  const silent = starts.filter((pid) => !runs.includes(pid))
  assert.deepEqual(
    runs,
    starts.filter((pid) => runs.includes(pid)),
    `the runs of ${name} are logged in their order`,
  )
  // A run that was told to end before it could say a word: only where somebody ended it.
  const endedMax = name in steady ? 0 : name in handled ? starts.length : 1
  assert.ok(silent.length <= endedMax, `${silent.length} of ${starts.length} runs of ${name} are not in its log`)
  return log.length
}

function isSameProcess(start: { readonly pid: number; readonly startTicks: number }): boolean {
  return readProcess(start.pid)?.startTicks === start.startTicks
}
