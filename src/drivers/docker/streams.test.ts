import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDemux, demux, type OutputPiece } from './demux.ts'
import { EngineError } from './engine-error.ts'
import { happeningOf, timeText } from './happenings.ts'
import { jsonLines } from './json-lines.ts'

function frame(stream: number, text: string): Buffer {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

function texts(pieces: readonly OutputPiece[]): string {
  return pieces.map(({ stream, bytes }) => `${stream}:${bytes}`).join('|')
}

async function* cutInto(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test('frames of both streams are told apart, in their order; an empty one is nothing', () => {
  const bytes = Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n'), frame(1, ''), frame(1, 'more\n')])
  assert.equal(texts(createDemux().take(bytes)), 'stdout:out\n|stderr:err\n|stdout:more\n')
})

test('frames are taken apart wherever the stream was cut', async () => {
  const bytes = Buffer.concat([frame(1, 'one\n'), frame(2, 'two\n'), frame(1, 'three\n')])
  for (let size = 1; size <= bytes.length; size += 1) {
    const pieces = await Array.fromAsync(demux(cutInto(bytes, size)))
    const of = (stream: string) => pieces.filter((piece) => piece.stream === stream).map((piece) => piece.bytes)
    assert.equal(Buffer.concat(of('stdout')).toString(), 'one\nthree\n')
    assert.equal(Buffer.concat(of('stderr')).toString(), 'two\n')
  }
})

test('a frame is passed on before its end is there', () => {
  const frames = createDemux()
  assert.equal(texts(frames.take(frame(2, 'half and half').subarray(0, 12))), 'stderr:half')
  assert.equal(texts(frames.take(Buffer.from(' and half'))), 'stderr: and half')
})

test('what is no frame is said to be none', () => {
  assert.throws(() => createDemux().take(Buffer.from('plain text of a terminal')), {
    name: 'EngineError',
    code: 'MALFORMED',
  })
})

test('lines of JSON are read wherever the stream was cut, and characters with it', async () => {
  const bytes = Buffer.from('{"a":"ä€😀"}\r\n\n[1]\n"no end"')
  for (let size = 1; size <= bytes.length; size += 1) {
    assert.deepEqual(await Array.fromAsync(jsonLines(cutInto(bytes, size))), [{ a: 'ä€😀' }, [1], 'no end'])
  }
})

test('an event keeps the nanoseconds of its time', () => {
  const text = JSON.stringify({
    Type: 'container',
    Action: 'health_status: healthy',
    Actor: { ID: 'a', Attributes: { image: 'b', '"timeNano":1': 'a label', n: 1 } },
    time: 1_700_000_000,
  }).replace(/}$/, ',"timeNano":1700000000123456789}')
  const happening = happeningOf(text)
  assert.deepEqual(happening, {
    type: 'container',
    action: 'health_status',
    id: 'a',
    attributes: { image: 'b', '"timeNano":1': 'a label' },
    atNano: 1_700_000_000_123_456_789n,
  })
  assert.equal(timeText(happening!.atNano), '2023-11-14T22:13:20.123456789Z')
})

test('what is no event is passed over, and what is no JSON fails', () => {
  assert.equal(happeningOf('{"progress":1}'), null)
  assert.equal(happeningOf('[]'), null)
  assert.equal(happeningOf('{"Type":"image","Action":"pull"}')?.atNano, 0n)
  assert.throws(() => happeningOf('{'), EngineError)
})
