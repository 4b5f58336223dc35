import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnvironmentPairs } from './environment-pairs.ts'

/** supervisor's behaviour after 4.3; `cut` are the keys that it ends early without a word. */
const good: readonly (readonly [text: string, values: Record<string, string>, cut?: readonly string[]])[] = [
  ['', {}],
  [`A="1",B='x y'`, { A: '1', B: 'x y' }],
  ['A="1",\n  B="2",', { A: '1', B: '2' }],
  ['A=http://a.b/c', { A: 'http://a.b/c' }],
  ['PATH=/a:/b', { PATH: '/a:/b' }],
  ['A=a(b)', { A: 'a(b)' }],
  ['A=-1', { A: '-1' }],
  ['A.B=1', { 'A.B': '1' }],
  ['A-B=1', { 'A-B': '1' }],
  ['A=http://h/?x=1', { A: 'http://h/', x: '1' }, ['A']],
  ['A=$HOME', { A: '$' }, ['A']],
  ['A=1;B=2', { A: '1', B: '2' }],
  ['A=""', { A: '' }],
  [`A='say "hi"'`, { A: 'say "hi"' }],
  ['A="say \\"hi\\""', { A: 'say "hi"' }],
  ['A="x"y', { A: 'xy' }],
  [`A="a"'b'`, { A: 'ab' }],
  [`A="'q'"`, { A: "'q'" }],
  [`A='"q"'`, { A: '"q"' }],
  ['A="a\\\\b"', { A: 'a\\b' }],
  ['A=a\\,b', { A: 'a,b' }],
  ['A=1 # comment', { A: '1' }],
  ['A=grüße', { A: 'grüße' }],
  ['A=a b', { A: 'a' }, ['A']],
]

for (const [text, values, cut = []] of good) {
  test(`reads ${text}`, () => {
    assert.deepEqual(parseEnvironmentPairs(text), { kind: 'pairs', values, cut })
  })
}

for (const text of [
  'A=a b,C=d',
  'A=a@b',
  'A=a~b',
  'A=a*b',
  'A={x}',
  'A=a=b',
  'A=a;b',
  'A=',
  'A=,B=2',
  'A=1,,B=2',
  'A=1 B=2',
  'A',
]) {
  test(`refuses ${text}`, () => {
    const message = `Unexpected end of key/value pairs in value '${text}'`
    assert.deepEqual(parseEnvironmentPairs(text), { kind: 'error', message })
  })
}

for (const text of [`A='don\\'t'`, 'A="open']) {
  test(`finds the quote of ${text} open`, () => {
    assert.deepEqual(parseEnvironmentPairs(text), { kind: 'error', message: 'No closing quotation' })
  })
}

/** supervisor's behaviour before POSIX rules. */
for (const [text, values] of [
  [`A="1",B='x y'`, { A: '1', B: 'x y' }],
  [`A='say "hi"'`, { A: 'say "hi' }],
  ['A="x"y', { A: 'x' }],
  [`A="'q'"`, { A: 'q' }],
  ['A="a\\\\b"', { A: 'a\\\\b' }],
  [`A='don\\'t'`, { A: 'don\\' }],
  ['A=x#comment\ny,B=1', { A: 'xy', B: '1' }],
] as const) {
  test(`reads ${text.replaceAll('\n', '; ')} as before`, () => {
    const result = parseEnvironmentPairs(text, 'legacy')
    assert.deepEqual(result.kind === 'pairs' ? result.values : result, values)
  })
}

for (const [text, message] of [
  ['A="say \\"hi\\""', `Unexpected end of key/value pairs in value 'A="say \\"hi\\""'`],
  ['A="open', 'No closing quotation'],
] as const) {
  test(`refuses ${text} as before`, () => {
    assert.deepEqual(parseEnvironmentPairs(text, 'legacy'), { kind: 'error', message })
  })
}
