import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { NetworkSpec } from '../../core/containers/model.ts'
import { readImage } from './image.ts'
import { networkCreateBody, readNetwork } from './network.ts'
import { readVolume, volumeCreateBody } from './volume.ts'

describe('an image', () => {
  const hex = 'a'.repeat(64)

  test('is told with what its containers have unless they say otherwise', () => {
    const image = readImage({
      Id: `sha256:${hex}`,
      RepoTags: ['busybox:latest', '<none>:<none>', 'registry.example/app:1'],
      RepoDigests: [`docker.io/library/busybox@sha256:${hex}`],
      Size: 7,
      Config: {
        Cmd: ['serve'],
        Entrypoint: ['/web'],
        Env: ['PATH=/bin'],
        Labels: { tier: 'x' },
        User: '1000',
        WorkingDir: '/srv',
        StopSignal: 'SIGINT',
        Healthcheck: { Test: ['CMD', 'true'], Interval: 1_500_000_000 },
        Volumes: { '/data': {} },
        ExposedPorts: { '80/tcp': {}, '81/udp': {} },
      },
    })
    const healthcheck = { timeoutMs: null, startPeriodMs: null, startIntervalMs: null, retries: null }
    assert.deepEqual(image, {
      id: `sha256:${hex}`,
      tags: ['busybox:latest', 'registry.example/app:1'],
      digests: [`busybox@sha256:${hex}`],
      sizeBytes: 7,
      config: {
        command: ['serve'],
        entrypoint: ['/web'],
        environment: { PATH: '/bin' },
        labels: { tier: 'x' },
        user: '1000',
        workingDir: '/srv',
        stopSignal: 'SIGINT',
        healthcheck: { test: ['CMD', 'true'], intervalMs: 1_500, ...healthcheck },
        volumes: ['/data'],
        expose: ['80/tcp', '81/udp'],
      },
    })
  })

  test('may say nothing, and may have an id without the name of its hash', () => {
    const image = readImage({ Id: hex, RepoTags: null, Config: null })
    assert.deepEqual([image.id, image.tags, image.config.command, image.config.user], [`sha256:${hex}`, [], null, ''])
    const off = readImage({ Id: hex, Config: { Healthcheck: { Test: ['NONE'] } } })
    assert.equal(off.config.healthcheck, 'none')
  })

  test('with a name that only the engine would give is told by that name', () => {
    assert.deepEqual(readImage({ Id: hex, RepoTags: ['Odd Name'] }).tags, ['Odd Name'])
  })

  test('that is none is refused with the path of what is wrong', () => {
    assert.throws(() => readImage({}), /^Error: Id: a text was expected, not nothing$/)
    assert.throws(
      () => readImage({ Id: hex, Config: { Volumes: [] } }),
      /^Error: Config\.Volumes: an object was expected/,
    )
  })
})

