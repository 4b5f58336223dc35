import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRows, wrapHanging } from './wrap.ts'

const rows = [
  ['why', 'restart after exit code 1, because its policy is always'],
  ['declared in', '/srv/a-rather-long-path/holdfast.yaml'],
  ['', 'more'],
] as const

test('texts stand below each other, broken between words, and a path stays whole', () => {
  assert.deepEqual(printRows(rows, { columns: 40, labelWidth: 11 }), [
    '  why          restart after exit code',
    '               1, because its policy is',
    '               always',
    '  declared in  /srv/a-rather-long-path/holdfast.yaml',
    '               more',
  ])
})

test('a number is not parted from its unit', () => {
  const row = [['next', 'the process is probed again in 2 min, and 3 MiB are']] as const
  assert.deepEqual(printRows(row, { columns: 39, labelWidth: 4 }), [
    '  next  the process is probed again in',
    '        2 min, and 3 MiB are',
  ])
})

test('nothing is broken where no terminal reads', () => {
  assert.equal(printRows(rows, { columns: null, labelWidth: 11 }).length, 3)
})

test('a row that is to be cut has one line', () => {
  const row = [['probe', 'connection refused by the host that was asked', 'cut']] as const
  assert.deepEqual(printRows(row, { columns: 40, labelWidth: 5, ellipsis: '...' }), [
    '  probe  connection refused by the ho...',
  ])
  assert.deepEqual(printRows(row, { columns: null, labelWidth: 5 }), [
    '  probe  connection refused by the host that was asked',
  ])
})

test('what does not fit in the first line hangs below it', () => {
  assert.deepEqual(wrapHanging('1. stop web, proxy, and database', { columns: 26, indent: 2, hang: 5 }), [
    '  1. stop web, proxy,',
    '     and database',
  ])
})
