import assert from 'node:assert/strict'
import { test } from 'node:test'
import { onEngine, runOf, withContainers } from './docker/bed.ts'
import { noDocker, startDockerHost } from './docker/host.ts'
import { startRegistry } from './docker/registry.ts'
import { built, withHome } from './harness.ts'
import { sleeper } from './services.ts'
import { until } from './until.ts'

const plain = { image: 'plain:1', restart: 'unless-stopped', stop_grace_period: '2s' }

onEngine('an engine that goes away, and a daemon that does', { isLiveRestore: true }, (bed) => {
  bed.test('kill -9 of the daemon leaves containers running, and the next one takes them as they are', async (home) => {
    const file = home.compose('shop', { web: plain, data: plain })
    const daemon = await home.begin([file])
    const before = [await home.untilContainer('shop/web'), await home.untilContainer('shop/data')].map(runOf)
    await home.untilState('shop/web', 'running')
    await daemon.crash()
    const changes = await home.changesBy(async () => {
      await home.begin([file])
      await home.untilState('shop/web', 'running')
      await home.untilState('shop/data', 'running')
      await home.up()
    })
    assert.deepEqual([await home.container('shop/web'), await home.container('shop/data')].map(runOf), before)
    assert.deepEqual(changes, [])
  })

  bed.test(
    'an engine that is absent at the start holds up no process, is told, and is found when it comes',
    async (home) => {
      await home.host.stop()
      const file = home.compose('shop', { web: plain, own: sleeper })
      await home.begin([file])
      await home.untilState('shop/own', 'running')
      await until('the engine to be told', async () => /engine/.test(JSON.stringify(await home.explain('shop/web'))))
      await home.host.start()
      await home.untilContainer('shop/web')
      await home.untilState('shop/web', 'running')
    },
  )

  bed.test(
    'an engine that is killed while containers run and come ends nothing, and what was begun is finished',
    async (home) => {
      const services = { web: plain, data: plain, more: plain, third: plain }
      await home.begin([home.compose('shop', { web: plain })])
      const before = runOf(await home.untilContainer('shop/web'))
      home.compose('shop', services)
      await home.up()
      await until('the next containers to be made', async () => (await home.containers('shop/data')).length === 1)
      await home.host.kill()
      await home.host.start()
      for (const name of Object.keys(services)) {
        await home.untilContainer(`shop/${name}`)
        await home.untilState(`shop/${name}`, 'running')
      }
      assert.equal(runOf(await home.container('shop/web')), before)
    },
  )
})

test('a full disk fails the pull and not what runs, is told, and is over when there is room', {
  skip: noDocker,
}, async () => {
  await built()
  const host = await startDockerHost({ diskBytes: 96 * 1024 * 1024 })
  try {
    await host.importImage('plain:1')
    await withHome(async (withoutEngine) => {
      const home = withContainers(withoutEngine, host)
      const registry = await startRegistry(host)
      const image = await registry.hold('big:2', { sizeBytes: 30_000_000 })
      await host.importImage('ballast:1', { sizeBytes: 50_000_000 })
      await home.begin([home.compose('shop', { web: plain })])
      const before = runOf(await home.untilContainer('shop/web'))
      home.compose('shop', { web: { ...plain, image } })
      await home.declareUp()
      await until('an explanation that tells of the disk', async () =>
        /no space|disk|room/i.test(JSON.stringify(await home.explain('shop/web'))),
      )
      assert.equal(runOf(await home.container('shop/web')), before)
      await host.api.remove('/images/ballast:1?force=1')
      await home.untilContainer('shop/web', (each) => runOf(each) !== before)
      await registry.close()
    })
  } finally {
    await host.close()
  }
})
