import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { unknownDevice } from '../../src/dialects/balena/device-facts.ts'
import { decodeSources } from '../../src/dialects/decode-sources.ts'
import { memorySourceReader } from '../../src/dialects/memory-source-reader.ts'
import { checkProblem, readCorpus, seed, withinTime } from './fuzz.ts'

const path = '/srv/shop/target.json'
const corpus = readCorpus('json')
  .filter(({ name }) => name !== 'twice.json')
  .map(({ text }) => text)

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** Where everything in a value is, the value itself first. */
function pathsIn(value: Json): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return [[]]
  return [[], ...Object.entries(value).flatMap(([key, one]) => pathsIn(one).map((below) => [key, ...below]))]
}

/** A copy with something else in one place; undefined: with nothing there. */
function replaced(value: Json, [key, ...below]: readonly string[], other: Json | undefined): Json | undefined {
  if (key === undefined) return other
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).flatMap(([name, one]): readonly (readonly [string, Json])[] => {
    const next = name === key ? replaced(one, below, other) : one
    return next === undefined ? [] : [[name, next]]
  })
  return Array.isArray(value) ? entries.map(([, one]) => one) : Object.fromEntries(entries)
}

/** Texts that mean something somewhere, and such that never should. */
const odd = fc.constantFrom<Json | undefined>(
  ...[
    undefined,
    null,
    true,
    -1,
    0,
    1.5,
    1e300,
    2 ** 53,
    '',
    'x',
    '\0',
    '../..',
    '/',
    '__proto__',
    'constructor',
    [],
    {},
  ],
  ...[
    'service:main',
    'container:',
    'host',
    'on-failure:99999999',
    '1.5g',
    '-5m',
    '1e3',
    '99999d',
    'a:b:c:d',
    '=',
    'CMD',
  ],
  ...[[[]], [null], { test: [] }, { or: [{}] }, { __proto__: null }, ['CMD', ''], 'hand-over', '>=1 ||', 'sw.os'],
)

const state = fc
  .tuple(
    fc.constantFrom(...corpus),
    fc.array(fc.tuple(fc.nat(), fc.oneof(odd, fc.jsonValue({ maxDepth: 2 }))), { minLength: 1, maxLength: 4 }),
  )
  .map(([text, edits]) => {
    let value: Json = JSON.parse(text)
    for (const [at, other] of edits) {
      const paths = pathsIn(value)
      value = replaced(value, paths[at % paths.length]!, other as Json | undefined) ?? null
    }
    return JSON.stringify(value, null, 1)
  })

test(`target states with odd values anywhere are decoded or refused whole (seed ${seed})`, async () => {
  const property = fc.asyncProperty(state, fc.boolean(), async (text, isKnown) => {
    const files = { [path]: text }
    const device = isKnown ? { ...unknownDevice, serviceKeys: { secret: 'x', given: {} } } : null
    const decoded = await withinTime(text, () => {
      return decodeSources([path], memorySourceReader({ files }), { lenient: false, descriptorsMax: 100_000, device })
    })
    for (const problem of decoded.problems) checkProblem(problem, files)
    const ownErrors = decoded.problems.filter(
      ({ severity, message }) => severity === 'error' && !/wait|depends/.test(message),
    )
    if (ownErrors.length > 0) assert.deepEqual(decoded.target.apps, {})
    assert.deepEqual(JSON.parse(JSON.stringify(decoded.target)), decoded.target)
    for (const app of Object.values(decoded.target.apps)) {
      for (const { container } of Object.values(app.services)) {
        assert(container !== undefined && !/[\s/]/.test(container.containerName))
        const declared = new Set(Object.values(app.resources?.networks ?? {}).map(({ engineName }) => engineName))
        for (const { engineName } of container.settings.networks) assert(declared.has(engineName), engineName)
      }
    }
  })
  await fc.assert(property, { seed, numRuns: 3_000, interruptAfterTimeLimit: 5_000 })
})
