import assert from 'node:assert/strict'
import { test } from 'node:test'
import { home, modelAfter, nowMs, plainLook, shop, told, unitItem } from './fixture.ts'
import { firstModel, type ListView } from './model.ts'
import { type Row, rowsOf } from './rows.ts'

const model = modelAfter(told)

function shown(list: Partial<ListView>): readonly string[] {
  return rowsOf({ ...model, list: { ...model.list, ...list } }).map(nameOf)
}

function nameOf(row: Row): string {
  return row.kind === 'app' ? `${row.app}: ${row.running}/${row.units}` : row.item.unit
}

test('by itself the table is as declared', () => {
  assert.deepEqual(
    shown({}),
    shop.map(({ unit }) => unit),
  )
})

test('what takes most comes first, and equals stay as declared', () => {
  assert.deepEqual(shown({ sort: 'cpu' }).slice(0, 5), [
    'shop/db/1',
    'shop/web/1',
    'tools/metrics/1',
    'shop/mail/1',
    'shop/mail/2',
  ])
  assert.deepEqual(shown({ sort: 'memory' }).slice(0, 3), ['shop/db/1', 'shop/web/1', 'tools/metrics/1'])
  assert.deepEqual(shown({ sort: 'restarts' }).slice(0, 2), ['shop/worker/1', 'shop/web/1'])
})

test('by state, what needs somebody comes first', () => {
  assert.deepEqual(shown({ sort: 'state' }).at(0), 'shop/worker/1')
  assert.deepEqual(shown({ sort: 'state' }).at(-1), 'tools/backup/1')
})

test('by name, 10 comes after 9', () => {
  const units = ['a/web/10', 'a/web/9'].map((unit) => unitItem(unit))
  const first = firstModel({ home, look: plainLook, size: { columns: 80, rows: 24 }, nowMs })
  const rows = rowsOf({ ...first, units, list: { ...first.list, sort: 'name' } })
  assert.deepEqual(rows.map(nameOf), ['a/web/9', 'a/web/10'])
})

test('every word of the filter has to be found, in name, state or health', () => {
  assert.deepEqual(shown({ filter: 'MAIL 2' }), ['shop/mail/2'])
  assert.deepEqual(shown({ filter: 'backoff' }), ['shop/worker/1'])
  assert.deepEqual(shown({ filter: 'unhealthy' }), ['tools/metrics/1'])
  assert.deepEqual(shown({ filter: 'nowhere' }), [])
})

test('grouped, each app stands above its units, in the order of the sort', () => {
  assert.deepEqual(shown({ isGrouped: true }).slice(0, 2), ['shop: 4/5', 'shop/web/1'])
  assert.deepEqual(shown({ isGrouped: true, filter: 'tools' }), ['tools: 1/2', 'tools/metrics/1', 'tools/backup/1'])
})
