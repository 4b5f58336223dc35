import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangeReport } from '../wire/api.ts'
import { printChanges } from './changes-text.ts'

const report: ChangeReport = {
  apiVersion: 'holdfast/v1',
  kind: 'ChangeReport',
  isApplied: false,
  sources: ['/srv/shop/holdfast.yaml'],
  errors: [],
  warnings: [],
  changes: [
    {
      app: 'shop',
      service: 'web',
      change: 'changed',
      effect: 'replace',
      fields: [
        {
          field: 'command',
          before: 'node web.mjs',
          after: 'node --enable-source-maps web.mjs --with more --than fits',
        },
        { field: 'environment.TOKEN', before: null, after: null },
        { field: 'mem_limit', before: null, after: '512mb' },
      ],
    },
    { app: 'shop', service: 'proxy', change: 'changed', effect: 'in-place', fields: [] },
    {
      app: 'shop',
      service: 'cache',
      change: 'added',
      effect: 'start',
      fields: [{ field: 'command', before: null, after: 'redis-server' }],
    },
    {
      app: 'shop',
      service: 'nightly',
      change: 'added',
      effect: 'none',
      fields: [{ field: 'schedule', before: null, after: '0 3 * * *' }],
    },
    { app: 'shop', service: 'manual', change: 'added', effect: 'none', fields: [] },
    { app: 'shop', service: 'old', change: 'removed', effect: 'stop', fields: [] },
    { app: 'shop', service: 'older', change: 'removed', effect: 'none', fields: [] },
  ],
  unchanged: 4,
  order: [
    { act: 'stop', services: ['shop/web', 'shop/old'] },
    { act: 'start', services: ['shop/cache', 'shop/web'] },
  ],
  outcomes: [],
  rejections: [],
}

const terminal = { columns: 80, hasColour: false, hasUnicode: true }

test('a plan tells each service with its fields, the order, and the counts', () => {
  assert.equal(
    printChanges(report, terminal),
    `~ shop/web  changed: would be stopped and started again
    command: node web.mjs → node --enable-source-maps web.mjs --with more
        --than fits
    environment.TOKEN: changed (its value is not shown)
    mem_limit: unset → 512mb
~ shop/proxy  changed: would be applied without a restart
+ shop/cache  added: would be started
    command: redis-server
+ shop/nightly  added: would be run by its schedule
    schedule: 0 3 * * *
+ shop/manual  added: would not be started by itself
- shop/old  removed: would be stopped
- shop/older  removed: would be forgotten, nothing of it runs

In this order
  1. stop shop/web, shop/old
  2. start shop/cache, shop/web

+ 3 added  - 2 removed  ~ 2 changed  = 4 unchanged
`,
  )
})

test('what was applied is told as done, without an order', () => {
  const done = printChanges({ ...report, isApplied: true }, { ...terminal, columns: null, hasUnicode: false })
  assert.match(done, /^~ shop\/web {2}changed: stopped and started again$/m)
  assert.match(done, /^ {4}command: node web.mjs -> node --enable-source-maps web.mjs --with more --than fits$/m)
  assert.match(done, /^\+ shop\/nightly {2}added: run by its schedule$/m)
  assert.match(done, /^- shop\/older {2}removed: forgotten$/m)
  assert.doesNotMatch(done, /In this order/)
})

test('nothing to change is said in one line', () => {
  const same = { ...report, changes: [], order: [] }
  assert.equal(printChanges(same, terminal), 'nothing would change  = 4 unchanged\n')
  assert.equal(printChanges({ ...same, isApplied: true }, terminal), 'nothing changed  = 4 unchanged\n')
})

test('marks have colours, and what comes from elsewhere drives no terminal', () => {
  const [web] = report.changes
  const hostile = { ...report, changes: [{ ...web!, fields: [{ field: 'command', before: 'a', after: '\u001b[2J' }] }] }
  assert.ok(printChanges(report, { ...terminal, hasColour: true }).startsWith('\u001b[33m~\u001b[39m shop/web'))
  assert.equal(printChanges(hostile, terminal).includes('\u001b'), false)
})
