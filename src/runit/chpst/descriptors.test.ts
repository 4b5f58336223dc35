import assert from 'node:assert/strict'
import { it } from 'node:test'
import { initialTable, withDescriptor, withoutStandard } from './descriptors.ts'

it('a lock gets the lowest number that the caller left free', () => {
  assert.deepEqual([...withDescriptor(initialTable([0, 1, 2, 3, 5], []), 27)].at(-1), [4, 27])
  assert.deepEqual([...withDescriptor(initialTable([0, 1, 2], [0]), 27)].at(-1), [0, 27])
})

it('a standard descriptor that is closed cannot be closed again, unless a lock has its number', () => {
  const table = initialTable([0, 1, 2], [0])
  assert.deepEqual(withoutStandard(table, [2, 0]), {
    kind: 'failure',
    text: 'unable to close stdin: file descriptor not open',
  })
  assert.deepEqual(withoutStandard(withDescriptor(table, 27), [0, 1]), new Map([[2, 2]]))
})
