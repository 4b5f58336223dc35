import assert from 'node:assert/strict'
import { test } from 'node:test'
import { patternCharsMax } from '../core/limits.ts'
import { compileLinear } from './linear-pattern.ts'

function matches(pattern: string, text: string): boolean {
  const compiled = compileLinear(pattern)
  assert(compiled instanceof RegExp, String(compiled))
  return compiled.test(text)
}

test('usual patterns match as they do elsewhere', () => {
  for (const [pattern, yes, no] of [
    ['listening on :\\d+', 'x listening on :80', 'listening on :x'],
    ['^(?:ready|up)$', 'ready', 'already'],
    ['\\bok\\b', 'it is ok.', 'token'],
    ['[^a-z]{3,16}', 'ab123c', 'ab12c'],
  ] as const) {
    assert.deepEqual([matches(pattern, yes), matches(pattern, no)], [true, false], pattern)
  }
})

test('a pattern that would backtrack for years is matched at once', () => {
  const started = performance.now()
  assert.equal(matches('^(a+)+$', `${'a'.repeat(50_000)}b`), false)
  assert(performance.now() - started < 1_000)
})

const notLinear = /^cannot be matched in linear time: it has look-ahead, a back-reference, .* counted above 16$/

for (const [pattern, reason] of [
  ['a(?=b)', notLinear],
  ['a(?!b)', notLinear],
  ['(a)\\1', notLinear],
  ['(?i:a)', notLinear],
  ['a{17}', notLinear],
  ['(?:a{10}){10}', notLinear],
  ['(', /^is not a pattern: Unterminated group$/],
  ['a/l: (', /^is not a pattern: Unterminated group$/],
  ['', /^is empty/],
  ['x'.repeat(patternCharsMax + 1), /^is longer than 1000 characters$/],
] as const) {
  test(`${pattern.slice(0, 20)} is refused with its reason`, () => {
    const reasonGiven = compileLinear(pattern)
    assert(typeof reasonGiven === 'string')
    assert.match(reasonGiven, reason)
  })
}

test('the longest pattern allowed is fine', () => {
  assert(compileLinear('x'.repeat(patternCharsMax)) instanceof RegExp)
})
