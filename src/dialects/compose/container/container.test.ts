import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ContainerSettings } from '../../../core/containers/model.ts'
import { plainSettings } from '../../../core/target/plain-container.ts'
import { appOf, container, containerProblems, containerService, decodeProject } from './fixture.ts'

const labels = {
  'com.docker.compose.project': 'shop',
  'com.docker.compose.service': 'a',
  'com.docker.compose.container-number': '1',
}

const defaultNetwork = {
  network: 'default',
  engineName: 'shop_default',
  aliases: ['a'],
  ipv4: null,
  ipv6: null,
  linkLocalIps: [],
  macAddress: null,
  driverOpts: {},
}

test('a service with only an image is a container with the documented defaults', async () => {
  const app = await appOf('services: {a: {image: nginx}}')
  const { container: spec, process, ...service } = app.services.a!
  assert.deepEqual(spec, {
    containerName: 'shop-a-1',
    image: 'nginx:latest',
    platform: null,
    pull: 'missing',
    strategy: { kind: 'download-then-kill' },
    adopts: null,
    lockFiles: [],
    settings: { ...plainSettings, labels, networks: [defaultNetwork] },
  })
  assert.deepEqual([process.command, process.stdout.bytesMax, process.stderr], [[], 10_485_760, 'stdout'])
  assert.deepEqual(service, {
    name: 'a',
    kind: 'container',
    autostartAgain: true,
    retire: null,
    signalScripts: {},
    instances: [{ n: 1 }],
    autostart: true,
    restart: {
      when: 'no',
      successExits: [0],
      stableMs: 10_000,
      early: 'by-policy',
      backoff: { shape: 'exponential', firstMs: 200, factor: 2, maxMs: 30_000, jitter: 0.2, freeRestarts: 1 },
      budget: null,
    },
    stop: [
      { signal: 'TERM', scope: 'main', waitMs: 10_000 },
      { signal: 'KILL', scope: 'tree', waitMs: 5_000 },
    ],
    dependsOn: [],
    priority: 999,
    manualStop: 'until-started',
    checks: { readiness: null, liveness: null },
    hooks: { preStart: null, postStop: null },
    schedule: null,
    once: null,
    labels: {},
  })
  assert.deepEqual(app.release, { id: null, minHealthyMs: 10_000, deadlineMs: 300_000, isReverted: true })
})

test('an app has the networks and volumes that its containers use, and one of processes has none and no gate', async () => {
  const app = await appOf(
    'services: {a: {image: x, volumes: ["data:/d"], networks: [front]}, b: {command: y}}\nnetworks: {front: , back: }\nvolumes: {data: , other: }\n',
  )
  assert.deepEqual(Object.keys(app.resources!.networks), ['front'])
  assert.deepEqual(app.resources!.volumes, {
    data: {
      engineName: 'shop_data',
      isExternal: false,
      driver: null,
      driverOpts: {},
      labels: { 'com.docker.compose.project': 'shop', 'com.docker.compose.volume': 'data' },
    },
  })
  const processes = await appOf('services: {b: {command: y}}\nvolumes: {data: }\n')
  assert.deepEqual([processes.resources, processes.release], [undefined, undefined])
})

for (const [lines, expected] of [
  ['release: false', undefined],
  ['release: {}', { id: null, minHealthyMs: 10_000, deadlineMs: 300_000, isReverted: true }],
  [
    'release: {id: 3f2a, healthy_for: 1m, deadline: 9m, revert: false}',
    { id: '3f2a', minHealthyMs: 60_000, deadlineMs: 540_000, isReverted: false },
  ],
] as const) {
  test(`x-holdfast: {${lines}} is how changes of the app are tried`, async () => {
    assert.deepEqual((await appOf(`services: {a: {image: x}}\nx-holdfast: {${lines}}\n`)).release, expected)
  })
}

