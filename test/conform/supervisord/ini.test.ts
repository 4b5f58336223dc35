import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { parseEnvironmentPairs } from '../../../src/formats/environment-pairs.ts'
import { parseIni } from '../../../src/formats/ini.ts'
import { expandFormat } from '../../../src/formats/python-format.ts'
import { splitShellWords } from '../../../src/formats/shell-words.ts'
import { readCorpus } from '../../fuzz/fuzz.ts'

/** The originals: Python's own parsers, set up as supervisord sets them up. Reads and writes lists of JSON. */
const original = `
import configparser, io, json, shlex, sys

def ini(text):
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(';', '#'))
    try:
        parser.read_file(io.StringIO(text, newline=None), 'x.conf')
    except configparser.Error as error:
        return {'error': str(error)}
    sections = {name: dict(parser._sections[name]) for name in parser._sections}
    return {'sections': sections, 'order': list(sections), 'defaults': dict(parser.defaults())}

def words(text):
    try:
        return {'words': shlex.split(text)}
    except ValueError as error:
        return {'error': str(error)}

def environment(text, posix=True):
    try:
        lexer = shlex.shlex(text, posix=posix)
        lexer.wordchars += '/.+-():'
        tokens = list(lexer)
    except ValueError as error:
        return {'error': str(error)}
    pairs = {}
    for at in range(0, len(tokens), 4):
        triple = tokens[at:at + 3]
        if len(triple) != 3 or triple[1] != '=':
            return {'error': "Unexpected end of key/value pairs in value '%s'" % text}
        pairs[triple[0]] = triple[2] if posix else triple[2].strip('"' + "'")
    return {'pairs': pairs}

def legacy(text):
    return environment(text, posix=False)

def format(text):
    try:
        return {'text': text % {'name': 'web', 'process_num': 7, 'empty': ''}}
    except KeyError as error:
        return {'missing': str(error)}
    except Exception as error:
        return {'error': str(error)}

json.dump([globals()[kind](text) for kind, text in json.load(sys.stdin)], sys.stdout)
`

const python = spawnSync('python3', ['-c', 'import configparser'])
const skip = python.status === 0 ? false : 'python3 is not installed: run scripts/test-deps'

type Answer = Readonly<Record<string, unknown>>

function ask(kind: 'ini' | 'words' | 'environment' | 'legacy' | 'format', texts: readonly string[]): readonly Answer[] {
  const input = JSON.stringify(texts.map((text) => [kind, text]))
  const { status, stdout, stderr } = spawnSync('python3', ['-c', original], { input, maxBuffer: 2 ** 28 })
  assert.equal(status, 0, stderr.toString())
  return JSON.parse(stdout.toString())
}

/** The table of the dialect's odd corners. */
const table = [
  'a=b ;c',
  'c=b #c',
  'e=b\t;c',
  'b=b;c',
  'a=;x',
  'c= ;x',
  ' ;x',
  'command=bash -c "foo ; bar"',
  '  # c',
  'rem foo=1',
  'a=1\n  2',
  'a=1\n\n  2',
  'a=1\n\n\n',
  'a=1\n;c\n  2',
  'a=1\n  ;c\n  2',
  '  a=1\n  b=2',
  '  a=1\n    b=2',
  'a=1\n  [t]',
  'a: b',
  'c : d',
  'e:f=g',
  'h=i:j',
  'KEY=1\nkey=2',
  '[s]\nx=1',
  '[ s ]',
  '[t] junk',
  '[t] ; c',
  '[t]x]',
  '[]',
  '[]]',
  '[',
  '[DEFAULT]\nx=1\n[t]\n',
  'a="x"',
  'a=1\r\nb=2\r\n',
  'a=1\rb=2',
  'a',
  '=x',
  ': x',
  'a\nb\n\nc',
  'a=  \n  b\n',
  'a=\n\n b\n\n c',
  'a=1\n\u00a0b\u00a0=\u20032',
  'a=1\x0b\n\x0c2',
  'a=1\n\x1c2',
  'ä=Ä',
  'a = b # c ; d',
  'a=b;c #d',
  'a=1 ;\n  2 #\n',
  "it's",
  'it\'s "x"',
  'ü\u2028',
  '\tx=1\n\t\ty=2',
  'İ=1',
  'a=1\n #c\n\n b',
  'a=1\n  ;c\nb',
  '# a\n  x = 1\n ; b\n   y',
].map((lines) => `[s]\n${lines}`)

test('INI files mean what they mean to Python', { skip }, () => {
  const texts = [...table, ...table.map((text) => text.slice(4)), ...readCorpus('ini').map((sample) => sample.text)]
  const answers = ask('ini', texts)
  for (const [index, text] of texts.entries())
    assert.deepEqual(ourIni(text), answers[index], JSON.stringify(text.slice(0, 500)))
})

