/**
 * `npm run mutants`: changes core by rule, one place at a time, and says which tests notice.
 *
 *   --seed N      which mutants are drawn (default: today's date, printed)
 *   --sample K    how many (default 200, about ten minutes)
 *   --all         every one
 *   --file TEXT   only those of files whose path contains TEXT
 *   --jobs N      how many are tried at a time (default 2)
 *
 * Exit code 1 when a mutant survives that nobody has argued to be equivalent in argued.json.
 */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Argument, argumentFor, describe, type Outcome, report } from './report.ts'
import { type Mutant, mutantsOf } from './rules.ts'
import { insideTrial, openWorkbench } from './trial.ts'

const here = dirname(fileURLToPath(import.meta.url))
const root = dirname(dirname(here))

if (process.env[insideTrial] !== undefined || process.env.NODE_TEST_CONTEXT !== undefined) {
  console.error('mutants: not started from within a test run: it would start itself again and again')
  process.exit(64)
}

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    sample: { type: 'string', default: '200' },
    all: { type: 'boolean', default: false },
    file: { type: 'string', default: '' },
    jobs: { type: 'string', default: '2' },
  },
})
process.exitCode = await main({
  seed: numberOf('seed', values.seed ?? new Date().toISOString().slice(0, 10).replaceAll('-', '')),
  sample: values.all ? Number.POSITIVE_INFINITY : numberOf('sample', values.sample),
  file: values.file,
  jobs: numberOf('jobs', values.jobs),
})

async function main(options: { seed: number; sample: number; file: string; jobs: number }): Promise<number> {
  const argued = JSON.parse(readFileSync(join(here, 'argued.json'), 'utf8')) as readonly Argument[]
  const all = coreFiles()
    .filter((file) => file.includes(options.file))
    .flatMap((file) => mutantsOf(file, readFileSync(join(root, file), 'utf8')))
  const drawn = draw(all, options.sample, options.seed)
  console.log(`seed ${options.seed}: ${drawn.length} of ${all.length} mutants, ${options.jobs} at a time`)

  const outcomes = await tryAll(drawn, options.jobs, argued)
  const text = report(outcomes, {
    date: new Date().toISOString().slice(0, 10),
    commit: commit(),
    seed: options.seed,
    sample: drawn.length,
    total: all.length,
  })
  console.log(`\n${text}`)
  // A part of core is no run to be compared with.
  if (options.file === '') writeFileSync(join(here, 'last-run.md'), text)
  return outcomes.some((each) => each.verdict === 'survived' && each.argued === null) ? 1 : 0
}

/** Files with behaviour: limits are tuned, not tested, and files of types have no mutants anyway. */
function coreFiles(): readonly string[] {
  return readdirSync(join(root, 'src/core'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && !['limits.ts', 'fixture.ts'].includes(name))
    .map((name) => join('src/core', name))
    .sort()
}

async function tryAll(
  mutants: readonly Mutant[],
  jobs: number,
  argued: readonly Argument[],
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = []
  const waiting = [...mutants]
  // An interrupted run leaves no copies behind: `exit` disposes of them, where a signal would not.
  process.once('SIGINT', () => process.exit(130))
  process.once('SIGTERM', () => process.exit(143))
  const work = async () => {
    using bench = openWorkbench(root)
    process.once('exit', () => bench[Symbol.dispose]())
    await bench.baseline()
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      const verdict = await bench.try(mutant)
      const reason = verdict === 'survived' ? argumentFor(mutant, argued) : null
      outcomes.push({ mutant, verdict, argued: reason })
      const end = verdict === 'survived' ? (reason === null ? 'SURVIVED' : 'survived, argued') : `killed by ${verdict}`
      console.log(`${outcomes.length}/${mutants.length} ${end}: ${describe(mutant)}`)
    }
  }
  await Promise.all(Array.from({ length: jobs }, work))
  return outcomes.sort((a, b) => mutants.indexOf(a.mutant) - mutants.indexOf(b.mutant))
}

/** `count` of them, the same ones for the same seed, in their order. */
function draw(mutants: readonly Mutant[], count: number, seed: number): readonly Mutant[] {
  const random = mulberry32(seed)
  return mutants
    .map((mutant, at) => ({ mutant, at, lot: random() }))
    .sort((a, b) => a.lot - b.lot)
    .slice(0, count)
    .sort((a, b) => a.at - b.at)
    .map((each) => each.mutant)
}

function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function commit(): string {
  const git = (...words: string[]) => execFileSync('git', words, { cwd: root, encoding: 'utf8' }).trim()
  const hash = git('rev-parse', '--short', 'HEAD')
  return git('status', '--porcelain', '--', 'src') === '' ? hash : `${hash} with changes`
}

function numberOf(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 0) {
    console.error(`mutants: --${name} wants a number, not '${text}'`)
    process.exit(64)
  }
  return value
}