/** Lines of a service, and what they say beyond the plain settings. */
const settings: readonly (readonly [string, Partial<ContainerSettings>])[] = [
  ['command: a "b c"', { command: ['a', 'b c'] }],
  ['command: []\nentrypoint: ""', { command: [], entrypoint: [] }],
  ['command: null', { command: null }],
  ['user: "1000:1000"\nworking_dir: srv', { user: '1000:1000', workingDir: 'srv' }],
  [
    'hostname: h\ndomainname: d\nmac_address: "02:42:ac:11:65:43"',
    { hostname: 'h', domainname: 'd', macAddress: '02:42:ac:11:65:43' },
  ],
  ['tty: true\nstdin_open: yes\ninit: false', { isTty: true, isStdinOpen: true, init: false }],
  ['stop_signal: int\nstop_grace_period: 90s', { stopSignal: 'SIGINT', stopGraceMs: 90_000 }],
  ['privileged: true\nread_only: true', { isPrivileged: true, isReadOnly: true }],
  [
    'cap_add: [A, A]\ncap_drop: [ALL]\ngroup_add: [mail, 5]',
    { capAdd: ['A'], capDrop: ['ALL'], groupAdd: ['mail', '5'] },
  ],
  [
    'dns: 1.1.1.1\ndns_search: [a, b]\ndns_opt: [use-vc]',
    { dns: ['1.1.1.1'], dnsSearch: ['a', 'b'], dnsOptions: ['use-vc'] },
  ],
  ['extra_hosts: ["a:1.1.1.1", "b=::1", "c=[::2]", "d:::3"]', { extraHosts: ['a:1.1.1.1', 'b:::1', 'c:::2', 'd:::3'] }],
  [
    'extra_hosts: {a: 1.1.1.1, b: [2.2.2.2, host-gateway]}',
    { extraHosts: ['a:1.1.1.1', 'b:2.2.2.2', 'b:host-gateway'] },
  ],
  ['sysctls: [a.b=1]\nstorage_opt: {size: 1G}', { sysctls: { 'a.b': '1' }, storageOptions: { size: '1G' } }],
  ['annotations: {a: b, c: }', { annotations: { a: 'b', c: '' } }],
  [
    'ulimits: {nofile: 5, core: {soft: 0, hard: -1}}',
    { ulimits: { nofile: { soft: 5, hard: 5 }, core: { soft: 0, hard: -1 } } },
  ],
  [
    'mem_limit: 1g\nmemswap_limit: 2g\nmem_reservation: 512m\nmem_swappiness: 0\nshm_size: 64m',
    {
      memoryBytes: 2 ** 30,
      memorySwapBytes: 2 ** 31,
      memoryReservationBytes: 2 ** 29,
      memorySwappiness: 0,
      shmBytes: 2 ** 26,
    },
  ],
  ['mem_limit: 0\nmemswap_limit: -1\npids_limit: -1\ncpus: 0', { memorySwapBytes: -1, pidsMax: -1 }],
  ['cpus: 1.5\ncpu_shares: 512\ncpuset: "0-1,3"', { nanoCpus: 1_500_000_000, cpuShares: 512, cpuset: '0-1,3' }],
  [
    'cpu_quota: 50ms\ncpu_period: 100000\ncpu_rt_runtime: 400us\ncpu_rt_period: 1ms',
    { cpuQuotaUs: 50_000, cpuPeriodUs: 100_000, cpuRealtimeRuntimeUs: 400, cpuRealtimePeriodUs: 1_000 },
  ],
  [
    'deploy: {resources: {limits: {cpus: "0.5", memory: 50M, pids: 9}, reservations: {memory: 20M}}}',
    { nanoCpus: 500_000_000, memoryBytes: 50 * 2 ** 20, memoryReservationBytes: 20 * 2 ** 20, pidsMax: 9 },
  ],
  ['oom_kill_disable: true\noom_score_adj: 500', { isOomKillDisabled: true, oomScoreAdj: 500 }],
  [
    'blkio_config: {weight: 300, weight_device: [{path: /dev/sda, weight: 400}], device_read_bps: [{path: /dev/sda, rate: 1k}], device_write_iops: [{path: /dev/sda, rate: 9}]}',
    {
      blkioWeight: 300,
      blkioWeightDevices: [{ path: '/dev/sda', weight: 400 }],
      blkioDeviceReadBps: [{ path: '/dev/sda', rate: 1_024 }],
      blkioDeviceWriteIops: [{ path: '/dev/sda', rate: 9 }],
    },
  ],
  [
    'devices: [/dev/a, "/dev/b:/dev/c", "/dev/d:/dev/e:rw", {source: /dev/f, target: "/dev/g:0"}]',
    {
      devices: [
        { source: '/dev/a', target: '/dev/a', permissions: 'rwm' },
        { source: '/dev/b', target: '/dev/c', permissions: 'rwm' },
        { source: '/dev/d', target: '/dev/e', permissions: 'rw' },
        { source: '/dev/f', target: '/dev/g:0', permissions: 'rwm' },
      ],
    },
  ],
  [
    'devices: [vendor.com/gpu=0]\ngpus: all\ndeploy: {resources: {reservations: {devices: [{capabilities: [x, y], driver: d, device_ids: ["1"]}]}}}',
    {
      deviceRequests: [
        { driver: 'd', count: 0, deviceIds: ['1'], capabilities: [['x', 'y']], options: {} },
        { driver: '', count: -1, deviceIds: [], capabilities: [['gpu']], options: {} },
        { driver: 'cdi', count: 0, deviceIds: ['vendor.com/gpu=0'], capabilities: [], options: {} },
      ],
    },
  ],
  [
    'gpus: [{count: 2, driver: nvidia, capabilities: [utility], options: {a: b}}]',
    {
      deviceRequests: [
        { driver: 'nvidia', count: 2, deviceIds: [], capabilities: [['utility', 'gpu']], options: { a: 'b' } },
      ],
    },
  ],
  ['device_cgroup_rules: ["c 1:3 mr"]', { deviceCgroupRules: ['c 1:3 mr'] }],
  [
    'security_opt: [no-new-privileges, "apparmor:x", label=disable, "seccomp:unconfined", "seccomp:profile.json"]',
    {
      securityOptions: ['no-new-privileges', 'apparmor=x', 'label=disable', 'seccomp=unconfined', 'seccomp={"a":[1]}'],
    },
  ],
  [
    'ipc: shareable\npid: host\nuts: host\nuserns_mode: host',
    { ipc: 'shareable', pid: 'host', uts: 'host', usernsMode: 'host' },
  ],
  [
    'cgroup: private\ncgroup_parent: p\nruntime: runc',
    { cgroupNamespace: 'private', cgroupParent: 'p', runtime: 'runc' },
  ],
  [
    'logging: {options: {max-size: 1m, max-file: 3}}',
    { logging: { driver: 'json-file', options: { 'max-size': '1m', 'max-file': '3' } } },
  ],
  [
    'healthcheck: {test: curl x, interval: 1m, retries: 2, start_period: 0s}',
    {
      healthcheck: {
        test: ['CMD-SHELL', 'curl x'],
        intervalMs: 60_000,
        timeoutMs: null,
        startPeriodMs: null,
        startIntervalMs: null,
        retries: 2,
      },
    },
  ],
  ['healthcheck: {test: [NONE]}', { healthcheck: 'none' }],
  ['healthcheck: {disable: true}', { healthcheck: 'none' }],
  ['expose: ["80", "81-82/udp", 80]', { expose: ['80/tcp', '81/udp', '82/udp'] }],
  ['restart: always', { restart: { name: 'always', retriesMax: 0 } }],
  ['restart: on-failure:3', { restart: { name: 'on-failure', retriesMax: 3 } }],
  [
    'deploy: {restart_policy: {condition: on-failure, max_attempts: 4}}',
    { restart: { name: 'on-failure', retriesMax: 4 } },
  ],
  ['network_mode: host', { networkMode: { kind: 'named', name: 'host' }, networks: [] }],
  ['network_mode: "container:x"', { networkMode: { kind: 'container', container: 'x' }, networks: [] }],
  [
    'ports: ["80", "8080-8081:80-81/udp", "127.0.0.1::82", "[::1]:83:83/sctp"]',
    {
      ports: [
        { hostAddress: '', hostPort: null, containerPort: 80, protocol: 'tcp' },
        { hostAddress: '', hostPort: 8_080, containerPort: 80, protocol: 'udp' },
        { hostAddress: '', hostPort: 8_081, containerPort: 81, protocol: 'udp' },
        { hostAddress: '127.0.0.1', hostPort: null, containerPort: 82, protocol: 'tcp' },
        { hostAddress: '::1', hostPort: 83, containerPort: 83, protocol: 'sctp' },
      ],
    },
  ],
  [
    'ports: [{target: 80, published: "8080", host_ip: 127.0.0.1, protocol: udp, mode: host}, {target: 81}]',
    {
      ports: [
        { hostAddress: '127.0.0.1', hostPort: 8_080, containerPort: 80, protocol: 'udp' },
        { hostAddress: '', hostPort: null, containerPort: 81, protocol: 'tcp' },
      ],
    },
  ],
]

