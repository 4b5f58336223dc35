import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mergeIni, parseIni } from './ini.ts'

/** Lines of a section and the values that Python's parser, set up as supervisord does, makes of them. */
const values: readonly (readonly [lines: string, expected: Record<string, string>])[] = [
  ['a=b ;c', { a: 'b' }],
  ['c=b #c', { c: 'b' }],
  ['e=b\t;c', { e: 'b' }],
  ['b=b;c', { b: 'b;c' }],
  ['d=b#c', { d: 'b#c' }],
  ['a=;x', { a: ';x' }],
  ['a=#x', { a: '#x' }],
  ['c= ;x', { c: '' }],
  ['command=bash -c "foo ; bar"', { command: 'bash -c "foo' }],
  ['; comment\n  # comment\na=1', { a: '1' }],
  ['a=1\n;x\n  2', { a: '1\n2' }],
  ['a=1\n  ;x\n  2', { a: '1\n2' }],
  ['rem foo=1', { 'rem foo': '1' }],
  ['a=1\n  2', { a: '1\n2' }],
  ['a=1\n\n  2', { a: '1\n\n2' }],
  ['a=1\n\n\nb=2', { a: '1', b: '2' }],
  ['  a=1\n  b=2', { a: '1', b: '2' }],
  ['  a=1\n    b=2', { a: '1\nb=2' }],
  ['a=1\n  [t]', { a: '1\n[t]' }],
  ['a: b', { a: 'b' }],
  ['c : d', { c: 'd' }],
  ['e:f=g', { e: 'f=g' }],
  ['h=i:j', { h: 'i:j' }],
  ['KEY=1\nkey=2', { key: '2' }],
  ['a="x"', { a: '"x"' }],
  ['a=1\r\nb=2\r', { a: '1', b: '2' }],
  ['a=   spaced   ', { a: 'spaced' }],
  ['a=\n  x\n  y', { a: '\nx\ny' }],
  ['umlaut=ä', { umlaut: 'ä' }],
]

for (const [lines, expected] of values) {
  test(`reads ${JSON.stringify(lines)}`, () => {
    const document = parseIni(`[s]\n${lines}\n`, 'f.conf')
    assert.deepEqual(document.errors, [])
    const entries = [...document.sections.get('s')!.entries.values()]
    assert.deepEqual(Object.fromEntries(entries.map((entry) => [entry.key, entry.value])), expected)
  })
}

const sections: readonly (readonly [text: string, names: readonly string[]])[] = [
  ['[ s ]\n', [' s ']],
  ['[s] junk\n', ['s']],
  ['[s] ; c\n', ['s']],
  ['[s]x]\n', ['s]x']],
  ['[a]\n[b]\n[a]\n', ['a', 'b']],
  ['[DEFAULT]\nx=1\n[a]\n', ['a']],
]

for (const [text, names] of sections) {
  test(`finds the sections of ${JSON.stringify(text)}`, () => {
    assert.deepEqual([...parseIni(text, 'f').sections.keys()], names)
  })
}

test('a section that comes twice is one, and its later keys win', () => {
  const { sections } = parseIni('[a]\nx=1\ny=1\n[b]\n[a]\nx=2\n', 'f')
  assert.deepEqual(
    [...sections.get('a')!.entries].map(([key, entry]) => [key, entry.value, entry.line]),
    [
      ['x', '2', 6],
      ['y', '1', 3],
    ],
  )
})

test('[DEFAULT] is kept apart', () => {
  const { defaults } = parseIni('[DEFAULT]\nuser=www\n', 'f')
  assert.equal(defaults.get('user')?.value, 'www')
})

test('every bad line is reported, in the words of Python', () => {
  const { errors } = parseIni("[s]\na\nb=1\n=c\nit's\n", 'x.conf')
  assert.deepEqual(
    errors.map(({ line, column, message }) => [line, column, message]),
    [
      [2, 1, "Source contains parsing errors: 'x.conf'\n\t[line  2]: 'a\\n'"],
      [4, 1, "Source contains parsing errors: 'x.conf'\n\t[line  4]: '=c\\n'"],
      [5, 1, "Source contains parsing errors: 'x.conf'\n\t[line  5]: \"it's\\n\""],
    ],
  )
})

for (const [text, line, shown] of [
  ['a=1\n', 1, "'a=1\\n'"],
  ['\n[]\n', 2, "'[]\\n'"],
  ['\ufeff[s]\n', 1, "'\\ufeff[s]\\n'"],
  ['a', 1, "'a'"],
] as const) {
  test(`${JSON.stringify(text)} has no section header`, () => {
    const { errors } = parseIni(text, 'F')
    assert.deepEqual(
      errors.map((error) => error.message),
      [`File contains no section headers.\nfile: 'F', line: ${line}\n${shown}`],
    )
  })
}

test('keys and values know where they stand', () => {
  const entry = parseIni('[s]\n\n  key  =  value\n', 'f').sections.get('s')!.entries.get('key')!
  assert.deepEqual([entry.line, entry.column, entry.valueLine, entry.valueColumn], [3, 3, 3, 11])
})

test('merged files override key by key, and a section stays where it was first', () => {
  const merged = mergeIni(parseIni('[a]\nx=1\ny=1\n', 'one'), parseIni('[a]\nx=2\n[b]\n', 'two'))
  assert.equal(merged.sections.get('a')!.file, 'one')
  assert.deepEqual(
    [...merged.sections.get('a')!.entries.values()].map((entry) => [entry.key, entry.value, entry.file]),
    [
      ['x', '2', 'two'],
      ['y', '1', 'one'],
    ],
  )
})
