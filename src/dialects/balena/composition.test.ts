import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { ContainerSettings } from '../../core/containers/model.ts'
import { appUuid, containerOf, type Json, saidOf, serviceOf, settingsOf } from './fixture.ts'

const GiB = 1024 ** 3
const MiB = 1024 ** 2

/** Every field that the original agent knows, in the order of its table: what is written, and what comes of it. */
const rows: readonly (readonly [Json, Partial<ContainerSettings>])[] = [
  [{}, { restart: { name: 'always', retriesMax: 0 } }],
  [{ restart: 'no' }, { restart: { name: 'no', retriesMax: 0 } }],
  [{ restart: false }, { restart: { name: 'no', retriesMax: 0 } }],
  [{ restart: 'unless-stopped' }, { restart: { name: 'unless-stopped', retriesMax: 0 } }],
  [{ restart: 'on-failure' }, { restart: { name: 'on-failure', retriesMax: 0 } }],
  [{ restart: 'on-failure:3' }, { restart: { name: 'on-failure', retriesMax: 3 } }],
  [{ restart: null }, { restart: { name: 'always', retriesMax: 0 } }],
  [{ mem_limit: '64m' }, { memoryBytes: 64 * MiB }],
  [{ mem_limit: '1.5g' }, { memoryBytes: 1.5 * GiB }],
  [{ mem_limit: 1048576 }, { memoryBytes: MiB }],
  [{ mem_limit: '0' }, { memoryBytes: null }],
  [{ mem_reservation: '32mb' }, { memoryReservationBytes: 32 * MiB }],
  [{}, { shmBytes: 64 * MiB }],
  [{ shm_size: '128m' }, { shmBytes: 128 * MiB }],
  [{}, { stopGraceMs: 10_000, stopSignal: null }],
  [{ stop_grace_period: '1m30s' }, { stopGraceMs: 90_000 }],
  [{ stop_grace_period: 5 }, { stopGraceMs: 5_000 }],
  [{ stop_signal: 'SIGINT' }, { stopSignal: 'SIGINT' }],
  [{ stop_signal: 2 }, { stopSignal: 'SIGINT' }],
  [{ cpus: 1.5 }, { nanoCpus: 1_500_000_000 }],
  [{ cpus: '0.25' }, { nanoCpus: 250_000_000 }],
  [{ cpu_shares: 512 }, { cpuShares: 512 }],
  [{ cpu_quota: '50000' }, { cpuQuotaUs: 50_000 }],
  [
    { cpu_shares: 0, cpu_quota: 0 },
    { cpuShares: null, cpuQuotaUs: null },
  ],
  [{ cpuset: '0-1' }, { cpuset: '0-1' }],
  [{ pids_limit: 100 }, { pidsMax: 100 }],
  [{ oom_score_adj: -500 }, { oomScoreAdj: -500 }],
  [{ oom_kill_disable: true }, { isOomKillDisabled: true }],
  [{}, { healthcheck: null }],
  [{ healthcheck: { disable: true } }, { healthcheck: 'none' }],
  [{ healthcheck: { test: ['NONE'] } }, { healthcheck: 'none' }],
  [
    {
      healthcheck: { test: 'curl -f http://localhost', interval: '30s', timeout: '5s', start_period: '1m', retries: 3 },
    },
    {
      healthcheck: {
        test: ['CMD-SHELL', 'curl -f http://localhost'],
        intervalMs: 30_000,
        timeoutMs: 5_000,
        startPeriodMs: 60_000,
        startIntervalMs: null,
        retries: 3,
      },
    },
  ],
  [
    { healthcheck: { test: ['CMD', 'check', 'a'], retries: 0 } },
    {
      healthcheck: {
        ...{
          test: ['CMD', 'check', 'a'],
          intervalMs: null,
          timeoutMs: null,
          startPeriodMs: null,
          startIntervalMs: null,
        },
        retries: 0,
      },
    },
  ],
  [{}, { isTty: true, ipc: 'shareable', isStdinOpen: false }],
  [{ tty: false }, { isTty: false }],
  [{ ipc: 'host' }, { ipc: 'host' }],
  [{ pid: 'host' }, { pid: 'host' }],
  [{ uts: 'host' }, { uts: 'host' }],
  [{ userns_mode: 'host' }, { usernsMode: 'host' }],
  [{ cgroup_parent: '/shop' }, { cgroupParent: '/shop' }],
  [{ cgroup: 'private' }, { cgroupNamespace: 'private' }],
  [{ runtime: 'nvidia' }, { runtime: 'nvidia' }],
  [{ init: true }, { init: true }],
  [{ init: 'false' }, { init: false }],
  [{}, { init: null, hostname: null }],
  [{ hostname: 'web' }, { hostname: 'web' }],
  [{ network_mode: 'host' }, { hostname: 'f00dcaf', networkMode: { kind: 'named', name: 'host' }, networks: [] }],
  [{ network_mode: 'host', hostname: 'web' }, { hostname: 'web' }],
  [{ domainname: 'example.org' }, { domainname: 'example.org' }],
  [{ mac_address: '02:42:ac:11:00:02' }, { macAddress: '02:42:ac:11:00:02' }],
  [{ extra_hosts: ['db=10.0.0.7', 'x:10.0.0.8'] }, { extraHosts: ['db:10.0.0.7', 'x:10.0.0.8'] }],
  [{ extra_hosts: { db: '10.0.0.7' } }, { extraHosts: ['db:10.0.0.7'] }],
  [
    { security_opt: ['label=disable', 'label:user:x', 'no-new-privileges', 'seccomp=unconfined'] },
    { securityOptions: ['no-new-privileges', 'seccomp=unconfined'] },
  ],
  [{ command: 'echo "a b" $HOME | cat' }, { command: ['echo', 'a b', '$HOME', '|', 'cat'] }],
  [{ command: ['a', 1, true] }, { command: ['a', '1', 'true'] }],
  [{ command: [] }, { command: null }],
  [{}, { command: null, entrypoint: null, user: null, workingDir: null }],
  [{ entrypoint: '/start.sh --x' }, { entrypoint: ['/start.sh', '--x'] }],
  [{ user: '1000:1000' }, { user: '1000:1000' }],
  [{ user: 1000 }, { user: '1000' }],
  [{ working_dir: '/srv/' }, { workingDir: '/srv' }],
  [
    { cap_add: ['NET_ADMIN'], cap_drop: ['ALL'] },
    { capAdd: ['NET_ADMIN'], capDrop: ['ALL'] },
  ],
  [{ group_add: ['dialout', 20] }, { groupAdd: ['dialout', '20'] }],
  [
    { privileged: true, read_only: true },
    { isPrivileged: true, isReadOnly: true },
  ],
  [{ privileged: 'false' }, { isPrivileged: false }],
  [
    { dns: '8.8.8.8', dns_search: 'example.org', dns_opt: ['ndots:1'] },
    { dns: ['8.8.8.8'], dnsSearch: ['example.org'], dnsOptions: ['ndots:1'] },
  ],
  [
    { devices: ['/dev/ttyUSB0', '/dev/a:/dev/b:r'] },
    {
      devices: [
        { source: '/dev/ttyUSB0', target: '/dev/ttyUSB0', permissions: 'rwm' },
        { source: '/dev/a', target: '/dev/b', permissions: 'r' },
      ],
    },
  ],
  [{ device_cgroup_rules: ['c 1:3 mr'] }, { deviceCgroupRules: ['c 1:3 mr'] }],
  [{ sysctls: { 'net.core.somaxconn': 1024 } }, { sysctls: { 'net.core.somaxconn': '1024' } }],
  [{ sysctls: ['net.core.somaxconn=1024'] }, { sysctls: { 'net.core.somaxconn': '1024' } }],
  [
    { ulimits: { nofile: 1024, nproc: { soft: 10, hard: 20 } } },
    { ulimits: { nofile: { soft: 1024, hard: 1024 }, nproc: { soft: 10, hard: 20 } } },
  ],
  [{ annotations: { a: 'b' } }, { annotations: { a: 'b' } }],
]

