import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { addMatrix, createMatrix, type Matrix } from './matrix.ts'
import type { ScenarioResult } from './scenario.ts'

export interface Batch {
  readonly seeds: readonly number[]
  readonly turns: number
}

export interface BatchResult {
  readonly results: readonly ScenarioResult[]
  readonly matrix: Matrix
}

/** Runs the seeds on `workers` threads; results come in the order of the seeds. */
export async function runSeeds(options: Batch & { readonly workers: number }): Promise<BatchResult> {
  const { seeds, turns, workers } = options
  const shares = Array.from({ length: workers }, (_, worker) =>
    seeds.filter((_seed, index) => index % workers === worker),
  )
  const answers = await Promise.all(shares.map((share) => runShare({ seeds: share, turns })))
  const matrix = createMatrix()
  for (const answer of answers) addMatrix(matrix, answer.matrix)
  const results = answers.flatMap((answer) => answer.results)
  return { results: [...results].sort((a, b) => a.seed - b.seed), matrix }
}

async function runShare(batch: Batch): Promise<BatchResult> {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: batch })
  const [answer] = (await once(worker, 'message')) as [BatchResult]
  return answer
}
