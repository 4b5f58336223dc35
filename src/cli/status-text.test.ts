import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UnitDetail } from '../wire/api.ts'
import { chooseHome } from '../wire/home.ts'
import { printDetail } from './status-text.ts'
import { displayWidth } from './table.ts'

const nowMs = new Date(2026, 2, 3, 12, 0, 0).getTime()
const ago = (ms: number): string => new Date(nowMs - ms).toISOString()

const bare: UnitDetail = {
  app: 'shop',
  service: 'web',
  unit: 'shop/web/1',
  kind: 'process',
  state: 'running',
  pid: 4_711,
  health: null,
  restarts: 0,
  since: ago(60_000),
  reason: 'running as pid 4711',
  nextRunAt: null,
  explanation: {
    isAtTarget: true,
    why: 'running as pid 4711',
    next: 'restarted by its policy when it ends',
    command: null,
  },
  wanted: { kind: 'up', by: 'its declaration' },
  argv: ['node', 'web.mjs'],
  source: '/srv/shop/holdfast.yaml',
  run: null,
  checks: [],
  usage: null,
  limits: [],
  restartPolicy: 'always',
  earlyExits: 0,
  lastEnd: null,
  dependsOn: [],
  neededBy: [],
  schedule: null,
  history: [],
  logs: [
    { stream: 'stdout', path: '/log/web-1.log' },
    { stream: 'stderr', path: '/log/web-1.log' },
  ],
  stdin: 'null',
}

const full: UnitDetail = {
  ...bare,
  health: 'unhealthy',
  run: {
    n: 12,
    attempt: 11,
    role: 'main',
    pid: 4_711,
    startedAt: ago(60_000),
    isAdopted: true,
    isPaused: false,
    isStable: true,
    shortfalls: ['memory: the memory controller is not delegated to this user'],
  },
  checks: [
    {
      name: 'readiness',
      probe: 'http',
      what: 'http://127.0.0.1:8080/health',
      intervalMs: 10_000,
      timeoutMs: 3_000,
      retries: 3,
      status: 'unhealthy',
      failures: 4,
      nextProbeAt: ago(-2_000),
      results: [
        { at: ago(8_000), isOk: false, durationMs: 12, output: 'connection refused' },
        { at: ago(18_000), isOk: true, durationMs: 9, output: '' },
      ],
    },
  ],
  usage: {
    rssBytes: 41 * 1024 * 1024,
    rssPeakBytes: null,
    processes: 3,
    processesPeak: 5,
    processesMax: 64,
    cpuMs: 1_200,
    cpusMax: 0.5,
    memoryBytes: 120 * 1024 * 1024,
    memoryPeakBytes: 200 * 1024 * 1024,
    memoryMaxBytes: 512 * 1024 * 1024,
    oomKills: 0,
  },
  limits: [
    { name: 'memory', value: '512 MiB' },
    { name: 'nofile', value: '1024' },
  ],
  earlyExits: 1,
  lastEnd: { kind: 'unexpected', run: 10, exit: { code: null, signal: 'KILL' }, message: '', at: ago(61_000) },
  dependsOn: [
    { service: 'shop/db', condition: 'healthy', isRequired: true, isMet: false, why: 'shop/db/1 to be healthy' },
  ],
  neededBy: [{ service: 'shop/proxy', condition: 'started', isRequired: false, isMet: true, why: '' }],
  logs: [
    { stream: 'stdout', path: '/log/web-1.log' },
    { stream: 'stderr', path: null },
  ],
  stdin: 'pipe',
}

const job: UnitDetail = {
  ...bare,
  state: 'exited',
  schedule: {
    cron: '0 3 * * *',
    timeZone: 'Europe/Berlin',
    overlap: 'skip',
    missed: 'run-once',
    nextRunAt: ago(-4 * 3_600_000),
    isQueued: false,
  },
  history: Array.from({ length: 7 }, (_, at) => ({
    run: at === 1 ? null : 20 - at,
    by: 'its schedule',
    dueAt: null,
    startedAt: ago((at + 1) * 3_600_000),
    endedAt: ago(at * 3_600_000),
    durationMs: 2_000,
    outcome: at === 1 ? ('skipped' as const) : ('expected' as const),
    exit: at === 1 ? null : { code: 0, signal: null },
    message: at === 1 ? 'the run before had not ended' : '',
  })),
}

function print(item: UnitDetail, columns: number | null, hasColour = false): string {
  const choice = chooseHome({ option: undefined, environment: { HOME: '/h' }, uid: 1 })
  assert.equal(choice.kind, 'home')
  return printDetail(item, { terminal: { columns, hasColour, hasUnicode: true }, nowMs, home: choice.home })
}

test('everything of a service is on one screen of 80 columns', () => {
  const text = print(full, 80)
  assert.equal(
    text,
    `shop/web/1  ● running
  why           running as pid 4711
  next          restarted by its policy when it ends
  wanted        up, by its declaration
  since         11:59:00 (1 min)
  process       pid 4711, run 12, its start began with run 11, started 1 min
                ago, adopted: it outlived a death of the daemon
  not enforced  memory: the memory controller is not delegated to this user
  restarts      0, 1 early exit in a row; policy always
  last end      unexpected (SIGKILL), run 10, 11:58:59
  command       node web.mjs
  stdin         a pipe; write to it with: holdfast stdin shop/web/1
  declared in   /srv/shop/holdfast.yaml

Checks
  readiness     unhealthy, 4 failures in a row, next probe in 2 s
                http http://127.0.0.1:8080/health, every 10 s, at most 3 s,
                retries 3
                ✗ 11:59:52  12 ms  connection refused
                ✓ 11:59:42  9 ms

Usage
  resident      41 MiB
  memory        120 MiB of 512 MiB, peak 200 MiB, caches included
  processes     3 of 64, peak 5
  cpu time      1.2 s, at most 0.5 cores

Limits
  nofile        1024

Dependencies
  needs         shop/db (healthy): waits for shop/db/1 to be healthy
  needed by     shop/proxy (started, if declared): met

Logs
  stdout        /log/web-1.log
  stderr        thrown away
`,
  )
  for (const line of text.split('\n')) assert.ok(displayWidth(line) <= 80, line)
})

test('a job tells its schedule and its last runs, latest first', () => {
  const [, schedule, , runs] = print(job, 80).split('\n\n')
  assert.equal(
    schedule,
    `Schedule
  cron          0 3 * * * (Europe/Berlin)
  next run      16:00 (in 4 h)
  overlap       skip; when missed: run once`,
  )
  const lines = runs?.split('\n') ?? []
  assert.equal(lines[0], 'Runs (the last 5 of 7)')
  assert.equal(lines[1], '  RUN  ASKED FOR  TOOK  OUTCOME                                BY')
  assert.equal(lines[2], '   20  11:00:00    2 s  expected: exit code 0                  its schedule')
  assert.equal(lines[3], '    -  10:00:00      -  skipped: the run before had not ended  its schedule')
})

test('a service with nothing special has no empty sections', () => {
  const [, logs, ...others] = print(bare, 80).split('\n\n')
  assert.equal(logs, 'Logs\n  both streams  /log/web-1.log\n')
  assert.deepEqual(others, [])
})

test('there is colour in a terminal only, and what comes from elsewhere drives none', () => {
  const hostile = { ...bare, argv: ['\u001b[2J'] }
  assert.equal(print(hostile, 80).includes('\u001b'), false)
  assert.ok(print(bare, 80, true).startsWith('\u001b[1mshop/web/1'))
})