function ourIni(text: string): Answer {
  const document = parseIni(text, 'x.conf')
  const [first] = document.errors
  // Python tells all bad lines in one error, and a missing header at once.
  if (first !== undefined) return { error: joinErrors(document.errors.map((error) => error.message)) }
  const values = (entries: ReadonlyMap<string, { readonly value: string }>) =>
    Object.fromEntries([...entries].map(([key, entry]) => [key, entry.value]))
  const sections = Object.fromEntries([...document.sections].map(([name, section]) => [name, values(section.entries)]))
  return { sections, order: [...document.sections.keys()], defaults: values(document.defaults) }
}

function joinErrors(messages: readonly string[]): string {
  const noHeader = messages.find((message) => message.startsWith('File contains no section headers'))
  if (noHeader !== undefined) return noHeader
  const [first = '', ...rest] = messages
  return [first, ...rest.map((message) => message.slice(message.indexOf('\n\t') + 1))].join('\n')
}

test('commands split as Python splits them', { skip }, () => {
  const texts = [
    ...readCorpus('words').map((sample) => sample.text),
    'a\'b\'"c"\\ d',
    '"\\x\\"\\\\"',
    "''",
    '\\',
    'a\rb',
    'a\x0bb',
    "'",
    'a # b',
  ]
  const answers = ask('words', texts)
  for (const [index, text] of texts.entries()) {
    const { kind, ...ours } = splitShellWords(text, 'posix')
    const expected = kind === 'words' ? ours : { error: 'message' in ours ? ours.message : '' }
    assert.deepEqual(expected, answers[index], JSON.stringify(text.slice(0, 200)))
  }
})

for (const rules of ['posix', 'legacy'] as const) {
  test(`environment pairs are found as supervisor finds them (${rules})`, { skip }, () => {
    const texts = [
      ...readCorpus('environment').map((sample) => sample.text),
      'A=\u00d7',
      'A=x#y\nB',
      'A=x#c\ny,B=1',
      'A="x"#c\n,B=1',
      'A=\\\nx',
      'A=x\ty',
      '""=1',
      'A=""""',
      'ª=1',
      'A="x"y"z w"',
      `'A'="'q'",B='"'`,
      'A="open',
    ]
    const answers = ask(rules === 'posix' ? 'environment' : 'legacy', texts)
    for (const [index, text] of texts.entries()) {
      const result = parseEnvironmentPairs(text, rules)
      const ours = result.kind === 'pairs' ? { pairs: result.values } : { error: result.message }
      assert.deepEqual(ours, answers[index], JSON.stringify(text))
    }
  })
}

test('percent formats expand as Python expands them', { skip }, () => {
  const texts = [
    'x',
    '%%',
    '%(name)s',
    '%(process_num)d',
    '%(process_num)02d',
    '%(process_num)s',
    '%(process_num)5s|',
    '%(process_num)-5d|',
    '%(process_num)+d',
    '%(process_num) d',
    '%(process_num)#x',
    '%(process_num)#o',
    '%(process_num)05x',
    '%(process_num).3d',
    '%(process_num)X',
    '%(process_num)i',
    '%(name)10s',
    '%(name)-10s|',
    '%(name).2s',
    '%(name)r',
    '%(process_num)r',
    '%(name)05s',
    '%(name)ls',
    '%(process_num)c',
    '%(empty)s',
    '%(nope)s',
    '%(name)Y',
    '%Y',
    '100% done',
    '100%',
    '%(name)',
    '%(name',
    '%(name)d',
    '%(name)x',
    '%(name)f',
    '%(name)c',
    '%d',
    '%',
    '%(name)s %(nope)s',
    '%(name)s%',
    '%((name))s',
    '%()s',
    '%(process_num)+05d|',
    '%(process_num)-05d|',
    '%(process_num)#06x',
    '%(process_num)ü',
    '%(name)%',
  ]
  const answers = ask('format', texts)
  for (const [index, text] of texts.entries()) assert.deepEqual(ourFormat(text), answers[index], JSON.stringify(text))
})

function ourFormat(text: string): Answer {
  const names = new Map<string, string | number>([
    ['name', 'web'],
    ['process_num', 7],
    ['empty', ''],
  ])
  const result = expandFormat(text, names, 'x')
  if (result.kind === 'value') return { text: result.value }
  const missing = /contains names \((.*)\) which cannot be expanded/s.exec(result.message)
  return missing ? { missing: missing[1] } : { error: result.message.replace(/^.* is badly formatted: /s, '') }
}
