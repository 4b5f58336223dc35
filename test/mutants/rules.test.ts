import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apply, mutantsOf, type RuleName } from './rules.ts'

/** The source after each mutant of one rule. */
const mutated = (source: string, rule: RuleName) =>
  mutantsOf('a.ts', source)
    .filter((mutant) => mutant.rule === rule)
    .map((mutant) => apply(source, mutant))

test('a comparison is turned round and moved by one, a type argument is not', () => {
  const source = 'const a = new Map<string, Set<number>>()\nif (a.size < 3) f()'
  assert.deepEqual(mutated(source, 'comparison'), [source.replace('a.size <', 'a.size >=')])
  assert.deepEqual(mutated(source, 'boundary'), [source.replace('a.size <', 'a.size <=')])
})

test('types have no mutants', () => {
  assert.deepEqual(mutantsOf('a.ts', "type A = { kind: 'up'; is: true; n: 1 }\nconst a = b as unknown as 'down'"), [])
})

test('numbers move by one, keys stay', () => {
  assert.deepEqual(mutated('const a = { 1: 0 }', 'number'), ['const a = { 1: 1 }', 'const a = { 1: (-1) }'])
})

test('words of the model become no word, imports, keys and sentences stay', () => {
  const source =
    "import { a } from 'a'\nconst b = { 'x-y': 'up' }\nconst c = 'a sentence'\nswitch (b) {\n  case 'down':\n    f()\n}"
  assert.deepEqual(mutated(source, 'word'), [
    source.replace("'up'", "'no-word'"),
    source.replace("'down'", "'no-word'"),
  ])
})

test('the branches of an if do nothing', () => {
  assert.deepEqual(mutated('if (a(1)) return_(x)\nelse if (b) {\n  f()\n} else g()\nh()', 'drop'), [
    'if (a(1)) {}\nelse if (b) {\n  f()\n} else g()\nh()',
    'if (a(1)) return_(x)\nelse if (b) {} else g()\nh()',
    'if (a(1)) return_(x)\nelse if (b) {\n  f()\n} else {}\nh()',
  ])
})

test('a statement that goes on over lines is dropped as a whole', () => {
  const source = 'for (const x of y) {\n  if (x)\n    f(\n      x,\n    )\n  g()\n}'
  assert.deepEqual(mutated(source, 'drop'), ['for (const x of y) {\n  if (x)\n    {}\n  g()\n}'])
})

test('a case falls through', () => {
  const source = "switch (a) {\n  case 'b':\n    f({ c: 1 })\n    break\n  default:\n    g()\n}"
  assert.deepEqual(mutated(source, 'drop'), ["switch (a) {\n  case 'b':\n    \n  default:\n    g()\n}"])
})

test('logic, negation, booleans and arithmetic are exchanged', () => {
  assert.deepEqual(mutated('a = b && !c', 'logic'), ['a = b || !c'])
  assert.deepEqual(mutated('a = b && !c!', 'negation'), ['a = b && c!'])
  assert.deepEqual(mutated('a = true', 'boolean'), ['a = false'])
  assert.deepEqual(mutated('a += b * c', 'arithmetic'), ['a -= b * c', 'a += b / c'])
})
