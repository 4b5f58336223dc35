import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerNetwork, ContainerSettings, ContainerSpec, MountSpec } from '../../core/containers/model.ts'
import { plainSettings } from '../../core/target/plain-container.ts'
import { containerCreateBody } from './create-body.ts'

// What each setting becomes is in test/vectors/containers, beside what a real engine makes of it. Here is what depends on
// the engine, and what cannot be asked of it.

interface Asked {
  readonly apiVersion?: string
  readonly containers?: Readonly<Record<string, string>>
  readonly marks?: Readonly<Record<string, string>>
}

function bodyOf(
  settings: Partial<ContainerSettings>,
  { apiVersion = '1.41', containers = {}, marks = {} }: Asked = {},
) {
  const spec: ContainerSpec = {
    containerName: 'shop-web-1',
    image: 'shop/web:1',
    platform: null,
    pull: 'missing',
    strategy: { kind: 'download-then-kill' },
    adopts: null,
    lockFiles: [],
    settings: { ...plainSettings, ...settings },
  }
  return containerCreateBody(spec, { imageId: 'sha256:1', marks, containers, apiVersion })
}

function joined(network: string, more: Partial<ContainerNetwork> = {}): ContainerNetwork {
  const rest = { ipv4: null, ipv6: null, linkLocalIps: [], macAddress: null, driverOpts: {} }
  return { network, engineName: `shop_${network}`, aliases: ['web'], ...rest, ...more }
}

const restart = { RestartPolicy: { Name: 'no', MaximumRetryCount: 0 } }

test('says nothing of what is not declared', () => {
  const { body, connects } = bodyOf({})
  assert.deepEqual(body, { Image: 'sha256:1', HostConfig: { NetworkMode: 'default', ...restart } })
  assert.deepEqual(connects, [])
})

test('our marks win over what is declared', () => {
  const { body } = bodyOf(
    { labels: { mine: 'x', 'io.holdfast.home': 'forged' } },
    { marks: { 'io.holdfast.home': 'h' } },
  )
  assert.deepEqual((body as { Labels: object }).Labels, { mine: 'x', 'io.holdfast.home': 'h' })
})

test('networks after the first are joined one by one, or all at once where the engine can (API 1.44)', () => {
  const networks = [joined('a', { macAddress: '02:42:00:00:00:01' }), joined('b', { macAddress: '02:42:00:00:00:02' })]
  assert.deepEqual(bodyOf({ networks }), {
    body: {
      Image: 'sha256:1',
      Labels: {
        'io.holdfast.asked':
          '{"networks.a.macAddress":"02:42:00:00:00:01","networks.b.macAddress":"02:42:00:00:00:02"}',
      },
      MacAddress: '02:42:00:00:00:01',
      HostConfig: { NetworkMode: 'shop_a', ...restart },
      NetworkingConfig: { EndpointsConfig: { shop_a: { Aliases: ['web'] } } },
    },
    connects: [{ network: 'shop_b', endpoint: { Aliases: ['web'] } }],
  })
  const { body, connects } = bodyOf({ networks }, { apiVersion: '1.44' })
  const { MacAddress, NetworkingConfig } = body as Record<string, unknown>
  assert.deepEqual([MacAddress, connects], [undefined, []])
  assert.deepEqual(NetworkingConfig, {
    EndpointsConfig: {
      shop_a: { Aliases: ['web'], MacAddress: '02:42:00:00:00:01' },
      shop_b: { Aliases: ['web'], MacAddress: '02:42:00:00:00:02' },
    },
  })
})

test('a hardware address of the container is that of its first network (API 1.44)', () => {
  const { body } = bodyOf({ macAddress: '02:42:00:00:00:01', networks: [joined('a')] }, { apiVersion: '1.50' })
  assert.deepEqual((body as { NetworkingConfig: object }).NetworkingConfig, {
    EndpointsConfig: { shop_a: { Aliases: ['web'], MacAddress: '02:42:00:00:00:01' } },
  })
})

test('what an older engine does not know is left out', () => {
  const healthcheck = { test: ['CMD', 'x'], intervalMs: null, timeoutMs: null, startPeriodMs: null, retries: null }
  const settings = { annotations: { a: 'b' }, healthcheck: { ...healthcheck, startIntervalMs: 500 } }
  const partsOf = (apiVersion: string) => {
    const { Healthcheck, HostConfig } = bodyOf(settings, { apiVersion }).body as Record<string, Record<string, unknown>>
    return [Healthcheck?.StartInterval, HostConfig?.Annotations]
  }
  assert.deepEqual(partsOf('1.41'), [undefined, undefined])
  assert.deepEqual(partsOf('1.43'), [undefined, { a: 'b' }])
  assert.deepEqual(partsOf('1.44'), [500_000_000, { a: 'b' }])
})

test('a part of a volume is mounted where the engine can, and refused where it would mount all of it', () => {
  const mount = { kind: 'volume', volume: 'data', engineName: 'shop_data', target: '/data', isReadOnly: false } as const
  const mounts: readonly MountSpec[] = [{ ...mount, isCopied: true, subpath: 'logs' }]
  assert.throws(() => bodyOf({ mounts }), /only 'logs' of the volume shop_data .* API 1\.41, and 1\.45 is needed/)
  const { HostConfig } = bodyOf({ mounts }, { apiVersion: '1.45' }).body as Record<string, Record<string, unknown>>
  assert.deepEqual(HostConfig?.Mounts, [
    { Type: 'volume', Source: 'shop_data', Target: '/data', VolumeOptions: { Subpath: 'logs' } },
  ])
})

test('a source with a colon is made where the engine can (API 1.42)', () => {
  const mount = { kind: 'bind', source: '/a:b', target: '/c', isReadOnly: false, isSourceMade: true } as const
  const mounts: readonly MountSpec[] = [{ ...mount, propagation: null, selinux: null }]
  const mountsOf = (apiVersion: string) =>
    (bodyOf({ mounts }, { apiVersion }).body as Record<string, Record<string, unknown>>).HostConfig?.Mounts
  const plain = { Type: 'bind', Source: '/a:b', Target: '/c' }
  assert.deepEqual(mountsOf('1.41'), [plain])
  assert.deepEqual(mountsOf('1.42'), [{ ...plain, BindOptions: { CreateMountpoint: true } }])
})

test('options of storage are asked for', () => {
  const { HostConfig } = bodyOf({ storageOptions: { size: '1G' } }).body as Record<string, Record<string, unknown>>
  assert.deepEqual(HostConfig?.StorageOpt, { size: '1G' })
})

test('the namespaces of a service that has no container are refused by its name', () => {
  const why = /shares a namespace with the service db, which has no container; start that one first/
  assert.throws(() => bodyOf({ networkMode: { kind: 'service', service: 'db' } }), why)
  assert.throws(() => bodyOf({ pid: 'service:db' }), why)
  assert.throws(() => bodyOf({ ipc: 'service:constructor' }), /the service constructor/)
  const { HostConfig } = bodyOf({ ipc: 'service:db' }, { containers: { db: 'd1' } }).body as Record<string, object>
  assert.deepEqual(HostConfig, { NetworkMode: 'default', ...restart, IpcMode: 'container:d1' })
})
