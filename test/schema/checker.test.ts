import assert from 'node:assert/strict'
import { test } from 'node:test'
import { violations } from './checker.ts'

const document = {
  $defs: {
    Item: {
      type: 'object',
      properties: { kind: { const: 'item' }, at: { type: ['string', 'null'], format: 'date-time' } },
      required: ['kind', 'at'],
    },
    Pair: { type: 'array', prefixItems: [{ type: 'number' }, { type: 'number' }], minItems: 2, maxItems: 2 },
  },
}
const item = { $ref: '#/$defs/Item' }

const cases: readonly (readonly [string, object, unknown, readonly string[]])[] = [
  ['what fits', item, { kind: 'item', at: '2026-01-01T00:00:00.000Z' }, []],
  ['a null where it may be', item, { kind: 'item', at: null }, []],
  ['a missing field', item, { kind: 'item' }, ['$: at is missing']],
  ['a field nobody told of', item, { kind: 'item', at: null, more: 1 }, ['$.more is not documented']],
  ['another constant', item, { kind: 'other', at: null }, ['$.kind: "item" is "other"']],
  [
    'a time of another form',
    item,
    { kind: 'item', at: '2026-01-01T00:00:00Z' },
    ["$.at: '2026-01-01T00:00:00Z' is no time in UTC"],
  ],
  ['an item of a list', { type: 'array', items: item }, [{ kind: 'item', at: 3 }], ['$[0].at: string or null is 3']],
  ['a value that is not listed', { enum: ['a', 'b'] }, 'c', ['$: "c" is none of ["a","b"]']],
  ['one of several forms', { anyOf: [item, { type: 'null' }] }, null, []],
  ['none of several forms', { anyOf: [item, { type: 'null' }] }, 3, ['$: none of its forms: $: object is 3']],
  ['two forms where one is meant', { oneOf: [{ type: 'number' }, { enum: [3] }] }, 3, ['$: 2 forms at once']],
  [
    'any name with values of one type',
    { type: 'object', additionalProperties: { type: 'string' } },
    { a: 1 },
    ['$.a: string is 1'],
  ],
  ['a pair', { $ref: '#/$defs/Pair' }, [1], ['$[1]: number is undefined', '$: too few']],
  ['a reference that leads nowhere', { $ref: '#/$defs/Nothing' }, 1, ['$: #/$defs/Nothing leads nowhere']],
  ['a keyword that is not looked at', { pattern: 'x' }, 'y', ['$: the keyword pattern is not known here']],
]
for (const [name, schema, value, found] of cases) {
  test(`the checker of our schemas knows ${name}`, () => {
    assert.deepEqual(violations(document, schema as never, value), found)
  })
}