describe('what a composition says becomes the container', () => {
  for (const [written, expected] of rows) {
    test(`${JSON.stringify(written)} is ${JSON.stringify(expected)}`, () => {
      const settings = settingsOf(written)
      for (const [key, value] of Object.entries(expected)) {
        assert.deepEqual(settings[key as keyof ContainerSettings], value, key)
      }
    })
  }
})

describe('ports', () => {
  const told = (ports: readonly unknown[]): string =>
    settingsOf({ ports })
      .ports.map(
        ({ hostAddress, hostPort, containerPort, protocol }) =>
          `${hostAddress}|${hostPort}>${containerPort}/${protocol}`,
      )
      .join(' ')

  for (const [written, expected] of [
    ['8080:80', '|8080>80/tcp'],
    [80, '|80>80/tcp'],
    ['80-81', '|80>80/tcp |81>81/tcp'],
    ['127.0.0.1:5353:53/udp', '127.0.0.1|5353>53/udp'],
    ['8000-8001:80-81', '|8000>80/tcp |8001>81/tcp'],
    [{ target: 80 }, '|80>80/tcp'],
    [{ target: 80, published: '8080', protocol: 'udp', host_ip: '::1' }, '::1|8080>80/udp'],
  ] as const) {
    test(`${JSON.stringify(written)} is ${expected}`, () => {
      assert.equal(told([written]), expected)
    })
  }

  test('the same port twice counts once', () => {
    assert.equal(told(['80:80', '80:80']), '|80>80/tcp')
  })
})

