import assert from 'node:assert/strict'
import { type ContainersHome, onEngine, runOf } from './docker/bed.ts'
import { startRegistry } from './docker/registry.ts'
import { until } from './until.ts'

const plain = { image: 'plain:1', restart: 'unless-stopped', stop_grace_period: '2s' }

onEngine('images of containers', {}, (bed) => {
  bed.test('the old image goes after the update and not before, and what two services share stays', async (home) => {
    const registry = await startRegistry(home.host)
    const first = await registry.hold('app:1')
    const second = await registry.hold('app:2')
    const declare = (web: string): string =>
      home.compose('shop', { web: { ...plain, image: web }, other: { ...plain, image: first } })
    await home.begin([declare(first)])
    await home.untilContainer('shop/web')
    await home.untilContainer('shop/other')
    declare(second)
    await home.up()
    assert.ok(await has(home, first), 'another service still has it')

    home.compose('shop', { web: { ...plain, image: second }, other: { ...plain, image: second } })
    const changes = await home.changesBy(async () => {
      await home.up()
      await until('the image that nobody needs to be gone', async () => !(await has(home, first)))
    })
    const lastStart = changes.findLastIndex((change) => change.startsWith('container start'))
    assert.ok(
      changes.findIndex((change) => /^image (untag|delete)/.test(change)) > lastStart,
      `the image went before the update was made: ${changes}`,
    )
    assert.ok(await has(home, 'plain:1'), 'what we did not pull is not ours to remove')
    await registry.close()
  })

  bed.test('the same image reference in consecutive releases is neither removed nor pulled again', async (home) => {
    const registry = await startRegistry(home.host)
    const image = await registry.hold('same:1')
    const declare = (id: string): string =>
      home.compose('shop', {
        web: { ...plain, image, environment: { RELEASE: id } },
      })
    await home.begin([declare('one')])
    await home.untilContainer('shop/web')
    registry.cut()
    for (const id of ['two', 'three']) {
      const old = await home.container('shop/web')
      declare(id)
      const changes = await home.changesBy(async () => {
        await home.up()
        await home.untilContainer('shop/web', (each) => each.Id !== old.Id)
      })
      assert.deepEqual(
        changes.filter((change) => change.startsWith('image')),
        [],
      )
    }
    await registry.close()
  })

  bed.test(
    'a registry that breaks off in the middle of a pull is asked again, and the old one runs meanwhile',
    async (home) => {
      const registry = await startRegistry(home.host)
      const image = await registry.hold('big:2', { sizeBytes: 4_000_000 })
      await home.begin([home.compose('shop', { web: plain })])
      const old = await home.untilContainer('shop/web')
      registry.cut(1_500_000)
      home.compose('shop', { web: { ...plain, image } })
      const before = registry.bytesSent()
      await home.declareUp()
      await registry.untilSent(before + 1_500_000)
      await until('an explanation that names the image', async () =>
        (await home.explain('shop/web')).why.includes(image),
      )
      assert.equal(runOf(await home.container('shop/web')), runOf(old))
      registry.mend()
      await untilFrom(home, image)
      await registry.close()
    },
  )

  for (const strategy of ['kill-then-download', 'delete-then-download'] as const)
    bed.test(`${strategy} ends the old container before it pulls`, async (home) => {
      const registry = await startRegistry(home.host)
      const first = await registry.hold('app:1')
      const second = await registry.hold('app:2')
      const declare = (image: string): string =>
        home.compose('shop', { web: { ...plain, image, 'x-holdfast': { update: strategy } } })
      await home.begin([declare(first)])
      await home.untilContainer('shop/web')
      declare(second)
      const changes = await home.changesBy(async () => {
        await home.declareUp()
        await untilFrom(home, second)
      })
      const at = (change: RegExp): number => changes.findIndex((each) => change.test(each))
      assert.ok(at(/^container destroy/) !== -1 && at(/^container destroy/) < at(/^image pull/), `${changes}`)
      if (strategy === 'delete-then-download')
        assert.ok(at(/^image (untag|delete)/) !== -1 && at(/^image (untag|delete)/) < at(/^image pull/), `${changes}`)
      await registry.close()
    })
})

/** Resolves when the web service runs from that image. */
async function untilFrom(home: ContainersHome, image: string): Promise<void> {
  await until(`a container of ${image}`, async () => {
    const { Id } = (await home.host.api.get(`/images/${image}/json`).catch(() => null)) ?? {}
    const [first, ...others] = await home.containers('shop/web')
    return others.length === 0 && first?.State.Running && first.Image === Id
  })
}

async function has(home: ContainersHome, image: string): Promise<boolean> {
  return (await home.host.api.get(`/images/${image}/json`).catch(() => null)) !== null
}
