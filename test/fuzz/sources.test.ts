import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { unitSpecs } from '../../src/core/target/units.ts'
import { decodeSources } from '../../src/dialects/decode-sources.ts'
import { memorySourceReader } from '../../src/dialects/memory-source-reader.ts'
import { checkProblem, mutated, readCorpus, seed, withinTime } from './fuzz.ts'

const kinds = [
  { corpus: readCorpus('yaml'), path: '/srv/shop/holdfast.yaml', runs: 600 },
  { corpus: readCorpus('ini'), path: '/srv/shop/supervisord.conf', runs: 1_000 },
] as const

async function decode(path: string, text: string): Promise<number> {
  const files = {
    [path]: text,
    '/srv/shop/.env': 'FROM_DOTENV=1\n',
    '/srv/shop/conf.d/more.conf': '[program:more]\ncommand=/bin/more\n',
  }
  const reader = memorySourceReader({
    files,
    environment: { PATH: '/usr/bin:/bin', HOME: '/root' },
    directories: ['/tmp'],
  })
  const decoded = await decodeSources([path], reader, { lenient: false, descriptorsMax: 100_000 })
  for (const problem of decoded.problems) checkProblem(problem, files)
  // What is understood so far must be whole: every unit has its settings, and can be stored.
  const specs = unitSpecs(decoded.target)
  const isGood = decoded.problems.every((problem) => problem.severity === 'warning')
  for (const spec of specs.values()) {
    if (isGood) assert(spec.process.command.length > 0 || spec.process.commandError !== null, 'a unit has a command')
    assert(spec.stop.length > 0 && Number.isSafeInteger(spec.restart.stableMs) && Number.isSafeInteger(spec.priority))
  }
  assert.deepEqual(JSON.parse(JSON.stringify(decoded.target)), decoded.target)
  return decoded.problems.length
}

for (const { corpus, path, runs } of kinds) {
  for (const { name, text } of corpus) {
    test(`${name} is decoded to problems with places`, async () => {
      await withinTime(text, (one) => decode(path, one))
    })
  }

  test(`files near the corpus of ${path} never throw or hang (seed ${seed})`, async () => {
    const property = fc.asyncProperty(mutated(corpus), async (text) => {
      await withinTime(text, (one) => decode(path, one))
    })
    await fc.assert(property, { seed, numRuns: runs, interruptAfterTimeLimit: 2_500 })
  })
}
