import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../../src/base/prng.ts'
import { boundariesOfScenario, dieAtBoundary } from './boundary-scenario.ts'
import { built } from './harness.ts'

const seed = 20_261_121

/** `npm run soak` goes through all n; here each kind of boundary is taken once, at a random one of its crossings. */
test('dying at a boundary between two effects starts nothing twice, loses nothing, and the rest is brought to its end', async (context) => {
  await built()
  const names = await boundariesOfScenario()
  const random = createRandom(seed)
  const kinds = [...new Set(names)]
  assert.ok(kinds.length >= 6, `boundaries lie in spawn, record and drain: ${kinds}`)
  for (const kind of kinds) {
    const crossings = names.flatMap((name, index) => (name === kind ? [index + 1] : []))
    const n = random.pick(crossings)
    await context.test(`at crossing ${n} of ${names.length}, ${kind}`, async () => {
      await dieAtBoundary(n)
    })
  }
})
