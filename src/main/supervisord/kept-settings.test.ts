import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { memorySourceReader } from '../../dialects/memory-source-reader.ts'
import { decodeSupervisord } from '../../dialects/supervisord/decode.ts'
import { openKeptSettings } from './kept-settings.ts'

test('what files said is kept for a daemon of the same boot, for its owner only, and until an orderly end', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-kept-'))
  const path = join(directory, 'supervisord.json')
  try {
    const open = (bootId: string) => openKeptSettings(directory, assert.fail, { bootId, bootMs: 0, wallMs: 0 })
    const reader = memorySourceReader({ files: { '/s.conf': '[supervisord]\n' }, environment: {}, directories: [] })
    const settings = [decodeSupervisord(['/s.conf'], reader).supervisord!]
    assert.deepEqual(open('one').read(), [])
    open('one').write(settings)
    assert.equal(statSync(path).mode & 0o777, 0o600)
    assert.deepEqual(open('one').read(), settings)
    assert.deepEqual(open('two').read(), [], 'the host was started again')
    writeFileSync(path, `${readFileSync(path, 'utf8').slice(0, 40)}`)
    assert.deepEqual(open('one').read(), [], 'damaged')
    open('one').write(settings)
    open('one').remove()
    assert.deepEqual(open('one').read(), [])
  } finally {
    rmSync(directory, { recursive: true })
  }
})
