import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createWholeLines } from '../base/whole-lines.ts'
import { createPrefixes, prefixLines } from './line-prefix.ts'

test('lines that come in pieces are marked once each, and bytes that are no text stay as they are', () => {
  const lines = createWholeLines()
  const pieces = [Buffer.from('one\ntw'), Buffer.from([0x6f, 0x0a, 0xff, 0xfe]), Buffer.from('\n\nend')]
  const marked = pieces.map((piece) => prefixLines(lines.take(piece), '| '))
  const all = Buffer.concat([...marked, prefixLines(lines.rest(), '| ')])
  const expected = [Buffer.from('| one\n| two\n| '), Buffer.from([0xff, 0xfe]), Buffer.from('\n| \n| end\n')]
  assert.deepEqual(all, Buffer.concat(expected))
})

test('a line without an end is passed on before it fills the memory', () => {
  const lines = createWholeLines()
  assert.equal(lines.take(Buffer.alloc(60_000)).length, 0)
  assert.equal(lines.take(Buffer.alloc(10_000)).length, 70_000)
  assert.equal(lines.rest().length, 0)
})

test('prefixes are of one width, each name in a colour of its own that is the same every time', () => {
  const names = ['demo/web', 'demo/database', 'demo/x']
  const terminal = { columns: null, hasColour: true, hasUnicode: true }
  const [first, second] = [createPrefixes(names, terminal), createPrefixes(names.toReversed(), terminal)]
  for (const name of names) {
    assert.equal(first(name), second(name))
    assert.ok(first(name).startsWith('\u001b['))
  }
  const plain = createPrefixes(names, { ...terminal, hasColour: false })
  assert.deepEqual(names.map(plain), ['demo/web      | ', 'demo/database | ', 'demo/x        | '])
  assert.equal(plain('demo/new'), 'demo/new | ', 'one that was not known from the beginning')
})

test('a line that leaves its colour on does not colour the next prefix', () => {
  const red = Buffer.from('\u001b[31mfailed\nplain\n')
  const marked = prefixLines(red, '\u001b[36mweb |\u001b[39m ').toString()
  assert.equal(marked, '\u001b[36mweb |\u001b[39m \u001b[31mfailed\u001b[0m\n\u001b[36mweb |\u001b[39m plain\n')
  assert.equal(prefixLines(red, 'web | ').toString(), 'web | \u001b[31mfailed\nweb | plain\n')
})

test('a long name takes no more than a third of the terminal, and wide characters are counted as such', () => {
  const names = ['demo/web', `demo/${'long-'.repeat(10)}`, 'demo/日本']
  const prefix = createPrefixes(names, { columns: 60, hasColour: false, hasUnicode: true })
  assert.deepEqual(names.map(prefix), ['demo/web             | ', 'demo/long-…ong-long- | ', 'demo/日本            | '])
})
