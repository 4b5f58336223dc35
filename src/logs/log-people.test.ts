import assert from 'node:assert/strict'
import { chmodSync, chownSync, renameSync, statSync, unlinkSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createBench, streamOf } from './test-bench.ts'

const skip = process.geteuid?.() === 0 ? false : 'needs to give files away'

function modeOf(path: string): number {
  return statSync(path).mode & 0o7777
}

describe('who may read a log', () => {
  test('is what the umask says where its path was named, and a few of our own', () => {
    using bench = createBench()
    const before = process.umask(0o022)
    try {
      bench.print(streamOf('a/b/1', { path: bench.path('named.log') }), 'one\n')
      bench.print(streamOf('a/b/2'), 'one\n')
      bench.print(streamOf('a/c/1', { path: bench.path('small.log'), bytesMax: 4 }), 'one\ntwo\n')
    } finally {
      process.umask(before)
    }
    assert.deepEqual(['named.log', 'a/b-2.log', 'small.log', 'small.log.1'].map(bench.path).map(modeOf), [
      ...[0o644, 0o640, 0o644, 0o644],
    ])
  })

  test('stays for what is made in its place: a new part, and one that was moved away or removed', { skip }, () => {
    using bench = createBench()
    const path = bench.path('private.log')
    const stream = streamOf('a/b/1', { path, bytesMax: 4, backupsMax: 3 })
    bench.print(stream, '')
    bench.logs.reopen()
    bench.print(stream, 'a\n')
    chmodSync(path, 0o600)
    chownSync(path, 65_534, 65_534)
    const people = (): readonly number[] => {
      const { mode, uid, gid } = statSync(path)
      return [mode & 0o7777, uid, gid]
    }
    const theirs = [0o600, 65_534, 65_534]
    bench.print(stream, 'bb\nccc\n')
    assert.deepEqual([people(), modeOf(`${path}.1`)], [theirs, 0o600])
    renameSync(path, bench.path('moved.log'))
    bench.print(stream, 'd\n')
    assert.deepEqual(people(), theirs)
    unlinkSync(path)
    bench.logs.reopen()
    assert.deepEqual(people(), theirs)
  })
})
