// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are variables of the files under test
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { argumentBytesMax } from '../core/limits.ts'
import { parseEnvFile } from './env-file.ts'
import { FormatError } from './format-error.ts'

const good: readonly (readonly [text: string, values: Record<string, string>])[] = [
  ['', {}],
  ['# only a comment', {}],
  ['VAR=VAL\nOTHER=1', { VAR: 'VAL', OTHER: '1' }],
  ['VAR="VAL"', { VAR: 'VAL' }],
  ["VAR='VAL'", { VAR: 'VAL' }],
  ['VAR=VAL # comment', { VAR: 'VAL' }],
  ['VAR=VAL# not a comment', { VAR: 'VAL# not a comment' }],
  ['VAR= # comment', { VAR: '' }],
  ['VAR=#x', { VAR: '#x' }],
  ['VAR="VAL # not a comment"', { VAR: 'VAL # not a comment' }],
  ['VAR="VAL" # comment', { VAR: 'VAL' }],
  ["VAR='$OTHER'", { VAR: '$OTHER' }],
  ["VAR='${OTHER}'", { VAR: '${OTHER}' }],
  ["VAR='Let\\'s go!'", { VAR: "Let's go!" }],
  ['VAR="{\\"hello\\": \\"json\\"}"', { VAR: '{"hello": "json"}' }],
  ['VAR="some\\tvalue"', { VAR: 'some\tvalue' }],
  ["VAR='some\\tvalue'", { VAR: 'some\\tvalue' }],
  ['VAR=some\\tvalue', { VAR: 'some\\tvalue' }],
  ['VAR="a\\nb\\\\n"', { VAR: 'a\nb\\n' }],
  ['export VAR=1', { VAR: '1' }],
  ['exported=1', { exported: '1' }],
  ['  VAR = spaced  ', { VAR: 'spaced' }],
  ['VAR: yaml', { VAR: 'yaml' }],
  ['A=1\r\nB="2"\r\n', { A: '1', B: '2' }],
  ['\uFEFFA=1', { A: '1' }],
  ['EMPTY=\nNEXT=1', { EMPTY: '', NEXT: '1' }],
  ['KEY="line 1\nline 2"\nB=1', { KEY: 'line 1\nline 2', B: '1' }],
  ['A=1\nB=${A}2\nC="$A-x"', { A: '1', B: '12', C: '1-x' }],
  ['A=${NOPE:-x} \nB=${NOPE}y', { A: 'x', B: 'y' }],
  ['A="\\$HOME"\nB=$$HOME', { A: '$HOME', B: '$HOME' }],
  ['A=1\nA=2', { A: '2' }],
  ['A=b=c', { A: 'b=c' }],
  ['URL=http://h:80/?a=1&b=2#frag', { URL: 'http://h:80/?a=1&b=2#frag' }],
  ['FROM_OUTSIDE\nMISSING', { FROM_OUTSIDE: 'here' }],
  ['A=$FROM_OUTSIDE', { A: 'here' }],
  ['UNICODE=grüße 世界', { UNICODE: 'grüße 世界' }],
]

for (const [text, values] of good) {
  test(`reads ${JSON.stringify(text)}`, () => {
    const outside: Record<string, string> = { FROM_OUTSIDE: 'here' }
    assert.deepEqual(
      parseEnvFile(text, '.env', (name) => outside[name]),
      values,
    )
  })
}

const bad: readonly (readonly [text: string, line: number, column: number, message: RegExp])[] = [
  ['=x', 1, 1, /no variable name/],
  ['A=1\nB-\u00e4=1', 2, 3, /unexpected character 'ä'/],
  ['A B=1', 1, 3, /'=' is expected/],
  ['A="open\nB=1', 1, 3, /not closed/],
  ['A=1\n\nB="x"y', 3, 6, /after the closing quote/],
  ['A=$', 1, 3, /not followed by a variable name/],
  ['A=${B', 1, 3, /not closed/],
  ['A=${B:?set it}', 1, 3, /required variable B is missing a value: set it/],
  ['A=\0', 1, 3, /NUL/],
]

for (const [text, line, column, message] of bad) {
  test(`refuses ${JSON.stringify(text)}, naming ${line}:${column}`, () => {
    assert.throws(
      () => parseEnvFile(text, 'some.env'),
      (error) => {
        assert(error instanceof FormatError)
        assert.match(error.problem.message, message)
        assert.deepEqual([error.problem.file, error.problem.line, error.problem.column], ['some.env', line, column])
        return true
      },
    )
  })
}

test('variables that double each time stop at the longest value Linux takes', () => {
  const lines = ['A=xxxxxxxxxxxxxxxx', ...Array.from({ length: 60 }, () => 'A=$A$A')]
  assert.throws(() => parseEnvFile(lines.join('\n'), 'bomb.env'), new RegExp(`longer than ${argumentBytesMax}`))
})

test('a name that objects have by themselves is a name like any other', () => {
  assert.deepEqual(Object.entries(parseEnvFile('__proto__=1\nconstructor=2', '.env')), [
    ['__proto__', '1'],
    ['constructor', '2'],
  ])
})