for (const [lines, expected] of settings) {
  test(`${lines.replaceAll('\n', '; ')} is what the engine is asked for`, async () => {
    const files = { 'profile.json': '{ "a": [ 1 ] }' }
    assert.deepEqual((await container(lines, { files })).settings, {
      ...plainSettings,
      labels,
      networks: [defaultNetwork],
      ...expected,
    })
  })
}

test('the policy, the ladder and the checks of a container are those of the service as well', async () => {
  const service = await containerService(
    'restart: on-failure:3\nstop_signal: SIGINT\nstop_grace_period: 1s\nx-holdfast: {stable_after: 1m, priority: 5, readiness: {tcp: 80}, liveness: {http: "http://127.0.0.1"}, logs: {max_size: 1m}, autostart: false}',
  )
  assert.deepEqual(
    [service.restart.when, service.restart.budget, service.restart.stableMs],
    ['on-failure', { restartsMax: 3, windowMs: null }, 60_000],
  )
  assert.deepEqual(service.stop, [
    { signal: 'INT', scope: 'main', waitMs: 1_000 },
    { signal: 'KILL', scope: 'tree', waitMs: 5_000 },
  ])
  assert.deepEqual([service.checks.readiness?.probe.kind, service.checks.liveness?.probe.kind], ['tcp', 'http'])
  assert.deepEqual([service.priority, service.autostart, service.process.stdout.bytesMax], [5, false, 2 ** 20])
})

