import assert from 'node:assert/strict'
import { it } from 'node:test'
import { exactArguments } from './apply.ts'

it('arguments keep the bytes that Node cannot decode, and are its own where they are others', () => {
  const own = ['node', 'main', 'chpst', 'gr\xfc', 'caf\xc3\xa9']
  assert.deepEqual(exactArguments(['gr\ufffd', 'caf\u00e9'], own), ['gr\xfc', 'caf\xc3\xa9'])
  assert.deepEqual(exactArguments(['caf\u00e9', 'other'], own), ['caf\xc3\xa9', 'other'])
  assert.deepEqual(exactArguments([], own), [])
})
