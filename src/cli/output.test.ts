import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Options } from './command.ts'
import { printList } from './output.ts'
import type { Terminal } from './terminal.ts'

const terminal: Terminal = { columns: 40, hasColour: false, hasUnicode: true }
const list = {
  apiVersion: 'holdfast/v1',
  kind: 'UnitList',
  items: [{ unit: 'a/b/1' }, { unit: 'a/b/2' }, { unit: 'a/b/1' }],
}

function printed(format: string | undefined): string {
  const options: Options = { isSet: () => false, value: () => format, values: () => [] }
  let text = ''
  printList(
    {
      options,
      terminal,
      out: (part) => {
        text += part
      },
    },
    list,
    {
      name: ({ unit }) => unit,
      people: ({ terminal: { columns }, isWide }) => `columns ${columns}, wide ${isWide}\n`,
    },
  )
  return text
}

test('json is the document as it came', () => {
  assert.deepEqual(JSON.parse(printed('json')), list)
})

test('ndjson is one item on each line, and name one unit, each once', () => {
  assert.equal(printed('ndjson'), '{"unit":"a/b/1"}\n{"unit":"a/b/2"}\n{"unit":"a/b/1"}\n')
  assert.equal(printed('name'), 'a/b/1\na/b/2\n')
})

test('a table is for the terminal, and what is wide is never cut', () => {
  assert.equal(printed(undefined), 'columns 40, wide false\n')
  assert.equal(printed('wide'), 'columns null, wide true\n')
})
