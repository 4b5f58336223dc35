import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { plainSettings } from '../target/plain-container.ts'
import { compareContainer, compareNetwork, compareVolume, differenceText } from './compare.ts'
import { askedLabel } from './marks.ts'
import type {
  ContainerSettings,
  ContainerSpec,
  EngineContainer,
  EngineImage,
  EngineNetwork,
  EngineVolume,
  ImageConfig,
  NetworkSpec,
  VolumeSpec,
} from './model.ts'

const emptyConfig: ImageConfig = {
  command: null,
  entrypoint: null,
  environment: {},
  labels: {},
  user: '',
  workingDir: '',
  stopSignal: null,
  healthcheck: null,
  volumes: [],
  expose: [],
}

const idOf = (letter: string) => `sha256:${letter.repeat(64)}`

function imageWith(config: Partial<ImageConfig> = {}, id = idOf('1')): EngineImage {
  return { id, tags: [], digests: [], sizeBytes: 1, config: { ...emptyConfig, ...config } }
}

function containerWith(settings: Partial<ContainerSettings>, more: Partial<EngineContainer> = {}): EngineContainer {
  return {
    id: 'c'.repeat(64),
    name: 'shop-web-1',
    unit: 'shop/web/1',
    imageId: idOf('1'),
    state: 'running',
    pid: 7,
    createdAt: '',
    startedAt: '',
    finishedAt: '',
    exitCode: 0,
    isOutOfMemory: false,
    error: '',
    restartCount: 0,
    health: null,
    settings: { ...plainSettings, ...settings },
    ...more,
  }
}

function specWith(settings: Partial<ContainerSettings>): ContainerSpec {
  return {
    containerName: 'shop-web-1',
    image: 'shop/web:1',
    platform: null,
    pull: 'missing',
    strategy: { kind: 'download-then-kill' },
    adopts: null,
    lockFiles: [],
    settings: { ...plainSettings, ...settings },
  }
}

interface Scene {
  readonly declared?: Partial<ContainerSettings>
  readonly told?: Partial<ContainerSettings>
  readonly container?: Partial<EngineContainer>
  readonly image?: EngineImage | null
  readonly madeFrom?: EngineImage | null
  readonly containers?: Readonly<Record<string, string>>
}

function compared({
  declared = {},
  told = {},
  container,
  image = imageWith(),
  madeFrom = image,
  containers = {},
}: Scene) {
  return compareContainer({
    spec: specWith(declared),
    container: containerWith(told, container),
    image,
    madeFrom,
    containers,
  })
}

const fieldsOf = (scene: Scene) => compared(scene).map(({ field, how }) => `${field}: ${how}`)
const textsOf = (scene: Scene) => compared(scene).map(differenceText)

describe('the image', () => {
  test('is compared by its id, and its differences are told first', () => {
    const image = imageWith({}, idOf('2'))
    const scene = { image, madeFrom: imageWith(), declared: { capAdd: ['X'], containerName: 'x' } }
    assert.deepEqual(textsOf(scene), [
      'image changed: sha256:111111111111… → sha256:222222222222…',
      'cap_add changed: none → X',
    ])
  })

  test('that the engine does not have is not compared', () => {
    assert.deepEqual(compared({ image: null, madeFrom: imageWith() }), [])
  })

  test('whose content changed is one difference, not one for each thing that it says otherwise', () => {
    const madeFrom = imageWith({ environment: { A: '1' }, command: ['old'] })
    const image = imageWith({ environment: { A: '2', B: '3' }, command: ['new'] }, idOf('2'))
    const told = { environment: { A: '1' }, command: ['old'] }
    assert.deepEqual(fieldsOf({ told, image, madeFrom }), ['image: recreate'])
  })

  test('that nobody knows any more is taken to say what is not declared', () => {
    const told = {
      environment: { A: '1', LEVEL: 'debug' },
      labels: { of: 'image' },
      command: ['x'],
      entrypoint: ['y'],
      user: 'u',
      workingDir: '/w',
      expose: ['80/tcp'],
      mounts: [volumeAt('/data', null)],
    }
    const unknown = { image: null, madeFrom: null, told }
    assert.deepEqual(fieldsOf({ ...unknown }), [])
    assert.deepEqual(fieldsOf({ ...unknown, declared: { environment: { LEVEL: 'info' }, user: 'v' } }), [
      'environment.LEVEL: recreate',
      'user: recreate',
    ])
  })

  test('which is still the declared one says it where what the container was made from is not known', () => {
    const image = imageWith({ environment: { A: '1' } })
    assert.deepEqual(compared({ image, madeFrom: null, told: { environment: { A: '1' } } }), [])
    assert.deepEqual(fieldsOf({ image, madeFrom: null, told: { environment: { A: '1', B: '2' } } }), [
      'environment.B: recreate',
    ])
  })
})

