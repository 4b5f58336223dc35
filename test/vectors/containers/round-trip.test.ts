import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom, type Random } from '../../../src/base/prng.ts'
import { compareContainer } from '../../../src/core/containers/compare.ts'
import type { ContainerSettings, EngineImage, ImageConfig } from '../../../src/core/containers/model.ts'
import { containerCreateBody } from '../../../src/formats/container/create-body.ts'
import { readContainer } from '../../../src/formats/container/inspect.ts'
import { changesOf } from './changes.ts'
import { randomSettings } from './random-settings.ts'
import { simulatedInspect } from './simulated-engine.ts'
import { home, marks, specOf } from './vectors.ts'

const seeds = 200
const id = 'c'.repeat(64)
const imageId = `sha256:${'1'.repeat(64)}`
const containers = { db: 'd'.repeat(64) }

function randomImage({ chance }: Random): EngineImage {
  const config: ImageConfig = {
    command: chance(0.5) ? ['serve'] : null,
    entrypoint: chance(0.5) ? ['/web'] : null,
    environment: chance(0.5) ? { PATH: '/bin', LEVEL: 'image' } : {},
    labels: chance(0.5) ? { tier: 'image' } : {},
    user: chance(0.5) ? '1000' : '',
    workingDir: chance(0.5) ? '/srv' : '',
    stopSignal: chance(0.5) ? 'SIGINT' : null,
    healthcheck: null,
    volumes: chance(0.5) ? ['/var/lib/web'] : [],
    expose: chance(0.5) ? ['80/tcp'] : [],
  }
  return { id: imageId, tags: [], digests: [], sizeBytes: 1, config }
}

function made(settings: ContainerSettings, image: EngineImage, apiVersion: string) {
  const spec = specOf({ service: { image: 'shop/web:1' }, spec: settings })
  const body = containerCreateBody(spec, { imageId, marks, containers, apiVersion })
  const inspect = JSON.parse(JSON.stringify(simulatedInspect(body, image.config, id)))
  return { spec, body, container: readContainer(inspect, home), inspect }
}

test('whatever is declared, the container that is made of it is as declared', () => {
  for (let seed = 1; seed <= seeds; seed++) {
    const random = createRandom(seed)
    const [image, settings] = [randomImage(random), randomSettings(random)]
    for (const apiVersion of ['1.41', '1.44', '1.51']) {
      const { spec, container } = made(settings, image, apiVersion)
      const differences = compareContainer({ spec, container, image, madeFrom: image, containers })
      assert.deepEqual(differences, [], `seed ${seed}, API ${apiVersion}`)
    }
  }
})

test('whatever is declared otherwise afterwards is noticed', () => {
  for (let seed = 1; seed <= seeds / 10; seed++) {
    const random = createRandom(seed)
    const [image, settings] = [randomImage(random), randomSettings(random)]
    const { spec, container } = made(settings, image, '1.41')
    for (const { settings: changed, field } of changesOf(settings, container.settings)) {
      const other = { ...spec, settings: { ...settings, ...changed } }
      const differences = compareContainer({ spec: other, container, image, madeFrom: image, containers })
      // The first network is where the container is at home.
      const fields = settings.networks.length === 0 && field === 'networks.changed' ? [field, 'networkMode'] : [field]
      const isFound = differences.some((each) => fields.some((one) => `${each.field}.`.startsWith(`${one}.`)))
      assert.ok(isFound, `seed ${seed}: ${field} as ${JSON.stringify(changed)}: ${JSON.stringify(differences)}`)
    }
  }
})

const odd: readonly unknown[] = [
  undefined,
  null,
  7,
  -1,
  Number.MAX_VALUE,
  '',
  'x',
  true,
  [],
  ['x', null],
  {},
  { x: { y: [] } },
]

test('an answer that is anything but what was expected is read, or refused with the path of what is wrong', () => {
  let refused = 0
  for (let seed = 1; seed <= seeds * 5; seed++) {
    const random = createRandom(seed)
    const { inspect } = made(randomSettings(random), randomImage(random), '1.41')
    for (let times = random.whole(1, 3); times > 0; times--) spoil(inspect, random)
    try {
      readContainer(inspect, home)
    } catch (error) {
      assert.ok(error instanceof Error)
      assert.match(error.message, /^[^:]+: .+ was expected, not .+$/, `seed ${seed}`)
      refused++
    }
  }
  assert.ok(refused > seeds, `only ${refused} were refused`)
})

/** Puts something odd in any place. */
function spoil(json: unknown, random: Random): void {
  let [place, key] = [json as Record<string, unknown>, '']
  for (;;) {
    key = random.pick(Object.keys(place))
    const below = place[key]
    const isInner = typeof below === 'object' && below !== null && Object.keys(below).length > 0
    if (!isInner || random.chance(0.2)) break
    place = below as Record<string, unknown>
  }
  place[key] = random.pick(odd)
}