test('how a container gives place to the next one can be said', async () => {
  const { strategy, lockFiles } = await container(
    'x-holdfast: {update: {strategy: hand-over, timeout: 5s, done_files: done}, lock: [./a, /b]}',
  )
  assert.deepEqual(strategy, { kind: 'hand-over', timeoutMs: 5_000, doneFiles: ['/srv/shop/done'] })
  assert.deepEqual(lockFiles, ['/srv/shop/a', '/b'])
  assert.deepEqual((await container('x-holdfast: {update: kill-then-download}')).strategy, {
    kind: 'kill-then-download',
  })
  assert.deepEqual((await container('x-holdfast: {update: hand-over}')).strategy, {
    kind: 'hand-over',
    timeoutMs: 60_000,
    doneFiles: [],
  })
})

test('what is mounted is a path of the host, a volume, nothing in memory, or a secret', async () => {
  const { settings: found } = await container(
    [
      'volumes:',
      '  - ./data:/data:ro,z',
      '  - ~/home:/home',
      '  - named:/named/:nocopy',
      '  - /anonymous',
      '  - {type: bind, source: /x, target: /y, bind: {create_host_path: false, propagation: rslave}}',
      '  - {type: volume, source: named, target: /sub, read_only: true, volume: {subpath: s}}',
      '  - {type: tmpfs, target: /t, tmpfs: {size: 1k, mode: 1777}}',
      'tmpfs: ["/run:size=1m,mode=755,noexec", /tmp]',
      'secrets: [token, {source: token, target: /etc/t}]',
      'configs: [token]',
    ].join('\n'),
    {
      top: 'volumes: {named: }\nsecrets: {token: {file: ./t}}\nconfigs: {token: {file: /c}}',
      environment: { HOME: '/home/ann' },
    },
  )
  const bind = { kind: 'bind', isReadOnly: false, isSourceMade: true, propagation: null, selinux: null } as const
  const volume = { kind: 'volume', isReadOnly: false, isCopied: true, subpath: null } as const
  const named = { ...volume, volume: 'named', engineName: 'shop_named' } as const
  const file = { ...bind, isReadOnly: true, isSourceMade: false } as const
  assert.deepEqual(found.mounts, [
    { ...bind, source: '/srv/shop/data', target: '/data', isReadOnly: true, selinux: 'z' },
    { ...bind, source: '/home/ann/home', target: '/home' },
    { ...named, target: '/named', isCopied: false },
    { ...volume, volume: null, engineName: null, target: '/anonymous' },
    { ...bind, source: '/x', target: '/y', isSourceMade: false, propagation: 'rslave' },
    { ...named, target: '/sub', isReadOnly: true, subpath: 's' },
    { ...file, source: '/srv/shop/t', target: '/run/secrets/token' },
    { ...file, source: '/srv/shop/t', target: '/etc/t' },
    { ...file, source: '/c', target: '/token' },
    { kind: 'tmpfs', target: '/t', sizeBytes: 1_024, mode: 0o1777, options: '' },
    { kind: 'tmpfs', target: '/run', sizeBytes: 2 ** 20, mode: 0o755, options: 'noexec' },
    { kind: 'tmpfs', target: '/tmp', sizeBytes: null, mode: null, options: '' },
  ])
})