describe('networks', () => {
  const engineNames = (composition: Json): readonly string[] =>
    settingsOf(composition).networks.map(({ engineName }) => engineName)

  test('without a word about it a service is in the network default of its app, under its name', () => {
    const { networkMode, networks } = settingsOf({})
    assert.deepEqual(networkMode, { kind: 'networks' })
    assert.deepEqual(
      networks.map(({ network, engineName, aliases }) => [network, engineName, aliases]),
      [['default', `${appUuid}_default`, ['main']]],
    )
  })

  test('what it joins is called by the uuid of the app, with the aliases that it asks for', () => {
    const composition = {
      networks: { back: { aliases: ['api'], ipv4_address: '10.1.0.5', link_local_ips: ['169.254.1.1'] } },
    }
    const [network] = settingsOf(composition).networks
    assert.deepEqual(
      [network?.engineName, network?.aliases, network?.ipv4, network?.linkLocalIps],
      [`${appUuid}_back`, ['api', 'main'], '10.1.0.5', ['169.254.1.1']],
    )
    assert.deepEqual(engineNames({ networks: ['default', 'back'] }), [`${appUuid}_default`, `${appUuid}_back`])
    assert.deepEqual(engineNames({ networks: { back: null } }), [`${appUuid}_back`])
  })

  test('a network_mode that names a network is the first that it joins', () => {
    assert.deepEqual(engineNames({ network_mode: 'back', networks: ['default', 'back'] }), [
      `${appUuid}_back`,
      `${appUuid}_default`,
    ])
    assert.deepEqual(settingsOf({ network_mode: 'back' }).networkMode, { kind: 'networks' })
  })

  test('a service in the network of another one waits until that was started', () => {
    const service = serviceOf({ network_mode: 'service:db' })
    assert.deepEqual(service.container?.settings.networkMode, { kind: 'service', service: 'db' })
    assert.deepEqual(service.dependsOn, [{ service: 'db', condition: 'started', required: true, restart: false }])
    assert.deepEqual(
      serviceOf({ ipc: 'service:db' }).dependsOn.map((one) => one.service),
      ['db'],
    )
  })

  test('the network of a container that is none of ours is taken by its name', () => {
    assert.deepEqual(settingsOf({ network_mode: 'container:proxy' }).networkMode, {
      kind: 'container',
      container: 'proxy',
    })
  })

  test('networks beside a network_mode that has none are told to count for nothing', () => {
    assert.deepEqual(saidOf({ network_mode: 'host', networks: ['back'] }), [
      "warning: composition.networks: it joins none of these networks with the network_mode 'host'; remove one of the two",
    ])
  })
})

