import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ResourceItem } from '../wire/api.ts'
import { printResources } from './resources.ts'
import { displayWidth } from './table.ts'

const wide = { columns: null, hasColour: false, hasUnicode: true }

function item(change: Partial<ResourceItem>): ResourceItem {
  return {
    kind: 'image',
    name: 'web:1.4',
    state: 'present',
    id: `sha256:${'f248f4e92efd'.repeat(5)}`,
    sizeBytes: 30 * 1024 * 1024,
    isOurs: true,
    neededBy: ['shop/web'],
    pull: null,
    purgeName: null,
    why: '',
    ...change,
  }
}

const pull = { isUnderWay: true, percent: 45, bytesDone: 1024, bytesTotal: null, why: '' }

const all: readonly ResourceItem[] = [
  item({}),
  item({ name: 'db:2', state: 'pulling', id: null, sizeBytes: null, isOurs: false, neededBy: ['shop/db'], pull }),
  item({ name: `sha256:${'0123456789ab'.repeat(5)}`, neededBy: [], why: 'nothing needs it any more' }),
  item({ kind: 'volume', name: 'shop_data', id: null, sizeBytes: null, neededBy: ['shop/web', 'shop/db'] }),
]

test('images, volumes and networks have a line each, with what is to be said of them', () => {
  assert.equal(
    printResources(all, { terminal: wide }),
    `KIND    NAME          STATE      SIZE  OURS  NEEDED BY          WHY
image   web:1.4       present  30 MiB  yes   shop/web
image   db:2          pulling       -  no    shop/db            being pulled: 45 %, 1 KiB
image   0123456789ab  present  30 MiB  yes   -                  nothing needs it any more
volume  shop_data     present       -  yes   shop/web, shop/db
`,
  )
})

test('where nothing is to be said and nothing has a size, there are no columns for it', () => {
  const [, , , volume] = all
  assert.equal(
    printResources([volume!], { terminal: wide }),
    'KIND    NAME       STATE    OURS  NEEDED BY\nvolume  shop_data  present  yes   shop/web, shop/db\n',
  )
})

test('every line fits on a narrow terminal, and trouble has its colour beside its word', () => {
  const failed = item({
    name: `registry.example.com:5000/${'very-'.repeat(10)}long:1`,
    state: 'failed',
    why: 'the pull failed (3 times), ENOTFOUND: no such host; tried again in 4 s',
  })
  const table = printResources([failed, ...all], { terminal: { ...wide, columns: 80 } })
  for (const line of table.split('\n')) assert.ok(displayWidth(line) <= 80, line)
  const coloured = printResources([failed], { terminal: { ...wide, hasColour: true } })
  assert.ok(coloured.includes('\u001b[31mfailed\u001b[39m'))
})

test('the wide table has ids', () => {
  assert.match(printResources(all, { terminal: wide, isWide: true }), /OURS {2}ID .*\n.* yes {3}f248f4e92efd /)
})
