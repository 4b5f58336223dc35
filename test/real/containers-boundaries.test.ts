import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { createRandom } from '../../src/base/prng.ts'
import { boundariesOfContainers, dieAmongContainers } from './containers-boundary-scenario.ts'
import { type DockerHost, noDocker, startDockerHost } from './docker/host.ts'
import { built } from './harness.ts'

const seed = 20_261_121
/** So many deaths here; `npm run soak -- --only containers` goes through all n. */
const deaths = 4

describe('deaths of the daemon between two effects on the engine', { skip: noDocker }, () => {
  let host: DockerHost
  before(async () => {
    await built()
    host = await startDockerHost()
    await host.importImage('plain:1')
  })
  after(() => host.close())

  test('install, update, hand-over, a change that is taken back and a purge come about, and nothing runs twice', {
    concurrency: 2,
  }, async (context) => {
    const names = await boundariesOfContainers(host)
    const random = createRandom(seed)
    const kinds = [...new Set(names)].filter((name) => name.startsWith('engine: '))
    assert.ok(kinds.length >= deaths, `boundaries lie between the steps of the engine: ${kinds}`)
    const chosen = random.shuffled(kinds).slice(0, deaths)
    await Promise.all(
      chosen.map((kind) => {
        const crossings = names.flatMap((name, index) => (name === kind ? [index + 1] : []))
        const n = random.pick(crossings)
        return context.test(`at crossing ${n} of ${names.length}, ${kind}`, async () => {
          await dieAmongContainers(host, n)
        })
      }),
    )
  })
})
