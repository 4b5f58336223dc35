import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EndItem, ProcessItem, UnitDetail } from '../wire/api.ts'
import { chooseHome } from '../wire/home.ts'
import { printDetail } from './status-text.ts'

const nowMs = new Date(2026, 2, 3, 12, 0, 0).getTime()
const ago = (ms: number): string => new Date(nowMs - ms).toISOString()

function ended(msAgo: number, message: string): EndItem {
  return { kind: 'unexpected', run: 10, exit: { code: 1, signal: null }, message, at: ago(msAgo) }
}

function processOf(pid: number, depth: number, command: string, megabytes: number): ProcessItem {
  return { pid, parentPid: 1, depth, command, state: 'S', rssBytes: megabytes * 1024 * 1024 }
}

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
  labels: {},
  explanation: {
    isAtTarget: true,
    why: 'running as pid 4711',
    next: 'started again when it ends',
    upcoming: null,
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
  lastEnds: [],
  processes: [],
  dependsOn: [],
  neededBy: [],
  schedule: null,
  history: [],
  logs: [
    { stream: 'stdout', path: '/log/web-1.log' },
    { stream: 'stderr', path: '/log/web-1.log' },
  ],
  stdin: 'null',
  release: null,
  container: null,
}

const full: UnitDetail = {
  ...bare,
  health: 'unhealthy',
  labels: { tier: 'front' },
  explanation: {
    isAtTarget: false,
    why: 'readiness check failed 4 times in a row: connection refused',
    next: 'probed again in 2 s; one success makes it healthy, failures restart nothing',
    upcoming: {
      what: 'probed again',
      at: ago(-2_000),
      more: '; one success makes it healthy, failures restart nothing',
    },
    command: null,
  },
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
  restarts: 2,
  earlyExits: 1,
  lastEnds: [
    ended(61_000, 'SIGKILL after 2.3 h; restart at once'),
    ended(9_000_000, 'exit code 1 after 3 s; restart 1 in 400 ms; this is more than fits in a line of 80'),
  ],
  processes: [
    processOf(4_711, 0, '/usr/bin/node web.mjs', 41),
    processOf(4_720, 1, 'sh -c resize\nand more', 1),
    processOf(4_722, 2, 'convert in.png out.png, with many more words than there is room for', 20),
    processOf(4_721, 1, 'node worker.mjs', 12),
  ],
  lastEnd: { kind: 'unexpected', run: 10, exit: { code: null, signal: 'KILL' }, message: '', at: ago(61_000) },
  dependsOn: [
    {
      service: 'shop/db',
      condition: 'healthy',
      isRequired: true,
      isMet: false,
      why: 'shop/db/1 to be healthy; it is being started',
    },
    { service: 'shop/cache', condition: 'started', isRequired: true, isMet: true, why: '' },
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

interface Look {
  readonly columns: number | null
  readonly hasColour?: boolean
  readonly hasUnicode?: boolean
  readonly lines?: readonly string[]
  readonly rowsMax?: number | null
}

function print(item: UnitDetail, look: Look): string {
  const { columns, hasColour = false, hasUnicode = true, lines = [], rowsMax = null } = look
  const choice = chooseHome({ option: undefined, environment: { HOME: '/h' }, uid: 1 })
  assert.equal(choice.kind, 'home')
  return printDetail(item, {
    terminal: { columns, hasColour, hasUnicode },
    nowMs,
    home: choice.home,
    cpuShare: 0.127,
    log: { lines, linesMin: 3, rowsMax },
  })
}

const tenLines = Array.from({ length: 10 }, (_, at) => `line ${at}`)

test('everything of a service is on one screen of 80 columns', () => {
  const text = print(full, { columns: 80, lines: ['listening on 8080', '\u001b[31mno database\u001b[0m: retrying'] })
  assert.equal(
    text,
    `shop/web/1  ● running, unhealthy  since 11:59:00 (1 min)
  why        readiness check failed 4 times in a row: connection refused
  next       probed again at 12:00:02 (in 2 s); one success makes it healthy,
             failures restart nothing
  readiness  unhealthy, 4 failures in a row; next probe 12:00:02 (in 2 s)
             ✗ 11:59:52 (8 s ago), took 12 ms: connection refused
             every 10 s, at most 3 s, retries 3: http http://127.0.0.1:8080/hea…
  process    4711  41 MiB  /usr/bin/node web.mjs
             ├─ 4720  1 MiB  sh -c resize and more
             │  └─ 4722  20 MiB  convert in.png out.png, with many more words t…
             └─ 4721  12 MiB  node worker.mjs
  memory     120 MiB of 512 MiB, peak 200 MiB, caches included
  processes  3 of 64, peak 5
  cpu        13% of one core now, 2% on average, 1.2 s in all; at most 0.5 cores
  limits     nofile 1024
  not held   this host does not enforce memory: the memory controller is not
             delegated to this user
  restarts   2, 1 early exit in a row; policy always
             11:58:59 (1 min ago)  SIGKILL after 2.3 h; restart at once
             09:30:00 (2.5 h ago)  exit code 1 after 3 s; restart 1 in 400 ms; …
  needs      ✓ shop/cache (started)
             ✗ shop/db (healthy): waits for shop/db/1 to be healthy; it is being
             started
  needed by  ✓ shop/proxy (started, if declared)
  run        12, started 11:59:00 (1 min ago), its start began with run 11,
             adopted: it outlived a death of the daemon
  stdin      a pipe; write to it with: holdfast stdin shop/web/1
  labels     tier=front
  declared   /srv/shop/holdfast.yaml
Log  /log/web-1.log, stderr thrown away
  listening on 8080
  no database: retrying
`,
  )
})

test('a narrow terminal breaks texts and cuts lines, and nothing is wider than it but what is to be copied', () => {
  assert.equal(
    print({ ...full, checks: [], usage: null, limits: [], processes: full.processes.slice(0, 2) }, { columns: 40 }),
    `shop/web/1
  ● running, unhealthy
  since 11:59:00 (1 min)
  why        readiness check failed 4
             times in a row: connection
             refused
  next       probed again at 12:00:02
             (in 2 s); one success makes
             it healthy, failures
             restart nothing
  process    4711  41 MiB  /usr/bin/nod…
             └─ 4720  1 MiB  sh -c resi…
  not held   this host does not enforce
             memory: the memory
             controller is not delegated
             to this user
  restarts   2, 1 early exit in a row;
             policy always
             11:58:59 (1 min ago)  SIGK…
             09:30:00 (2.5 h ago)  exit…
  needs      ✓ shop/cache (started)
             ✗ shop/db (healthy): waits
             for shop/db/1 to be
             healthy; it is being
             started
  needed by  ✓ shop/proxy (started, if
             declared)
  run        12, started 11:59:00 (1 min
             ago), its start began with
             run 11, adopted: it
             outlived a death of the
             daemon
  stdin      a pipe; write to it with:
             holdfast stdin shop/web/1
  labels     tier=front
  declared   /srv/shop/holdfast.yaml
Log  /log/web-1.log, stderr thrown away
`,
  )
})

test('without UTF-8 all marks and lines are ASCII', () => {
  const text = print(full, { columns: 80, hasUnicode: false, lines: ['x'.repeat(100)] })
  assert.match(text, /^[\n -~]*$/)
  assert.match(text, /\|- 4720 {2}1 MiB/)
})

test('as many lines of output are shown as leave everything on one screen, and a few in any case', () => {
  const rows = (rowsMax: number | null) => print(full, { columns: 80, lines: tenLines, rowsMax }).split('\n')
  const above = rows(null).findIndex((line) => line.startsWith('Log'))
  assert.deepEqual(rows(null).slice(above + 1), [...tenLines.map((line) => `  ${line}`), ''])
  assert.deepEqual(
    rows(above + 6).slice(above + 1),
    ['line 5', 'line 6', 'line 7', 'line 8', 'line 9'].map((line) => `  ${line}`).concat(''),
  )
  assert.equal(rows(10).length - above - 2, 3)
})

test('a job tells its schedule and its last runs, latest first', () => {
  assert.equal(
    print(job, { columns: 80 }),
    `shop/web/1  ✓ exited  since 11:59:00 (1 min)
  why       running as pid 4711
  next      started again when it ends
  restarts  0; policy always
  schedule  0 3 * * * (Europe/Berlin); overlap skip, when missed run once
  next run  16:00 (in 4 h)
  command   node web.mjs
  declared  /srv/shop/holdfast.yaml
Runs (the last 5 of 7)
  RUN  ASKED FOR  TOOK  OUTCOME                                BY
   20  11:00:00    2 s  expected: exit code 0                  its schedule
    -  10:00:00      -  skipped: the run before had not ended  its schedule
   18  09:00:00    2 s  expected: exit code 0                  its schedule
   17  08:00:00    2 s  expected: exit code 0                  its schedule
   16  07:00:00    2 s  expected: exit code 0                  its schedule
Log  /log/web-1.log
`,
  )
})

test('a service with nothing special has no empty rows', () => {
  assert.equal(
    print(bare, { columns: 80 }),
    `shop/web/1  ● running  since 11:59:00 (1 min)
  why       running as pid 4711
  next      started again when it ends
  restarts  0; policy always
  command   node web.mjs
  declared  /srv/shop/holdfast.yaml
Log  /log/web-1.log
`,
  )
})

test('a long name and its state do not fit in one line of a narrow terminal', () => {
  const [first, second, third] = print({ ...bare, unit: `shop/${'x'.repeat(60)}/1` }, { columns: 60 }).split('\n')
  assert.deepEqual([first, second, third], [`shop/${'x'.repeat(60)}/1`, '  ● running', '  since 11:59:00 (1 min)'])
})

test('there is colour in a terminal only, and what comes from elsewhere drives none', () => {
  const hostile = { ...bare, argv: ['\u001b[2J'] }
  assert.equal(print(hostile, { columns: 80, lines: ['\u001b[2J\u0007'] }).includes('\u001b'), false)
  assert.ok(print(bare, { columns: 80, hasColour: true }).startsWith('\u001b[1mshop/web/1'))
})
