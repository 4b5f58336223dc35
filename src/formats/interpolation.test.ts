// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the files under test
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interpolate } from './interpolation.ts'

const variables: Readonly<Record<string, string>> = { SET: 'value', EMPTY: '', A1: 'one' }
const lookup = (name: string) => (Object.hasOwn(variables, name) ? variables[name] : undefined)

const good: readonly (readonly [text: string, value: string, unset?: readonly string[]])[] = [
  ['plain', 'plain'],
  ['$SET/$A1', 'value/one'],
  ['${SET}x', 'valuex'],
  ['$$SET $$', '$SET $'],
  ['$NOPE.', '.', ['NOPE']],
  ['${SET:-d}', 'value'],
  ['${EMPTY:-d}', 'd'],
  ['${EMPTY-d}', ''],
  ['${NOPE-d}', 'd'],
  ['${NOPE:-}', ''],
  ['${SET:+x}', 'x'],
  ['${EMPTY:+x}', ''],
  ['${EMPTY+x}', 'x'],
  ['${NOPE+x}', ''],
  ['${SET:?e}', 'value'],
  ['${EMPTY?e}', ''],
  ['${NOPE:-a ${NADA:-$SET} b}', 'a value b'],
  ['${SET:-${NOPE:?e}}', 'value'],
  ['${NOPE:-a-b:c?d}', 'a-b:c?d'],
  ['{$SET}', '{value}'],
]

for (const [text, value, unset = []] of good) {
  test(`${text} becomes '${value}'`, () => {
    assert.deepEqual(interpolate(text, lookup, 100), { kind: 'value', value, unset })
  })
}

const bad: readonly (readonly [text: string, at: number, message: RegExp])[] = [
  ['a $', 2, /not followed by a variable name/],
  ['$1', 0, /not followed by a variable name/],
  ['${}', 0, /not followed by a variable name/],
  ['x${SET', 1, /not closed/],
  ['${SET!}', 0, /is followed by '!'/],
  ['${NOPE:?set it}', 0, /required variable NOPE is missing a value: set it/],
  ['${EMPTY:?}', 0, /required variable EMPTY is missing a value$/],
  ['${NOPE:-${X', 8, /not closed/],
]

for (const [text, at, message] of bad) {
  test(`${text} is refused`, () => {
    const result = interpolate(text, lookup, 100)
    assert(result.kind === 'error')
    assert.match(result.message, message)
    assert.equal(result.at, at)
  })
}

test('a result that grows too long is refused', () => {
  const result = interpolate('$SET'.repeat(50), lookup, 100)
  assert(result.kind === 'error')
})