describe('mounts', () => {
  const lockMounts = 2
  const mounts = (composition: Json) => settingsOf(composition).mounts.slice(0, -lockMounts)
  const volume = { kind: 'volume', isReadOnly: false, isCopied: true, subpath: null }

  test('a named volume is called by the id of the app; an anonymous one has no name', () => {
    assert.deepEqual(mounts({ volumes: ['data:/data:ro', '/cache'] }), [
      { ...volume, volume: 'data', engineName: '1234_data', target: '/data', isReadOnly: true },
      { ...volume, volume: null, engineName: null, target: '/cache' },
    ])
  })

  test('the long form of volumes and of tmpfs is read', () => {
    const written = [
      { type: 'volume', source: 'data', target: '/data', read_only: true, volume: { nocopy: true, subpath: 'a' } },
      { type: 'tmpfs', target: '/run', tmpfs: { size: '64m' } },
    ]
    assert.deepEqual(mounts({ volumes: written }), [
      {
        ...volume,
        volume: 'data',
        engineName: '1234_data',
        target: '/data',
        isReadOnly: true,
        isCopied: false,
        subpath: 'a',
      },
      { kind: 'tmpfs', target: '/run', sizeBytes: 64 * MiB, mode: null, options: '' },
    ])
  })

  test('tmpfs is one path or several, with options', () => {
    assert.deepEqual(mounts({ tmpfs: '/run' }), [
      { kind: 'tmpfs', target: '/run', sizeBytes: null, mode: null, options: '' },
    ])
    assert.deepEqual(mounts({ tmpfs: ['/a', '/b:size=1m,noexec'] }), [
      { kind: 'tmpfs', target: '/a', sizeBytes: null, mode: null, options: '' },
      { kind: 'tmpfs', target: '/b', sizeBytes: MiB, mode: null, options: 'noexec' },
    ])
  })

  test('directories of the host are left out, and that is told', () => {
    const composition = { volumes: ['/etc:/host/etc', './x:/x', { type: 'bind', source: '/run', target: '/run' }] }
    assert.deepEqual(mounts(composition), [])
    assert.deepEqual(
      saidOf(composition).map((line) => line.slice(0, line.indexOf(' is not given'))),
      [
        'warning: composition.volumes[0]: a directory of the host (/etc)',
        'warning: composition.volumes[1]: a directory of the host (./x)',
        'warning: composition.volumes[2]: a directory of the host (/run)',
      ],
    )
  })

  test('the directory of update locks is given by both of its names', () => {
    assert.deepEqual(
      settingsOf({}).mounts.map((mount) => (mount.kind === 'bind' ? `${mount.source}:${mount.target}` : mount.kind)),
      ['/tmp/balena-supervisor/services/1234/main:/tmp/resin', '/tmp/balena-supervisor/services/1234/main:/tmp/balena'],
    )
  })
})

describe('dependencies', () => {
  test('the short form waits for a start, the long form for what it says', () => {
    const started = { service: 'db', condition: 'started', required: true, restart: false }
    assert.deepEqual(serviceOf({ depends_on: ['db'] }).dependsOn, [started])
    assert.deepEqual(serviceOf({ depends_on: { db: {} } }).dependsOn, [started])
    const long = { db: { condition: 'service_healthy', required: false, restart: true } }
    assert.deepEqual(serviceOf({ depends_on: long }).dependsOn, [
      { service: 'db', condition: 'healthy', required: false, restart: true },
    ])
    const completed = { db: { condition: 'service_completed_successfully' } }
    assert.equal(serviceOf({ depends_on: completed }).dependsOn[0]?.condition, 'completed')
  })
})

