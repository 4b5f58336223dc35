import { parseArgs } from 'node:util'
import { type FaultKind, faultKinds } from './faults.ts'
import { createMatrix } from './matrix.ts'
import { runSeeds } from './pool.ts'
import { emptyCells, matrixText } from './report.ts'
import { type Failure, runScenario } from './scenario.ts'

const usage = `npm run sim -- [--scenarios K] [--seeds A..B] [--seed N [--minimise] [--lines L]] [--turns T] [--matrix]
  --scenarios K  seeds 1..K (default 1000), on two threads
  --seeds A..B   these seeds
  --seed N       one seed; --minimise drops the faults its failure does not need, --lines shows more of its trace
  --turns T      turns with faults on, per scenario (default 200)
  --matrix       print every cell of the matrix, not only the sums`

/** From how many scenarios on an empty cell says something. */
const scenariosForMatrix = 1_000

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string' },
    scenarios: { type: 'string', default: '1000' },
    turns: { type: 'string', default: '200' },
    lines: { type: 'string', default: '15' },
    minimise: { type: 'boolean', default: false },
    matrix: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (values.help) console.log(usage)
else if (values.seed !== undefined) await runOne(Number(values.seed))
else await runMany(seedsOf(values.seeds ?? `1..${values.scenarios}`))

function seedsOf(range: string): readonly number[] {
  const [first = 1, last = first] = range.split('..').map(Number)
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

async function runOne(seed: number): Promise<void> {
  const turns = Number(values.turns)
  const lines = Number(values.lines)
  const without: FaultKind[] = []
  let result = await runScenario({ seed, turns, without, lines }, createMatrix())
  if (values.minimise && result.failure !== null) {
    for (const kind of faultKinds) {
      if (!result.mix.includes(kind)) continue
      const tried = await runScenario({ seed, turns, without: [...without, kind], lines }, createMatrix())
      if (tried.failure?.invariant !== result.failure?.invariant) continue
      without.push(kind)
      result = tried
    }
  }
  console.log(
    `seed ${seed}: ${result.units} units, ${result.turns} turns, digest ${result.digest.toString(16)}, faults: ${result.mix.join(' ')}`,
  )
  if (result.failure !== null) fail([result.failure])
}

async function runMany(seeds: readonly number[]): Promise<void> {
  const startedMs = performance.now()
  const { results, matrix } = await runSeeds({ seeds, turns: Number(values.turns), workers: 2 })
  const tookMs = performance.now() - startedMs
  const turns = results.reduce((sum, result) => sum + result.turns, 0)
  console.log(matrixText(matrix, values.matrix))
  console.log(`${results.length} scenarios, ${turns} turns in ${(tookMs / 1000).toFixed(1)} s`)
  const failures = results.flatMap((result) => result.failure ?? [])
  if (failures.length > 0) fail(failures)
  if (results.length < scenariosForMatrix) return
  const complaints = emptyCells(matrix)
  if (complaints.length === 0) return
  console.error(`the matrix does not hold:\n${complaints.slice(0, 40).join('\n')}`)
  if (complaints.length > 40) console.error(`and ${complaints.length - 40} more`)
  process.exitCode = 1
}

function fail(failures: readonly Failure[]): void {
  for (const { seed, turn, message, lines } of failures.slice(0, 5)) {
    console.error(`seed ${seed}, turn ${turn}: ${message}\n${lines.join('\n')}`)
    console.error(`rerun: npm run sim -- --seed ${seed} --turns ${values.turns} --minimise --lines 60`)
  }
  console.error(`${failures.length} scenarios failed: seeds ${failures.map((failure) => failure.seed).join(' ')}`)
  process.exitCode = 1
}