describe('command and entrypoint', () => {
  const image = imageWith({ command: ['serve'], entrypoint: ['/web'] })
  const same: readonly (readonly [string, Scene])[] = [
    ['those of the image', { told: { command: ['serve'], entrypoint: ['/web'] } }],
    ['another command', { declared: { command: ['x'] }, told: { command: ['x'], entrypoint: ['/web'] } }],
    ['another entrypoint drops the command', { declared: { entrypoint: ['/x'] }, told: { entrypoint: ['/x'] } }],
    [
      'the same entrypoint declared drops it too',
      { declared: { entrypoint: ['/web'] }, told: { entrypoint: ['/web'] } },
    ],
    ['none keeps the command', { declared: { entrypoint: [] }, told: { command: ['serve'] } }],
    ['an entrypoint told as one text', { declared: { entrypoint: ['/x', '-v'] }, told: { entrypoint: ['/x -v'] } }],
  ]
  for (const [name, scene] of same) test(name, () => assert.deepEqual(compared({ image, ...scene }), []))

  test('a command that is left although the entrypoint is another is told', () => {
    const scene = { image, declared: { entrypoint: ['/x'] }, told: { entrypoint: ['/x'], command: ['serve'] } }
    assert.deepEqual(textsOf(scene), ['command changed: serve → (not set)'])
  })
})