test('networks are joined by their priority, with the name of the service and its aliases', async () => {
  const app = await appOf(
    [
      'services:',
      '  a: {image: x, networks: {b: , a: {aliases: [x, a], ipv4_address: 10.0.0.2}, c: {priority: 5, mac_address: m}}}',
      'networks:',
      '  a: {name: own, driver: bridge, internal: true, labels: [x=y], ipam: {config: [{subnet: 10.0.0.0/8}]}}',
      '  b: {external: true}',
      '  c: {external: true, name: theirs}',
    ].join('\n'),
  )
  const { networks } = app.services.a!.container!.settings
  assert.deepEqual(
    networks.map(({ network, engineName, aliases }) => [network, engineName, aliases]),
    [
      ['c', 'theirs', ['a']],
      ['a', 'own', ['a', 'x']],
      ['b', 'b', ['a']],
    ],
  )
  assert.deepEqual([networks[1]!.ipv4, networks[0]!.macAddress], ['10.0.0.2', 'm'])
  const { a, b } = app.resources!.networks
  assert.deepEqual([b!.isExternal, b!.labels], [true, {}])
  assert.deepEqual(a!.labels, {
    x: 'y',
    'com.docker.compose.project': 'shop',
    'com.docker.compose.network': 'a',
  })
  assert.deepEqual(a!.ipam, {
    driver: null,
    config: [{ subnet: '10.0.0.0/8', gateway: null, ipRange: null, auxAddresses: {} }],
    options: {},
  })
})

test("the engine's own network of the host is joined by its mode", async () => {
  const { settings: found } = await container('networks: [hosts]', {
    top: 'networks: {hosts: {external: true, name: host}}',
  })
  assert.deepEqual([found.networkMode, found.networks], [{ kind: 'named', name: 'host' }, []])
})

test('a service whose namespace is shared, and one that has links, is started first', async () => {
  const app = await appOf(
    'services:\n  a: {image: x, network_mode: "service:b", pid: "service:c", depends_on: {c: {condition: service_healthy}}}\n  b: {image: x, links: [d, "c:database"]}\n  c: {image: x}\n  d: {image: x}\n',
  )
  const implied = { condition: 'started', required: true, restart: true }
  assert.deepEqual(app.services.a!.dependsOn, [
    { service: 'c', condition: 'healthy', required: true, restart: false },
    { service: 'b', ...implied },
  ])
  assert.deepEqual(app.services.b!.dependsOn, [
    { service: 'd', ...implied },
    { service: 'c', ...implied },
  ])
  assert.deepEqual(app.services.c!.container!.settings.networks[0]!.aliases, ['c', 'database'])
  assert.deepEqual(app.services.a!.container!.settings.networkMode, { kind: 'service', service: 'b' })
})

test('each of several containers has a name and a number of its own', async () => {
  const { instances, container: spec } = await containerService('scale: 3')
  assert.deepEqual([spec!.containerName, instances[0]], ['shop-a-1', { n: 1 }])
  assert.deepEqual(
    instances
      .slice(1)
      .map(({ n, container: own }) => [
        n,
        own?.containerName,
        own?.settings?.labels['com.docker.compose.container-number'],
      ]),
    [
      [2, 'shop-a-2', '2'],
      [3, 'shop-a-3', '3'],
    ],
  )
})

