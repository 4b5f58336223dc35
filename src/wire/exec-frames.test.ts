import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFrameParser, frameBytesMax, printFrame, printJsonFrame } from './exec-frames.ts'

test('frames come out as they went in, however they were cut', () => {
  const sent = [
    printJsonFrame('begin', { name: 'web', command: ['ls'] }),
    printFrame('input', Buffer.from('hello')),
    printFrame('end-input'),
    printJsonFrame('exit', { code: 7, why: '' }),
  ]
  const all = Buffer.concat(sent)
  for (const size of [1, 2, 7, all.length]) {
    const parser = createFrameParser()
    const frames = []
    for (let at = 0; at < all.length; at += size) frames.push(...parser.take(all.subarray(at, at + size)))
    assert.deepEqual(
      frames.map(({ kind, bytes }) => [kind, bytes.toString()]),
      [
        ['begin', '{"name":"web","command":["ls"]}'],
        ['input', 'hello'],
        ['end-input', ''],
        ['exit', '{"code":7,"why":""}'],
      ],
      `pieces of ${size}`,
    )
  }
})

test('what is no frame, or a larger one than there are, is refused at once', () => {
  assert.throws(() => createFrameParser().take(Buffer.from('GET / HTTP/1.1')))
  const large = printFrame('input')
  large.writeUInt32BE(frameBytesMax + 1, 1)
  assert.throws(() => createFrameParser().take(large))
})
