import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseByteSize } from './byte-size.ts'
import { parseDuration, printDuration } from './duration.ts'
import { FormatError, positionAt, printProblem } from './format-error.ts'
import { expandGlob, matchesName } from './glob.ts'
import { printShellWords, splitShellWords } from './shell-words.ts'
import { parseSignalName } from './signal-name.ts'
import { suggest } from './suggest.ts'

test('durations are what Compose writes', () => {
  const cases = {
    '10s': 10_000,
    '1m30s': 90_000,
    '500ms': 500,
    '1.5s': 1_500,
    '2h': 7_200_000,
    '0': 0,
    '1us': 0,
    '.5s': 500,
  }
  for (const [text, durationMs] of Object.entries(cases)) assert.equal(parseDuration(text), durationMs, text)
  for (const text of ['', '10', 's', '10 s', '-1s', '1d', '1s 2m', '99999999999999999h'])
    assert.equal(parseDuration(text), null, text)
})

test('days are a unit only where Compose has no say', () => {
  assert.equal(parseDuration('7d', 'with-days'), 7 * 86_400_000)
  assert.equal(parseDuration('1d12h', 'with-days'), 36 * 3_600_000)
  assert.deepEqual([parseDuration('7d'), parseDuration('7', 'with-days')], [null, null])
})

test('a printed duration is as short as it can be', () => {
  assert.deepEqual([0, 90_000, 3_600_000, 1_001].map(printDuration), ['0s', '1m30s', '1h', '1s1ms'])
})

test('sizes are 1024 based and take the units of Compose', () => {
  const cases = {
    '10': 10,
    '10b': 10,
    '1k': 1024,
    '1kb': 1024,
    '10m': 10_485_760,
    '1.5gb': 1_610_612_736,
    '5 MB': 5_242_880,
    '1KiB': 1024,
  }
  for (const [text, bytes] of Object.entries(cases)) assert.equal(parseByteSize(text), bytes, text)
  for (const text of ['', 'm', '-1', '1x', '1 0']) assert.equal(parseByteSize(text), null, text)
})

test('signals have one name whatever way they are written', () => {
  assert.deepEqual(['TERM', 'SIGTERM', 'sigterm', '15', 'IOT', '31'].map(parseSignalName), [
    'TERM',
    'TERM',
    'TERM',
    'TERM',
    'ABRT',
    'SYS',
  ])
  assert.deepEqual(['', 'SIG', '0', '32', 'FOO', 'toString'].map(parseSignalName), [null, null, null, null, null, null])
})

test('only a likely word is suggested', () => {
  const words = ['restart', 'command', 'user', 'scale']
  assert.deepEqual(
    ['restrat', 'comand', 'usr', 'Scale'].map((word) => suggest(word, words)),
    ['restart', 'command', 'user', 'scale'],
  )
  assert.deepEqual(
    ['zzz', '', 'image', 'us'].map((word) => suggest(word, words)),
    [null, null, null, null],
  )
})

for (const [text, posix, compose] of [
  ['a  b', ['a', 'b'], ['a', 'b']],
  [`sh -c 'x "y"'`, ['sh', '-c', 'x "y"'], ['sh', '-c', 'x "y"']],
  ['"a\\"b" \'c\\d\'', ['a"b', 'c\\d'], ['a"b', 'c\\d']],
  ['a\\ b ""', ['a b', ''], ['a b', '']],
  ['"a\\nb"', ['a\\nb'], ['a\nb']],
  ['$HOME *', ['$HOME', '*'], ['$HOME', '*']],
  ['a # b', ['a', '#', 'b'], ['a', '#', 'b']],
] as const) {
  test(`splits ${text}`, () => {
    assert.deepEqual(splitShellWords(text, 'posix'), { kind: 'words', words: posix })
    assert.deepEqual(splitShellWords(text, 'compose'), { kind: 'words', words: compose })
  })
}

test('a shell operator is refused where Compose would cut the command, and kept where supervisord keeps it', () => {
  assert.deepEqual(splitShellWords('a && b', 'posix'), { kind: 'words', words: ['a', '&&', 'b'] })
  const refused = splitShellWords('a && b', 'compose')
  assert(refused.kind === 'error' && refused.at === 2)
})

test('what cannot be split says why', () => {
  assert.deepEqual(splitShellWords("a 'b", 'posix'), { kind: 'error', message: 'No closing quotation', at: 2 })
  assert.deepEqual(splitShellWords('a \\', 'posix'), { kind: 'error', message: 'No escaped character', at: 2 })
})

test('words are quoted only where they must be', () => {
  assert.equal(printShellWords(['/bin/sh', '-c', "it's", '', 'a b']), `/bin/sh -c 'it'"'"'s' '' 'a b'`)
})

test('patterns match as in Python', () => {
  const cases = [
    ['*.conf', 'a.conf', true],
    ['*.conf', '.a.conf', false],
    ['.*', '.a', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['[]]', ']', true],
    ['[', '[', true],
    ['a*b*c', 'aXbYc', true],
    ['a*b*c', 'aXbY', false],
  ] as const
  for (const [pattern, name, matches] of cases) assert.equal(matchesName(pattern, name), matches, `${pattern} ${name}`)
})

test('a hostile pattern takes no exponential time', () => {
  assert.equal(matchesName(`${'*a'.repeat(200)}b`, 'a'.repeat(2_000)), false)
})

test('a pattern is followed through directories, in order', () => {
  const tree: Record<string, readonly string[]> = {
    '/': ['etc'],
    '/etc': ['b', 'a', 'f.conf'],
    '/etc/a': ['2.conf', '1.conf'],
    '/etc/b': ['x.ini'],
  }
  assert.deepEqual(
    expandGlob('/etc/*/*.conf', (directory) => tree[directory] ?? null),
    ['/etc/a/1.conf', '/etc/a/2.conf'],
  )
})

test('a problem prints on one line that an editor can follow, without control characters', () => {
  const problem = {
    file: 'a.yaml',
    line: 2,
    column: 5,
    setting: 'x.y',
    message: 'one\n\ttwo \x1b[31m',
    hint: 'do',
    severity: 'error',
  } as const
  assert.equal(printProblem(problem), 'a.yaml:2:5: x.y: one two \\x1b[31m; do')
  assert.equal(
    printProblem({ ...problem, setting: '', message: 'm', hint: '', severity: 'warning' }),
    'a.yaml:2:5: warning: m',
  )
  assert.equal(new FormatError(problem).message, printProblem(problem))
})

test('offsets become lines and columns', () => {
  const places = [0, 1, 2, 3, 5].map((offset) => positionAt('a\nbc\n', offset, 'f'))
  assert.deepEqual(
    places.map(({ line, column }) => [line, column]),
    [
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
      [3, 1],
    ],
  )
})
