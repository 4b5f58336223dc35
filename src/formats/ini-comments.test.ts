import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readIniComments } from './ini-comments.ts'

function told(text: string): readonly string[] {
  return readIniComments(text, 'f').map(
    ({ line, place, section, key, text: said }) => `${line} ${place} ${section ?? '-'}/${key ?? '-'}: ${said}`,
  )
}

test('a comment belongs to the key or the section below it, and one on a line to what stands there', () => {
  assert.deepEqual(told('; of a\n[a] ; here\n# of x\n;; and more\nx = 1 ; one\n\n ; of b\n\n[b]\n'), [
    '1 above a/-: of a',
    '2 behind a/-: here',
    '3 above a/x: of x',
    '4 above a/x: and more',
    '5 behind a/x: one',
    '7 above b/-: of b',
  ])
})

test('what stands below a key and before an empty line belongs to the section that it ends', () => {
  assert.deepEqual(told('[a]\nx=1\n;y=2 ; later\n\n;between\n[b]\n;end'), [
    '3 above a/-: y=2 ; later',
    '5 above b/-: between',
    '7 above b/-: end',
  ])
})

test('the head of a file belongs to the file, and so does what stands alone at its end', () => {
  assert.deepEqual(told('; Sample\n; file\n\n[a]\nx=1\n\n; vim: set ft=dosini\n'), [
    '1 above -/-: Sample',
    '2 above -/-: file',
    '7 above -/-: vim: set ft=dosini',
  ])
})

test('a section that is put out of use is no part of the next one', () => {
  assert.deepEqual(told('[a]\nx=1\n\n;An example.\n\n;[b]\n;y=2\n\n;of c\n[c]'), [
    '4 above -/-: An example.',
    '6 above -/-: [b]',
    '7 above -/-: y=2',
    '9 above c/-: of c',
  ])
})

test('the head of an included file belongs to its first section', () => {
  const [head] = readIniComments('; Written by ansible\n\n[a]\nx=1\n', 'f', false)
  assert.deepEqual([head?.section, head?.text], ['a', 'Written by ansible'])
})

test('comments within a value of several lines belong to its key', () => {
  assert.deepEqual(told('[a]\nenvironment=\n  A=1, ; first\n; between\n  B=2\n  [x]\n'), [
    '3 behind a/environment: first',
    '4 above a/environment: between',
  ])
})

test('a line of marks alone is kept, and a mark without a blank before it is none', () => {
  assert.deepEqual(told('#####\n;\n[a]\nx=a;b#c\n'), ['1 above a/-: #####', '2 above a/-: '])
})
