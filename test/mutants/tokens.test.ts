import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { tokenize } from './tokens.ts'

const texts = (source: string) => tokenize(source).map((token) => `${token.kind} ${token.text}`)

test('comments and strings hide what looks like code', () => {
  assert.deepEqual(texts(`a /* if (b) */ === 'c < d' // else`), ['word a', 'punctuator ===', "string 'c < d'"])
})

test('expressions in a template literal are code, its text is not', () => {
  assert.deepEqual(texts('`x < $'.concat('{ {a: `$', '{1}`}.a + 2 } > y` + z')), [
    'template `x < $'.concat('{'),
    'punctuator {',
    'word a',
    'punctuator :',
    'template `$'.concat('{'),
    'number 1',
    'template }`',
    'punctuator }',
    'punctuator .',
    'word a',
    'punctuator +',
    'number 2',
    'template } > y`',
    'punctuator +',
    'word z',
  ])
})

test('a slash after a value divides, elsewhere it begins a regular expression', () => {
  assert.deepEqual(texts('a! / 2; b = /[/"]+/g'), [
    'word a',
    'punctuator !',
    'punctuator /',
    'number 2',
    'punctuator ;',
    'word b',
    'punctuator =',
    'regex /[/"]+/g',
  ])
})

test('positions lead back to the source', () => {
  const source = readFileSync(new URL('./tokens.ts', import.meta.url), 'utf8')
  const lines = source.split('\n')
  for (const token of tokenize(source)) {
    assert.equal(source.slice(token.start, token.end), token.text)
    assert.ok(lines[token.line - 1]!.slice(token.column).startsWith(token.text.split('\n')[0]!), token.text)
  }
})