describe('environment and labels', () => {
  test('a list of variables is read as a map is, and what the state itself says counts more', () => {
    const { environment } = settingsOf({ environment: ['A=1', 'B=x=y', 'USER=app'] }, { environment: { A: '2' } })
    assert.deepEqual([environment.A, environment.B, environment.USER], ['2', 'x=y', 'app'])
  })

  test('a variable without a value is empty, which is told', () => {
    assert.equal(settingsOf({ environment: ['A'] }).environment.A, '')
    assert.equal(settingsOf({ environment: { A: null } }).environment.A, '')
    assert.deepEqual(saidOf({ environment: ['A'] }), [
      'warning: composition.environment[0]: the variable A has no value here, and is empty; write "A=value"',
    ])
  })

  test('labels of the older name are read as those of the newer one, and those of the state count more', () => {
    const labels = {
      'io.resin.update.strategy': 'kill-then-download',
      'io.resin.features.resin-api': '0',
      own: 'state',
    }
    const found = settingsOf({ labels: { own: 'compose', more: 1 } }, { labels }).labels
    assert.deepEqual(
      [found['io.balena.update.strategy'], found['io.balena.features.balena-api'], found.own, found.more],
      ['kill-then-download', '0', 'state', '1'],
    )
    assert.equal(found['io.resin.update.strategy'], undefined)
  })
})

test('where a label is said by both of its names, the newer one counts, wherever it stands', () => {
  const both = { 'io.balena.update.strategy': 'newer', 'io.resin.update.strategy': 'older' }
  for (const labels of [both, Object.fromEntries(Object.entries(both).toReversed())])
    assert.equal(settingsOf({}, { labels }).labels['io.balena.update.strategy'], 'newer')
})

test('how a container is stopped follows its signal and its grace period', () => {
  const { stop } = serviceOf({ stop_signal: 'SIGINT', stop_grace_period: '3s' })
  assert.deepEqual(stop, [
    { signal: 'INT', scope: 'main', waitMs: 3_000 },
    { signal: 'KILL', scope: 'tree', waitMs: 5_000 },
  ])
})

