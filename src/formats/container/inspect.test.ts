import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readContainer } from './inspect.ts'

// The answers of a real Docker Engine are in test/vectors/containers. Here are those of a container that has lived, what
// Podman says otherwise, and what nobody should say.

const id = '0123456789ab'.padEnd(64, '0')

/** The least that is an answer. */
function answer(more: object = {}, { state = {}, config = {}, host = {} } = {}): object {
  return {
    Id: id,
    Name: '/shop-web-1',
    Created: '2026-01-02T03:04:05.678901234Z',
    Image: `sha256:${'1'.repeat(64)}`,
    State: { Status: 'running', ...state },
    Config: { ...config },
    HostConfig: { ...host },
    ...more,
  }
}

const read = (json: unknown) => readContainer(json, 'home-1')

test('the least answer is a container with nothing said', () => {
  const { settings, ...container } = read(answer())
  assert.deepEqual(container, {
    id,
    name: 'shop-web-1',
    unit: null,
    imageId: `sha256:${'1'.repeat(64)}`,
    state: 'running',
    pid: 0,
    createdAt: '2026-01-02T03:04:05.678901234Z',
    startedAt: '',
    finishedAt: '',
    exitCode: 0,
    isOutOfMemory: false,
    error: '',
    restartCount: 0,
    health: null,
  })
  assert.deepEqual([settings.environment, settings.command, settings.mounts, settings.logging], [{}, null, [], null])
})

test('how it ended, and how often the engine started it again', () => {
  const state = {
    Status: 'exited',
    Pid: 0,
    ExitCode: 137,
    OOMKilled: true,
    Error: 'no such file',
    StartedAt: '2026-01-02T03:04:06Z',
    FinishedAt: '2026-01-02T03:04:07Z',
  }
  const container = read(answer({ RestartCount: 3 }, { state }))
  assert.deepEqual(
    [container.state, container.exitCode, container.isOutOfMemory, container.error, container.restartCount],
    ['exited', 137, true, 'no such file', 3],
  )
  assert.deepEqual([container.startedAt, container.finishedAt], ['2026-01-02T03:04:06Z', '2026-01-02T03:04:07Z'])
})

test('a time in the year 1 is never', () => {
  const container = read(
    answer({}, { state: { StartedAt: '0001-01-01T00:00:00Z', FinishedAt: '0001-01-01T00:00:00Z' } }),
  )
  assert.deepEqual([container.startedAt, container.finishedAt], ['', ''])
})

test('its health, with the last probes; none is none', () => {
  const probe = { Start: '2026-01-02T03:04:06Z', End: '2026-01-02T03:04:07Z', ExitCode: 1, Output: 'refused\n' }
  const Health = { Status: 'unhealthy', FailingStreak: 4, Log: [probe] }
  assert.deepEqual(read(answer({}, { state: { Health } })).health, {
    status: 'unhealthy',
    failures: 4,
    results: [{ startedAt: probe.Start, endedAt: probe.End, exitCode: 1, output: 'refused\n' }],
  })
  for (const none of [null, { Status: 'none' }, { Status: '', FailingStreak: 0, Log: null }])
    assert.equal(read(answer({}, { state: { Health: none } })).health, null)
})

test('it is of the unit that its labels tell, if they are of this home', () => {
  const Labels = { 'io.holdfast.home': 'home-1', 'io.holdfast.unit': 'shop/web/1' }
  assert.equal(read(answer({}, { config: { Labels } })).unit, 'shop/web/1')
  assert.equal(readContainer(answer({}, { config: { Labels } }), 'home-2').unit, null)
  assert.equal(read(answer({}, { config: { Labels: { 'io.holdfast.home': 'home-1' } } })).unit, null)
})

test('a host name made of the id is none', () => {
  const hostnameOf = (Hostname: string) => read(answer({}, { config: { Hostname } })).settings.hostname
  assert.deepEqual([hostnameOf('0123456789ab'), hostnameOf('shop'), hostnameOf('')], [null, 'shop', null])
})

test('of a variable that is there twice the last one counts, and one without a value is none', () => {
  const Env = ['A=1', 'A=2', 'B', 'C=', 'D=x=y', '__proto__=z']
  const { environment } = read(answer({}, { config: { Env } })).settings
  assert.deepEqual(Object.entries(environment), [
    ['A', '2'],
    ['C', ''],
    ['D', 'x=y'],
    ['__proto__', 'z'],
  ])
})

