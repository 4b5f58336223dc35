import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isGlob, matchesGlob, parseGlob } from './glob.ts'

const matches = (pattern: string, text: string) => matchesGlob(text, parseGlob(pattern))

const cases: readonly (readonly [pattern: string, yes: readonly string[], no: readonly string[]])[] = [
  ['web', ['web'], ['we', 'webs', 'Web']],
  ['web*', ['web', 'webs', 'web-1'], ['we', 'web/1', 'aweb']],
  ['*web', ['web', 'aweb', 'webweb'], ['webs', 'a/web']],
  ['w*b*x', ['wbx', 'wabax', 'wbbxx'], ['wb', 'wbxa', 'w/bx']],
  ['app/*', ['app/web', 'app/'], ['app', 'app/web/1']],
  ['*/web', ['app/web', '/web'], ['web', 'app/x/web']],
  ['*/*/1', ['app/web/1'], ['app/1', 'app/web/2']],
  ['w?b', ['web', 'wéb', 'w😀b'], ['wb', 'weeb', 'w/b']],
  ['w[ae]b', ['web', 'wab'], ['wob', 'wb']],
  ['w[a-c0-9]b', ['wbb', 'w7b'], ['wdb', 'w-b']],
  ['w[!a-c]b', ['wdb'], ['wab', 'w/b']],
  ['w[^a]b', ['wbb'], ['wab']],
  ['w[]]b', ['w]b'], ['wb']],
  ['w[!]]b', ['wab'], ['w]b']],
  ['w[-a]b', ['w-b', 'wab'], ['wbb']],
  ['w[a-]b', ['w-b', 'wab'], ['wbb']],
  ['w[ab', ['w[ab'], ['wab']],
  ['**', ['', 'web'], ['a/b']],
  ['', [''], ['a']],
]

test('a pattern matches as in a shell, and never beyond a slash', () => {
  for (const [pattern, yes, no] of cases) {
    for (const text of yes) assert.ok(matches(pattern, text), `${pattern} ${text}`)
    for (const text of no) assert.ok(!matches(pattern, text), `not ${pattern} ${text}`)
  }
})

test('a name is a pattern only by what stands for others', () => {
  assert.deepEqual(['web-1.x', 'w*', 'w?', 'w[a]', 'a]'].map(isGlob), [false, true, true, true, false])
})

test('stars and letters match what the same expression does', () => {
  const letter = fc.constantFrom('a', 'b', '/')
  const sign = fc.constantFrom('a', 'b', '*', '?')
  fc.assert(
    fc.property(
      fc.string({ unit: sign, maxLength: 8 }),
      fc.string({ unit: letter, maxLength: 12 }),
      (pattern, text) => {
        const expression = pattern.replaceAll('?', '[^/]').replaceAll('*', '[^/]*')
        assert.equal(matches(pattern, text), new RegExp(`^${expression}$`).test(text))
      },
    ),
  )
})

test('a pattern made to be slow is not', () => {
  // As an expression this takes longer than anybody lives.
  assert.equal(matches(`${'*a'.repeat(1_000)}b`, 'a'.repeat(2_000)), false)
})
