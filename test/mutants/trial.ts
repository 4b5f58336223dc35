import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apply, type Mutant } from './rules.ts'

export type LayerName = 'unit' | 'sim'

export type Verdict = LayerName | 'timeout' | 'survived'

interface Layer {
  readonly name: LayerName
  readonly arguments: readonly string[]
}

/** A copy of the tree in which mutants are tried one after the other; the working tree is never written to. */
export interface Workbench extends Disposable {
  /** How long each layer takes when nothing is wrong. Throws with the output of a layer that fails as it is. */
  baseline(): Promise<void>
  /** The first layer that notices; later ones are not run. */
  try(mutant: Mutant): Promise<Verdict>
}

export function openWorkbench(root: string): Workbench {
  const layers = layersOf(root)
  const copy = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'))
  for (const name of ['src', 'test', 'scripts', 'package.json', 'tsconfig.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true })
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const limits = new Map<LayerName, number>()
  return {
    async baseline() {
      for (const layer of layers) {
        const started = performance.now()
        const result = await run(copy, layer, baselineMsMax)
        if (result.kind !== 'passed')
          throw new Error(
            `the ${layer.name} layer fails without any mutant (${result.kind}):\n${result.output.slice(-4_000)}`,
          )
        limits.set(layer.name, Math.max(timeoutMsMin, timeoutFactor * (performance.now() - started)))
      }
    },
    async try(mutant) {
      const path = join(copy, mutant.file)
      const source = readFileSync(path, 'utf8')
      writeFileSync(path, apply(source, mutant))
      try {
        for (const layer of layers) {
          const result = await run(copy, layer, limits.get(layer.name) ?? baselineMsMax)
          if (result.kind !== 'passed') return result.kind === 'timeout' ? 'timeout' : layer.name
        }
        return 'survived'
      } finally {
        writeFileSync(path, source)
      }
    },
    [Symbol.dispose]() {
      rmSync(copy, { recursive: true, force: true })
    },
  }
}

/** Set for everything a trial runs, so that a trial never begins another one. */
export const insideTrial = 'HOLDFAST_MUTANT_TRIAL'

const baselineMsMax = 120_000
/** A loaded machine is slower than the baseline; an endless loop is endless. */
const timeoutFactor = 6
const timeoutMsMin = 15_000

function layersOf(root: string): readonly Layer[] {
  const tests = ['src/core', 'src/engine'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.test.ts'))
      .map((name) => join(folder, name)),
  )
  // Without names the test runner would take every file of test/, this program included.
  if (tests.length === 0) throw new Error('src/core and src/engine have no tests: nothing could kill a mutant')
  return [
    // In one process: starting one for each file costs more than the tests.
    { name: 'unit', arguments: ['--test', '--test-isolation=none', '--test-reporter=tap', ...tests] },
    { name: 'sim', arguments: ['test/sim/main.ts', '--seeds', simulationSeeds] },
  ]
}

/** Enough scenarios to meet each kind of fault several times, few enough to be run for every survivor. */
const simulationSeeds = '1..200'

interface Result {
  readonly kind: 'passed' | 'failed' | 'timeout'
  readonly output: string
}

/** Ends the layer at its first failed test: one is enough. */
function run(copy: string, layer: Layer, timeoutMs: number): Promise<Result> {
  return new Promise((resolve, reject) => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...layer.arguments], {
      cwd: copy,
      env: { ...env, [insideTrial]: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let stopped: Result['kind'] | null = null
    const stop = (kind: Result['kind']) => {
      stopped ??= kind
      child.kill('SIGKILL')
    }
    const timer = setTimeout(() => stop('timeout'), timeoutMs)
    const take = (chunk: Buffer) => {
      output = (output + chunk).slice(-64 * 1024)
      if (layer.name === 'unit' && /^\s*not ok /m.test(output)) stop('failed')
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    child.on('error', reject)
    child.on('close', (code) => {
      clearTimeout(timer)
      resolve({ kind: stopped ?? (code === 0 ? 'passed' : 'failed'), output })
    })
  })
}
