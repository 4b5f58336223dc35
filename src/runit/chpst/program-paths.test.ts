import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Errno } from '../../sys/errno.ts'
import { programPaths, tryEach } from './program-paths.ts'

it('a program without a slash is searched in PATH, whose empty parts are the working directory', () => {
  assert.deepEqual(programPaths('a/b', '/bin'), ['a/b'])
  assert.deepEqual(programPaths('b', ':/bin:'), ['./b', '/bin/b', './b'])
  assert.deepEqual(programPaths('b', ''), ['./b'])
  assert.deepEqual(programPaths('b', null), ['/bin/b', '/usr/bin/b'])
})

it('the search goes on after a refusal, ends at anything else, and tells the refusal rather than the missing file', () => {
  const reasons: readonly (readonly Errno[])[] = [
    ['ENOENT', 'ENOENT'],
    ['EACCES', 'ENOENT'],
    ['ENOENT', 'EACCES', 'EISDIR'],
    ['EACCES', 'ENOEXEC', 'EACCES'],
    ['ELOOP', 'EACCES'],
  ]
  assert.deepEqual(
    reasons.map((each) => tryEach(each, (errno) => errno)),
    ['ENOENT', 'EACCES', 'EISDIR', 'ENOEXEC', 'ELOOP'],
  )
})
