import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Target } from '../../core/model.ts'
import { decodeSources } from '../../dialects/decode-sources.ts'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { differences } from './differences.ts'

async function target(yaml: string): Promise<Target> {
  const reader = memorySourceReader({ files: { '/app.yaml': yaml } })
  const decoded = await decodeSources(['/app.yaml'], reader, { lenient: false, descriptorsMax: null })
  assert.deepEqual(decoded.problems, [])
  return decoded.target
}

const before = `
name: app
services:
  web: { command: [web], restart: always, environment: { PORT: "1", SECRET: old } }
  job: { command: [job] }
  old: { command: [old] }
`

test('the same configuration differs in nothing', async () => {
  assert.deepEqual(differences(await target(before), await target(before)), { changes: [], unchanged: 3 })
})

test('what is added, removed and changed is told by service and field, with what it means for what runs', async () => {
  const after = `
name: app
services:
  web: { command: [web], restart: on-failure, environment: { PORT: "1", SECRET: new } }
  job: { command: [job], stop_grace_period: 3s, scale: 2 }
  fresh: { command: [fresh] }
  manual: { command: [manual], x-holdfast: { autostart: false } }
`
  const found = differences(await target(before), await target(after))
  const told = found.changes.map(({ service, change, effect, fields }) => [
    service,
    change,
    effect,
    fields.map(({ field }) => field),
  ])
  assert.deepEqual(told, [
    ['web', 'changed', 'replace', ['environment.SECRET', 'restart.when']],
    ['job', 'changed', 'in-place', ['replicas', 'stop']],
    ['fresh', 'added', 'start', []],
    ['manual', 'added', 'none', []],
    ['old', 'removed', 'stop', []],
  ])
  assert.equal(found.unchanged, 0)
})

test('values of the environment are never told, other values are', async () => {
  const after = before.replace('SECRET: old', 'SECRET: new').replace('always', 'on-failure')
  const { changes } = differences(await target(before), await target(after))
  assert.deepEqual(changes[0]?.fields, [
    { field: 'environment.SECRET', before: null, after: null },
    { field: 'restart.when', before: 'always', after: 'on-failure' },
  ])
})
