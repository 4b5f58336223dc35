import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { availableParallelism, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { boundariesOfScenario, dieAtBoundary } from '../real/boundary-scenario.ts'
import { killCampaign } from '../real/campaign.ts'
import { boundariesOfContainers, dieAmongContainers } from '../real/containers-boundary-scenario.ts'
import { noDocker, startDockerHost } from '../real/docker/host.ts'
import { built, root, withHome } from '../real/harness.ts'

const usage = `npm run soak -- [--kills K] [--seed N] [--only PART]
  --kills K   deaths by kill -9, in campaigns of 100 (default 500)
  --seed N    the first campaign's seed (default: the day's number)
  --only PART kills, boundaries, containers, simulation or fuzz
Writes test/soak/last-run.md after a run of all parts.`

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 86_400_000)) },
    only: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
})

interface Part {
  readonly name: string
  /** One line of numbers for the record. Throws what was found to be wrong. */
  run(): Promise<string>
}

interface Outcome {
  readonly name: string
  readonly seconds: number
  readonly text: string
  readonly isGood: boolean
}

const parts: readonly Part[] = [
  { name: 'kills', run: kills },
  { name: 'boundaries', run: boundaries },
  { name: 'containers', run: containers },
  { name: 'simulation', run: () => program(['test/sim/main.ts', '--scenarios', '20000']) },
  { name: 'fuzz', run: fuzz },
]

if (values.help) console.log(usage)
else await soak(parts.filter((part) => values.only === undefined || part.name === values.only))

async function soak(chosen: readonly Part[]): Promise<void> {
  if (chosen.length === 0) throw new Error(`there is no part '${values.only}'\n${usage}`)
  await built()
  const outcomes: Outcome[] = []
  for (const part of chosen) {
    console.log(`== ${part.name}`)
    const outcome = await attempt(part)
    outcomes.push(outcome)
    console.log(`${outcome.isGood ? 'good' : 'FAILED'} after ${outcome.seconds.toFixed(0)} s: ${outcome.text}`)
  }
  if (values.only === undefined) writeFileSync(join(root, 'test/soak/last-run.md'), record(outcomes))
  if (outcomes.some((outcome) => !outcome.isGood)) process.exitCode = 1
}

async function attempt(part: Part): Promise<Outcome> {
  const startedMs = performance.now()
  const done = (text: string, isGood: boolean): Outcome => {
    return { name: part.name, seconds: (performance.now() - startedMs) / 1_000, text, isGood }
  }
  try {
    return done(await part.run(), true)
  } catch (error) {
    // The other parts are worth running all the same.
    console.error(error)
    return done(`failed: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`, false)
  }
}

async function kills(): Promise<string> {
  const campaigns = Math.ceil(Number(values.kills) / 100)
  const sums = { kills: 0, killsAtStart: 0, starts: 0, logBytes: 0, endsWhileAway: 0 }
  for (let campaign = 0; campaign < campaigns; campaign++) {
    const seed = Number(values.seed) + campaign
    const result = await withHome((home) => killCampaign(home, { kills: 100, seed }))
    for (const key of Object.keys(sums) as (keyof typeof sums)[]) sums[key] += result[key]
    console.log(`seed ${seed}: ${JSON.stringify(result)}`)
  }
  return (
    `${sums.kills} deaths by kill -9 (${sums.killsAtStart} while starting), seeds from ${values.seed}; ${sums.starts} starts of services, ` +
    `${sums.endsWhileAway} ends while no daemon ran, ${sums.logBytes} bytes of output: nothing restarted, doubled or lost`
  )
}

/** n = 1, 2, 3 … until the scenario comes to its end without a death. */
async function boundaries(): Promise<string> {
  const kinds = new Set(await boundariesOfScenario())
  for (let n = 1; ; n++) {
    const { died } = await dieAtBoundary(n).catch((cause: unknown) => {
      throw new Error(`at boundary ${n}: ${String(cause)}`, { cause })
    })
    if (died === null)
      return `died at each of ${n - 1} boundaries of ${kinds.size} kinds; each scenario came to its end`
    if (n % 50 === 0) console.log(`${n} deaths`)
  }
}

/** At each crossing of a boundary beside a step of the engine's. */
async function containers(): Promise<string> {
  if (noDocker !== false) throw new Error(noDocker)
  const host = await startDockerHost()
  try {
    await host.importImage('plain:1')
    const names = await boundariesOfContainers(host)
    const died = new Set<string>()
    const crossings = names.flatMap((name, index) => (name.startsWith('engine: ') ? [index + 1] : []))
    for (const n of crossings) {
      const name = await dieAmongContainers(host, n).catch((cause: unknown) => {
        throw new Error(`at boundary ${n}, ${names[n - 1]}: ${String(cause)}`, { cause })
      })
      if (name !== null) died.add(name)
    }
    return `died at ${crossings.length} boundaries, of ${died.size} kinds; each scenario came to its end`
  } finally {
    await host.close()
  }
}

async function fuzz(): Promise<string> {
  const rounds = 20
  for (let round = 0; round < rounds; round++)
    await program(['--test', '--test-reporter=dot', 'test/fuzz/*.test.ts'], {
      FUZZ_SEED: String(Number(values.seed) + round),
    })
  return `${rounds} rounds over every decoder, seeds from ${values.seed}`
}

/** Runs a program of ours with its output shown; its line of sums is the record. */
async function program(args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: root,
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines: string[] = []
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    process.stdout.write(chunk)
    lines.push(...chunk.split('\n').filter((line) => line !== ''))
    lines.splice(0, lines.length - 20)
  })
  const [code] = await once(child, 'close')
  const summary = lines.filter((line) => /^\d+ scenarios/.test(line)).join(', ')
  if (code !== 0) throw new Error(`${args.join(' ')} ended with ${code}`)
  return summary
}

function record(outcomes: readonly Outcome[]): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' }).trim()
  const isChanged = execFileSync('git', ['status', '--porcelain', 'src'], { cwd: root, encoding: 'utf8' }) !== ''
  return [
    '# The last soak',
    '',
    `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC, commit ${commit}${isChanged ? ' with changes' : ''}, Linux ${release()}, ` +
      `${availableParallelism()} cores, Node ${process.versions.node}, \`npm run soak -- --kills ${values.kills} --seed ${values.seed}\``,
    '',
    '| part | outcome | seconds | numbers |',
    '|---|---|---|---|',
    ...outcomes.map(
      ({ name, isGood, seconds, text }) =>
        `| ${name} | ${isGood ? 'good' : 'failed'} | ${seconds.toFixed(0)} | ${text} |`,
    ),
    '',
  ].join('\n')
}
