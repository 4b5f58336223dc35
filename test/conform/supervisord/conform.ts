import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { type TestContext, test } from 'node:test'
import { built } from '../../real/harness.ts'
import { compareTranscripts, staleDifferences } from '../runit/compare.ts'
import type { Difference } from '../runit/difference.ts'
import { type Files, file } from '../runit/files.ts'
import { groupActivity, parseActivity } from './activity.ts'
import { secondSide, startOriginal, startSecond } from './daemon.ts'
import { differences } from './differences.ts'
import { createScene, type Scene } from './scene.ts'
import { createSide, freePort, type Side } from './side.ts'
import { createTranscript } from './transcript.ts'
import type { Address } from './xml-rpc.ts'

/** A configuration that both sides have, and what is played on each of them. */
export interface Pair {
  readonly name: string
  /** Of supervisord.conf; `DIR` is the directory of a side, `PORT` a port that is free. */
  readonly config: string
  readonly files?: Files
  /** Puts what is no file into the side's directory. */
  prepare?(directory: string): void
  readonly environment?: Readonly<Record<string, string>>
  /** Where the daemon finds it, if not at DIR/supervisord.conf. */
  readonly file?: string
  /** Behind `-n -c DIR/supervisord.conf`. */
  readonly arguments?: readonly string[]
  /** Where it is asked, if not at DIR/s.sock; `PORT` is that of the side. */
  readonly address?: Address
  /** Played at the same time, so each keeps to its own processes. */
  readonly scenes: Readonly<Record<string, (scene: Scene) => Promise<void>>>
  /** The daemon ends in a scene, or at once, and is not told to by what comes after. */
  readonly endsItself?: 'in a scene' | 'at once'
  /** Of the activity log: what is there by chance. */
  readonly unsaid?: RegExp
}

/** What one side showed in a scene. */
interface Played {
  readonly side: Side
  readonly lines: readonly string[]
  /** null: it was played to its end. */
  readonly error: unknown
}

/** For whoever writes scenes: what the original shows, and how long each pair takes. */
const show = process.env.HOLDFAST_SUPERVISORD_SHOW === '1'

const chosenPair = process.env.HOLDFAST_SUPERVISORD_PAIR ?? ''

type PlayedPair = ReadonlyMap<string, readonly Played[]>

/** Nearly all of it is waiting. */
const pairsAtOnce = 4

/**
 * A script: for each of its pairs two daemons beside each other. Each scene is a test of its own, and so is the end: what
 * both sides showed must be equal line by line.
 */
export function conform(script: string, pairs: readonly Pair[]): void {
  const skip = existsSync('/usr/bin/supervisord') ? false : 'supervisord is not installed; run scripts/test-deps'
  test(`${script}: Holdfast shows what supervisord shows`, { skip }, async (context) => {
    if (secondSide === 'ours') await built()
    const chosen = pairs.filter(({ name }) => name.includes(chosenPair))
    const played = playAll(chosen)
    const used = new Set<Difference>()
    for (const [at, pair] of chosen.entries()) {
      const scenes = await played[at]!
      for (const [name, both] of scenes)
        await context.test(`${pair.name}: ${name}`, (subtest) =>
          judge(subtest, `${script} / ${pair.name}: ${name}`, both, used),
        )
    }
    if (secondSide === 'ours' && chosen.length === pairs.length)
      assert.deepEqual(staleDifferences(script, differences, used), [], 'documented differences that do not show')
  })
}

