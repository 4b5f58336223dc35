import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { compareContainer, compareNetwork, compareVolume, type Difference } from '../../src/core/containers/compare.ts'
import type { ContainerSettings, NetworkSpec, VolumeSpec } from '../../src/core/containers/model.ts'
import { readImage } from '../../src/formats/container/image.ts'
import { readContainer } from '../../src/formats/container/inspect.ts'
import { networkCreateBody, readNetwork } from '../../src/formats/container/network.ts'
import { containerUpdateBody } from '../../src/formats/container/update-body.ts'
import { readVolume, volumeCreateBody } from '../../src/formats/container/volume.ts'
import { prepareVectors, type VectorBed, withContainerOf } from '../vectors/containers/engine.ts'
import { bodyOf, type ContainerVector, home, marks, readVectors, specOf } from '../vectors/containers/vectors.ts'
import { type DockerHost, noDocker, startDockerHost } from './docker/host.ts'

/** Every so many of the vectors: all of them are recorded, and this is to see that an engine still says the same. */
const step = 8

/** What is told otherwise once it runs: networks, addresses, ports, names and mounts. */
const started: readonly string[] = [
  'three networks',
  'aliases in the second network',
  'link local addresses',
  'a hardware address in the second network, which this engine does not know',
  'a port that the engine chooses',
  'the network, the messages and the processes of another service',
  'the network of the host with a host name',
  'mounts of every kind',
  'all limits at once',
  'not ended when memory is short',
]

