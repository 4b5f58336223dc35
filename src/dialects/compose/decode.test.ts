// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the files under test
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decode, problemsOf, service } from './fixture.ts'
import { serviceMap } from './keys.ts'

test('a service that says only its command has the documented defaults', async () => {
  assert.deepEqual(await service(''), {
    name: 'a',
    kind: 'process',
    autostartAgain: true,
    retire: null,
    signalScripts: {},
    process: {
      command: ['x'],
      commandError: null,
      workingDir: '/srv/My Shop',
      environment: {},
      envFiles: [],
      inheritEnvironment: false,
      user: null,
      umask: null,
      stdout: { path: null, bytesMax: 10_485_760, backupsMax: 3, ageMaxMs: 0, compress: false },
      stderr: 'stdout',
      stdin: { kind: 'null' },
      logger: null,
      limits: null,
      cgroup: false,
    },
    instances: [{ n: 1 }],
    autostart: true,
    restart: {
      when: 'always',
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
})

test('the name of the app is given, or that of the directory as Compose normalises it', async () => {
  assert.deepEqual(Object.keys((await decode('services: {a: {command: x}}')).target.apps), ['myshop'])
  assert.deepEqual(Object.keys((await decode('name: web-1\nservices: {a: {command: x}}')).target.apps), ['web-1'])
  assert.match((await decode('name: Web\nservices: {}')).problems[0]!, /^1:7: name: 'Web' cannot be the name .*'web'$/)
})

test('variables come from the environment first, then from .env beside the file', async () => {
  const { process } = await service('environment: {A: $A, B: "${B}", C: "${C:-c}", D: "$$D"}', {
    environment: { A: 'env' },
    dotEnv: 'A=file\nB=file\n',
  })
  assert.deepEqual(process.environment, { A: 'env', B: 'file', C: 'c', D: '$D' })
})

test('a variable that is not set is a warning, and a required one an error', async () => {
  assert.deepEqual(await problemsOf('user: "u$NOPE"'), [
    '4:11: warning: services.a.user: the variable NOPE is not set, and taken as empty; set it, or write $' +
      '{NOPE:-default}',
  ])
  assert.match(
    (await problemsOf('user: "${NOPE:?say who}"'))[0]!,
    /^4:11: services.a.user: required variable NOPE is missing a value: say who;/,
  )
})

test('environment is a map or a list, and a name alone passes the own value on', async () => {
  const more = { environment: { HOME: '/root' } }
  const expected = { A: '1', B: 'b=c', HOME: '/root' }
  assert.deepEqual((await service('environment: {A: 1, B: b=c, HOME: , NOPE: }', more)).process.environment, expected)
  assert.deepEqual((await service('environment: [A=1, B=b=c, HOME, NOPE]', more)).process.environment, expected)
})

test('paths start at the directory of the file', async () => {
  const { process } = await service(
    'working_dir: ../x/./y\nenv_file: [.env, {path: /etc/e, required: false}]\nx-holdfast: {logs: {stdout: out.log, stderr: none}}',
  )
  assert.equal(process.workingDir, '/srv/x/y')
  assert.deepEqual(process.envFiles, [
    { path: '/srv/My Shop/.env', required: true },
    { path: '/etc/e', required: false },
  ])
  assert.equal(process.stdout.path, '/srv/My Shop/out.log')
  assert(process.stderr !== 'stdout')
  assert.equal(process.stderr.path, 'none')
})

for (const [lines, expected] of [
  ['restart: no', { when: 'no', budget: null }],
  ['restart: "no"', { when: 'no', budget: null }],
  ['restart: false', { when: 'no', budget: null }],
  ['restart: unless-stopped', { when: 'unless-stopped', budget: null }],
  ['restart: on-failure', { when: 'on-failure', budget: null }],
  ['restart: on-failure:5', { when: 'on-failure', budget: { restartsMax: 5, windowMs: null } }],
  ['restart: no\ndeploy: {restart_policy: {}}', { when: 'always' }],
  [
    'deploy: {restart_policy: {condition: on-failure, max_attempts: 3, window: 1m}}',
    { when: 'on-failure', stableMs: 60_000, budget: { restartsMax: 3, windowMs: null } },
  ],
  ['deploy: {restart_policy: {condition: none}}', { when: 'no' }],
  [
    'x-holdfast: {restart_budget: {max: 5, within: 10m}, stable_after: 3s, success_exit_codes: [0, 143]}',
    { budget: { restartsMax: 5, windowMs: 600_000 }, stableMs: 3_000, successExits: [0, 143] },
  ],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is understood`, async () => {
    const { restart } = await service(lines)
    for (const [key, value] of Object.entries(expected))
      assert.deepEqual(restart[key as keyof typeof restart], value, key)
  })
}

test('a delay of restart_policy is the same before every restart', async () => {
  const { restart } = await service('deploy: {restart_policy: {delay: 5s}}')
  assert.deepEqual(restart.backoff, {
    shape: 'exponential',
    firstMs: 5_000,
    factor: 1,
    maxMs: 5_000,
    jitter: 0,
    freeRestarts: 0,
  })
})

test('replicas count from 1, and none are allowed', async () => {
  assert.deepEqual((await service('deploy: {replicas: 3}')).instances, [{ n: 1 }, { n: 2 }, { n: 3 }])
  assert.deepEqual((await service('scale: 0')).instances, [])
  assert.match((await problemsOf('scale: 2\ndeploy: {replicas: 3}'))[0]!, /scale is 2, and deploy.replicas is 3/)
})

test('how to stop is a signal and a time, or a whole ladder', async () => {
  assert.deepEqual((await service('stop_signal: SIGQUIT\nstop_grace_period: 1m')).stop[0], {
    signal: 'QUIT',
    scope: 'main',
    waitMs: 60_000,
  })
  assert.deepEqual((await service('x-holdfast: {stop: [{signal: INT, scope: group, wait: 1s}]}')).stop, [
    { signal: 'INT', scope: 'group', waitMs: 1_000 },
  ])
  assert.match(
    (await problemsOf('stop_signal: INT\nx-holdfast: {stop: [{signal: INT}]}'))[0]!,
    /^4:18: services.a.stop_signal: .*only one of the two/,
  )
})

test('a mask is octal however it is written', async () => {
  for (const text of ['022', '"022"', '22', '0o22'])
    assert.equal((await service(`x-holdfast: {umask: ${text}}`)).process.umask, 0o22, text)
})

test('dependencies are a list or a map', async () => {
  const { target, problems } = await decode(
    'services:\n  a: {command: x}\n  b: {command: x, depends_on: [a]}\n  c: {command: x, depends_on: {a: {condition: service_completed_successfully, restart: true}, z: {condition: service_started, required: false}}}\n',
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(target.apps.myshop!.services.b!.dependsOn, [
    { service: 'a', condition: 'started', required: true, restart: false },
  ])
  assert.deepEqual(target.apps.myshop!.services.c!.dependsOn, [
    { service: 'a', condition: 'completed', required: true, restart: true },
    { service: 'z', condition: 'started', required: false, restart: false },
  ])
})

test('a service may wait until another is healthy, if that has a check', async () => {
  const file = (b: string) =>
    `services:\n  a:\n    command: x\n    depends_on: {b: {condition: service_healthy}}\n  b: {command: x${b}}\n`
  const { target, problems } = await decode(file(', healthcheck: {test: x}'))
  assert.deepEqual(problems, [])
  assert.deepEqual(target.apps.myshop!.services.a!.dependsOn, [
    { service: 'b', condition: 'healthy', required: true, restart: false },
  ])
  assert.deepEqual((await decode(file(''))).problems, [
    "4:18: services.a.depends_on: waits until 'b' is healthy, and b has no check that could tell; give b a healthcheck, or wait until it is started",
  ])
})

for (const [lines, expected] of [
  ['stdin_open: true', { kind: 'pipe' }],
  ['stdin_open: false', { kind: 'null' }],
  ['x-holdfast: {stdin: pipe}', { kind: 'pipe' }],
  ['x-holdfast: {stdin: null}', { kind: 'null' }],
  ['x-holdfast: {stdin: "null"}', { kind: 'null' }],
  ['x-holdfast: {stdin: {file: in.txt}}', { kind: 'file', path: '/srv/My Shop/in.txt' }],
] as const) {
  test(`${lines} is what stdin is`, async () => {
    assert.deepEqual((await service(lines)).process.stdin, expected)
  })
}

test('logs may be rotated for their age, also in days, and compressed', async () => {
  const { stdout, stderr } = (await service('x-holdfast: {logs: {stderr: own, max_age: 7d, compress: true}}')).process
  const expected = { path: null, bytesMax: 10_485_760, backupsMax: 3, ageMaxMs: 7 * 86_400_000, compress: true }
  assert.deepEqual([stdout, stderr], [expected, expected])
})

for (const [lines, expected] of [
  ['restrat: no', "4:5: services.a.restrat: unknown key 'restrat'; did you mean 'restart'?"],
  [
    'x-holdfast: {autostrat: no}',
    "4:18: services.a.x-holdfast.autostrat: unknown key 'autostrat'; did you mean 'autostart'?",
  ],
  [
    'restart: on-falure',
    "4:14: services.a.restart: 'on-falure' is not a restart policy; write no, always, unless-stopped, on-failure or on-failure:5",
  ],
  ['stop_grace_period: 10', "4:24: services.a.stop_grace_period: '10' is not a duration; did you mean '10s'?"],
  ['stop_signal: TREM', "4:18: services.a.stop_signal: 'TREM' is not a signal; did you mean 'TERM'?"],
  ['scale: -1', "4:12: services.a.scale: '-1' is not a whole number from 0 to 10000; write a number such as 1"],
  [
    'depends_on: [b]',
    "4:18: services.a.depends_on: depends on 'b', which is not a service of myshop; its services are a",
  ],
  [
    'depends_on: {b: {condition: service_started}}',
    "4:18: services.a.depends_on: depends on 'b', which is not a service of myshop; its services are a",
  ],
  [
    'depends_on: [a]',
    '4:18: services.a.depends_on: these services wait for each other, so none could ever start: a → a; remove one of these dependencies',
  ],
  ['user: "a b"', "4:11: services.a.user: 'a b' is not a user; write a name, a uid, name:group or uid:gid"],
  [
    'environment: 5',
    "4:18: services.a.environment: a list is expected here, not '5'; write 'NAME: value' lines, or a list of NAME=value",
  ],
  [
    'x-holdfast: {backoff: {initial: 1m, max: 1s}}',
    '4:46: services.a.x-holdfast.backoff.max: the longest delay is shorter than the first; make max at least as long as initial',
  ],
  [
    'stdin_open: true\nx-holdfast: {stdin: pipe}',
    '4:17: services.a.stdin_open: x-holdfast.stdin says already what stdin is; write only one of the two',
  ],
  ['x-holdfast: {stdin: file}', "4:25: services.a.x-holdfast.stdin: 'file' is none of null, pipe, events; write null"],
  [
    'x-holdfast: {stdin: {}}',
    "4:25: services.a.x-holdfast.stdin: stdin has no file; write 'file: ./input', or 'stdin: pipe'",
  ],
  [
    'x-holdfast: {logs: {max_age: 7}}',
    "4:34: services.a.x-holdfast.logs.max_age: '7' is not a duration; did you mean '7d'?",
  ],
  [
    'x-holdfast: {logs: {max_age: 7 days}}',
    "4:34: services.a.x-holdfast.logs.max_age: '7 days' is not a duration; write a number with its unit: 30m, 12h, 7d",
  ],
  [
    'x-holdfast: {logs: {compress: gzip}}',
    "4:35: services.a.x-holdfast.logs.compress: 'gzip' is neither true nor false; write true or false",
  ],
  [
    'stop_grace_period: 7d',
    "4:24: services.a.stop_grace_period: '7d' is not a duration; write a number with its unit: 500ms, 10s, 1m30s, 2h",
  ],
] as const) {
  test(`${lines.replaceAll('\n', '; ')} is refused with its place and a hint`, async () => {
    assert.deepEqual(await problemsOf(lines), [expected])
  })
}

test('every problem of a file is told at once, in its order', async () => {
  const { problems } = await decode('services:\n  a: {restart: x, scale: y}\n  b: {comand: z}\n')
  assert.deepEqual(
    problems.map((text) => text.split(' ')[1]),
    ['services.a.command:', 'services.a.restart:', 'services.a.scale:', 'services.b.command:', 'services.b.comand:'],
  )
})

test('what Compose has and Holdfast cannot do is refused by name with what to do instead; lenient it is told', async () => {
  for (const [key, instead] of Object.entries(serviceMap.notYet ?? {})) {
    const [problem, ...more] = await problemsOf(`${key}: x`)
    assert.equal(problem, `4:5: services.a.${key}: Holdfast cannot do '${key}' of the Compose format; ${instead}`)
    assert.deepEqual(more, [])
    assert.match((await problemsOf(`${key}: x`, { lenient: true }))[0]!, /^4:5: warning: /)
  }
})

test('lenient makes unknown keys warnings, and nothing else', async () => {
  const problems = await problemsOf('restrat: no\nscale: x', { lenient: true })
  assert.deepEqual(
    problems.map((text) => /warning/.test(text)),
    [true, false],
  )
})

test('keys that begin with x- are left alone, except x-holdfast of a service', async () => {
  const { problems } = await decode(
    'x-a: {b: [c]}\nservices:\n  x-b: 5\n  a: {command: x, x-c: {d: e}, deploy: {x-e: 1}}\n',
  )
  assert.deepEqual(problems, [])
})

test('a broken .env is told with its own place', async () => {
  const { problems } = await decode('services: {a: {command: x}}', { dotEnv: 'A=1\n=2\n' })
  assert.match(problems[0]!, /^\/srv\/My Shop\/\.env:2:1: there is no variable name here/)
})

test('a key that looks like x-holdfast is told, others that begin with x- are not', async () => {
  assert.deepEqual(await problemsOf('x-holdfst: {}\nx-other: {}\ndeploy: {x-holdfast: {}}'), [
    "4:5: warning: services.a.x-holdfst: 'x-holdfst' is ignored; did you mean 'x-holdfast'?",
    "6:14: warning: services.a.deploy.x-holdfast: 'x-holdfast' has no effect here; write it below a service, or at the top",
  ])
})

test('each document of a file is an app, and says its name', async () => {
  const { target, problems } = await decode('services: {a: {command: x}}\n---\nname: b\nservices: {a: {command: y}}\n')
  assert.deepEqual(problems, [])
  assert.deepEqual(Object.keys(target.apps), ['myshop', 'b'])
  const second = await decode('services: {a: {command: x}}\n---\nservices: {a: {command: [], nope: 1}}\n')
  assert.match(second.problems[0]!, /^3:1: name: each document of a file is an app, and this one has no name;/)
  const twice = await decode('name: b\nservices: {a: {command: x}}\n---\nname: b\nservices: {}\n')
  assert.match(twice.problems[0]!, /^4:1: name: the app 'b' is declared by .*holdfast\.yaml and by /)
})

test('instances have numbers, names and settings of their own', async () => {
  const { instances, process } = await service(
    'environment: {A: 1, B: 1}\nx-holdfast: {instances: [{n: 4, name: one}, {n: 0, environment: {B: 2}, working_dir: sub, command: y z}]}',
  )
  assert.deepEqual(process.command, ['x'])
  assert.deepEqual(instances, [
    { n: 4, processName: 'one' },
    { n: 0, process: { command: ['y', 'z'], workingDir: '/srv/My Shop/sub', environment: { A: '1', B: '2' } } },
  ])
  assert.match((await problemsOf('x-holdfast: {instances: [{n: 1}, {n: 1}]}'))[0]!, /there is an instance 1 already/)
  assert.match((await problemsOf('scale: 2\nx-holdfast: {instances: [{n: 1}]}'))[0]!, /^4:12: .*says already how many/)
})

test('each stream may have limits of its own', async () => {
  const { process } = await service(
    'x-holdfast: {logs: {max_size: 1m, stdout: {max_files: 2}, stderr: {path: e.log, max_size: 2m, compress: true}}}',
  )
  const log = { path: null, bytesMax: 1_048_576, backupsMax: 3, ageMaxMs: 0, compress: false }
  assert.deepEqual(process.stdout, { ...log, backupsMax: 1 })
  assert.deepEqual(process.stderr, { ...log, path: '/srv/My Shop/e.log', bytesMax: 2_097_152, compress: true })
})

test('what is as with supervisord can be said', async () => {
  const { restart, manualStop, process } = await service(
    'x-holdfast: {early_exits: always, manual_stop: until-daemon-restart, inherit_directory: true, backoff: {shape: linear, initial: 1s, max: 3s, jitter: 0, free_restarts: 0}}',
  )
  assert.deepEqual([restart.early, manualStop, process.workingDir], ['always', 'until-daemon-restart', null])
  assert.deepEqual(restart.backoff, {
    shape: 'linear',
    firstMs: 1_000,
    factor: 1,
    maxMs: 3_000,
    jitter: 0,
    freeRestarts: 0,
  })
  assert.match(
    (await problemsOf('x-holdfast: {backoff: {shape: linear, factor: 2}}'))[0]!,
    /linear pauses have no factor/,
  )
})