test('mounts that other agents wrote', () => {
  const Binds = ['/srv:/pages:rw,z,rslave', 'data:/data:nocopy,ro', '/plain:/plain']
  const Mounts = [
    { Type: 'tmpfs', Target: '/t', TmpfsOptions: { SizeBytes: 7, Mode: 448 } },
    { Type: 'volume', Source: 'x', Target: '/x', VolumeOptions: { NoCopy: true, Subpath: 'sub' } },
    { Type: 'image', Source: 'busybox', Target: '/i' },
  ]
  const host = { Binds, Mounts, Tmpfs: { '/run': 'size=64k,MODE=7,mode=0755,nr_inodes=9' } }
  const { mounts } = read(answer({}, { host, config: { Volumes: { '/data/': {}, '/left': {} } } })).settings
  const bind = { kind: 'bind', isReadOnly: false, isSourceMade: true, propagation: null, selinux: null }
  const volume = { kind: 'volume', isReadOnly: false, isCopied: true, subpath: null }
  assert.deepEqual(mounts, [
    { ...bind, source: '/srv', target: '/pages', propagation: 'rslave', selinux: 'z' },
    { ...volume, volume: 'data', engineName: 'data', target: '/data', isReadOnly: true, isCopied: false },
    { ...bind, source: '/plain', target: '/plain' },
    { kind: 'tmpfs', target: '/t', sizeBytes: 7, mode: 0o700, options: '' },
    { ...volume, volume: 'x', engineName: 'x', target: '/x', isCopied: false, subpath: 'sub' },
    // Nothing that can be declared has a source like that.
    { ...bind, source: 'image:busybox', target: '/i', isSourceMade: false },
    { kind: 'tmpfs', target: '/run', sizeBytes: 65_536, mode: 0o755, options: 'MODE=7,nr_inodes=9' },
    { ...volume, volume: null, engineName: null, target: '/left' },
  ])
})

test('a port that the engine chooses is written in several ways', () => {
  const bindings = [{ HostIp: '', HostPort: '' }, { HostIp: '', HostPort: '0' }, { HostPort: '5000-5010' }, {}]
  const { ports } = read(
    answer({}, { host: { PortBindings: { '80/tcp': bindings, '53': [{ HostPort: '53' }], '9/udp': null } } }),
  ).settings
  assert.deepEqual(
    ports.map(({ hostPort, containerPort, protocol }) => [hostPort, containerPort, protocol]),
    [
      [53, 53, 'tcp'],
      [null, 80, 'tcp'],
      [null, 80, 'tcp'],
      [null, 80, 'tcp'],
      [null, 80, 'tcp'],
    ],
  )
})

test('the network that it was made with comes first', () => {
  const Networks = { a: { Aliases: null }, b: { IPAMConfig: null }, c: {} }
  const { networkMode, networks } = read(
    answer({ NetworkSettings: { Networks } }, { host: { NetworkMode: 'b' } }),
  ).settings
  assert.deepEqual([networkMode.kind, networks.map(({ engineName }) => engineName)], ['networks', ['b', 'a', 'c']])
})

test('Podman tells the same in other words', () => {
  const config = {
    Entrypoint: '/bin/sh -c',
    StopSignal: 15,
    Hostname: '0123456789ab',
    Env: ['container=podman', 'TERM=xterm'],
  }
  const host = {
    NetworkMode: 'bridge',
    Init: false,
    IpcMode: 'shareable',
    CgroupnsMode: '',
    PidsLimit: 2048,
    Ulimits: [{ Name: 'RLIMIT_NOFILE', Soft: 1, Hard: 2 }],
    MemorySwappiness: -1,
    OomKillDisable: null,
    Binds: ['data:/data:rw,rprivate,nosuid,nodev,rbind'],
    LogConfig: { Type: 'journald', Config: null },
    RestartPolicy: { Name: '', MaximumRetryCount: 0 },
  }
  const more = {
    Image: '1'.repeat(64),
    Name: 'shop-web-1',
    NetworkSettings: { Networks: { shop_front: { Aliases: ['web'], IPAMConfig: null } } },
  }
  const container = read(answer(more, { state: { Status: 'stopped', OOMKilled: false }, config, host }))
  const { settings } = container
  assert.deepEqual([container.name, container.imageId, container.state], [more.Name, `sha256:${more.Image}`, 'exited'])
  assert.deepEqual(settings.entrypoint, ['/bin/sh -c'])
  assert.deepEqual([settings.stopSignal, settings.memorySwappiness, settings.isOomKillDisabled], ['15', null, false])
  assert.deepEqual(settings.networkMode, { kind: 'networks' })
  assert.deepEqual(
    settings.networks.map(({ engineName }) => engineName),
    ['shop_front'],
  )
  assert.deepEqual(settings.ulimits, { nofile: { soft: 1, hard: 2 } })
  assert.deepEqual(settings.mounts[0]?.kind === 'volume' && settings.mounts[0].engineName, 'data')
  const plain = { NetworkSettings: { Networks: { podman: {} } } }
  assert.deepEqual(read(answer(plain, { host })).settings.networkMode, { kind: 'named', name: 'bridge' })
})

