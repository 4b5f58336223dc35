import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseByteSize, printByteSize } from '../../src/formats/byte-size.ts'
import { cronFault } from '../../src/formats/cron.ts'
import { parseDuration, printDuration } from '../../src/formats/duration.ts'
import { parseEnvFile } from '../../src/formats/env-file.ts'
import { parseEnvironmentPairs } from '../../src/formats/environment-pairs.ts'
import { FormatError } from '../../src/formats/format-error.ts'
import { matchesName } from '../../src/formats/glob.ts'
import { parseIni } from '../../src/formats/ini.ts'
import { compileLinear } from '../../src/formats/linear-pattern.ts'
import { expandFormat } from '../../src/formats/python-format.ts'
import { printShellWords, splitShellWords } from '../../src/formats/shell-words.ts'
import { checkProblem, mutated, readCorpus, seed, withinTime } from './fuzz.ts'

/** Each must return for every text; what it returns is checked in the function. */
const decoders: Readonly<Record<'env' | 'words' | 'environment' | 'ini', (text: string) => void>> = {
  env: (text) => {
    try {
      const values = parseEnvFile(text, 'x.env', (name) => (name === 'PATH' ? '/bin' : undefined))
      for (const value of Object.values(values)) assert.equal(typeof value, 'string')
    } catch (error) {
      if (!(error instanceof FormatError)) throw error
      checkProblem(error.problem, { 'x.env': text })
    }
  },
  words: (text) => {
    for (const rules of ['posix', 'compose'] as const) {
      const result = splitShellWords(text, rules)
      if (result.kind === 'error') assert(result.at >= 0 && result.at < text.length, 'the error is in the text')
    }
    expandFormat(text, new Map<string, string | number>([['process_num', 1]]), 'command')
    matchesName(text, text.slice(1))
    const pattern = compileLinear(text)
    if (pattern instanceof RegExp) pattern.test(text.repeat(100))
    const fault = cronFault(text, null)
    if (fault !== null) assert.match(fault, /; /, 'a fault names its remedy')
  },
  environment: (text) => {
    const result = parseEnvironmentPairs(text)
    if (result.kind === 'pairs') for (const value of Object.values(result.values)) assert.equal(typeof value, 'string')
  },
  ini: (text) => {
    const document = parseIni(text, 'x.conf')
    for (const error of document.errors)
      checkProblem({ ...error, setting: '', hint: '', severity: 'error' }, { 'x.conf': text })
  },
}

for (const kind of ['env', 'words', 'environment', 'ini'] as const) {
  const corpus = readCorpus(kind)
  const decode = decoders[kind]

  test(`every file in corpus/${kind} is decoded in time`, async () => {
    for (const { text } of corpus) await withinTime(text, decode)
  })

  test(`texts near corpus/${kind} never throw or hang (seed ${seed})`, async () => {
    const property = fc.asyncProperty(mutated(corpus), (text) => withinTime(text, decode))
    await fc.assert(property, { seed, numRuns: 1_500, interruptAfterTimeLimit: 1_000 })
  })
}

test(`printed words split into the same words under both rules (seed ${seed})`, () => {
  const property = fc.property(fc.array(fc.string({ unit: 'binary' })), (words) => {
    for (const rules of ['posix', 'compose'] as const) {
      assert.deepEqual(splitShellWords(printShellWords(words), rules), { kind: 'words', words })
    }
  })
  fc.assert(property, { seed, numRuns: 1_000 })
})

test(`printed durations and sizes are read back (seed ${seed})`, () => {
  const property = fc.property(fc.maxSafeNat(), (value) => {
    const durationMs = value % 1e12
    assert.equal(parseDuration(printDuration(durationMs)), durationMs)
    assert.equal(parseByteSize(printByteSize(value)), value)
  })
  fc.assert(property, { seed, numRuns: 1_000 })
})
