import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UnitItem } from '../wire/api.ts'
import { printUnits } from './unit-table.ts'

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
