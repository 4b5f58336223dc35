import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { parseYaml, type YamlNode } from './yaml.ts'
import { printScalar, printYaml, type YamlRecord } from './yaml-text.ts'

function plain(node: YamlNode): unknown {
  if (node.kind === 'list') return node.items.map(plain)
  if (node.kind === 'scalar') return node.value
  return Object.fromEntries([...node.entries.values()].map((entry) => [entry.key, plain(entry.value)]))
}

async function read(text: string): Promise<unknown> {
  const { roots, problems } = await parseYaml(text, 'f')
  assert.deepEqual(problems, [], text)
  return plain(roots[0]!)
}

test('maps are blocks, short lists of words stand on one line, lists of maps one map a line', () => {
  const value = { a: { command: ['sh', '-c', 'x y'], empty: {}, none: [] }, steps: [{ n: 0 }, { n: 1, is: true }] }
  assert.equal(
    printYaml(value),
    'a:\n  command: [sh, -c, x y]\n  empty: {}\n  none: []\nsteps:\n  - {n: 0}\n  - {n: 1, is: true}\n',
  )
})

test('a map in a list that is too wide for a line is a block, and one that is wanted on a line stands there', async () => {
  const wide = { n: 1, words: ['x'.repeat(60), 'y'.repeat(60)], own: { a: 'z'.repeat(60), empty: {} } }
  const value = { list: [{ n: 0 }, wide], short: { a: 1, b: { c: 'd' } }, one: [{ n: 0 }] }
  const text = printYaml(value, {
    remarks: () => ({ above: [], behind: null }),
    isOnOneLine: ([key]) => key !== 'list',
  })
  assert.match(
    text,
    /^list:\n {2}- \{n: 0\}\n {2}- n: 1\n {4}words:\n {6}- x+\n {6}- y+\n {4}own:\n {6}a: z+\n {6}empty: \{\}\n/,
  )
  assert.match(text, /^short: \{a: 1, b: \{c: d\}\}\none: \[\{n: 0\}\]\n$/m)
  assert.deepEqual(await read(text), value)
})

test('remarks stand above and behind their key', async () => {
  const text = printYaml(
    { a: { b: 1, c: ['x'] } },
    { remarks: (path) => ({ above: path.length === 1 ? ['of a\nand on'] : [], behind: path[1] ?? null }) },
  )
  assert.equal(text, '# of a and on\na:\n  b: 1  # b\n  c: [x]  # c\n')
  assert.deepEqual(await read(text), { a: { b: 1, c: ['x'] } })
})

test('what YAML would take for something else is quoted', () => {
  const words = [
    'no',
    'Yes',
    'null',
    '1',
    '1.5',
    '0x10',
    '~',
    '',
    ' a',
    'a ',
    '*/5',
    'a: b',
    'a #b',
    '- a',
    '.5',
    '...',
  ]
  for (const word of words) assert.equal(printScalar(word), `'${word}'`)
  assert.equal(printScalar("it's"), '"it\'s"')
  assert.equal(printScalar('web.mjs'), 'web.mjs')
})

test('every value is read back as it was', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 12 }).filter((one) => one.isWellFormed())
  const key = fc.oneof(fc.string({ maxLength: 8 }), text).filter((one) => one !== '<<' && one !== '__proto__')
  const { value } = fc.letrec((tie) => ({
    scalar: fc.oneof(text, fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    value: fc.oneof(
      { maxDepth: 4 },
      tie('scalar'),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  await fc.assert(
    fc.asyncProperty(fc.dictionary(key, value, { minKeys: 1, maxKeys: 4, noNullPrototype: true }), async (record) => {
      assert.deepEqual(await read(printYaml(record as YamlRecord)), record)
    }),
    { numRuns: 500 },
  )
})