describe('a real engine', { skip: noDocker }, () => {
  let host: DockerHost
  let bed: VectorBed
  before(async () => {
    host = await startDockerHost()
    bed = await prepareVectors(host)
  })
  after(() => host.close())

  const differencesOf = async (vector: ContainerVector, id: string): Promise<readonly Difference[]> => {
    const image = readImage(await bed.image(vector.imageContent))
    const container = readContainer(await bed.inspect(id), home)
    return compareContainer({ spec: specOf(vector), container, image, madeFrom: image, containers: bed.containers })
  }

  const withContainer = async (vector: ContainerVector, look: (id: string) => Promise<void>): Promise<void> =>
    await withContainerOf({ host, bed }, vector, async ({ inspect }) => await look(inspect.Id))

  for (const vector of readVectors().filter((_, index) => index % step === 0)) {
    test(`makes a container as it is declared: ${vector.name}`, async () => {
      await withContainer(vector, async (id) => assert.deepEqual(await differencesOf(vector, id), []))
    })
  }

  for (const vector of readVectors().filter(({ name }) => started.includes(name))) {
    test(`still tells it as declared while it runs, and when it has ended: ${vector.name}`, async () => {
      await withContainer(vector, async (id) => {
        await host.api.post(`/containers/${id}/start`)
        assert.deepEqual(await differencesOf(vector, id), [])
        await host.api.post(`/containers/${id}/kill`)
        await host.api.post(`/containers/${id}/wait`)
        assert.deepEqual(await differencesOf(vector, id), [])
      })
    })
  }

  /** One after the other, on one container. */
  const inPlace: readonly Partial<ContainerSettings>[] = [
    { restart: { name: 'on-failure', retriesMax: 3 } },
    { restart: { name: 'always', retriesMax: 0 } },
    { memoryBytes: 67_108_864 },
    { memoryBytes: 268_435_456 },
    { memoryBytes: 134_217_728, memoryReservationBytes: 67_108_864 },
    { memorySwapBytes: 402_653_184 },
    { memorySwapBytes: 134_217_728 },
    { memorySwapBytes: -1 },
    { nanoCpus: 500_000_000 },
    { nanoCpus: 1_500_000_000 },
    { cpuShares: 256, cpuset: '0', pidsMax: 60 },
  ]

  test('changes limits and the restart policy of a running container in place, and is quiet afterwards', async () => {
    const first = { cpuShares: 512, cpuset: '0', pidsMax: 50 }
    let vector: ContainerVector = { ...readVectors().find(({ name }) => name === 'nothing but an image')!, spec: first }
    await withContainer(vector, async (id) => {
      await host.api.post(`/containers/${id}/start`)
      const { StartedAt } = (await bed.inspect(id)).State
      for (const change of inPlace) {
        vector = { ...vector, spec: { ...vector.spec, ...change } }
        const differences = await differencesOf(vector, id)
        assert.deepEqual(new Set(differences.map(({ how }) => how)), new Set(['update']), JSON.stringify(differences))
        const fields = differences.map(({ field }) => field as keyof ContainerSettings)
        const { settings } = specOf(vector)
        const body = containerUpdateBody(Object.fromEntries(fields.map((field) => [field, settings[field]])))
        await host.api.post(`/containers/${id}/update`, body)
        assert.deepEqual(await differencesOf(vector, id), [], JSON.stringify(change))
      }
      assert.equal((await bed.inspect(id)).State.StartedAt, StartedAt)
    })
  })

  test('makes a container from its image alone for what it cannot change in place', async () => {
    const vector = readVectors().find(({ name }) => name === 'a quota of the processors')!
    await withContainer(vector, async (id) => {
      const { cpuQuotaUs: _1, cpuPeriodUs: _2, ...spec } = vector.spec
      const differences = await differencesOf({ ...vector, spec: { ...spec, nanoCpus: 500_000_000 } }, id)
      assert.ok(differences.every(({ how }) => how === 'recreate'))
      await assert.rejects(
        host.api.post(`/containers/${id}/update`, containerUpdateBody({ nanoCpus: 500_000_000 })),
        /409/,
      )
    })
  })

  const pool = { gateway: null, ipRange: null, auxAddresses: {} }
  const plain: NetworkSpec = {
    engineName: 'shop_made',
    isExternal: false,
    driver: null,
    driverOpts: {},
    isInternal: false,
    isAttachable: false,
    enableIpv6: false,
    isConfigOnly: false,
    ipam: null,
    labels: { tier: 'x' },
  }
  const networks: readonly (readonly [string, Partial<NetworkSpec>])[] = [
    ['plain', {}],
    ['a bridge with options', { driver: 'bridge', driverOpts: { 'com.docker.network.driver.mtu': '1400' } }],
    ['internal and attachable', { isInternal: true, isAttachable: true }],
    ['with a subnet', { ipam: { driver: null, config: [{ ...pool, subnet: '172.30.0.0/16' }], options: {} } }],
    [
      'with addresses of every kind',
      {
        ipam: {
          driver: 'default',
          config: [
            {
              subnet: '172.30.0.0/16',
              gateway: '172.30.0.9',
              ipRange: '172.30.4.0/24',
              auxAddresses: { r: '172.30.4.5' },
            },
          ],
          options: { a: 'b' },
        },
      },
    ],
    ['IPv6', { enableIpv6: true, ipam: { driver: null, config: [{ ...pool, subnet: 'fd00:7::/64' }], options: {} } }],
    ['nothing but a name', { isConfigOnly: true }],
  ]
  for (const [name, more] of networks) {
    test(`makes a network as it is declared: ${name}`, async () => {
      const spec = { ...plain, ...more }
      const { Id } = await host.api.post('/networks/create', networkCreateBody(spec, marks))
      const network = readNetwork(await host.api.get(`/networks/${Id}`), home)
      await host.api.remove(`/networks/${Id}`)
      assert.deepEqual([network.name, network.isOurs, compareNetwork(spec, network)], ['shop_made', true, []])
      const other = { ...spec, isInternal: !spec.isInternal }
      assert.deepEqual(
        compareNetwork(other, network).map(({ field }) => field),
        ['isInternal'],
      )
    })
  }

  const volumes: readonly (readonly [string, Partial<VolumeSpec>])[] = [
    ['plain', {}],
    ['with options', { driver: 'local', driverOpts: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m' } }],
    ['with labels', { labels: { tier: 'x' } }],
  ]
  for (const [name, more] of volumes) {
    test(`makes a volume as it is declared: ${name}`, async () => {
      const spec: VolumeSpec = { ...plain, driver: null, labels: {}, ...more }
      await host.api.post('/volumes/create', volumeCreateBody(spec, marks))
      const volume = readVolume(await host.api.get('/volumes/shop_made'), home)
      await host.api.remove('/volumes/shop_made')
      assert.deepEqual([volume.isOurs, compareVolume(spec, volume)], [true, []])
      assert.equal(compareVolume({ ...spec, driver: 'other' }, volume).length, 1)
    })
  }

  test('takes a container that is made with a body of a vector as it stands', async () => {
    const vector = readVectors().find(({ name }) => name === 'a service as people write them')!
    const image = await bed.image(vector.imageContent)
    const { body } = bodyOf(vector, { imageId: image.Id, containers: bed.containers })
    assert.deepEqual({ ...body, Image: vector.image.Id }, vector.body)
  })
})