test('an answer that is none is refused with the path of what is wrong, and never with what stands there', () => {
  const secret = 'secret-value'
  const wrong: readonly (readonly [unknown, RegExp])[] = [
    [null, /^Id: a text was expected, not nothing$/],
    [[], /^the answer: an object was expected, not a list$/],
    ['x', /^the answer: an object was expected, not a text$/],
    [{}, /^Id: a text was expected, not nothing$/],
    [answer({ Config: null }), /^Config: an object was expected, not nothing$/],
    [answer({ HostConfig: undefined }), /^HostConfig: an object was expected/],
    [answer({ Config: secret }), /^Config: an object was expected, not a text$/],
    [answer({}, { state: { Status: 7 } }), /^State\.Status: a text was expected, not a number$/],
    [answer({}, { state: { Status: 'constructor' } }), /^State\.Status: one of created, running, /],
    [answer({}, { state: { Pid: '7' } }), /^State\.Pid: a number was expected, not a text$/],
    [answer({}, { state: { OOMKilled: 1 } }), /^State\.OOMKilled: true or false was expected, not a number$/],
    [answer({}, { config: { Env: { A: secret } } }), /^Config\.Env: a list was expected, not an object$/],
    [answer({}, { config: { Env: ['A=b', 7] } }), /^Config\.Env\[1\]: a text was expected, not a number$/],
    [answer({}, { config: { Labels: { a: [secret] } } }), /^Config\.Labels\.a: a text was expected, not a list$/],
    [answer({}, { config: { Cmd: 7 } }), /^Config\.Cmd: a list was expected, not a number$/],
    [answer({}, { host: { Memory: Number.POSITIVE_INFINITY } }), /^HostConfig\.Memory: a number was expected/],
    [answer({}, { host: { RestartPolicy: { Name: 'often' } } }), /^HostConfig\.RestartPolicy\.Name: no, always, /],
    [
      answer({}, { host: { PortBindings: { 'x/tcp': [] } } }),
      /^HostConfig\.PortBindings\.x\/tcp: a port such as 80\/tcp/,
    ],
    [answer({}, { host: { PortBindings: { '7/icmp': [] } } }), /^HostConfig\.PortBindings\.7\/icmp: tcp, udp or sctp/],
    [answer({}, { host: { Binds: [null] } }), /^HostConfig\.Binds\[0\]: a text was expected, not nothing$/],
    [answer({}, { host: { Mounts: [{}] } }), /^HostConfig\.Mounts\[0\]\.Type: a text was expected/],
    [answer({}, { host: { Devices: ['x'] } }), /^HostConfig\.Devices\[0\]: an object was expected, not a text$/],
    [
      answer({ NetworkSettings: { Networks: { a: 7 } } }, { host: { NetworkMode: 'a' } }),
      /^NetworkSettings\.Networks\.a: /,
    ],
  ]
  for (const [json, message] of wrong) {
    assert.throws(
      () => read(json),
      (error) => error instanceof Error && message.test(error.message) && !error.message.includes(secret),
      `${message}`,
    )
  }
})

test('an answer as deep as can be is read or refused like any other', () => {
  let deep: unknown = 'x'
  for (let depth = 0; depth < 100_000; depth++) deep = [deep]
  assert.throws(
    () => read(answer({}, { config: { Env: deep } })),
    /^Error: Config\.Env\[0\]: a text was expected, not a list$/,
  )
  assert.equal(read(answer({ Deep: deep })).id, id)
})
