import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { hashKey, type KeyEntry, keysPath, makeKey, parseKeys, printKeys } from '../../wire/keys.ts'
import { openKeys } from './keys.ts'

const key = makeKey()
const ci: KeyEntry = entryFor('ci', key)

function entryFor(name: string, key: string): KeyEntry {
  return { name, scope: 'all', sha256: hashKey(key).toString('hex'), createdAt: '2026-01-01T00:00:00.000Z' }
}

function home(context: TestContext): {
  readonly directory: string
  readonly warnings: string[]
  write(text: string): void
} {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-keys-'))
  context.after(() => rmSync(directory, { recursive: true }))
  const write = (text: string): void => writeFileSync(keysPath(directory), text, { mode: 0o600 })
  return { directory, warnings: [], write }
}

test('a key opens from when it is in the file until it is not, without anybody being told', (context) => {
  const { directory, warnings, write } = home(context)
  const keys = openKeys(directory, (text) => warnings.push(text))
  assert.equal(keys.find(key), null)
  write(printKeys([entryFor('other', makeKey()), ci]))
  assert.deepEqual(keys.find(key), ci)
  assert.equal(keys.find(`${key}x`), null)
  assert.equal(keys.find(''), null)
  write(printKeys([]))
  assert.equal(keys.find(key), null)
  assert.deepEqual(warnings, [])
})

test('a damaged file, and one that others may write, opens nothing and says so once', (context) => {
  const { directory, warnings, write } = home(context)
  const keys = openKeys(directory, (text) => warnings.push(text))
  write('{"keys": [{"name": "ci"}]}')
  assert.equal(keys.find(key), null)
  assert.equal(keys.find(key), null)
  assert.equal(warnings.length, 1)
  assert.match(warnings[0] ?? '', /keys\.json is damaged, so no key counts; remove it/)
  write(printKeys([ci]))
  chmodSync(keysPath(directory), 0o620)
  assert.equal(keys.find(key), null)
  assert.match(warnings[1] ?? '', /can be written by others, so no key counts; make it yours alone: chmod 600/)
  chmodSync(keysPath(directory), 0o600)
  assert.deepEqual(keys.find(key), ci)
})

test('the file of keys is read back as it was printed, and anything else is none', () => {
  assert.deepEqual(parseKeys(printKeys([ci])), [ci])
  for (const text of [
    '',
    '[]',
    'null',
    '{}',
    '{"keys":{}}',
    printKeys([{ ...ci, name: '../x' }]),
    printKeys([{ ...ci, sha256: 'x' }]),
  ]) {
    assert.equal(parseKeys(text), null, text)
  }
})