describe('the environment', () => {
  test('is told without its values', () => {
    const scene = {
      declared: { environment: { NEW: 'secret-1', LEVEL: 'secret-2' } },
      told: { environment: { LEVEL: 'secret-3', OLD: 'secret-4' } },
    }
    const differences = compared(scene)
    assert.deepEqual(
      differences.map(({ field, is, shouldBe }) => [field, is, shouldBe]),
      [
        ['environment.LEVEL', '(hidden)', '(hidden)'],
        ['environment.NEW', '(not set)', '(hidden)'],
        ['environment.OLD', '(hidden)', '(not set)'],
      ],
    )
    assert.deepEqual(differences.map(differenceText), [
      'environment.LEVEL changed',
      'environment.NEW changed',
      'environment.OLD is no longer declared',
    ])
    assert.ok(!JSON.stringify(differences).includes('secret'))
  })

  test('may have another name of the device than at first, but must have one', () => {
    const declared = { environment: { BALENA_DEVICE_NAME_AT_INIT: 'new' } }
    assert.deepEqual(compared({ declared, told: { environment: { BALENA_DEVICE_NAME_AT_INIT: 'old' } } }), [])
    assert.equal(compared({ declared, told: {} }).length, 1)
  })

  test('may have what Podman adds', () => {
    const path = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
    const environment = { container: 'podman', HOME: '/root', TERM: 'xterm', HOSTNAME: 'cccccccccccc', PATH: path }
    assert.deepEqual(
      compared({ told: { environment, hostname: 'cccccccccccc' } }).map(({ field }) => field),
      ['hostname'],
    )
    assert.equal(compared({ told: { environment: { ...environment, HOME: '/else' } } }).length, 2)
  })

  test('has names that every object has', () => {
    const environment = Object.fromEntries([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
    assert.deepEqual(compared({ declared: { environment }, told: { environment } }), [])
    assert.equal(compared({ declared: { environment } }).length, 2)
  })
})

describe('labels', () => {
  test('of ours and of Compose are not looked at, unless they are declared', () => {
    const labels = { 'io.holdfast.unit': 'shop/web/1', 'com.docker.compose.project': 'shop', mine: 'x' }
    assert.deepEqual(fieldsOf({ told: { labels } }), ['labels.mine: recreate'])
    const declared = { labels: { ...labels, 'com.docker.compose.project': 'other' } }
    assert.deepEqual(fieldsOf({ declared, told: { labels } }), ['labels.com.docker.compose.project: recreate'])
  })
})

describe('what an engine fills in by itself', () => {
  const ownByDocker: Partial<ContainerSettings> = {
    ipc: 'private',
    cgroupNamespace: 'host',
    runtime: 'runc',
    shmBytes: 67_108_864,
    networkMode: { kind: 'named', name: 'default' },
    logging: { driver: 'json-file', options: { 'max-size': '10m' } },
    ulimits: { nofile: { soft: 1024, hard: 2048 } },
  }
  const ownByPodman: Partial<ContainerSettings> = {
    ...ownByDocker,
    ipc: 'shareable',
    runtime: 'crun',
    init: false,
    cgroupParent: 'user.slice',
    networkMode: { kind: 'named', name: 'bridge' },
    annotations: { 'io.podman.annotations.autoremove': 'FALSE' },
    logging: { driver: 'journald', options: {} },
  }

  test('is no difference where nothing is declared', () => {
    assert.deepEqual(compared({ told: ownByDocker }), [])
    assert.deepEqual(compared({ told: ownByPodman }), [])
  })

  test('is one where the container was once asked for something', () => {
    const asked = {
      runtime: 'runc',
      shmBytes: 67_108_864,
      logging: { driver: 'json-file', options: { 'max-size': '10m' } },
      ulimits: { nofile: { soft: 1024, hard: 2048 } },
    }
    const told = { ...ownByDocker, labels: { [askedLabel]: JSON.stringify(asked) } }
    assert.deepEqual(compared({ declared: asked, told }), [])
    assert.deepEqual(fieldsOf({ told }), [
      'logging: recreate',
      'runtime: recreate',
      'shmBytes: recreate',
      'ulimits.nofile: recreate',
    ])
  })

  test('and a label that anybody may have written is no harm', () => {
    for (const text of ['', '{', '7', 'null', '[]', '{"ulimits":7}', '{"__proto__":{"x":1}}'])
      assert.deepEqual(compared({ told: { ...ownByDocker, labels: { [askedLabel]: text } } }), [], text)
  })
})

describe('what an engine drops', () => {
  test('is no difference as long as the same is asked for', () => {
    const wish = {
      blkioWeight: 300,
      memoryBytes: 67_108_864,
      pidsMax: 7,
      isOomKillDisabled: true,
      annotations: { a: 'b' },
      memorySwapBytes: 100_000_000,
    }
    const told = { memorySwapBytes: -1, labels: { [askedLabel]: JSON.stringify(wish) } }
    assert.deepEqual(compared({ declared: wish, told }), [])
    assert.deepEqual(fieldsOf({ declared: { ...wish, blkioWeight: 400, memoryBytes: 70_000_000 }, told }), [
      'blkioWeight: recreate',
      'memoryBytes: recreate',
    ])
  })

  test('is a difference once the engine has something else there', () => {
    const told = { pidsMax: 9, labels: { [askedLabel]: '{"pidsMax":7}' } }
    assert.deepEqual(textsOf({ declared: { pidsMax: 7 }, told }), ['pids_limit changed: 9 → 7 (in place)'])
  })
})

describe('limits', () => {
  const memory = { memoryBytes: 67_108_864, memorySwapBytes: 134_217_728 }

  test('memory takes the swap with it that the engine chose by itself', () => {
    assert.deepEqual(textsOf({ declared: { memoryBytes: 134_217_728 }, told: memory }), [
      'mem_limit changed: 64 MiB → 128 MiB (in place)',
      'memswap_limit changed: 128 MiB → 256 MiB (in place)',
    ])
    assert.deepEqual(fieldsOf({ declared: { memoryBytes: 1, memorySwapBytes: 134_217_728 }, told: memory }), [
      'memoryBytes: update',
    ])
  })

  test('swap that is no longer declared becomes the choice of the engine only in a new container', () => {
    const told = { ...memory, memorySwapBytes: 100_000_000 }
    assert.deepEqual(fieldsOf({ declared: { memoryBytes: 67_108_864 }, told }), ['memorySwapBytes: recreate'])
  })

  test('a first limit of memory can be set in place', () => {
    assert.deepEqual(fieldsOf({ declared: { memoryBytes: 67_108_864 } }), [
      'memoryBytes: update',
      'memorySwapBytes: update',
    ])
  })

  test('a limit can only be taken away by making the container anew', () => {
    const told = { ...memory, nanoCpus: 5, cpuShares: 7, pidsMax: 7, cpuset: '0', blkioWeight: 10, cpuQuotaUs: 5 }
    assert.ok(compared({ told }).every(({ how }) => how === 'recreate'))
    assert.equal(compared({ told }).length, 8)
  })

  test('a change of cpus is seen', () => {
    assert.deepEqual(textsOf({ declared: { nanoCpus: 1_500_000_000 }, told: { nanoCpus: 500_000_000 } }), [
      'cpus changed: 0.5 → 1.5 (in place)',
    ])
  })

  test('from a quota to a number of processors leads only a new container', () => {
    assert.deepEqual(fieldsOf({ declared: { nanoCpus: 5 }, told: { cpuQuotaUs: 7, cpuPeriodUs: 9 } }), [
      'cpuPeriodUs: recreate',
      'cpuQuotaUs: recreate',
      'nanoCpus: recreate',
    ])
  })

  test('processors told as a quota too are what they are', () => {
    const told = { nanoCpus: 1_500_000_000, cpuQuotaUs: 150_000, cpuPeriodUs: 100_000 }
    assert.deepEqual(compared({ declared: { nanoCpus: 1_500_000_000 }, told }), [])
    assert.deepEqual(compared({ declared: { cpuQuotaUs: 150_000, cpuPeriodUs: 100_000 }, told }), [])
    assert.equal(compared({ declared: { nanoCpus: 1_000_000_000 }, told }).length, 1)
  })

  test('unlimited swap is the word of a kernel that does not count it', () => {
    const told = { memoryBytes: 67_108_864, memorySwapBytes: -1 }
    assert.deepEqual(compared({ declared: { memoryBytes: 67_108_864 }, told }), [])
    assert.deepEqual(compared({ declared: told, told }), [])
    assert.deepEqual(fieldsOf({ declared: { ...told, memorySwapBytes: 100_000_000 }, told }), [
      'memorySwapBytes: recreate',
    ])
    const asked = { ...told, labels: { [askedLabel]: '{"memorySwapBytes":-1}' } }
    assert.deepEqual(fieldsOf({ declared: { memoryBytes: 67_108_864 }, told: asked }), ['memorySwapBytes: recreate'])
  })

  test('a restart policy is changed in place, and a count only counts on failure', () => {
    const told = { restart: { name: 'always', retriesMax: 0 } } as const
    assert.deepEqual(compared({ declared: { restart: { name: 'always', retriesMax: 3 } }, told }), [])
    assert.deepEqual(textsOf({ told }), ['restart changed: always → no (in place)'])
  })
})

describe('names', () => {
  test('another name is changed by renaming', () => {
    const scene = { container: { name: 'old' } }
    assert.deepEqual(textsOf(scene), ['container_name changed: old → shop-web-1 (in place)'])
    assert.deepEqual(fieldsOf(scene), ['containerName: rename'])
  })

  test('a host name that is no longer declared is told, unless it is that of others', () => {
    assert.deepEqual(fieldsOf({ told: { hostname: 'x' } }), ['hostname: recreate'])
    const host = { networkMode: { kind: 'named', name: 'host' } } as const
    assert.deepEqual(compared({ declared: host, told: { ...host, hostname: 'machine' } }), [])
    const told = { ...host, hostname: 'x', labels: { [askedLabel]: '{"hostname":"x"}' } }
    assert.deepEqual(fieldsOf({ declared: host, told }), ['hostname: recreate'])
  })
})

describe('what is written in several ways', () => {
  const pairs: readonly (readonly [string, Partial<ContainerSettings>, Partial<ContainerSettings>])[] = [
    ['capabilities', { capAdd: ['cap_net_admin', 'SYS_TIME'] }, { capAdd: ['CAP_SYS_TIME', 'NET_ADMIN'] }],
    ['labels of SELinux', { securityOptions: ['seccomp=x'] }, { securityOptions: ['label=disable', 'seccomp:x'] }],
    ['no new privileges', { securityOptions: ['no-new-privileges:true'] }, { securityOptions: ['no-new-privileges'] }],
    ['hosts', { extraHosts: ['a=1.2.3.4', 'b:fd00::1'] }, { extraHosts: ['b:fd00::1', 'a:1.2.3.4'] }],
    ['groups', { groupAdd: ['1', '2'] }, { groupAdd: ['2', '1'] }],
    ['options for names', { dnsOptions: ['a', 'b'] }, { dnsOptions: ['b', 'a'] }],
    ['signals', { stopSignal: '15' }, {}],
    ['signals by number', { stopSignal: 'usr1' }, { stopSignal: '10' }],
    ['times to stop in', { stopGraceMs: 9_001 }, {}],
    ['directories', { workingDir: '/a/../' }, {}],
    [
      'devices',
      { devices: [{ source: '/dev/a', target: '', permissions: '' }] },
      { devices: [{ source: '/dev/a', target: '/dev/a', permissions: 'mrw' }] },
    ],
    ['ports that are told', { expose: ['80'] }, { expose: ['80/tcp'] }],
    ['no limit of processes', { pidsMax: -1 }, { pidsMax: null }],
    ['an init process', { init: false }, {}],
    ['healthchecks', { healthcheck: 'none' }, {}],
  ]
  for (const [name, declared, told] of pairs) test(name, () => assert.deepEqual(compared({ declared, told }), []))

  test('but the order of name servers, domains and words counts', () => {
    const [one, other] = [
      ['a', 'b'],
      ['b', 'a'],
    ]
    for (const field of ['dns', 'dnsSearch', 'command', 'entrypoint'])
      assert.ok(compared({ declared: { [field]: one }, told: { [field]: other } }).length > 0, field)
  })
})

describe('ports', () => {
  const port = { hostAddress: '', hostPort: 8080, containerPort: 80, protocol: 'tcp' } as const
  const told = { ports: [port], expose: ['80/tcp'] }

  test('are a set', () => {
    const second = { ...port, hostPort: 8081 }
    const both = { ...told, ports: [second, port] }
    assert.deepEqual(compared({ declared: { ports: [port, second] }, told: both }), [])
  })

  test('differ by address, number and protocol', () => {
    for (const change of [{ hostAddress: '127.0.0.1' }, { hostPort: 8081 }, { hostPort: null }])
      assert.deepEqual(fieldsOf({ declared: { ports: [{ ...port, ...change }] }, told }), ['ports: recreate'])
    assert.deepEqual(fieldsOf({ declared: { ports: [{ ...port, protocol: 'udp' }] }, told }), [
      'expose: recreate',
      'ports: recreate',
    ])
  })
})

function volumeAt(target: string, engineName: string | null) {
  return {
    kind: 'volume',
    volume: engineName,
    engineName,
    target,
    isReadOnly: false,
    isCopied: true,
    subpath: null,
  } as const
}

describe('mounts', () => {
  const bind = {
    kind: 'bind',
    source: '/srv',
    target: '/data',
    isReadOnly: false,
    isSourceMade: true,
    propagation: null,
    selinux: null,
  } as const

  test('of volumes of the image are there without a word', () => {
    const image = imageWith({ volumes: ['/data'] })
    assert.deepEqual(compared({ image, told: { mounts: [volumeAt('/data', null)] } }), [])
    assert.deepEqual(fieldsOf({ image }), ['mounts./data: recreate'])
    assert.deepEqual(compared({ image, declared: { mounts: [bind] }, told: { mounts: [bind] } }), [])
  })

  test('without a name may be told with one that was made up', () => {
    const declared = { mounts: [volumeAt('/data', null)] }
    assert.deepEqual(compared({ declared, told: { mounts: [volumeAt('/data', 'a1'.repeat(32))] } }), [])
    assert.equal(compared({ declared, told: { mounts: [volumeAt('/data', 'named')] } }).length, 1)
  })

  test('are told by where they are', () => {
    const told = { mounts: [bind, volumeAt('/old', 'shop_old')] }
    const declared = { mounts: [{ ...bind, isReadOnly: true }, volumeAt('/new', 'shop_new')] }
    assert.deepEqual(fieldsOf({ declared, told }), [
      'mounts./data: recreate',
      'mounts./new: recreate',
      'mounts./old: recreate',
    ])
  })

  test('may be written with slashes, as a private one, and may say what only counts while they are made', () => {
    const declared = { mounts: [{ ...bind, source: '/srv/', target: '/data//', isSourceMade: false }] }
    assert.deepEqual(compared({ declared, told: { mounts: [{ ...bind, propagation: 'rprivate' }] } }), [])
  })

  test('in memory have options in any order, and those of Podman', () => {
    const tmpfs = (options: string) => ({ kind: 'tmpfs', target: '/t', sizeBytes: 1, mode: null, options }) as const
    const told = { mounts: [tmpfs('uid=7,noexec,rw,rprivate,nosuid,nodev,tmpcopyup')] }
    assert.deepEqual(compared({ declared: { mounts: [tmpfs('noexec,uid=7')] }, told }), [])
    assert.equal(compared({ declared: { mounts: [tmpfs('uid=7')] }, told }).length, 1)
  })
})

function joined(network: string, more: object = {}) {
  const rest = { aliases: [], ipv4: null, ipv6: null, linkLocalIps: [], macAddress: null, driverOpts: {} }
  return { network, engineName: `shop_${network}`, ...rest, ...more }
}

describe('networks', () => {
  test('that it is in beside, and other names in them, are no difference', () => {
    const told = { networks: [joined('a', { aliases: ['web', 'cccccccccccc'] }), joined('b')] }
    assert.deepEqual(compared({ declared: { networks: [joined('a', { aliases: ['web'] })] }, told }), [])
  })

  test('that are missing, names and fixed addresses are', () => {
    const declared = {
      networks: [joined('a', { aliases: ['web', 'www'], ipv4: '10.0.0.7', ipv6: 'fd00::7' }), joined('b')],
    }
    const told = { networks: [joined('a', { aliases: ['web'], ipv6: 'fd00:0:0::07' })] }
    assert.deepEqual(fieldsOf({ declared, told }), [
      'networks.a.aliases: recreate',
      'networks.a.ipv4: recreate',
      'networks.b: recreate',
    ])
  })

  test('may come in another order, but it must not be at home in one that is not declared', () => {
    const [a, b] = [joined('a'), joined('b')]
    assert.deepEqual(compared({ declared: { networks: [b, a] }, told: { networks: [a, b] } }), [])
    assert.deepEqual(fieldsOf({ declared: { networks: [b] }, told: { networks: [a, b] } }), ['networkMode: recreate'])
  })

  test('no network declared is the bridge of the engine', () => {
    for (const name of ['default', 'bridge']) {
      assert.deepEqual(compared({ told: { networkMode: { kind: 'named', name } } }), [])
      assert.deepEqual(
        compared({
          declared: { networkMode: { kind: 'named', name: 'bridge' } },
          told: { networkMode: { kind: 'named', name } },
        }),
        [],
      )
    }
    assert.deepEqual(fieldsOf({ told: { networkMode: { kind: 'named', name: 'host' } } }), ['networkMode: recreate'])
  })

  test('one that is declared by the name that the engine has for it', () => {
    const declared = { networkMode: { kind: 'named', name: 'shop_a' } } as const
    assert.deepEqual(compared({ declared, told: { networks: [joined('a')] } }), [])
    assert.equal(compared({ declared, told: { networks: [joined('b')] } }).length, 1)
  })

  test('the network of a service is that of the container it has now', () => {
    const declared = { networkMode: { kind: 'service', service: 'db' }, ipc: 'service:db', pid: 'service:db' } as const
    const of = (id: string) =>
      ({ networkMode: { kind: 'container', container: id }, ipc: `container:${id}`, pid: `container:${id}` }) as const
    const containers = { db: 'd'.repeat(64) }
    assert.deepEqual(compared({ declared, told: of('d'.repeat(64)), containers }), [])
    assert.deepEqual(fieldsOf({ declared, told: of('e'.repeat(64)), containers }), [
      'ipc: recreate',
      'networkMode: recreate',
      'pid: recreate',
    ])
    // Nobody knows yet: it is compared once the service has a container again.
    assert.deepEqual(compared({ declared, told: of('e'.repeat(64)) }), [])
    assert.equal(compared({ declared }).length, 3)
  })

  test('a container by name is told by its id, and by id compared with it', () => {
    const told = { networkMode: { kind: 'container', container: 'ab'.repeat(32) } } as const
    const by = (container: string) => ({ networkMode: { kind: 'container', container } }) as const
    assert.deepEqual(compared({ declared: by('db'), told }), [])
    assert.deepEqual(compared({ declared: by('abababababab'), told }), [])
    assert.equal(compared({ declared: by('cdcdcdcdcdcd'), told }).length, 1)
    const labels = { [askedLabel]: JSON.stringify({ networkMode: by('old').networkMode }) }
    assert.equal(compared({ declared: by('db'), told: { ...told, labels } }).length, 1)
  })

  test('a hardware address is compared where it was asked for', () => {
    const declared = { macAddress: '02-42-AC-11-00-07' }
    assert.deepEqual(compared({ declared, told: { macAddress: '02:42:ac:11:00:07' } }), [])
    assert.deepEqual(compared({ told: { macAddress: '02:42:ac:11:00:07' } }), [])
    // Since API 1.44 it is that of the first network.
    const networks = [joined('a', { macAddress: '02:42:ac:11:00:07' }), joined('b')]
    assert.deepEqual(compared({ declared: { ...declared, networks }, told: { networks } }), [])
    assert.equal(compared({ declared, told: {} }).length, 1)
    const labels = { [askedLabel]: '{"macAddress":"02:42:ac:11:00:07"}' }
    assert.equal(compared({ told: { macAddress: '02:42:ac:11:00:07', labels } }).length, 1)
  })

  test('so is that of one network', () => {
    const declared = { networks: [joined('a'), joined('b', { macAddress: '02:42:AC:11:00:07' })] }
    const toldWith = (macAddress: string) => ({ networks: [joined('a'), joined('b', { macAddress })] })
    assert.deepEqual(compared({ declared, told: toldWith('02:42:ac:11:00:07') }), [])
    assert.deepEqual(fieldsOf({ declared, told: toldWith('02:42:ac:11:00:08') }), ['networks.b.macAddress: recreate'])
    const labels = { [askedLabel]: '{"networks.b.macAddress":"02:42:AC:11:00:07"}' }
    // An engine before API 1.44 gave it another one.
    assert.deepEqual(compared({ declared, told: { ...toldWith('02:42:ac:11:00:08'), labels } }), [])
    const none = { networks: [joined('a'), joined('b')] }
    assert.deepEqual(compared({ declared: none, told: toldWith('02:42:ac:11:00:08') }), [])
    assert.equal(compared({ declared: none, told: { ...toldWith('02:42:AC:11:00:07'), labels } }).length, 1)
  })
})

describe('healthchecks', () => {
  const check = {
    test: ['CMD', 'true'],
    intervalMs: null,
    timeoutMs: null,
    startPeriodMs: null,
    startIntervalMs: null,
    retries: null,
  }
  const image = imageWith({ healthcheck: { ...check, intervalMs: 7_000, retries: 5 } })

  test('are laid over that of the image field by field', () => {
    const declared = { healthcheck: { ...check, test: null, retries: 2 } }
    const told = { healthcheck: { ...check, intervalMs: 7_000, retries: 2 } }
    assert.deepEqual(compared({ image, declared, told }), [])
    assert.deepEqual(textsOf({ image, declared, told: { healthcheck: { ...check, retries: 5 } } }), [
      'healthcheck.interval changed: 30s → 7s',
      'healthcheck.retries changed: 5 → 2',
    ])
  })

  test('that are switched off are told as such', () => {
    assert.deepEqual(compared({ image, declared: { healthcheck: 'none' }, told: { healthcheck: 'none' } }), [])
    assert.deepEqual(fieldsOf({ image, told: { healthcheck: 'none' } }), ['healthcheck: recreate'])
  })

  test('may be told with the times of the engine', () => {
    const told = { healthcheck: { ...check, intervalMs: 30_000, timeoutMs: 30_000, retries: 3 } }
    assert.deepEqual(compared({ declared: { healthcheck: check }, told }), [])
  })
})

describe('a network', () => {
  const spec: NetworkSpec = {
    engineName: 'shop_default',
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
  const pool = { subnet: '172.28.0.0/16', gateway: null, ipRange: null, auxAddresses: {} }
  const network: EngineNetwork = {
    id: 'n',
    name: 'shop_default',
    isOurs: true,
    driver: 'bridge',
    driverOpts: {},
    isInternal: false,
    isAttachable: false,
    enableIpv6: false,
    isConfigOnly: false,
    ipam: { driver: 'default', config: [{ ...pool, gateway: '172.28.0.1' }], options: {} },
    labels: { tier: 'x', 'io.holdfast.home': 'h', 'com.docker.compose.network': 'default' },
  }
  const fields = (more: Partial<NetworkSpec>, told: Partial<EngineNetwork> = {}) =>
    compareNetwork({ ...spec, ...more }, { ...network, ...told }).map(({ field }) => field)

  test('is as declared with whatever addresses the engine chose', () => {
    assert.deepEqual(fields({}), [])
    assert.deepEqual(fields({ driver: 'bridge', ipam: { driver: null, config: [], options: {} } }), [])
    assert.deepEqual(fields({ ipam: { driver: 'default', config: [pool], options: {} } }), [])
  })

  test('may have addresses of IPv6 that nobody declared', () => {
    const config = [...network.ipam.config, { ...pool, subnet: 'fd00::/64' }]
    assert.deepEqual(
      fields({ ipam: { driver: null, config: [pool], options: {} } }, { ipam: { ...network.ipam, config } }),
      [],
    )
  })

  test('differs in each of its words', () => {
    const ipam = { driver: null, config: [pool], options: {} }
    assert.deepEqual(fields({ driver: 'macvlan' }), ['driver'])
    assert.deepEqual(fields({ driverOpts: { a: 'b' } }), ['driverOpts.a'])
    assert.deepEqual(fields({ isInternal: true }), ['isInternal'])
    assert.deepEqual(fields({ enableIpv6: true }), ['enableIpv6'])
    assert.deepEqual(fields({ isConfigOnly: true }), ['isConfigOnly'])
    assert.deepEqual(fields({ labels: {} }), ['labels.tier'])
    assert.deepEqual(fields({ ipam: { ...ipam, driver: 'x' } }), ['ipam.driver'])
    assert.deepEqual(fields({ ipam: { ...ipam, options: { a: 'b' } } }), ['ipam.options.a'])
    for (const change of [{ subnet: '10.0.0.0/8' }, { gateway: '172.28.0.9' }, { ipRange: '172.28.1.0/24' }])
      assert.deepEqual(fields({ ipam: { ...ipam, config: [{ ...pool, ...change }] } }), ['ipam.config'])
    assert.deepEqual(fields({ ipam: { ...ipam, config: [pool, { ...pool, subnet: '10.0.0.0/8' }] } }), ['ipam.config'])
  })

  test('is told field by field in order', () => {
    const scene = { isInternal: true, driver: 'x', enableIpv6: true, labels: {}, driverOpts: { b: '', a: '' } }
    const inOrder = ['driver', 'driverOpts.a', 'driverOpts.b', 'enableIpv6', 'isInternal', 'labels.tier']
    assert.deepEqual(fields(scene), inOrder)
  })

  test('whose containers may join by hand matters only where the engine asks', () => {
    assert.deepEqual(fields({ isAttachable: true }), [])
    assert.deepEqual(fields({ driver: 'overlay', isAttachable: true }, { driver: 'overlay' }), ['isAttachable'])
  })

  test('that is none has whatever driver the engine says', () => {
    assert.deepEqual(fields({ isConfigOnly: true, driver: 'bridge' }, { isConfigOnly: true, driver: 'null' }), [])
  })
})

describe('a volume', () => {
  const spec: VolumeSpec = { engineName: 'shop_data', isExternal: false, driver: null, driverOpts: {}, labels: {} }
  const volume: EngineVolume = { name: 'shop_data', isOurs: true, driver: 'local', driverOpts: {}, labels: {} }

  test('without a driver is a local one', () => {
    assert.deepEqual(compareVolume(spec, volume), [])
    assert.deepEqual(compareVolume({ ...spec, driver: 'local' }, volume), [])
    assert.deepEqual(compareVolume({ ...spec, driver: 'nfs' }, volume).map(differenceText), [
      'driver changed: local → nfs',
    ])
  })

  test('is compared without the labels that tell whose it is', () => {
    const labels = { 'io.holdfast.home': 'h', 'io.balena.supervised': 'true', 'com.docker.compose.volume': 'data' }
    const declared = { ...spec, labels: { 'io.balena.app-uuid': 'u' } }
    assert.deepEqual(compareVolume(declared, { ...volume, labels }), [])
    assert.deepEqual(
      compareVolume({ ...spec, labels: { a: 'b' }, driverOpts: { type: 'nfs' } }, volume).map(({ field }) => field),
      ['driverOpts.type', 'labels.a'],
    )
  })
})
