import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UnitItem, UsageItem, WideUnitItem } from '../wire/api.ts'
import { displayWidth } from './table.ts'
import { printUnits, printWideUnits } from './unit-table.ts'

const nowMs = new Date(2026, 2, 3, 23, 0, 0).getTime()

function item(service: string, change: Partial<UnitItem> = {}): UnitItem {
  return {
    app: 'shop',
    service,
    unit: `shop/${service}/1`,
    kind: 'process',
    state: 'running',
    pid: 4_711,
    health: null,
    restarts: 0,
    since: new Date(nowMs - 60_000).toISOString(),
    reason: 'running as pid 4711',
    nextRunAt: null,
    labels: {},
    ...change,
  }
}

function lines(items: readonly UnitItem[], columns: number | null = null): readonly string[] {
  const terminal = { columns, hasColour: false, hasUnicode: true }
  return printUnits(items, { terminal, nowMs }).trimEnd().split('\n')
}

test('health is a column where anything is checked', () => {
  assert.equal(lines([item('web')])[0]?.includes('HEALTH'), false)
  assert.deepEqual(lines([item('web', { health: 'unhealthy' }), item('db')]), [
    'NAME      STATE      HEALTH      PID  RESTARTS  SINCE  REASON',
    'shop/web  ● running  unhealthy  4711         0  1 min  running as pid 4711',
    'shop/db   ● running  -          4711         0  1 min  running as pid 4711',
  ])
})

test('health is the last column to be dropped in a narrow terminal', () => {
  assert.deepEqual(lines([item('web', { health: 'healthy' })], 32), [
    'NAME      STATE      HEALTH',
    'shop/web  ● running  healthy',
  ])
})

test('what rests until its schedule starts it tells when that is', () => {
  const nextRunAt = new Date(nowMs + 4 * 3_600_000).toISOString()
  const rest = { pid: null, nextRunAt }
  const reason = 'exit code 0 after 1 s'
  const table = lines([
    item('fresh', { ...rest, state: 'stopped', reason: 'declared' }),
    item('done', { ...rest, state: 'exited', reason }),
    item('busy', { nextRunAt }),
  ])
  assert.match(table[1]!, / {2}next run 03:00 \(in 4 h\)$/)
  assert.match(table[2]!, / {2}next run 03:00 \(in 4 h\); exit code 0 after 1 s$/)
  assert.match(table[3]!, / {2}running as pid 4711$/)
})

const web = item('web', { health: 'healthy', reason: 'healthy after 410 ms', restarts: 2 })
const proxy = item('proxy', {
  state: 'waiting',
  pid: null,
  reason: 'waits for shop/web/1 to be healthy; it is being started',
})

test('on 80 columns the reason stays as far as it fits; counters and pids go first', () => {
  assert.deepEqual(lines([web, proxy], 80), [
    'NAME        STATE      HEALTH    PID  RESTARTS  SINCE  REASON',
    'shop/web    ● running  healthy  4711         2  1 min  healthy after 410 ms',
    'shop/proxy  ◌ waiting  -           -         0  1 min  waits for shop/web/1 to …',
  ])
  assert.deepEqual(lines([web, proxy], 60), [
    'NAME        STATE      HEALTH   SINCE  REASON',
    'shop/web    ● running  healthy  1 min  healthy after 410 ms',
    'shop/proxy  ◌ waiting  -        1 min  waits for shop/web/1…',
  ])
  assert.deepEqual(lines([web, proxy], 40), [
    'NAME        STATE      HEALTH',
    'shop/web    ● running  healthy',
    'shop/proxy  ◌ waiting  -',
  ])
})

test('one long name, or one of wide characters, is cut in its middle and takes no place from the others', () => {
  const long = item(`${'very-'.repeat(12)}long`)
  const wide = item('データベース'.repeat(4))
  const shown = lines([web, long, wide], 80)
  for (const line of shown) assert.ok(displayWidth(line) <= 80, line)
  assert.match(shown[2] ?? '', /^shop\/very-.*….*-long {2}● running/)
  assert.match(shown[3] ?? '', /^shop\/データ.*….*ベース ? {2}● running/)
  assert.deepEqual(lines([long])[1]?.startsWith(long.unit.slice(0, -2)), true)
})

test('the wide table adds what runs, what it uses and what happens next', () => {
  const more: WideUnitItem = {
    ...web,
    labels: { tier: 'front', canary: '' },
    argv: ['node', 'web.mjs', '--all of it'],
    image: null,
    source: '/srv/shop/holdfast.yaml',
    run: 12,
    next: 'tried again in 2 s',
    upcoming: { what: 'tried again', at: new Date(nowMs + 2_000).toISOString(), more: '' },
  }
  const usage = { rssBytes: 1024, memoryBytes: 53 * 1024 * 1024, cpuMs: 1_200 } as UsageItem
  const terminal = { columns: null, hasColour: false, hasUnicode: true }
  const rest: WideUnitItem = { ...more, ...proxy, unit: 'shop/proxy/1', labels: {}, run: null, source: null }
  const table = printWideUnits([more, rest], (unit) => (unit === web.unit ? usage : null), { terminal, nowMs })
  assert.equal(
    table,
    `NAME        STATE      HEALTH    PID  RESTARTS  SINCE  REASON                                                   RUN  MEMORY  CPU TIME  NEXT                              LABELS             COMMAND                     SOURCE
shop/web    ● running  healthy  4711         2  1 min  healthy after 410 ms                                      12  53 MiB     1.2 s  tried again at 23:00:02 (in 2 s)  tier=front,canary  node web.mjs '--all of it'  /srv/shop/holdfast.yaml
shop/proxy  ◌ waiting  -           -         0  1 min  waits for shop/web/1 to be healthy; it is being started    -       -         -  tried again at 23:00:02 (in 2 s)  -                  node web.mjs '--all of it'  -
`,
  )
  const narrow = printWideUnits([more, rest], () => usage, { terminal: { ...terminal, columns: 100 }, nowMs })
  for (const line of narrow.split('\n')) assert.ok(displayWidth(line) <= 100, line)
})

test('the wide table tells the image of containers, where there are any', () => {
  const rest = { argv: [], source: null, run: 1, next: 'nothing', upcoming: null }
  const contained: WideUnitItem = { ...web, ...rest, kind: 'container', image: 'web:1.4', argv: ['serve'] }
  const process: WideUnitItem = { ...proxy, ...rest, image: null }
  const terminal = { columns: null, hasColour: false, hasUnicode: true }
  const [head = '', first = '', second = ''] = printWideUnits([contained, process], () => null, {
    terminal,
    nowMs,
  }).split('\n')
  assert.match(head, /IMAGE {4}COMMAND {2}SOURCE$/)
  assert.match(first, /web:1\.4 {2}serve {4}-$/)
  assert.match(second, /- {8}- {8}-$/)
  assert.doesNotMatch(
    printWideUnits([process], () => null, { terminal, nowMs }),
    /IMAGE/,
  )
})

test('200 units are printed in a moment, each in a line', () => {
  const many = Array.from({ length: 200 }, (_, at) => item(`worker-${at}`))
  assert.equal(lines(many, 80).length, 201)
})