describe('a network', () => {
  const plain: NetworkSpec = {
    engineName: 'shop_default',
    isExternal: false,
    driver: null,
    driverOpts: {},
    isInternal: false,
    isAttachable: false,
    enableIpv6: false,
    isConfigOnly: false,
    ipam: null,
    labels: {},
  }
  const marks = { 'io.holdfast.home': 'h' }

  test('is asked for with what is declared alone', () => {
    assert.deepEqual(networkCreateBody(plain, marks), { Name: 'shop_default', CheckDuplicate: true, Labels: marks })
  })

  test('is asked for with everything that is declared', () => {
    const spec: NetworkSpec = {
      ...plain,
      driver: 'macvlan',
      driverOpts: { parent: 'eth0' },
      isInternal: true,
      isAttachable: true,
      enableIpv6: true,
      isConfigOnly: true,
      ipam: {
        driver: 'default',
        config: [
          { subnet: '10.0.0.0/8', gateway: '10.0.0.1', ipRange: '10.1.0.0/16', auxAddresses: { router: '10.0.0.2' } },
          { subnet: 'fd00::/64', gateway: null, ipRange: null, auxAddresses: {} },
        ],
        options: { a: 'b' },
      },
      labels: { tier: 'x', 'io.holdfast.home': 'forged' },
    }
    assert.deepEqual(networkCreateBody(spec, marks), {
      Name: 'shop_default',
      CheckDuplicate: true,
      Driver: 'macvlan',
      Internal: true,
      Attachable: true,
      EnableIPv6: true,
      ConfigOnly: true,
      Options: { parent: 'eth0' },
      IPAM: {
        Driver: 'default',
        Config: [
          {
            Subnet: '10.0.0.0/8',
            Gateway: '10.0.0.1',
            IPRange: '10.1.0.0/16',
            AuxiliaryAddresses: { router: '10.0.0.2' },
          },
          { Subnet: 'fd00::/64' },
        ],
        Options: { a: 'b' },
      },
      Labels: { tier: 'x', 'io.holdfast.home': 'h' },
    })
  })

  test('is read as dockerd 20.10 tells it', () => {
    const network = readNetwork(
      {
        Name: 'front',
        Id: 'e2c1',
        Created: '2026-11-21T21:26:19.852458814Z',
        Scope: 'local',
        Driver: 'bridge',
        EnableIPv6: true,
        IPAM: {
          Driver: 'default',
          Options: null,
          Config: [{ Subnet: '172.30.0.0/16', Gateway: '172.30.0.1', AuxiliaryAddresses: { r: '172.30.1.5' } }],
        },
        Internal: true,
        Attachable: false,
        ConfigFrom: { Network: '' },
        ConfigOnly: false,
        Containers: {},
        Options: { 'com.docker.network.driver.mtu': '1400' },
        Labels: marks,
      },
      'h',
    )
    assert.deepEqual(network, {
      id: 'e2c1',
      name: 'front',
      isOurs: true,
      driver: 'bridge',
      driverOpts: { 'com.docker.network.driver.mtu': '1400' },
      isInternal: true,
      isAttachable: false,
      enableIpv6: true,
      isConfigOnly: false,
      ipam: {
        driver: 'default',
        config: [{ subnet: '172.30.0.0/16', gateway: '172.30.0.1', ipRange: null, auxAddresses: { r: '172.30.1.5' } }],
        options: {},
      },
      labels: marks,
    })
  })

  test('that is nothing but a name is read as such', () => {
    const network = readNetwork({ Name: 'a', Id: 'b', Driver: 'null', Attachable: true, ConfigOnly: true }, 'h')
    assert.deepEqual([network.isConfigOnly, network.isAttachable, network.isInternal], [true, true, false])
  })

  test('of another home is not ours, and one that says nothing is read too', () => {
    assert.equal(readNetwork({ Name: 'a', Id: 'b', Labels: marks }, 'other').isOurs, false)
    const { ipam, enableIpv6, isConfigOnly } = readNetwork({ Name: 'a', Id: 'b', Labels: null, IPAM: null }, 'h')
    assert.deepEqual([ipam.config, enableIpv6, isConfigOnly], [[], false, false])
    assert.throws(() => readNetwork({ Name: 'a' }, 'h'), /^Error: Id: a text was expected/)
    assert.throws(() => readNetwork({ Name: 'a', Id: 'b', IPAM: { Config: {} } }, 'h'), /^Error: IPAM\.Config: a list/)
  })
})

describe('a volume', () => {
  test('is asked for and read', () => {
    const spec = {
      engineName: 'shop_data',
      isExternal: false,
      driver: 'local',
      driverOpts: { type: 'tmpfs' },
      labels: {},
    }
    const body = volumeCreateBody(spec, { 'io.holdfast.home': 'h' })
    assert.deepEqual(body, {
      Name: 'shop_data',
      Driver: 'local',
      DriverOpts: { type: 'tmpfs' },
      Labels: { 'io.holdfast.home': 'h' },
    })
    assert.deepEqual(volumeCreateBody({ ...spec, driver: null, driverOpts: {} }, {}), { Name: 'shop_data', Labels: {} })
    const told = { Name: 'shop_data', Driver: 'local', Options: { type: 'tmpfs' }, Labels: { 'io.holdfast.home': 'h' } }
    assert.deepEqual(readVolume({ ...told, Mountpoint: '/x', Scope: 'local' }, 'h'), {
      name: 'shop_data',
      isOurs: true,
      driver: 'local',
      driverOpts: { type: 'tmpfs' },
      labels: { 'io.holdfast.home': 'h' },
    })
    assert.deepEqual(readVolume({ Name: 'x', Labels: null, Options: null }, 'h').labels, {})
    assert.throws(() => readVolume({ Name: 7 }, 'h'), /^Error: Name: a text was expected, not a number$/)
  })
})
