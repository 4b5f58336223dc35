import assert from 'node:assert/strict'
import { test } from 'node:test'
import { byteText } from './byte-text.ts'

test('bytes are told in the largest unit that leaves a number before the point', () => {
  const MiB = 1024 * 1024
  const sizes = [0, 1023, 1024, 1536, MiB - 1, MiB, 12.34 * MiB, 2 * 1024 * MiB, 5000 * 1024 * 1024 * MiB]
  assert.deepEqual(sizes.map(byteText), [
    '0 B',
    '1023 B',
    '1 KiB',
    '1.5 KiB',
    '1 MiB',
    '1 MiB',
    '12.3 MiB',
    '2 GiB',
    '5000 TiB',
  ])
})
