import assert from 'node:assert/strict'
import { it } from 'node:test'
import { isStillSeen, watchedReader } from './seen.ts'
import type { SourceReader } from './source-reader.ts'

const missing = { code: 'ENOENT', message: 'there is no such file', retry: false }

function readerOf(files: Record<string, string>): SourceReader {
  return {
    read: (path) => files[path] ?? missing,
    readStart: (path, bytesMax) => files[path]?.slice(0, bytesMax) ?? missing,
    look: (path) => (path in files ? { kind: 'file', mode: 0o644, identity: path } : missing),
    real: (path) => path,
    list: () => Object.keys(files),
    glob: () => Object.keys(files),
    environment: {},
    hostName: 'host',
  }
}

it('what was decoded holds while every file that was asked for, missing ones among them, is as it was', () => {
  const files: Record<string, string> = { '/a.yaml': 'a', '/other': 'x' }
  const { reader, seen } = watchedReader(readerOf(files))
  reader.read('/a.yaml')
  reader.read('/.env')
  const told = JSON.parse(JSON.stringify(seen()))
  assert.ok(isStillSeen(told, readerOf(files)))
  assert.ok(isStillSeen(told, readerOf({ ...files, '/other': 'y' })), 'nobody asked for it')
  assert.ok(!isStillSeen(told, readerOf({ ...files, '/a.yaml': 'b' })))
  assert.ok(!isStillSeen(told, readerOf({ ...files, '/.env': '' })))
  assert.ok(!isStillSeen(told, readerOf({ '/other': 'x' })))
})

it('the names in a directory, and the start of a file, count as far as they were asked for', () => {
  const files: Record<string, string> = { '/d/a': 'abc' }
  const { reader, seen } = watchedReader(readerOf(files))
  reader.list('/d')
  reader.readStart('/d/a', 2)
  assert.ok(isStillSeen(seen(), readerOf({ '/d/a': 'abX' })))
  assert.ok(!isStillSeen(seen(), readerOf({ '/d/a': 'aXc' })))
  assert.ok(!isStillSeen(seen(), readerOf({ '/d/a': 'abc', '/d/b': '' })))
})
