import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ann, asked, identityOf, play } from '../../core/fixture.ts'
import type { State, Target } from '../../core/model.ts'
import { decodeSources } from '../../dialects/decode-sources.ts'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { differences } from './differences.ts'

async function target(yaml: string): Promise<Target> {
  const reader = memorySourceReader({ files: { '/app.yaml': yaml } })
  const decoded = await decodeSources(['/app.yaml'], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(decoded.problems, [])
  return decoded.target
}

/** What these lines declare, and all of it that starts by itself runs. */
async function running(yaml: string): Promise<State> {
  const scene = play()
  scene.turn(0, asked({ kind: 'set-target', target: await target(yaml), by: { kind: 'daemon' }, why: 'up' }))
  for (let round = 0; round < 3; round++) scene.turn(1, ...spawned(scene.state))
  return scene.state
}

function spawned({ units }: State) {
  return [...units.values()].flatMap(({ id, phase, run }) => {
    if (phase !== 'starting' || run === null) return []
    return [{ kind: 'spawned', unit: id, run: run.n, identity: identityOf(run.n) } as const]
  })
}

const before = `
name: app
services:
  web: { command: [web], restart: always, environment: { PORT: "1", SECRET: old } }
  job: { command: [job] }
  old: { command: [old] }
`

test('the same configuration differs in nothing', async () => {
  const nothing = { changes: [], unchanged: 3, order: [] }
  assert.deepEqual(differences(await running(before), await target(before)), nothing)
})

test('what is added, removed and changed is told by service and field, with what it means for what runs', async () => {
  const after = `
name: app
services:
  web: { command: [web], restart: on-failure, environment: { PORT: "1", SECRET: new } }
  job: { command: [job], stop_grace_period: 3s, scale: 2 }
  fresh: { command: [fresh] }
  manual: { command: [manual], x-holdfast: { autostart: false } }
`
  const found = differences(await running(before), await target(after))
  const told = found.changes.map(({ service, change, effect, fields }) => [
    service,
    change,
    effect,
    fields.map(({ field }) => field),
  ])
  assert.deepEqual(told, [
    ['web', 'changed', 'replace', ['environment.SECRET', 'restart.when']],
    ['job', 'changed', 'in-place', ['replicas', 'stop']],
    ['fresh', 'added', 'start', ['command']],
    ['manual', 'added', 'none', ['command']],
    ['old', 'removed', 'stop', []],
  ])
  assert.equal(found.unchanged, 0)
})

test('values of the environment are never told, other values are', async () => {
  const after = before.replace('SECRET: old', 'SECRET: new').replace('always', 'on-failure')
  const { changes } = differences(await running(before), await target(after))
  assert.deepEqual(changes[0]?.fields, [
    { field: 'environment.SECRET', before: null, after: null },
    { field: 'restart.when', before: 'always', after: 'on-failure' },
  ])
})

test('what does not run is not stopped, and what was stopped by somebody is not started', async () => {
  const state = await running(before)
  const scene = play(state)
  const stopping = [...state.units.values()].map(({ id }) => id)
  scene.turn(2, asked({ kind: 'stop', units: stopping, by: ann }))
  const exits = [...scene.state.units.values()].map(({ id, run }) => {
    return { kind: 'exited', unit: id, run: run?.n ?? 0, exit: { kind: 'code', code: 0 } } as const
  })
  scene.turn(3, ...exits)
  const after = before.replace('[web]', '[web, "2"]').replace(/ {2}old.*\n/, '')
  const { changes, order } = differences(scene.state, await target(after))
  assert.deepEqual(
    changes.map(({ service, effect }) => [service, effect]),
    [
      ['web', 'in-place'],
      ['old', 'none'],
    ],
  )
  assert.deepEqual(order, [])
})

test('stops come before starts, dependants are stopped first and started last', async () => {
  const services = (n: number) => `name: app
services:
  db: { command: [db, "${n}"] }
  web: { command: [web, "${n}"], depends_on: [db] }
  aside: { command: [aside, "${n}"] }
`
  const { order } = differences(await running(services(1)), await target(services(2)))
  assert.deepEqual(order, [
    { act: 'stop', services: ['app/web', 'app/aside'] },
    { act: 'stop', services: ['app/db'] },
    { act: 'start', services: ['app/db', 'app/aside'] },
    { act: 'start', services: ['app/web'] },
  ])
})

test('a stop ladder, dependencies and files with an environment are told as people write them', async () => {
  const after = before.replace(
    'job: { command: [job] }',
    'job: { command: [job], stop_signal: SIGINT, depends_on: [web] }',
  )
  const { changes } = differences(await running(before), await target(after))
  assert.deepEqual(changes[0]?.fields, [
    {
      field: 'stop',
      before: 'SIGTERM for 10s, SIGKILL to its tree for 5s',
      after: 'SIGINT for 10s, SIGKILL to its tree for 5s',
    },
    { field: 'depends_on.web', before: null, after: 'started' },
  ])
})

test('another listener of an app is a change of the services that listen, and none of what runs', async () => {
  const text = (listener: string) => `name: app
x-holdfast: {listener: {${listener}}}
services:
  ear: { command: [ear], x-holdfast: { stdin: events, logs: { stderr: own } } }
  other: { command: [other] }
`
  const after = text('events: [TICK_5, PROCESS_STATE], buffer: 20')
  const { changes, unchanged } = differences(await running(text('events: [TICK_5]')), await target(after))
  const fields = [
    { field: 'listener.events', before: 'TICK_5', after: 'TICK_5, PROCESS_STATE' },
    { field: 'listener.buffer', before: '1024', after: '20' },
  ]
  assert.deepEqual(changes, [{ app: 'app', service: 'ear', change: 'changed', effect: 'in-place', fields }])
  assert.equal(unchanged, 1)
})

/** The fields of the one service `a` that differ, from these lines of it to those. */
async function fieldsOf(lines: string, after: string): Promise<readonly (readonly (string | null)[])[]> {
  const text = (more: string) => `name: app\nservices:\n  a:\n    command: a\n${more.replace(/^/gm, '    ')}\n`
  const { changes } = differences(await running(text(lines)), await target(text(after)))
  return changes.flatMap((change) => change.fields.map(({ field, before, after }) => [field, before, after]))
}

const http = (more: string) => `x-holdfast: {readiness: {http: {url: "http://x/", ${more}}}}`

for (const [lines, after, expected] of [
  ['', 'healthcheck: {test: [CMD, ok]}', [['healthcheck', null, 'exec ok']]],
  ['healthcheck: {test: [CMD, ok], interval: 5s}', '', [['healthcheck', 'exec ok', null]]],
  [
    'healthcheck: {test: [CMD, ok]}',
    'healthcheck: {test: [CMD, ok], interval: 5s, start_period: 1m}',
    [
      ['healthcheck.interval', '30s', '5s'],
      ['healthcheck.start_period', '0s', '1m'],
    ],
  ],
  [
    'x-holdfast: {liveness: {tcp: 80}}',
    'x-holdfast: {liveness: {log: x}}',
    [['liveness', 'tcp 127.0.0.1:80', 'log x']],
  ],
  [http('headers: {Token: s3cret}'), http('headers: {Token: 0ther}'), [['healthcheck.headers.Token', null, null]]],
  [
    http('headers: {Token: s3cret}'),
    http('status: 200'),
    [
      ['healthcheck.status', '200-399', '200-200'],
      ['healthcheck.headers.Token', null, null],
    ],
  ],
  ['', 'x-holdfast: {hooks: {pre_start: a b}}', [['hooks.pre_start', null, 'a b']]],
  [
    'x-holdfast: {hooks: {pre_start: a}}',
    'x-holdfast: {hooks: {pre_start: {command: a, timeout: 5s}, post_stop: b}}',
    [
      ['hooks.pre_start.timeout', '1m30s', '5s'],
      ['hooks.post_stop', null, 'b'],
    ],
  ],
  [
    'restart: no',
    'x-holdfast: {schedule: {cron: "@daily", timezone: UTC}}',
    [
      ['autostart', 'true', 'false'],
      ['schedule', null, '@daily'],
    ],
  ],
  [
    'x-holdfast: {schedule: {cron: "@daily", timezone: UTC}}',
    'x-holdfast: {schedule: {cron: "@daily", overlap: queue}}',
    [
      ['schedule.timezone', 'UTC', null],
      ['schedule.overlap', 'skip', 'queue'],
    ],
  ],
  ['restart: no', 'x-holdfast: {once: ever}', [['once', null, 'ever']]],
  ['', 'stdin_open: true', [['stdin', 'null', 'pipe']]],
  [
    'x-holdfast: {stdin: {socket: {unix: /run/a.sock}}}',
    'x-holdfast: {stdin: {socket: {unix: /run/b.sock, mode: "770"}}}',
    [['stdin', 'socket unix:/run/a.sock mode 700', 'socket unix:/run/b.sock mode 770']],
  ],
  [
    'x-holdfast: {stdin: {socket: {tcp: "127.0.0.1:9000"}}}',
    'x-holdfast: {stdin: {socket: {tcp: "127.0.0.1:9001", backlog: 64}}}',
    [['stdin', 'socket tcp:127.0.0.1:9000', 'socket tcp:127.0.0.1:9001 backlog 64']],
  ],
  [
    'user: a',
    'x-holdfast: {logs: {max_size: 1m, max_age: 1d}}',
    [
      ['user', 'a', null],
      ['stdout.bytes_max', '10mb', '1mb'],
      ['stdout.age_max', '0s', '24h'],
    ],
  ],
  [
    '',
    'mem_limit: 1m\ncpus: 0.5\nulimits: {nofile: {soft: 1, hard: -1}}\nx-holdfast: {limits: {nice: 5, ionice: "best-effort:7"}}',
    [
      ['ulimits.nofile', null, 'soft 1, hard unlimited'],
      ['limits.ionice', null, 'best-effort:7'],
      ['limits.nice', null, '5'],
      ['mem_limit', null, '1mb'],
      ['cpus', null, '0.5'],
      ['cgroup', 'false', 'true'],
    ],
  ],
  [
    'mem_limit: 1m\nblkio_config: {device_read_bps: [{path: /dev/a, rate: 1m}]}',
    'mem_limit: 2m\nblkio_config: {device_read_bps: [{path: /dev/a, rate: 2m}]}\nx-holdfast: {limits: best-effort}',
    [
      ['mem_limit', '1mb', '2mb'],
      ['blkio_config.device_read_bps./dev/a', '1mb', '2mb'],
      ['limits.enforcement', null, 'best-effort'],
    ],
  ],
] as const) {
  test(`'${lines}' to '${after}' is told in words people know`, async () => {
    const byName = (fields: readonly (readonly (string | null)[])[]) =>
      fields.toSorted((a, b) => (a[0]! < b[0]! ? -1 : 1))
    assert.deepEqual(byName(await fieldsOf(lines, after)), byName(expected))
  })
}
