import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Column, displayWidth, printTable } from './table.ts'

const columns: readonly Column[] = [
  { title: 'NAME', align: 'left', dropOrder: null, widthMin: null },
  { title: 'PID', align: 'right', dropOrder: 2, widthMin: null },
  { title: 'REASON', align: 'left', dropOrder: 1, widthMin: 6 },
]
const rows = [
  [{ text: 'web' }, { text: '7' }, { text: 'running since long' }],
  [{ text: 'database' }, { text: '12345' }, { text: 'up' }],
]

test('without a width nothing is cut, numbers stand right, and no line ends in blanks', () => {
  const expected = ['NAME        PID  REASON', 'web           7  running since long', 'database  12345  up', '']
  assert.equal(printTable({ columns, rows }, null), expected.join('\n'))
})

test('the last column that may be cut is cut before any is dropped', () => {
  const expected = ['NAME        PID  REASON', 'web           7  running…', 'database  12345  up', '']
  assert.equal(printTable({ columns, rows }, 25), expected.join('\n'))
})

test('columns that do not fit are dropped in their order, and the name never', () => {
  assert.equal(
    printTable({ columns, rows }, 16),
    ['NAME        PID', 'web           7', 'database  12345', ''].join('\n'),
  )
  assert.equal(printTable({ columns, rows }, 4), ['NAME', 'web', 'database', ''].join('\n'))
})

test('colour is put around the text after it was measured', () => {
  const painted = [[{ text: 'web', paint: (text: string) => `<${text}>` }, { text: '7' }, { text: 'x' }]]
  assert.equal(printTable({ columns, rows: painted }, null), 'NAME  PID  REASON\n<web >    7  x\n')
})

test('wide characters take two cells and combining ones none', () => {
  assert.equal(displayWidth('日本'), 4)
  assert.equal(displayWidth('e\u0301'), 1)
  assert.equal(displayWidth('● running'), 9)
})

test('of several columns that may be cut the widest gives first, and one may be cut in its middle', () => {
  const two: readonly Column[] = [
    { title: 'NAME', align: 'left', dropOrder: null, widthMin: 5, cutAt: 'middle' },
    { title: 'REASON', align: 'left', dropOrder: 1, widthMin: 6 },
  ]
  const long = [[{ text: 'a-long-name' }, { text: 'a reason of some length' }]]
  assert.deepEqual(printTable({ columns: two, rows: long }, 24).split('\n'), [
    'NAME         REASON',
    'a-long-name  a reason o…',
    '',
  ])
  assert.equal(printTable({ columns: two, rows: long }, 18).split('\n')[1], 'a-lo…ame  a reaso…')
})

test('emoji take two cells, and what joins them none', () => {
  assert.equal(displayWidth('✅'), 2)
  assert.equal(displayWidth('⚡\u200d'), 2)
  assert.equal(displayWidth('●◐▲✗✓○‖→…'), 9)
})
