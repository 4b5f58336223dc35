import { parentPort, workerData } from 'node:worker_threads'
import { createMatrix } from './matrix.ts'
import type { Batch, BatchResult } from './pool.ts'
import { runScenario, type ScenarioResult } from './scenario.ts'

// Refused commits are plenty, and nobody reads their stacks.
Error.stackTraceLimit = 6

const { seeds, turns } = workerData as Batch
const matrix = createMatrix()
const results: ScenarioResult[] = []
for (const seed of seeds) results.push(await runScenario({ seed, turns, without: [] }, matrix))
const answer: BatchResult = { results, matrix }
parentPort?.postMessage(answer)
