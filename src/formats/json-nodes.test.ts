import assert from 'node:assert/strict'
import { test } from 'node:test'
import { configDepthMax, configNodesMax } from '../core/limits.ts'
import { printProblem } from './format-error.ts'
import { parseJson } from './json-nodes.ts'
import type { YamlNode } from './yaml.ts'

function plain(node: YamlNode | null): unknown {
  if (node === null) return undefined
  if (node.kind === 'list') return node.items.map(plain)
  if (node.kind === 'scalar') return node.value
  return Object.fromEntries([...node.entries.values()].map((entry) => [entry.key, plain(entry.value)]))
}

function refused(text: string): readonly string[] {
  const { root, problems } = parseJson(text, 'f')
  assert.equal(root, null)
  return problems.map(printProblem)
}

for (const text of [
  '{}',
  '[]',
  ' {"a": [1, -2.5e3, true, false, null, "x\\n\\u00e9\\ud83d\\ude00 \\\\ \\""], "": {"b": {}}}\r\n',
  '"only a text"',
  '0',
  '{"__proto__": {"x": 1}, "constructor": 1}',
]) {
  test(`${JSON.stringify(text)} is read as JSON.parse reads it`, () => {
    const { root, problems } = parseJson(text, 'f')
    assert.deepEqual(problems, [])
    assert.deepEqual(plain(root), JSON.parse(text))
  })
}

test('a byte order mark at the beginning is no part of the text', () => {
  assert.deepEqual(plain(parseJson('\uFEFF{"a":1}', 'f').root), { a: 1 })
})

test('keys and values know their line and column', () => {
  const { root } = parseJson('{\n  "a": [\n    1,\n    "b"\n  ]\n}', 'f')
  assert(root?.kind === 'map')
  const entry = root.entries.get('a')!
  assert.deepEqual([entry.line, entry.column], [2, 3])
  assert(entry.value.kind === 'list')
  assert.deepEqual([entry.value.items[1]?.line, entry.value.items[1]?.column], [4, 5])
})

test('a key that is there twice is told at each further place, and the first counts', () => {
  const { root, problems } = parseJson('{"a": 1,\n "a": 2,\n "a": 3}', 'f')
  assert.deepEqual(plain(root), { a: 1 })
  assert.deepEqual(problems.map(printProblem), [
    "f:2:2: the key 'a' is there already, in line 1; remove one of them",
    "f:3:2: the key 'a' is there already, in line 1; remove one of them",
  ])
})

for (const [text, message] of [
  ['', 'f:1:1: a value is expected here, not the end of the text'],
  ['{"a": 1,}', "f:1:9: a key in double quotes is expected here, not '}'; remove the comma before it"],
  ["{'a': 1}", "f:1:2: a key in double quotes is expected here, not '''"],
  ['{"a" 1}', "f:1:6: a colon is expected behind the key, not '1'"],
  ['{"a": 1 "b": 2}', "f:1:9: a comma or } is expected here, not '\"'"],
  ['[1 2]', "f:1:4: a comma or ] is expected here, not '2'"],
  ['{"a": 01}', "f:1:8: a comma or } is expected here, not '1'"],
  ['{"a": .5}', "f:1:7: a value is expected here, not '.'"],
  ['{"a": NaN}', "f:1:7: a value is expected here, not 'N'"],
  ['{"a": "x', 'f:1:7: the text that begins here has no end'],
  ['{"a": "x\ny"}', 'f:1:9: there is a control character in a text'],
  ['{"a": "\\x"}', 'f:1:8: this is no escape that JSON has'],
  ['{} {}', "f:1:4: '{' stands behind the end of the value"],
  ['{"a": ', 'f:1:7: a value is expected here, not the end of the text'],
] as const) {
  test(`${JSON.stringify(text)} is refused at its place`, () => {
    const [first = ''] = refused(text)
    assert.ok(first.startsWith(message), first)
  })
}

test('values nested too deeply are refused, and no stack overflows', () => {
  assert.match(refused('['.repeat(100_000))[0]!, /nested too deeply/)
  assert.notEqual(parseJson('['.repeat(configDepthMax) + ']'.repeat(configDepthMax), 'f').root, null)
})

test('more values than any target needs are refused', () => {
  assert.match(refused(`[${'1,'.repeat(configNodesMax)}1]`)[0]!, /there are more than/)
})
