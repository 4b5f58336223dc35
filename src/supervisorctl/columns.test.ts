import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topicTable } from './columns.ts'

test('texts stand in as few lines as they fit, one below the other', () => {
  assert.equal(topicTable(['a', 'bb', 'c']), 'a  bb  c')
  const many = Array.from({ length: 12 }, (_, at) => `text-number-${at}`)
  assert.equal(
    topicTable(many),
    [
      'text-number-0  text-number-3  text-number-6  text-number-9 ',
      'text-number-1  text-number-4  text-number-7  text-number-10',
      'text-number-2  text-number-5  text-number-8  text-number-11',
    ].join('\n'),
  )
})

test('a text that is wider than a line has one of its own', () => {
  assert.equal(topicTable(['x'.repeat(90), 'y']), `${'x'.repeat(90)}\n${'y'.padEnd(90)}`)
})
