import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseServerSentEvents, type ReceivedEvent } from './server-sent-events.ts'

async function parsed(...pieces: readonly (string | Uint8Array)[]): Promise<readonly ReceivedEvent[]> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const piece of pieces) yield typeof piece === 'string' ? Buffer.from(piece) : piece
  }
  const events: ReceivedEvent[] = []
  for await (const event of parseServerSentEvents(chunks())) events.push(event)
  return events
}

test('events come out whole, in whatever pieces they went in', async () => {
  const text = 'id: 1\nevent: change\ndata: {"name":"日本"}\n\n: still there\n\ndata: a\ndata: b\n\n'
  const expected = [
    { event: 'change', id: '1', data: '{"name":"日本"}' },
    { event: 'message', id: '1', data: 'a\nb' },
  ]
  assert.deepEqual(await parsed(text), expected)
  assert.deepEqual(await parsed(...[...Buffer.from(text)].map((byte) => Uint8Array.of(byte))), expected)
})

test('lines may end with CR and with CRLF, also across pieces', async () => {
  const expected = [{ event: 'x', id: '', data: '1' }]
  assert.deepEqual(await parsed('event: x\r\ndata: 1\r', '\n\r', '\n'), expected)
  assert.deepEqual(await parsed('event: x\rdata: 1\r\r', ': and more'), expected)
})

test('an event that has no end is none, and one without data neither', async () => {
  assert.deepEqual(await parsed('event: x\ndata: 1\n'), [])
  assert.deepEqual(await parsed('event: x\nid: 3\n\ndata:1\n\n'), [{ event: 'message', id: '3', data: '1' }])
})
