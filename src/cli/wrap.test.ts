import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printRows } from './wrap.ts'

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
