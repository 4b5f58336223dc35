import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gutter, placeColumns } from './columns.ts'

function placed(columns: number, need: { readonly nameWidth?: number; readonly isChecked?: boolean } = {}): string {
  const { nameWidth = 16, isChecked = true } = need
  return placeColumns({ columns, nameWidth, reasonWidth: 90, isChecked })
    .map(({ name, width }) => `${name} ${width}`)
    .join(', ')
}

test('a narrow terminal keeps name, state and health', () => {
  assert.equal(placed(40), 'name 16, state 10, health 9')
  assert.equal(placed(40, { isChecked: false }), 'name 16, state 10, cpu 6')
})

test('80 columns have everything but the reason, which has a line of its own', () => {
  assert.equal(placed(80), 'name 16, state 10, health 9, cpu 6, memory 8, restarts 8, since 7')
})

test('what is left goes to the name first, then to the reason', () => {
  assert.match(placed(160, { nameWidth: 40 }), /^name 40, .*reason 58$/)
})

test('not for a terminal, everything is as wide as it is', () => {
  assert.match(placed(Number.POSITIVE_INFINITY, { nameWidth: 70 }), /^name 70, .*reason 90$/)
})

test('no width is too small, and none is exceeded', () => {
  for (let columns = 1; columns <= 300; columns += 1) {
    for (const isChecked of [true, false]) {
      const kept = placeColumns({ columns, nameWidth: 30, reasonWidth: 90, isChecked })
      const used = kept.reduce((sum, { width }) => sum + width, gutter * (kept.length - 1))
      assert.ok(used <= columns || columns < 30, `${used} of ${columns}`)
      assert.deepEqual(
        kept.slice(0, 2).map(({ name }) => name),
        ['name', 'state'],
      )
    }
  }
})
