import assert from 'node:assert/strict'
import { test } from 'node:test'
import { outerEnvironment } from './outer-environment.ts'

test('what the launcher set is gone, and what it changed is as it was', () => {
  const inner = {
    PATH: '/bin',
    HOLDFAST_COMMAND: '/usr/bin/sv',
    HOLDFAST_NOFILE_SOFT: '1024',
    HOLDFAST_SAVED_NOFILE_SOFT: '',
    HOLDFAST_SAVED_NODE_OPTIONS: '--inspect',
  }
  assert.deepEqual(outerEnvironment(inner), { PATH: '/bin', HOLDFAST_NOFILE_SOFT: '', NODE_OPTIONS: '--inspect' })
})
