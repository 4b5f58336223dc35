import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { it } from 'node:test'
import type { FaultKind } from './faults.ts'
import { createMatrix } from './matrix.ts'
import { runSeeds } from './pool.ts'
import { emptyCells } from './report.ts'
import { runScenario } from './scenario.ts'

interface Regression {
  readonly seed: number
  readonly options: { readonly turns: number; readonly without: readonly FaultKind[] }
  readonly invariant: string
  readonly note: string
}

const folder = new URL('./regressions/', import.meta.url)
const regressions = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .map((name) => ({ name, ...(JSON.parse(readFileSync(new URL(name, folder), 'utf8')) as Regression) }))

it('a thousand scenarios hold every invariant, converge, and meet every possible cell of the matrix', async () => {
  const seeds = Array.from({ length: 1_000 }, (_, index) => index + 1)
  const { results, matrix } = await runSeeds({ seeds, turns: 200, workers: 2 })
  const failed = results.flatMap(({ failure }) => failure ?? [])
  assert.deepEqual(
    failed.map(({ seed, message }) => `seed ${seed}: ${message}`),
    [],
  )
  for (const { seed, turns, units, mix } of results) {
    assert(
      turns >= 200 && mix.length >= 3 && units >= 5,
      `seed ${seed}: ${turns} turns, ${mix.length} faults, ${units} units`,
    )
  }
  assert.deepEqual(emptyCells(matrix), [])
})

for (const { name, seed, options, note } of regressions) {
  it(`stays fixed: ${name}: ${note}`, async () => {
    const { failure } = await runScenario({ seed, ...options }, createMatrix())
    assert.equal(failure, null)
  })
}

it('the same seed goes the same way', async () => {
  for (const seed of [3, 77, 512]) {
    const digests = []
    for (let time = 0; time < 2; time++) {
      const { digest, failure } = await runScenario({ seed, turns: 200, without: [] }, createMatrix())
      assert.equal(failure, null)
      digests.push(digest)
    }
    assert.equal(digests[0], digests[1])
  }
})
