import assert from 'node:assert/strict'
import { test } from 'node:test'
import { printProblem } from './format-error.ts'
import { parseYaml, type YamlNode } from './yaml.ts'

function plain(node: YamlNode | undefined): unknown {
  if (node === undefined) return undefined
  if (node.kind === 'list') return node.items.map(plain)
  if (node.kind === 'scalar') return node.value
  return Object.fromEntries([...node.entries.values()].map((entry) => [entry.key, plain(entry.value)]))
}

test('aliases and merge keys are resolved; own keys win, then earlier maps', async () => {
  const text = 'a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\nc: {<<: [*a, *b], x: 3}\nd: *a\n'
  const {
    roots: [root],
    problems,
  } = await parseYaml(text, 'f')
  assert.deepEqual(problems, [])
  assert.deepEqual(plain(root), { a: { x: 1, y: 1 }, b: { y: 2, z: 2 }, c: { x: 3, y: 1, z: 2 }, d: { x: 1, y: 1 } })
})

test('keys and values know where they stand, and numbers how they are written', async () => {
  const {
    roots: [root],
  } = await parseYaml('a:\n  b: 1.10\n  c:\n', 'f')
  assert(root?.kind === 'map')
  const inner = root.entries.get('a')!.value
  assert(inner.kind === 'map')
  const [b, c] = [inner.entries.get('b')!, inner.entries.get('c')!]
  assert.deepEqual([b.line, b.column, b.value.line, b.value.column], [2, 3, 2, 6])
  assert(b.value.kind === 'scalar' && c.value.kind === 'scalar')
  assert.deepEqual([b.value.value, b.value.source, c.value.value], [1.1, '1.10', null])
})

test('an unquoted no is a word, as in YAML 1.2', async () => {
  assert.deepEqual(plain((await parseYaml('[no, yes, off, true, ~]', 'f')).roots[0]), ['no', 'yes', 'off', true, null])
})

for (const [what, text, expected] of [
  ['a key twice', 'a: 1\nb: 2\na: 3\n', /^f:3:1: the key 'a' stands in line 1 already/],
  ['a value that contains itself', 'a: &a\n  b: *a\n', /^f:2:6: .*inside its own value/],
  ['an alias without an anchor', 'a: *b\n', /^f:1:4: /],
  ['more documents than there are files', 'a: 1\n---\n'.repeat(1_001), /^f:1:1: .*more than 1000 documents/],
  ['an open quote', 'a: "x\n', /^f:1:\d+: |^f:2:1: /],
  ['a list as a key', '? [a]\n: b\n', /not a plain word/],
  ['a merge of a text', 'a: {<<: x}\n', /^f:1:9: <<: only maps can be merged/],
  ['nesting without end', '['.repeat(100_000), /./],
  ['nesting beyond the limit', `${'['.repeat(100)}${']'.repeat(100)}`, /nested deeper than 64/],
] as const) {
  test(`${what} is a problem with a place`, async () => {
    const { roots, problems } = await parseYaml(text, 'f')
    assert.deepEqual(roots, [])
    assert.match(printProblem(problems[0]!), expected)
  })
}

test('an asterisk that begins a text is told to be put in quotes, once a line', async () => {
  const { problems } = await parseYaml('a: */5 * * * *\nb: * * * * *\n', 'f')
  assert.deepEqual(
    problems.map(({ line, hint }) => [line, hint]),
    [1, 2].map((line) => [line, 'if the * is part of a text, put the whole text in quotes']),
  )
})

test('aliases of aliases are refused before anything walks through them', async () => {
  const lines = ['a0: &a0 [x, x, x, x, x, x, x, x, x, x]']
  for (let n = 1; n < 12; n++)
    lines.push(
      `a${n}: &a${n} [${Array(10)
        .fill(`*a${n - 1}`)
        .join(', ')}]`,
    )
  const { roots, problems } = await parseYaml(lines.join('\n'), 'f')
  assert.deepEqual(roots, [])
  assert(problems.some((problem) => /once its aliases are put in/.test(problem.message)))
})

test('merging a large map many times is refused', async () => {
  const keys = Array.from({ length: 2_000 }, (_, n) => `k${n}: 1`).join(', ')
  const { problems } = await parseYaml(`a: &a {${keys}}\nb: [${Array(200).fill('{<<: *a}').join(', ')}]`, 'f')
  assert(problems.some((problem) => /merge keys bring in more/.test(problem.message)))
})

test('an empty file has no root and no problem', async () => {
  assert.deepEqual(await parseYaml('# nothing\n', 'f'), { roots: [], problems: [] })
})

test('each document that holds something has its root, with anchors of its own', async () => {
  const { roots, problems } = await parseYaml('---\na: &x 1\n---\n# nothing\n---\nb: &x 2\nc: *x\n---\n', 'f')
  assert.deepEqual(problems, [])
  assert.deepEqual(roots.map(plain), [{ a: 1 }, { b: 2, c: 2 }])
  assert.match(printProblem((await parseYaml('a: &x 1\n---\nb: *x\n', 'f')).problems[0]!), /^f:3:4: .*no anchor/)
})

test('aliases of all documents together are limited', async () => {
  const one = `a: &a [${Array(300).fill('1').join(', ')}]\nb: &b [${Array(300).fill('*a').join(', ')}]\n`
  assert.deepEqual((await parseYaml(one, 'f')).problems, [])
  const { roots, problems } = await parseYaml(`${one}---\n${one}---\n${one}`, 'f')
  assert.deepEqual(roots, [])
  assert.match(problems[0]!.message, /in all documents/)
})