describe('what a composition says wrongly is refused where it stands', () => {
  for (const [composition, ...expected] of [
    [{ restart: 'sometimes' }, 'composition.restart: \'sometimes\' is not a restart policy; write "no", "always"'],
    [{ mem_limit: 'lots' }, "composition.mem_limit: 'lots' is not a size; write a number with its unit"],
    [{ mem_limit: -5 }, "composition.mem_limit: '-5' is not a size"],
    [{ cpus: 'two' }, "composition.cpus: 'two' is not a number of at least 0"],
    [{ cpus: 1, cpu_quota: 1000 }, "composition.cpus: 'cpus' limits the same as 'cpu_quota'"],
    [{ cpu_shares: 1.5 }, 'composition.cpu_shares: 1.5 is not a whole number of at least 0'],
    [{ oom_score_adj: 2000 }, 'composition.oom_score_adj: 2000 is not a whole number from -1000 to 1000'],
    [{ privileged: 'perhaps' }, "composition.privileged: 'perhaps' is neither true nor false"],
    [{ stop_grace_period: 'soon' }, "composition.stop_grace_period: 'soon' is not a duration"],
    [{ stop_grace_period: '9999d' }, "composition.stop_grace_period: '9999d' is not a duration"],
    [{ stop_signal: 'SIGNOPE' }, "composition.stop_signal: 'SIGNOPE' is not a signal"],
    [
      { command: 'echo "x' },
      'composition.command: the command cannot be split: No closing quotation; write it as a list',
    ],
    [{ command: { a: 1 } }, 'composition.command: a text is expected here, not an object'],
    [{ ports: ['web'] }, "composition.ports[0]: 'web' is not a port"],
    [{ ports: [{ published: 80 }] }, 'composition.ports[0]: this port has no "target"'],
    [{ ports: ['80:80/x'] }, "composition.ports[0]: 'x' is not a protocol"],
    [
      { volumes: ['cache:/c'] },
      'composition.volumes[0]: the volume \'cache\' is not declared in this release; add "cache": {} to the volumes of the release',
    ],
    [
      { volumes: ['dta:/c'] },
      "composition.volumes[0]: the volume 'dta' is not declared in this release; did you mean 'data'?",
    ],
    [{ volumes: [{ type: 'npipe', target: '/x' }] }, "composition.volumes[0].type: 'npipe' is no kind of mount here"],
    [
      { volumes: [{ type: 'volume', target: 'x' }] },
      'composition.volumes[0].target: the path in the container is missing or not absolute',
    ],
    [{ volumes: 5 }, "composition.volumes: '5' is not an absolute path in the container"],
    [{ tmpfs: ['run'] }, "composition.tmpfs[0]: 'run' is not an absolute path with options"],
    [{ networks: ['front'] }, "composition.networks[0]: the network 'front' is not declared in this release"],
    [{ network_mode: 'front' }, "composition.network_mode: 'front' is neither a mode nor a network of this release"],
    [
      { network_mode: 'service:dbb' },
      "composition.network_mode: 'dbb' is no other service of this release; did you mean 'db'?",
    ],
    [{ depends_on: { db: { condition: 'ready' } } }, "composition.depends_on.db.condition: 'ready' is not a condition"],
    [{ devices: ['ttyUSB0'] }, "composition.devices[0]: 'ttyUSB0' is not a device"],
    [{ extra_hosts: ['db'] }, "composition.extra_hosts[0]: 'db' is not a host with its address"],
    [{ ulimits: { nofile: {} } }, 'composition.ulimits.nofile: this limit has neither "soft" nor "hard"'],
    [{ ulimits: 5 }, 'composition.ulimits: an object is expected here, not 5'],
    [{ healthcheck: { test: ['check'] } }, 'composition.healthcheck.test: this test says not how it is run'],
    [
      { environment: { '1A': 'x' } },
      'composition.environment["1A"]: \'1A\' cannot be the name of a variable'.replace('["1A"]', '.1A'),
    ],
    [{ environment: ['=x'] }, "composition.environment[0]: '=x' has no name before the ="],
    [{ labels: { 'a b': 'x' } }, 'composition.labels["a b"]: \'a b\' cannot be the name of a label'],
    [{ restart: 'x', cpus: 'y', ports: ['z'] }, 'composition.restart', 'composition.cpus', 'composition.ports[0]'],
  ] as const satisfies readonly (readonly [Json, ...string[]])[]) {
    test(`${JSON.stringify(composition)} is refused`, () => {
      const lines = saidOf(composition)
      assert.equal(lines.length, expected.length, lines.join('\n'))
      for (const [index, text] of expected.entries()) assert.ok(lines[index]?.startsWith(text), lines[index])
      for (const line of lines) assert.match(line, /; /, 'a fault names its remedy')
    })
  }
})

test('what has no effect on a device is told, what nobody knows too, and what is told already is not', () => {
  const composition = {
    build: '.',
    expose: ['80'],
    container_name: 'x',
    storage_opt: { size: '1g' },
    comand: 'x',
    'x-own': 1,
  }
  assert.deepEqual(saidOf(composition), [
    "warning: composition.container_name: 'container_name' has no effect on a device; remove it",
    "warning: composition.storage_opt: 'storage_opt' has no effect; remove it",
    "warning: composition.comand: unknown field 'comand' is ignored; did you mean 'command'?",
  ])
})

test('containers are called as the original agent calls them', () => {
  const { containerName, image, adopts, pull } = containerOf({}, { image: 'Registry.example/shop/main:1' })
  assert.deepEqual([containerName, image, pull], ['main_21_7_deadbeef', 'registry.example/shop/main:1', 'missing'])
  assert.deepEqual(adopts, {
    'io.balena.supervised': 'true',
    'io.balena.app-id': '1234',
    'io.balena.service-name': 'main',
  })
})
