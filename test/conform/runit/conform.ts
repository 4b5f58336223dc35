import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { built } from '../../real/harness.ts'
import { compareTranscripts, staleDifferences } from './compare.ts'
import type { Difference } from './difference.ts'
import { differences } from './differences.ts'
import type { Files } from './files.ts'
import { startOriginal } from './original.ts'
import { secondSide, startSecond } from './ours.ts'
import { createScene, type Scene } from './scene.ts'
import { createSide, type Side } from './side.ts'
import { buildWitness, missingTools } from './tools.ts'
import { createTranscript } from './transcript.ts'

/** What is played on both sides at the same time; both must show the same. */
export interface Scenario {
  readonly name: string
  /** Service directories, scanned from the start. Their names are unique within the script. */
  readonly services?: Readonly<Record<string, Files>>
  /** Further files, relative to the side's directory. */
  readonly files?: Files
  run(scene: Scene): Promise<void>
}

export interface ScriptOptions {
  readonly wrapper?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Programs that this script needs, beyond what all need. */
  readonly tools?: readonly string[]
}

/**
 * A script: two supervisors beside each other, whose services are all there from the start, and scenarios that are all
 * played at the same time. Each scenario is a test of its own: what it showed on both sides must be equal line by line.
 */
export function conform(script: string, scenarios: readonly Scenario[], options: ScriptOptions = {}): void {
  test(`${script}: Holdfast shows what the original shows`, { skip: missingTools(options.tools) }, async (context) => {
    if (secondSide === 'ours') await built()
    const workshop = mkdtempSync(join(tmpdir(), 'holdfast-witness-'))
    const sides: Side[] = []
    try {
      const witness = join(workshop, 'witness')
      buildWitness(witness)
      const common = {
        witness,
        ...gather(scenarios),
        wrapper: options.wrapper ?? [],
        environment: options.environment ?? {},
      }
      sides.push(createSide({ ...common, name: 'the original', start: startOriginal }))
      sides.push(
        createSide({ ...common, name: secondSide === 'ours' ? 'ours' : 'the original again', start: startSecond }),
      )
      const played = scenarios.map((scenario) => play(scenario, sides))
      const used = new Set<Difference>()
      for (const [at, scenario] of scenarios.entries())
        await context.test(scenario.name, async (subtest) =>
          judge(subtest, { script, scenario, played: await played[at]!, used }),
        )
      if (secondSide === 'ours')
        assert.deepEqual(staleDifferences(script, differences, used), [], 'documented differences that do not show')
    } finally {
      for (const side of sides) await side.end()
      rmSync(workshop, { recursive: true, force: true })
    }
  })
}

interface Played {
  readonly side: Side
  readonly lines: readonly string[]
  /** null: the scenario was played to its end. */
  readonly error: unknown
}

function play(scenario: Scenario, sides: readonly Side[]): Promise<readonly Played[]> {
  return Promise.all(
    sides.map(async (side) => {
      const transcript = createTranscript(side.directory)
      try {
        await scenario.run(createScene(side, transcript))
        return { side, lines: transcript.lines, error: null }
      } catch (error) {
        // Told once both sides are done, with what both showed.
        return { side, lines: transcript.lines, error }
      }
    }),
  )
}

function judge(
  context: TestContext,
  one: {
    readonly script: string
    readonly scenario: Scenario
    readonly played: readonly Played[]
    /** Those that were needed are added. */
    readonly used: Set<Difference>
  },
): void {
  const { script, scenario, played, used } = one
  const where = `${script} / ${scenario.name}`
  if (played.some(({ error }) => error !== null)) assert.fail(failureText(where, scenario, played))
  const [original, second] = played
  const comparison = compareTranscripts({
    where,
    original: original!.lines,
    ours: second!.lines,
    // Two originals differ in nothing.
    differences: secondSide === 'ours' ? differences : [],
  })
  for (const each of comparison.used) used.add(each)
  if (comparison.text !== null) assert.fail(comparison.text)
  assert.ok(original!.lines.length > 0, `${where} shows nothing`)
  if (process.env.HOLDFAST_RUNIT_SHOW === '1') context.diagnostic(`\n${original!.lines.join('\n')}`)
}

function stateText(side: Side, service: string): string {
  const scene = createScene(side, createTranscript(side.directory))
  const states = [service, `${service}/log`].map((each) => `${each}: ${JSON.stringify(scene.status(each))}`)
  return [...states, ...scene.notes(service).slice(-10)].map((line) => `--- ${line}`).join('\n')
}

function failureText(where: string, scenario: Scenario, played: readonly Played[]): string {
  const services = Object.keys(scenario.services ?? {})
  return played
    .map(({ side, lines, error }) =>
      [
        `${where}, ${side.name}: ${error === null ? 'played to its end' : String((error as Error)?.stack ?? error)}`,
        ...lines.slice(-30).map((line) => `    ${line}`),
        error === null ? '' : [...services.map((service) => stateText(side, service)), side.describe()].join('\n'),
      ].join('\n'),
    )
    .join('\n')
}

function gather(scenarios: readonly Scenario[]): { readonly services: Record<string, Files>; readonly files: Files } {
  const services: Record<string, Files> = {}
  const files: Record<string, Files[string]> = {}
  for (const scenario of scenarios) {
    for (const [name, content] of Object.entries(scenario.services ?? {})) {
      assert.equal(services[name], undefined, `two services of a script have the name ${name}`)
      services[name] = content
    }
    for (const [path, entry] of Object.entries(scenario.files ?? {})) {
      assert.equal(files[path], undefined, `two scenarios of a script have the file ${path}`)
      files[path] = entry
    }
  }
  return { services, files }
}
