import assert from 'node:assert/strict'
import { test } from 'node:test'
import { eventText } from '../frontends/native/answers.ts'
import { type ReceivedEvent, readEvents } from './event-stream.ts'

async function read(...chunks: readonly (string | Uint8Array)[]): Promise<readonly ReceivedEvent[]> {
  async function* pieces() {
    for (const chunk of chunks) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  }
  return await Array.fromAsync(readEvents(pieces()))
}

test('events are read as the daemon prints them, however they are cut', async () => {
  const bytes = Buffer.from(
    eventText({ event: 'change', id: '7', data: { why: 'größer\n' } }) +
      eventText({ event: 'gap', id: null, data: {} }),
  )
  const expected = [
    { event: 'change', id: '7', data: '{"why":"größer\\n"}' },
    { event: 'gap', id: null, data: '{}' },
  ]
  for (let at = 0; at <= bytes.length; at += 1) {
    assert.deepEqual(await read(bytes.subarray(0, at), bytes.subarray(at)), expected, `cut at ${at}`)
  }
})

test('what the standard allows besides is understood: comments, several lines of data, other ends of lines', async () => {
  assert.deepEqual(await read(': hello\n\ndata: a\r\ndata:b\r', '\n\r\nevent:x\rid\rdata\r\n\n'), [
    { event: 'message', id: null, data: 'a\nb' },
    { event: 'x', id: '', data: '' },
  ])
})

test('half an event at the end is left out', async () => {
  assert.deepEqual(await read('data: a\n\nevent: x\ndata: b\n'), [{ event: 'message', id: null, data: 'a' }])
})
