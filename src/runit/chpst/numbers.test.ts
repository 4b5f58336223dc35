import assert from 'node:assert/strict'
import { it } from 'node:test'
import { readIncrement, readLimit, readNumber } from './numbers.ts'

it('a number is digits and nothing else, wraps at 2^64, and may be missing', () => {
  const texts = ['12', '', '18446744073709551617', '0x10', '-1', '+1', '5 ']
  assert.deepEqual(texts.map(readNumber), [12n, 0n, 1n, null, null, null, null])
})

it('the highest number is as much as the hard limit allows, and others too high for a C long change nothing', () => {
  const texts = ['7', '18446744073709551615', '18446744073709551614', '9223372036854775808', 'x']
  assert.deepEqual(texts.map(readLimit), [7n, null, 'none', 'none', 'bad'])
})

it('an increment has one sign at most and is a C int', () => {
  const texts = ['5', '+5', '-5', '-', '', '4294967297', '--5', '+-5', 'x']
  assert.deepEqual(texts.map(readIncrement), [5, 5, -5, 0, 0, 1, null, null, null])
})