/** One promise for each pair; no more than some of them are under way. */
function playAll(pairs: readonly Pair[]): readonly Promise<PlayedPair>[] {
  const waiting: (() => void)[] = []
  let free = pairsAtOnce
  return pairs.map(async (pair) => {
    if (free === 0) await new Promise<void>((resolve) => waiting.push(resolve))
    else free--
    const beganMs = performance.now()
    try {
      return await playPair(pair)
    } finally {
      if (show) console.error(`${pair.name}: ${((performance.now() - beganMs) / 1000).toFixed(1)} s`)
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  })
}

async function playPair(pair: Pair): Promise<PlayedPair> {
  const played = new Map<string, Played[]>()
  const sides: Side[] = []
  try {
    sides.push(await open(pair, 'the original', true), await open(pair, secondName, secondSide === 'original'))
    const ofSides = await Promise.all(sides.map((side) => playSide(pair, side)))
    for (const scenes of ofSides) for (const [name, one] of scenes) played.set(name, [...(played.get(name) ?? []), one])
  } finally {
    await Promise.all(sides.map((side) => side.end()))
  }
  return played
}

const secondName = secondSide === 'ours' ? 'ours' : 'the original again'

async function open(pair: Pair, name: string, isOriginal: boolean): Promise<Side> {
  return createSide({
    port: await freePort(),
    name,
    isOriginal,
    start: name === 'the original' ? startOriginal : startSecond,
    arguments: ['-n', '-c', `DIR/${pair.file ?? 'supervisord.conf'}`, ...(pair.arguments ?? [])],
    ...(pair.prepare === undefined ? {} : { prepare: pair.prepare }),
    files: {
      ...pair.files,
      'supervisord.conf': file(pair.config),
      [pair.file ?? 'supervisord.conf']: file(pair.config),
    },
    environment: pair.environment ?? {},
    address: pair.address ?? { at: 'DIR/s.sock' },
  })
}

async function playSide(pair: Pair, side: Side): Promise<ReadonlyMap<string, Played>> {
  const play = async (run: (scene: Scene) => Promise<void>): Promise<Played> => {
    const transcript = createTranscript(side)
    try {
      await run(createScene(side, transcript, Object.keys(pair.scenes).length === 1))
      return { side, lines: transcript.lines, error: null }
    } catch (error) {
      // Told once both sides are done, with what both showed.
      const described = error instanceof Error ? error.stack : String(error)
      return { side, lines: transcript.lines, error: `${described}\n${side.describe()}` }
    }
  }
  const begun = await play(async (scene) => {
    if (pair.endsItself !== 'at once') await scene.untilAnswers()
  })
  if (begun.error !== null) return new Map([['the beginning', begun]])
  const scenes = await Promise.all(
    Object.entries(pair.scenes).map(async ([name, run]) => [name, await play(run)] as const),
  )
  return new Map([...scenes, ['the end', await play((scene) => playEnd(pair, scene))]])
}

/** Only when it takes long enough, and as often as it takes. */
const saidByChance = /^waiting for .* to (?:stop|die)$/

/** The daemon is told to end, and what it said in all its time is compared. */
async function playEnd(pair: Pair, scene: Scene): Promise<void> {
  const { side, transcript } = scene
  if (pair.endsItself === undefined) await scene.signalDaemon('SIGTERM')
  const exit = await scene.untilEnded()
  transcript.add(`the daemon ended: exit code ${exit.code}, signal ${exit.signal}`)
  scene.seeFiles('.', /^(?:s\.sock|supervisord\.pid)/)
  scene.seeFile('stderr')
  const stdout = pair.endsItself === 'at once' ? scene.read('stdout').split('\n') : []
  for (const line of stdout) if (parseActivity(line).length === 0 && line !== '') transcript.add(`stdout: ${line}`)
  const lines = side.activity.lines()
  const steady = lines.filter(({ message }) => !saidByChance.test(message) && pair.unsaid?.test(message) !== true)
  for (const line of groupActivity(steady)) transcript.add(line)
}

function judge(context: TestContext, where: string, played: readonly Played[], used: Set<Difference>): void {
  if (played.length < 2 || played.some(({ error }) => error !== null)) assert.fail(failureText(where, played))
  const [original, second] = played
  const comparison = compareTranscripts({
    where,
    original: original!.lines,
    ours: second!.lines,
    // Two originals differ in nothing.
    differences: secondSide === 'ours' ? differences : [],
  })
  for (const each of comparison.used) used.add(each)
  if (show) context.diagnostic(`\n${original!.lines.join('\n')}`)
  if (comparison.text !== null) assert.fail(comparison.text)
  assert.ok(original!.lines.length > 0, `${where} shows nothing`)
}

function failureText(where: string, played: readonly Played[]): string {
  return played
    .map(({ side, lines, error }) =>
      [
        `${where}, ${side.name}: ${error === null ? 'played to its end' : error}`,
        ...lines.slice(-30).map((line) => `    ${line}`),
      ].join('\n'),
    )
    .join('\n')
}
