import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { makeDirectory } from './make-directory.ts'

test('what is made has its mode whatever the umask, what was there keeps its own', (context) => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-make-'))
  const umask = process.umask(0o077)
  context.after(() => {
    process.umask(umask)
    rmSync(directory, { recursive: true })
  })
  const mode = (name: string): number => statSync(join(directory, name)).mode & 0o777
  makeDirectory(join(directory, 'a/b/c'), 0o750)
  const above = process.geteuid?.() === 0 ? 0o711 : 0o700
  assert.deepEqual(['', 'a', 'a/b', 'a/b/c'].map(mode), [0o700, above, above, 0o750])
  makeDirectory(join(directory, 'a/b/c'), 0o700)
  makeDirectory(join(directory, 'a'), 0o750)
  assert.deepEqual(['a', 'a/b/c'].map(mode), [above, 0o750])
})
