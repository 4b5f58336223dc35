import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { compareContainer, type Difference } from '../../../src/core/containers/compare.ts'
import type { ContainerSettings } from '../../../src/core/containers/model.ts'
import { plainSettings } from '../../../src/core/target/plain-container.ts'
import { readImage } from '../../../src/formats/container/image.ts'
import { readContainer } from '../../../src/formats/container/inspect.ts'
import { changesOf } from './changes.ts'
import { bodyOf, type ContainerVector, containerName, home, readVectors, specOf, unit } from './vectors.ts'

const vectors = readVectors()

function compared(vector: ContainerVector, settings: Partial<ContainerSettings> = {}): readonly Difference[] {
  const image = readImage(vector.image)
  const spec = specOf(vector)
  return compareContainer({
    spec: { ...spec, settings: { ...spec.settings, ...settings } },
    container: readContainer(vector.inspect, home),
    image,
    madeFrom: image,
    containers: vector.containers ?? {},
  })
}

function json(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

test('there are vectors for every setting of a container', () => {
  assert.ok(vectors.length >= 150)
  const declared = new Set(vectors.flatMap(({ spec }) => Object.keys(spec)))
  // An engine takes them only on certain file systems: unit tests have them.
  declared.add('storageOptions')
  assert.deepEqual([...declared].sort(), Object.keys(plainSettings).sort())
})

test('no two vectors have the same name', () => {
  assert.equal(new Set(vectors.map(({ name }) => name)).size, vectors.length)
})

describe('a container is asked for and told back: ', () => {
  for (const vector of vectors) {
    test(vector.name, () => {
      const { body, connects } = bodyOf(vector, { imageId: vector.image.Id, containers: vector.containers ?? {} })
      assert.deepEqual(json(body), vector.body)
      assert.deepEqual(json(connects), vector.connects)
      const container = readContainer(vector.inspect, home)
      assert.deepEqual([container.id, container.name, container.unit], [vector.inspect.Id, containerName, unit])
      assert.deepEqual([container.imageId, container.state, container.pid], [vector.image.Id, 'created', 0])
      assert.deepEqual(compared(vector), [])
    })
  }
})

describe('whatever is declared otherwise is noticed, with what it takes: ', () => {
  for (const vector of vectors) {
    test(vector.name, () => {
      const { settings } = specOf(vector)
      for (const { settings: changed, field, how } of changesOf(
        settings,
        readContainer(vector.inspect, home).settings,
      )) {
        const differences = compared(vector, changed)
        const found = differences.find((each) => each.field === field || each.field.startsWith(`${field}.`))
        assert.ok(found, `${field} as ${JSON.stringify(changed)}: ${JSON.stringify(differences)}`)
        assert.equal(found.how, how, `${field} as ${JSON.stringify(changed)}`)
      }
    })
  }
})

/** Where the container is as it would be without that. */
const sameAsNothing: Readonly<Record<string, keyof ContainerSettings>> = {
  'a healthcheck is switched off where there is none': 'healthcheck',
  'a service as people write them': 'command',
  'a volume without a name where the image has one': 'mounts',
  'a weight for devices, which this kernel cannot do': 'blkioWeight',
  'a weight for one device, which this kernel cannot do': 'blkioWeightDevices',
  'all limits at once': 'memorySwapBytes',
  'an empty command is the command of the image': 'command',
  'annotations, which this engine does not know': 'annotations',
  'any number of processes': 'pidsMax',
  // They are not looked at unless they are declared.
  'labels of Compose that are declared': 'labels',
  'memory and the swap that the engine would choose': 'memorySwapBytes',
  'no init process': 'init',
  'the bridge of the engine': 'networkMode',
  'the usual time to stop in': 'stopGraceMs',
}

describe('what is no longer declared is noticed: ', () => {
  for (const vector of vectors) {
    test(vector.name, () => {
      for (const field of Object.keys(vector.spec) as (keyof ContainerSettings)[]) {
        const differences = compared(vector, { [field]: plainSettings[field] })
        const isThere = differences.length === 0
        assert.equal(isThere, sameAsNothing[vector.name] === field, `${field}: ${JSON.stringify(differences)}`)
      }
    })
  }
})

test('what the engine tells of a container, declared as it is, is no difference', () => {
  // Nothing in place of what the image says cannot be told from nothing said.
  const isCleared = ({ spec: { entrypoint } }: ContainerVector) => entrypoint?.join('') === ''
  const different = vectors.filter(
    (vector) => !isCleared(vector) && compared(vector, readContainer(vector.inspect, home).settings).length > 0,
  )
  assert.deepEqual(
    different.map((vector) => [vector.name, compared(vector, readContainer(vector.inspect, home).settings)]),
    [],
  )
})
