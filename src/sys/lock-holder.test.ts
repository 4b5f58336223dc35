import assert from 'node:assert/strict'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { lockFile } from './flock.ts'
import { lockHolder, parseLocks } from './lock-holder.ts'

test('of all locks those of flock are read, and who waits for one does not hold it', () => {
  const text = [
    '1: POSIX  ADVISORY  WRITE 29919 fe:00:2205751 0 EOF',
    '2: FLOCK  ADVISORY  WRITE 811 fe:00:2205730 0 EOF',
    '2: -> FLOCK  ADVISORY  WRITE 812 fe:00:2205730 0 EOF',
    '3: FLOCK  ADVISORY  WRITE -1 103:02:77 0 EOF',
    '',
  ].join('\n')
  assert.deepEqual(parseLocks(text), [
    { pid: 811, device: 'fe:00', inode: 2205730 },
    { pid: -1, device: '103:02', inode: 77 },
  ])
})

test('whoever holds a lock is told by pid and program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'holdfast-holder-'))
  try {
    const path = join(directory, 'lock')
    assert.equal(lockHolder(path), null)
    const fd = lockFile(path)
    assert(typeof fd === 'number')
    assert.deepEqual(lockHolder(path), { pid: process.pid, name: basename(process.argv0) })
    closeSync(fd)
    assert.equal(lockHolder(path), null)
    assert.equal(lockHolder(join(directory, 'other')), null)
  } finally {
    rmSync(directory, { recursive: true })
  }
})
