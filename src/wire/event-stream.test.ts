import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createEventParser } from './event-stream.ts'

const text =
  'id: a.1\nevent: snapshot\ndata: {"x":"ü"}\n\n: nothing\n\nevent: change\ndata: one\ndata: two\nretry: 5\n\ndata:three\r\n\r\n'

test('a stream in any two pieces is the same events', () => {
  const bytes = Buffer.from(text)
  for (let at = 0; at <= bytes.length; at += 1) {
    const parser = createEventParser()
    const received = [...parser.take(bytes.subarray(0, at)), ...parser.take(bytes.subarray(at))]
    assert.deepEqual(received, [
      { event: 'snapshot', id: 'a.1', data: '{"x":"ü"}' },
      { event: 'change', id: 'a.1', data: 'one\ntwo' },
      { event: 'message', id: 'a.1', data: 'three' },
    ])
  }
})

test('an event that is not complete is not told', () => {
  assert.deepEqual(createEventParser().take(Buffer.from('data: half\n')), [])
})
