import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { lockFile } from '../sys/flock.ts'
import { chooseHome } from '../wire/home.ts'
import { hashKey, keysPath, parseKeys } from '../wire/keys.ts'
import type { Context } from './command.ts'
import { runConfigKey } from './config-keys.ts'
import { UsageError } from './usage-error.ts'

interface Said {
  readonly code: number
  readonly out: string
  readonly talk: string
}

function commandIn(test: TestContext): { readonly directory: string; run(...words: readonly string[]): Said } {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-config-keys-'))
  test.after(() => rmSync(directory, { recursive: true }))
  const choice = chooseHome({ option: directory, environment: {}, uid: 0 })
  assert.ok(choice.kind === 'home')
  const { home } = choice
  return {
    directory: home.stateDirectory,
    run(...words) {
      let [out, talk] = ['', '']
      const operands = ['key', ...words.filter((word) => !word.startsWith('-'))]
      const isSet = (name: string): boolean => words.includes(`--${name}`)
      const value = (name: string): string | undefined =>
        words.find((word) => word.startsWith(`--${name}=`))?.split('=')[1]
      const context = {
        home,
        operands,
        options: { isSet, value, values: () => [] },
        terminal: { columns: null },
        out: (text: string) => {
          out += text
        },
        talk: (text: string) => {
          talk += text
        },
      } as unknown as Context
      const code = runConfigKey(context)
      return { code, out, talk }
    },
  }
}

test('a key is printed once, alone on stdout, and only its hash is kept', (context) => {
  const { directory, run } = commandIn(context)
  const { code, out, talk } = run('add', 'ci')
  assert.equal(code, 0)
  assert.match(out, /^hf_[\w-]{43}\n$/)
  assert.match(talk, /may do everything; it is not shown again/)
  const [entry] = parseKeys(readFileSync(keysPath(directory), 'utf8')) ?? []
  assert.deepEqual([entry?.name, entry?.scope, entry?.sha256], ['ci', 'all', hashKey(out.trim()).toString('hex')])
})

test('keys are listed as a table and as a document, and removed by name', (context) => {
  const { run } = commandIn(context)
  assert.match(run('list').talk, /there are no keys; make one with: .*config key add NAME/)
  run('add', 'ci')
  run('add', 'grafana', '--read-only')
  assert.match(run('list').out, /^NAME +SCOPE +CREATED\nci +all +2\S+Z\ngrafana +read +2\S+Z\n$/)
  const { kind, items } = JSON.parse(run('list', '--output=json').out)
  assert.equal(kind, 'KeyList')
  assert.deepEqual(items.map(Object.keys), [
    ['name', 'scope', 'createdAt'],
    ['name', 'scope', 'createdAt'],
  ])
  assert.equal(run('remove', 'ci').code, 0)
  assert.match(run('remove', 'ci').talk, /there is no key ci; see: .*config key list/)
  assert.doesNotMatch(run('list').out, /^ci/m)
})

test('a name twice is refused, and so is one that is none', (context) => {
  const { run } = commandIn(context)
  run('add', 'ci')
  const again = run('add', 'ci')
  assert.equal(again.code, 1)
  assert.equal(again.out, '')
  assert.match(again.talk, /there is a key ci already; remove it first: .*config key remove ci/)
  for (const name of ['', 'a b', '../x', 'x'.repeat(65)]) assert.throws(() => run('add', name), UsageError)
  for (const words of [[], ['add'], ['add', 'a', 'b'], ['list', 'a'], ['make', 'a']]) {
    assert.throws(() => run(...words), /key add NAME, key list, or key remove NAME/)
  }
})

test('a damaged file is told and left as it is; so is one that somebody else changes at the moment', (context) => {
  const { directory, run } = commandIn(context)
  run('add', 'ci')
  const lock = lockFile(join(directory, 'keys.lock'))
  assert.ok(typeof lock === 'number')
  assert.match(run('add', 'other').talk, /being changed by somebody else/)
  assert.equal(run('list').code, 0)
  closeSync(lock)
  writeFileSync(keysPath(directory), 'nonsense')
  const { code, talk } = run('list')
  assert.equal(code, 1)
  assert.match(talk, /keys\.json is damaged; remove it, and add the keys again/)
})