test('env files of a container are read at once; environment wins, also where it has no value', async () => {
  const files = {
    'a.env': 'A=1\nB=$OUTER\nC=$A\nD=x\n',
    'b.env': 'A=2\nE=$A\nF="a b"\n',
    'raw.env': 'G="$A"\nOUTER\n# no\n',
  }
  const lines =
    'env_file: [a.env, {path: b.env}, {path: none.env, required: false}, {path: raw.env, format: raw}]\nenvironment: {D: , H: 1}'
  const { settings: found } = await container(lines, { files, environment: { OUTER: 'out' } })
  assert.deepEqual(found.environment, {
    A: '2',
    B: 'out',
    C: '1',
    E: '1',
    F: 'a b',
    G: '"$A"',
    OUTER: 'out',
    H: '1',
  })
})

test('labels come from files and from the service, and commands select by them', async () => {
  const service = await containerService('label_file: l\nlabels: {b: own, "a b": c}', {
    files: { l: 'a=file\nb=file\n' },
  })
  assert.deepEqual(service.container!.settings.labels, { a: 'file', b: 'own', 'a b': 'c', ...labels })
  assert.deepEqual(service.labels, { a: 'file', b: 'own' })
})

test('processes and containers of one app wait for each other', async () => {
  const { apps, problems } = await decodeProject(
    'services:\n  a: {image: x, depends_on: {p: {condition: service_completed_successfully}}}\n  p: {command: y}\n  q: {command: y, depends_on: {a: {condition: service_healthy}}}\n',
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(apps.shop!.services.q!.dependsOn[0]!.condition, 'healthy')
})

for (const [lines, expected] of [
  [
    'build: .',
    '4:12: warning: services.a.build: images are not built here, so this has no effect; the image has to be there, or where it can be pulled from',
  ],
  [
    'restart: sometimes',
    "4:14: services.a.restart: 'sometimes' is not a restart policy; write no, always, unless-stopped, on-failure or on-failure:5",
  ],
  [
    'ports: ["80:"]',
    '4:13: services.a.ports[0]: \'80:\' is not a port; write HOST:CONTAINER such as "8080:80", with an address before it and /udp behind it where they are needed',
  ],
  [
    'ports: ["8000-9000:80"]',
    '4:13: services.a.ports[0]: 8000-9000 leaves open which port of the host it is; write one port, or only that of the container for any',
  ],
  ['ports: ["1-2:1-3"]', '4:13: services.a.ports[0]: the ranges 1-2 and 1-3 are not equally long; make them so'],
  [
    'ports: ["80:80"]\nnetwork_mode: host',
    '4:12: services.a.ports: its ports are those of the host already; remove them, or the network mode',
  ],
  ['networks: [fron]', "4:16: services.a.networks[0]: there is no network 'fron'; did you mean 'front'?"],
  ['volumes: ["daat:/x"]', "4:15: services.a.volumes[0]: there is no volume 'daat'; did you mean 'data'?"],
  [
    'volumes: ["data:x"]',
    "4:15: services.a.volumes[0]: 'x' is not a path in the container; write an absolute path such as /data",
  ],
  ['volumes: ["./a:/b:r"]', "4:15: services.a.volumes[0]: 'r' is not an option of such a volume; did you mean 'ro'?"],
  [
    'secrets: [elsewhere]',
    "4:15: services.a.secrets[0]: the secret 'elsewhere' is external, and a container engine keeps none; write it into a file that only you can read, and 'file:' with its path",
  ],
  [
    'volumes_from: [b]',
    "4:5: services.a.volumes_from: Holdfast cannot do 'volumes_from' of the Compose format; name the same volumes below volumes of both",
  ],
  [
    'memswap_limit: 1g',
    '4:20: services.a.memswap_limit: this counts memory and swap together, and the memory is not limited; add mem_limit',
  ],
  ['cpus: 1\ncpu_quota: 5', '5:16: services.a.cpu_quota: cpus says already how much; write only one of the two'],
  [
    'scale: 2\ncontainer_name: x1',
    '5:21: services.a.container_name: there are 2 of this service, and a name is that of one; remove it, or scale',
  ],
  [
    'network_mode: "service:p"',
    "4:5: services.a.network_mode: 'p' is a process of this host, and only containers share their namespaces; name a service that is a container",
  ],
  [
    'network_mode: "service:z"',
    "4:5: services.a.depends_on: depends on 'z', which is not a service of shop; its services are a, p",
  ],
  [
    'links: [p]',
    "4:13: services.a.links[0]: 'p' is a process of this host, and links lead to containers; write it below depends_on",
  ],
  [
    'labels: {com.docker.compose.project: x}',
    "4:13: services.a.labels: labels that begin with com.docker.compose. are Compose's own: com.docker.compose.project; remove it",
  ],
  [
    'deploy: {restart_policy: {condition: any, max_attempts: 3}}',
    '4:30: services.a.deploy.restart_policy: the engine counts attempts after failures only; write condition: on-failure',
  ],
  [
    'deploy: {restart_policy: {delay: 5s}}',
    "4:31: services.a.deploy.restart_policy.delay: 'delay' is for processes of this host, and this service is a container; the engine has pauses of its own: remove it",
  ],
  [
    'x-holdfast: {hooks: {pre_start: x}}',
    "4:18: services.a.x-holdfast.hooks: 'hooks' is for processes of this host, and this service is a container; put them into the entrypoint of the image",
  ],
  [
    'x-holdfast: {schedule: "@daily"}',
    "4:18: services.a.x-holdfast.schedule: 'schedule' is for processes of this host, and this service is a container; schedule a process of this host",
  ],
  [
    'x-holdfast: {readiness: {exec: x}}',
    "4:30: services.a.x-holdfast.readiness.exec: 'exec' is for processes of this host, and this service is a container; write healthcheck, which the engine runs in the container",
  ],
  [
    'x-holdfast: {update: {timeout: 5s}}',
    "4:36: services.a.x-holdfast.update.timeout: 'timeout' is of hand-over, where old and new run side by side; write strategy: hand-over, or remove it",
  ],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is told with its place and the remedy`, async () => {
    const top = '  p: {command: x}\nnetworks: {front: }\nvolumes: {data: }\nsecrets: {elsewhere: {external: true}}'
    const [first] = await containerProblems(lines, { top })
    assert.equal(first, expected)
  })
}

test('what is for containers is refused of a process, and only told when lenient', async () => {
  const text = 'services:\n  a:\n    command: x\n    ports: [80]\n'
  assert.deepEqual((await decodeProject(text)).problems, [
    "compose.yaml:4:5: services.a.ports: 'ports' is for containers, and this service has no image; write the image it is made from, or remove it",
  ])
  assert.match((await decodeProject(text, { lenient: true })).problems[0]!, /^compose\.yaml:4:5: warning: /)
})

test('an image that is no reference is told, and a service that would have to be built', async () => {
  const { problems } = await decodeProject('services:\n  a: {image: "a b"}\n  b: {build: ., ports: [80]}\n')
  assert.match(problems[0]!, /^compose\.yaml:2:14: services\.a\.image: 'a b' is no reference of an image: /)
  assert.equal(
    problems[1],
    "compose.yaml:3:14: services.b.build: images are not built here; build it with another tool, and write 'image:' with what it is called",
  )
  assert.equal(problems.length, 2)
})

test('two containers of one name are told, in one app and in two', async () => {
  const { problems } = await decodeProject(
    'name: a-b\nservices: {c: {image: x}}\n---\nname: a\nservices: {b-c: {image: x}, d: {image: x, container_name: a-b-c-1}}\n',
    { source: 'compose.yaml' },
  )
  assert.deepEqual(problems, [
    'compose.yaml:5:12: services.b-c: the container of a/b-c/1 and that of a-b/c/1 are both called a-b-c-1; give one of them another container_name',
    'compose.yaml:5:43: services.d.container_name: the container of a/d/1 and that of a-b/c/1 are both called a-b-c-1; give one of them another container_name',
  ])
})

test('waiting for the health of a container whose check is taken away is refused', async () => {
  const text = (check: string) =>
    `services:\n  a: {image: x, depends_on: {b: {condition: service_healthy}}}\n  b: {image: x${check}}\n`
  assert.deepEqual((await decodeProject(text(''))).problems, [])
  assert.match((await decodeProject(text(', healthcheck: {disable: true}'))).problems[0]!, /no check that could tell/)
  const probed = ', healthcheck: {disable: true}, x-holdfast: {readiness: {tcp: 80}}'
  assert.deepEqual((await decodeProject(text(probed))).problems, [])
})
