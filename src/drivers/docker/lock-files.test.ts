import assert from 'node:assert/strict'
import { chownSync, existsSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { awaitFile } from './await-file.ts'
import { releaseLocks, takeLocks } from './lock-files.ts'

const isRoot = process.geteuid?.() === 0
const owner = isRoot ? 65_534 : process.geteuid?.()

function place(context: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'hf-locks-'))
  context.after(() => rmSync(directory, { recursive: true }))
  return directory
}

test('a lock is a file that only its presence tells of, in a directory for everybody', async (context) => {
  const file = join(place(context), 'app/service/updates.lock')
  const umask = process.umask(0o077)
  try {
    await takeLocks([file], false)
  } finally {
    process.umask(umask)
  }
  const { mode, uid } = lstatSync(file)
  assert.deepEqual([(mode & 0o7777).toString(8), uid], ['444', owner])
  assert.equal((lstatSync(join(file, '..')).mode & 0o7777).toString(8), '1777')
})

test('locks are taken all or none', async (context) => {
  const directory = place(context)
  const files = ['a', 'b', 'c'].map((name) => join(directory, name))
  writeFileSync(files[1]!, '')
  await assert.rejects(takeLocks(files, false), { code: 'LOCKED', message: files[1], retry: true })
  assert.deepEqual(files.map(existsSync), [false, true, false])
})

test('one of ours that was left over counts as taken, and a directory as somebody else’s', async (context) => {
  const directory = place(context)
  const files = ['a', 'b'].map((name) => join(directory, name))
  await takeLocks([files[0]!], false)
  await takeLocks(files, false)
  await releaseLocks(files)
  mkdirSync(files[1]!)
  await assert.rejects(takeLocks(files, false), { code: 'LOCKED' })
  await releaseLocks(files)
  assert.deepEqual(files.map(existsSync), [false, true])
})

test('a file of the same owner that no lock program made is somebody else’s', { skip: !isRoot }, async (context) => {
  const file = join(place(context), 'a')
  writeFileSync(file, 'mine', { mode: 0o644 })
  chownSync(file, 65_534, 65_534)
  await assert.rejects(takeLocks([file], false), { code: 'LOCKED' })
  await releaseLocks([file])
  assert.equal(existsSync(file), true)
})

test('by force it is ours whoever made it', async (context) => {
  const directory = place(context)
  const files = ['file', 'directory', 'none'].map((name) => join(directory, name))
  writeFileSync(files[0]!, '')
  mkdirSync(files[1]!)
  await takeLocks(files, true)
  for (const file of files) assert.equal(lstatSync(file).uid, owner)
  await releaseLocks(files)
  assert.deepEqual(files.map(existsSync), [false, false, false])
})

test('where no lock can be made the reason is the system’s', async (context) => {
  const file = join(place(context), 'file')
  writeFileSync(file, '')
  await assert.rejects(takeLocks([join(file, 'below', 'lock')], false), { name: 'EngineError', code: 'ENOTDIR' })
})

test('the wait for a file ends when it is closed', async (context) => {
  const abort = new AbortController()
  const file = join(place(context), 'done')
  const waiting = awaitFile([file], { timeoutMs: 3_600_000, nowBootMs: () => 0, signal: abort.signal })
  abort.abort()
  await assert.rejects(waiting, { code: 'ABORTED' })
})
