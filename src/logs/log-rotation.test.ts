import assert from 'node:assert/strict'
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { createBench, streamOf } from './test-bench.ts'

const hourMs = 3_600_000

describe('rotation by age', () => {
  const daily = streamOf('a/web/1', { ageMaxMs: 24 * hourMs })

  test('begins a new file with the first output after the time', () => {
    using bench = createBench()
    bench.print(daily, 'first\n', { atMs: 0 })
    bench.print(daily, 'still\n', { atMs: 24 * hourMs - 1 })
    bench.print(daily, 'next day\n', { atMs: 24 * hourMs })
    assert.equal(readFileSync(bench.path('a/web-1.log.1'), 'utf8'), 'first\nstill\n')
    assert.equal(readFileSync(bench.path('a/web-1.log'), 'utf8'), 'next day\n')
    bench.print(daily, 'same day\n', { atMs: 47 * hourMs })
    bench.print(daily, 'third\n', { atMs: 49 * hourMs })
    assert.deepEqual(bench.names('a'), [
      'web-1.log',
      'web-1.log.1',
      'web-1.log.1.idx',
      'web-1.log.2',
      'web-1.log.2.idx',
      'web-1.log.idx',
    ])
  })

  test('counts from before a restart of ours', () => {
    using bench = createBench()
    bench.print(daily, 'first\n', { atMs: 0 })
    bench.restart('crash')
    bench.print(daily, 'still\n', { atMs: 20 * hourMs })
    bench.restart('closed')
    bench.print(daily, 'next\n', { atMs: 25 * hourMs })
    assert.equal(readFileSync(bench.path('a/web-1.log.1'), 'utf8'), 'first\nstill\n')
  })

  test('is not put off for ever by a clock that was ahead', () => {
    using bench = createBench()
    bench.print(daily, 'in the future\n', { atMs: 10_000 * hourMs })
    bench.restart('crash')
    bench.print(daily, 'now\n', { atMs: 0 })
    bench.print(daily, 'next\n', { atMs: 25 * hourMs })
    assert.equal(readFileSync(bench.path('a/web-1.log'), 'utf8'), 'next\n')
  })
})

describe('rotation', () => {
  const small = streamOf('a/web/1', { bytesMax: 4, backupsMax: 3 })

  test('moves each index with its file', () => {
    using bench = createBench()
    for (const [n, text] of ['aaaa', 'bbbb', 'cccc', 'dddd', 'eeee', 'f'].entries()) {
      bench.print(small, text, { atMs: n * 100, attempt: n + 1 })
    }
    const attempts = ['.3', '.2', '.1', ''].map((part) => bench.index(`a/web-1.log${part}.idx`)[0]!.attempt)
    assert.deepEqual(attempts, [3, 4, 5, 6])
  })

  test('after a death in mid-rotation brings file and index together', () => {
    using bench = createBench()
    bench.print(small, 'aaaa', { atMs: 0, attempt: 1 })
    bench.print(small, 'bbb', { atMs: 100, attempt: 2 })
    bench.restart('closed')
    // It died when the parts behind had moved, and the index of the current one: b is where it was, a is at .2.
    renameSync(bench.path('a/web-1.log.1.idx'), bench.path('a/web-1.log.2.idx'))
    renameSync(bench.path('a/web-1.log.1'), bench.path('a/web-1.log.2'))
    renameSync(bench.path('a/web-1.log.idx'), bench.path('a/web-1.log.1.idx'))
    bench.print(small, 'b', { atMs: 200 })
    bench.print(small, 'c', { atMs: 300 })
    const parts = ['.2', '.1', ''].map((part) => readFileSync(bench.path(`a/web-1.log${part}`), 'utf8'))
    assert.deepEqual(parts, ['aaaa', 'bbbb', 'c'])
    const attempts = ['.2', '.1', ''].map((part) => bench.index(`a/web-1.log${part}.idx`)[0]!.attempt)
    assert.deepEqual(attempts, [1, 2, 2])
  })

  test('removes what is more than is kept now, but of a user’s directory only what it made', () => {
    using bench = createBench()
    for (const n of [4, 5, 6]) writeFileSync(bench.path(`theirs.log.${n}`), 'not ours')
    const theirs = streamOf('a/other/1', { path: bench.path('theirs.log'), bytesMax: 4, backupsMax: 3 })
    bench.print(theirs, 'aaaabbbbccccddddeeee')
    assert.equal(bench.names('.').filter((name) => name.startsWith('theirs.log.')).length, 6)
    bench.print(streamOf('a/web/1', { bytesMax: 4, backupsMax: 6 }), 'aaaabbbbccccddddeeeeffffg')
    bench.restart('closed')
    bench.print(small, 'ggghhhh')
    const parts = bench.names('a').filter((name) => /^web.*log(\.\d)?$/.test(name))
    assert.deepEqual(parts, ['web-1.log', 'web-1.log.1', 'web-1.log.2', 'web-1.log.3'])
  })
})
