import assert from 'node:assert/strict'
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { makeFifo, pipeCapacity, setPipeCapacity } from './fifo.ts'
import { splice } from './splice.ts'

it('bytes move from a pipe into a file at the position or at an offset, and an empty pipe says so', () => {
  inFolder((folder) => {
    const { read, write } = openPipe(folder)
    const file = openSync(join(folder, 'log'), 'w')
    assert.equal(splice(read, file, null, 100), 'EAGAIN')
    writeSync(write, 'hello')
    assert.equal(splice(read, file, null, 3), 3)
    assert.equal(splice(read, file, null, 100), 2)
    writeSync(write, 'J')
    assert.equal(splice(read, file, 0, 100), 1)
    writeSync(write, '!')
    assert.equal(splice(read, file, null, 100), 1)
    closeSync(write)
    assert.equal(splice(read, file, null, 100), 0)
    assert.equal(readFileSync(join(folder, 'log'), 'utf8'), 'Jello!')
    for (const fd of [read, file]) closeSync(fd)
  })
})

it('a file opened for appending is refused, and nothing is taken from the pipe', () => {
  inFolder((folder) => {
    const { read, write } = openPipe(folder)
    const appending = openSync(join(folder, 'log'), 'a')
    writeSync(write, 'kept')
    assert.equal(splice(read, appending, null, 100), 'EINVAL')
    const file = openSync(join(folder, 'log'), 'r+')
    assert.equal(splice(read, file, null, 100), 4)
    for (const fd of [read, write, appending, file]) closeSync(fd)
  })
})

it('a pipe can be made larger', () => {
  inFolder((folder) => {
    const { read, write } = openPipe(folder)
    const before = pipeCapacity(read)
    assert(typeof before === 'number')
    assert.equal(setPipeCapacity(read, before * 2), before * 2)
    assert.equal(pipeCapacity(write), before * 2)
    for (const fd of [read, write]) closeSync(fd)
  })
})

it('a FIFO is not made twice', () => {
  inFolder((folder) => {
    assert.equal(makeFifo(join(folder, 'one'), 0o600), null)
    assert.equal(makeFifo(join(folder, 'one'), 0o600), 'EEXIST')
    assert.equal(makeFifo(join(folder, 'none', 'one'), 0o600), 'ENOENT')
  })
})

function openPipe(folder: string): { readonly read: number; readonly write: number } {
  const path = join(folder, 'fifo')
  assert.equal(makeFifo(path, 0o600), null)
  const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  return { read, write: openSync(path, constants.O_WRONLY | constants.O_NONBLOCK) }
}

function inFolder(test: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-splice-'))
  try {
    test(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
